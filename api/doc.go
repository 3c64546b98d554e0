// Package api is the REST edge: JSON under /v1, described by /openapi.json.
//
// Floor 4. It turns bytes into the house's words, calls one service, and turns
// the answer into bytes. It knows services and crafts, never the store and
// never another edge. It decides nothing: what may be sent is the door's
// business, what is stopped is containment's.
//
// It must never answer with personal data, except on the routes that need the
// reveal permission; never answer an unknown and a foreign thing differently;
// never open a route that names no permission; never show the text of an
// internal fault; and never act for somebody without being told who.
//
// One table, routes() in route.go, holds every route with the permission it
// needs. One table, problems() in error.go, maps a code to a status.
package api
