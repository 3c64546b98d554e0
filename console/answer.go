package console

import (
	"context"
	"errors"
	"net/http"

	"github.com/cordonmail/cordon"
)

// fault is what went wrong, as the page says it.
type fault struct{ Message, Remedy string }

// faultOf turns a service's error into words for a page. What is our own fault
// is not shown.
func faultOf(err error) *fault {
	if err == nil {
		return nil
	}
	var e *cordon.Error
	if !errors.As(err, &e) || e.Code == cordon.Internal {
		return &fault{Message: "Something went wrong on our side.", Remedy: "Nothing was half done. Try again; the log of the server says more."}
	}
	text := e.Message
	if e.Field != "" {
		text = e.Field + " " + text
	}
	return &fault{Message: sentence(text), Remedy: sentence(e.Remedy)}
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = capital(s)
	if last := s[len(s)-1]; last != '.' && last != '!' && last != '?' {
		s += "."
	}
	return s
}

// statusOf is the one map from the house's codes to HTTP here.
func statusOf(err error) int {
	switch cordon.CodeOf(err) {
	case "":
		return http.StatusOK
	case cordon.Invalid:
		return http.StatusUnprocessableEntity
	case cordon.Denied:
		return http.StatusForbidden
	case cordon.Missing:
		return http.StatusNotFound
	case cordon.Conflict, cordon.Held:
		return http.StatusConflict
	case cordon.Stopped:
		return http.StatusLocked
	case cordon.Limited:
		return http.StatusTooManyRequests
	case cordon.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

type problemPage struct{ Title, Message, Remedy string }

// problem answers with a page that says what is wrong and what to do.
func (c *Console) problem(w http.ResponseWriter, q *request, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		c.Log.ErrorContext(q.Context(), "console page failed", "path", q.Pattern, "error", err)
	}
	f := faultOf(err)
	page := problemPage{Message: f.Message, Remedy: f.Remedy}
	switch status {
	case http.StatusNotFound:
		page.Title = "Not here"
	case http.StatusForbidden:
		page.Title = "Not yours to open"
	case http.StatusServiceUnavailable:
		page.Title = "Not just now"
	case http.StatusInternalServerError:
		page.Title = "Our fault"
	default:
		page.Title = "That did not work"
	}
	c.show(w, q, status, "problem", frame{Title: page.Title, Body: page})
}

// show renders a page whole and then sends it.
func (c *Console) show(w http.ResponseWriter, q *request, status int, name string, f frame) {
	f.Exercise, f.HasMailbox = c.Exercise, c.hasMailbox(q.actor)
	if q.actor.Kind != "" {
		f.Who = capital(c.names.actor(q.actor.ID()))
		f.CanStop, f.CanLedger = q.may(cordon.PlaceStops), q.may(cordon.ReadLedger)
		f.CanDrill = c.mayDrill(q)
		f.CanAnnounce = c.Herald != nil && q.may(cordon.ReadIncidents)
		f.CanOnCall = c.OnCall != nil && q.actor.Can(cordon.ReadIncidents, "")
		if f.CanIncidents = c.Incidents != nil && q.may(cordon.ReadIncidents); f.CanIncidents {
			if open, _, err := c.Incidents.List(q.Context(), q.actor, cordon.IncidentFilter{Open: true, Real: true}, cordon.Page{Limit: 100}); err == nil {
				f.OpenIncidents = len(open)
			}
		}
		f.CanReports = c.Reports != nil && q.may(cordon.HandleReports)
		f.CanDecoys = q.actor.Can(cordon.ManageTenants, "")
		if q.may(cordon.ReadDispatches) {
			// The tally beside "Stops" is an extra: a page is not lost over it.
			if rows, err := c.activeStops(q.Context(), q.actor); err == nil {
				f.StopsInForce = len(rows)
			}
			if n, _, err := c.Desk.CountHolds(q.Context(), q.actor, q.actor.Tenant); err == nil {
				f.Holds = n
			}
		}
	}
	f.Notice = notices[q.URL.Query().Get("done")]
	body, err := c.pages.render(name, f)
	if err != nil {
		c.Log.ErrorContext(q.Context(), "console page cannot be drawn", "page", name, "error", err)
		http.Error(w, "This page cannot be drawn; the log of the server says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser is gone: nobody to tell
}

// notices are the closed list of sentences a redirect may carry, by word.
var notices = map[string]string{
	"stopped":   "The stop is in force.",
	"resumed":   "The stop is lifted. What it kept back goes to the queue and is judged again.",
	"dropped":   "The stop is lifted. What it kept back is discarded and never leaves.",
	"released":  "The dispatch was judged again and released.",
	"discarded": "The dispatch was discarded. Nothing of it leaves.",
	"asked":     "Asked. A second person must confirm it; until then it stays held.",

	"decoys-planted": "The directory has the decoys it should have.",
	"decoys-rotated": "The oldest quarter was replaced. Those replaced stay traps.",

	"stage-held":     "The send is held. What had been taken for sending may still leave; nothing more does.",
	"stage-resumed":  "The send goes on where it was.",
	"stage-advanced": "The next stage is open.",

	"oncall-added":      "The contact is there. It is paged once a way to reach it is verified.",
	"oncall-removed":    "The contact is removed.",
	"contact-tested":    "A test is on its way to every verified method.",
	"code-sent":         "A code is on its way. Give it back here, or open the link beside it.",
	"method-verified":   "Verified: pages can reach this person this way.",
	"method-removed":    "The method is removed.",
	"override-added":    "The override stands.",
	"override-removed":  "The override is taken back.",
	"schedule-added":    "The schedule is there. A policy must name it before it is paged.",
	"policy-added":      "The policy is there.",
	"heartbeat-added":   "The heartbeat is expected from now on.",
	"heartbeat-removed": "The heartbeat is expected no more.",
	"oncall-set":        "Saved.",

	"notice-saved":          "A revision is saved. Somebody else approves it.",
	"notice-approved":       "Approved. Every affected tenant that has a contact is told.",
	"notice-told":           "Whoever could be told is told.",
	"notice-written":        "Their people are written to.",
	"notice-waived":         "Their people are not written to from here; the ledger says why.",
	"notice-otherwise":      "It counts as told; the ledger says how.",
	"clock-decided":         "Decided; the ledger says why.",
	"told-contact-added":    "The contact is kept, sealed.",
	"told-contact-removed":  "The contact is forgotten.",
	"told-contact-settings": "Language and laws are kept.",

	"incident-opened":    "The incident is open, and somebody is being paged.",
	"incident-moved":     "Moved. The timeline says so.",
	"incident-assigned":  "The role is given.",
	"incident-noted":     "Written. It stays.",
	"incident-task":      "The task is settled.",
	"incident-task-set":  "The task is set.",
	"incident-changed":   "Changed. The timeline says so.",
	"incident-scope":     "Every figure follows from it.",
	"incident-linked":    "Linked.",
	"incident-recovered": "Kept: it is in the right hands again.",
	"incident-merged":    "Merged. What is to be done is done there.",
	"incident-declined":  "Declined. Whoever was paged is told.",
	"incident-ended":     "The exercise is over.",
	"incident-review":    "The review is kept.",

	"problem-investigating": "You have it. Its reporters see that somebody looks into it.",
	"problem-answered":      "The outcome is said. Every reporter who is owed it gets it by mail.",
	"problem-closed":        "The problem is closed.",
	"problem-linked":        "The problem is part of the incident now.",

	"draft-saved":    "The draft is kept.",
	"draft-approved": "Approved. Somebody else may post it.",
	"draft-dropped":  "The draft is dropped.",
	"posted":         "Posted. It goes to the status page, the feeds and whoever subscribed.",
	"post-waits":     "Posted, and kept back until a witness has seen the ledger of its figures.",

	"host-approved":  "Letters of this tenant may link there now.",
	"host-withdrawn": "Letters that link there are held from now on.",
}

// static answers one of our own files. With its hash in the address it may be
// kept for ever; without, it is asked for again.
func (c *Console) static(w http.ResponseWriter, q *request) {
	a, ok := c.pages.static[q.PathValue("file")]
	if !ok {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("ETag", `"`+a.hash+`"`)
	if q.URL.Query().Get("v") == a.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if q.Header.Get("If-None-Match") == `"`+a.hash+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(a.body)
}
