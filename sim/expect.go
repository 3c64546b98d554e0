package sim

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/identity"
)

func (w *World) newKey(t *tenant, name string, rights []cordon.Permission) (cordon.Actor, error) {
	ctx := context.Background()
	owner, err := w.house.Registry.CreateAccount(ctx, w.operator(), cordon.Account{Tenant: t.ID, Name: name, Role: cordon.RoleAuthor})
	if err != nil {
		return cordon.Actor{}, err
	}
	_, secret, err := w.house.Registry.CreateKey(ctx, w.operator(), identity.KeyRequest{Account: owner.ID, Tenant: t.ID, Name: name, Permissions: rights})
	if err != nil {
		return cordon.Actor{}, err
	}
	return w.house.Registry.Authenticate(ctx, secret.Reveal())
}

// scope reads tenant=, template=TENANT/HANDLE, dispatch=N, key=NAME, kind=, everything.
func (w *World) scope(l line) (cordon.Scope, error) {
	s := cordon.Scope{Kind: cordon.Kind(l.named["kind"]), Everything: l.word(0) == "everything"}
	if handle := l.named["tenant"]; handle != "" {
		t, err := w.tenantNamed(handle)
		if err != nil {
			return s, err
		}
		s.Tenant = t.ID
	}
	if path := l.named["template"]; path != "" {
		handle, name, _ := strings.Cut(path, "/")
		t, err := w.tenantNamed(handle)
		if err != nil {
			return s, err
		}
		template, err := w.house.Catalog.Template(context.Background(), t.author, t.ID, name)
		if err != nil {
			return s, err
		}
		s.Template = template.ID
	}
	if name := l.named["key"]; name != "" {
		s.Key = w.actors[name].Key
	}
	if n := l.named["dispatch"]; n != "" {
		d, err := numbered(w.dispatch, n)
		if err != nil {
			return s, err
		}
		s.Dispatch = d.ID
	}
	return s, nil
}

// numbered is the n-th thing of a script, counted from 1.
func numbered[T any](all []T, n string) (T, error) {
	var none T
	i, err := strconv.Atoi(n)
	if err != nil || i < 1 || i > len(all) {
		return none, fmt.Errorf("there is no number %s; this script has made %d", n, len(all))
	}
	return all[i-1], nil
}

// stop SCOPE reason='…' [as=ACTOR]
func (w *World) doStop(_ *txtar.Archive, l line) error {
	scope, err := w.scope(l)
	if err != nil {
		return err
	}
	placed, err := w.house.Warden.Place(context.Background(), w.actorOr(l, w.operator()), cordon.Stop{Scope: scope, Reason: l.named["reason"]})
	if err != nil {
		return err
	}
	w.stops = append(w.stops, placed)
	a := placed.Answer
	w.answer = fmt.Sprintf("delivered %d in_flight %d held %d refused %d unknown %d", a.Delivered, a.InFlight, a.Held, a.Refused, a.Unknown)
	return nil
}

// lift N resume|discard [as=ACTOR]
func (w *World) doLift(_ *txtar.Archive, l line) error {
	stop, err := numbered(w.stops, l.word(0))
	if err != nil {
		return err
	}
	_, err = w.house.Warden.Lift(context.Background(), w.actorOr(l, w.operator()), stop.ID, cordon.Disposition(l.word(1)))
	return err
}

// assess SCOPE
func (w *World) doAssess(_ *txtar.Archive, l line) error {
	scope, err := w.scope(l)
	if err != nil {
		return err
	}
	q := cordon.Question{Tenant: scope.Tenant, Template: scope.Template, Dispatch: scope.Dispatch, Key: scope.Key}
	a, err := w.house.Auditor.Assess(context.Background(), w.operator(), q)
	if err != nil {
		return err
	}
	w.answer = fmt.Sprintf("dispatches %d delivered %d in_flight %d held %d refused %d unknown %d queued %d deferred %d bounced %d cut %d orders_refused %d reads %d",
		a.Dispatches, a.Delivered, a.InFlight, a.Held, a.Refused, a.Unknown, a.Queued, a.Deferred, a.Bounced, a.Cut, a.OrdersRefused, a.PersonalDataReads)
	return nil
}

