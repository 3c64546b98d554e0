// Package console is the house's face: what flows, what is stopped, who got
// what, and the one button that matters.
//
// Floor 4, an edge: it turns forms into calls of the services and their answers
// into pages. It decides nothing: every permission is asked again by the
// service's first line, and no rule of mail lives here.
//
// Pages are html/template under ui/, named like their handlers; every one works
// as a plain form without JavaScript. Live parts are the same templates, pushed
// as server-sent events by live.go. One table (route.go) names each route with
// the permission it needs; a route without one is closed.
//
// It must never: put a secret, a reason or personal data into a URL or a log;
// show a recipient's address or name; answer a missing thing differently from a
// foreign one; allow inline script or style (the Content-Security-Policy
// refuses them); keep a decision of its own about who may do what.
package console
