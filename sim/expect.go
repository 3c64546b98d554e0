package sim

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
)

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