// verify: the ledger holds, entry by entry.
func (w *World) doVerify(*txtar.Archive, line) error {
	report, err := w.house.Auditor.Verify(context.Background(), w.operator(), nil)
	if err == nil && !report.OK {
		err = fmt.Errorf("entry %d: %s", report.FirstBad, report.Why)
	}
	return err
}

// expect NAME N …: figures that the last stop or assess must have given.
func (w *World) doExpect(_ *txtar.Archive, l line) error {
	got := strings.Fields(w.answer)
	for i := 0; i+1 < len(l.words); i += 2 {
		found := ""
		for j := 0; j+1 < len(got); j += 2 {
			if got[j] == l.words[i] {
				found = got[j+1]
			}
		}
		if found != l.words[i+1] {
			return fmt.Errorf("%s is %q, want %s (all: %s)", l.words[i], found, l.words[i+1], w.answer)
		}
	}
	return nil
}

// arrived N [duplicates=N] [subject='…'] [to='…']: what the relay counted by itself.
func (w *World) doArrived(_ *txtar.Archive, l line) error {
	copies, _ := w.sink.Copies(0)
	n := 0
	for _, c := range copies {
		if strings.Contains(c.Subject, l.named["subject"]) && strings.Contains(c.To, l.named["to"]) {
			n++
		}
	}
	if strconv.Itoa(n) != l.word(0) {
		return fmt.Errorf("%d copies arrived, want %s", n, l.word(0))
	}
	if want := or(l.named["duplicates"], "0"); strconv.Itoa(w.sink.Duplicates()) != want {
		return fmt.Errorf("%d copies arrived twice, want %s", w.sink.Duplicates(), want)
	}
	return nil
}

// overtook 'SUBJECT' 'OTHER' N: when the last letter with the subject arrived, N
// or more with the other were still to come.
func (w *World) doOvertook(_ *txtar.Archive, l line) error {
	least, err := strconv.Atoi(l.word(2))
	if err != nil {
		return err
	}
	copies, _ := w.sink.Copies(0)
	seen, after := false, 0
	for _, c := range copies {
		switch {
		case strings.Contains(c.Subject, l.word(0)):
			seen, after = true, 0
		case strings.Contains(c.Subject, l.word(1)):
			after++
		}
	}
	if !seen || after < least {
		return fmt.Errorf("%d letters %q came after the last %q (arrived: %v), want %d or more", after, l.word(1), l.word(0), seen, least)
	}
	return nil
}

// signal KIND [grade=GRADE]: such a signal was raised; with !, none was.
func (w *World) doSignal(_ *txtar.Archive, l line) error {
	signals, _, err := w.house.Auditor.Signals(context.Background(), w.operator(), "", cordon.Page{Limit: 500})
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, s := range signals {
		seen[string(s.Kind)] = true
		if string(s.Kind) == l.word(0) && strings.HasPrefix(string(s.Grade), l.named["grade"]) {
			return nil
		}
	}
	return fmt.Errorf("no signal %s %s; there were %v", l.word(0), l.named["grade"], seen)
}

// error CODE ['words']: what the last refused line answered.
func (w *World) doError(_ *txtar.Archive, l line) error {
	if string(cordon.CodeOf(w.lastErr)) != l.word(0) || !strings.Contains(fmt.Sprint(w.lastErr), l.word(1)) {
		return fmt.Errorf("the answer was %s: %v", cordon.CodeOf(w.lastErr), w.lastErr)
	}
	return nil
}

// says 'words': the last answer holds them.
func (w *World) doSays(_ *txtar.Archive, l line) error {
	if !strings.Contains(w.answer, l.word(0)) {
		return fmt.Errorf("the answer was %q", w.answer)
	}
	return nil
}
