package sim

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
)

// turn is how the relay answers the copies from the first to the last that come.
type turn struct {
	first, last int
	reply       *smtp.SMTPError
}

// answers bounce|reject|defer FIRST-LAST: how the far side answers the copies of
// these numbers, counted from 1 as they come from now on: there is no such
// address, its policy says no, or try later.
func (w *World) doAnswers(_ *txtar.Archive, l line) error {
	replies := map[string]*smtp.SMTPError{
		"bounce": {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"},
		"reject": never(), "defer": later(),
	}
	first, last, err := w.span(l.word(1))
	if err != nil || replies[l.word(0)] == nil {
		return fmt.Errorf("say bounce, reject or defer, and FIRST-LAST")
	}
	w.wire.mu.Lock()
	defer w.wire.mu.Unlock()
	w.wire.turns = append(w.wire.turns, turn{w.wire.came + first, w.wire.came + last, replies[l.word(0)]})
	return nil
}

// complain N FIRST-LAST|undelivered [kind=not-me] [vouched=no] [as=ACTOR]: those
// people, counted among the ones who got dispatch N, complain (or one who did not
// get it); by a channel that vouches for it, unless the line says no.
func (w *World) doComplain(_ *txtar.Archive, l line) error {
	d, t, err := w.dispatchNumbered(l.word(0))
	if err != nil {
		return err
	}
	who, err := w.complainers(d, t, l.word(1))
	for _, id := range who {
		if err != nil {
			return err
		}
		_, err = w.house.Watcher.Record(context.Background(), w.actorOr(l, t.author), cordon.Complaint{
			Tenant: t.ID, Dispatch: d.ID, Recipient: id, Kind: cordon.ComplaintKind(or(l.named["kind"], string(cordon.ComplaintUnwanted))),
			Authenticated: l.named["vouched"] != "no",
		})
	}
	return err
}

func (w *World) complainers(d cordon.Dispatch, t *tenant, which string) ([]cordon.RecipientID, error) {
	var got []cordon.RecipientID
	for page := (cordon.Page{Limit: 500}); ; {
		list, next, err := w.house.Store.Affected(context.Background(), cordon.Question{Tenant: t.ID, Dispatch: d.ID}, page)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if a.State == cordon.Delivered {
				got = append(got, a.Recipient)
			}
		}
		if page.After = next; next == "" {
			break
		}
	}
	if which == "undelivered" {
		at := slices.IndexFunc(t.people, func(id cordon.RecipientID) bool { return !slices.Contains(got, id) })
		return t.people[at : at+1], nil
	}
	first, last, err := w.span(which)
	if err != nil || first < 1 || last > len(got) {
		return nil, fmt.Errorf("%s: %d got it", which, len(got))
	}
	return got[first-1 : last], nil
}

// sighted TENANT TEMPLATE FINGERPRINT: a text with it was accepted there just now.
func (w *World) doSighted(_ *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	ctx := context.Background()
	template, err := w.house.Catalog.Template(ctx, t.author, t.ID, l.word(1))
	if err != nil {
		return err
	}
	print, err := strconv.ParseUint(l.word(2), 0, 64)
	if err != nil {
		return err
	}
	return w.house.Store.RecordSighting(ctx, t.ID, template.ID, "", print, time.Now())
}

// inforce N ['words']: so many stops stand, each with the words in its reason.
func (w *World) doInForce(_ *txtar.Archive, l line) error {
	stops, err := w.house.Store.ActiveStops(context.Background())
	if err != nil {
		return err
	}
	var reasons []string
	bad := false
	for _, s := range stops {
		reasons = append(reasons, s.Reason)
		bad = bad || !strings.Contains(s.Reason, l.word(1))
	}
	if bad || strconv.Itoa(len(stops)) != l.word(0) {
		return fmt.Errorf("stops in force: %q, want %s with %q", reasons, l.word(0), l.word(1))
	}
	return nil
}

// signals KIND N: the house has raised so many of the kind.
func (w *World) doSignals(_ *txtar.Archive, l line) error {
	signals, _, err := w.house.Auditor.Signals(context.Background(), w.operator(), "", cordon.Page{Limit: 500})
	if err != nil {
		return err
	}
	of := slices.DeleteFunc(signals, func(s cordon.Signal) bool { return string(s.Kind) != l.word(0) })
	var said []string
	for _, s := range of {
		said = append(said, string(s.Grade)+": "+s.Message)
	}
	w.answer = strings.Join(said, " / ")
	if strconv.Itoa(len(of)) != l.word(1) {
		return fmt.Errorf("%d signals %s, want %s: %s", len(of), l.word(0), l.word(1), w.answer)
	}
	return nil
}

// liftall: every stop in force is lifted, and what it kept back goes on.
func (w *World) doLiftAll(_ *txtar.Archive, _ line) error {
	stops, err := w.house.Store.ActiveStops(context.Background())
	for _, s := range stops {
		if err == nil {
			_, err = w.house.Warden.Lift(context.Background(), w.operator(), s.ID, cordon.Resume)
		}
	}
	return err
}
