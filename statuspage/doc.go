// Package statuspage is what everybody may see: how the service is, what was
// announced, and the forms by which a stranger subscribes, asks or reports. It
// has a listener of its own, needs no script and no cookie, and loads nothing
// from anywhere else.
//
// A crowd comes when something went wrong. So pages are drawn from one snapshot
// that is taken every few seconds, whoever asks; while the house cannot answer,
// the last snapshot stays up and says how old it is. The same pages are written
// to a folder after each change, to be served by anything, anywhere, when this
// process is gone.
//
// Floor 4, an edge: it knows services and crafts, never the store or another
// edge. It shows no personal data and takes none but what a form asks for.
//
// # Adding pages
//
// A file of yours (patient.go) has handlers with the signature
// func(http.ResponseWriter, *request), a method that lists their routes, and one
// line in table (route.go). Pages are ui/pages/<name>.html, drawn by show; every
// link in them is written {{$.Link "/path"}}, every form's action
// {{$.Live "/path"}}, so that the same page works as a file.
package statuspage
