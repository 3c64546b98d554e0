package intake_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

// The first bulk send of a version waits longer, and says why; a held one keeps
// the words of what holds it.
func TestABulkSendWaitsBehindItsUndoWindow(t *testing.T) {
	each(t, func(w *world) {
		wait := func(d cordon.Dispatch, want time.Duration, why string) {
			w.Helper()
			if is := d.NotBefore.Sub(d.AcceptedAt); is != want {
				w.Fatalf("it waits %s, want %s", is, want)
			}
			said := false
			for _, r := range d.Reasons {
				said = said || r.Check == "first-use" && r.Decision == cordon.Pass && strings.Contains(r.Message, "waits "+why)
			}
			if said != (why != "") {
				w.Fatalf("the reasons are %+v", d.Reasons)
			}
		}
		wait(w.accept(w.clinic.author, bulk(w.clinic, w.clinic.named)).Dispatch, 10*time.Minute, "10 min before")
		w.limits(func(l *cordon.Limits) { l.FirstUseHold = 90 * time.Second; l.ReachFactor = 100 })
		wait(w.accept(w.clinic.author, bulk(w.clinic, w.clinic.named)).Dispatch, 5*time.Minute, "") // the longer, not the sum
		w.limits(func(l *cordon.Limits) { l.UndoBulk, l.FirstUseHold = 0, 90*time.Minute })
		wait(w.accept(w.clinic.author, bulk(w.clinic, w.clinic.named)).Dispatch, 90*time.Minute, "1 h 30 min before")
		w.limits(func(l *cordon.Limits) { l.UndoBulk, l.FirstUseHold = 0, 0 })
		wait(w.accept(w.clinic.author, bulk(w.clinic, w.clinic.named)).Dispatch, 0, "")
	})
}

// The tenant's limits say how a send is staged, and a person's release begins it.
func TestABulkSendIsAcceptedInStages(t *testing.T) {
	w := one(t)
	w.limits(func(l *cordon.Limits) {
		l.StageFrom, l.Stages = 11, cordon.StageSteps{{Copies: 5, Wait: time.Minute}}
	})
	d := w.accept(w.clinic.author, bulk(w.clinic, w.clinic.named)).Dispatch // 12 people
	stages, err := w.store.Stages(w.ctx, w.clinic.ID, d.ID)
	w.must(err)
	if len(stages) != 2 || stages[0].State != cordon.StageOpen || !stages[0].OpenedAt.Equal(d.NotBefore) || stages[1].To != 12 {
		t.Fatalf("accepted as %+v", stages)
	}
	w.limits(func(l *cordon.Limits) { l.StageFrom, l.ReachFactor = 12, 100 })
	d = w.accept(w.clinic.author, bulk(w.clinic, w.clinic.named)).Dispatch
	if stages, err = w.store.Stages(w.ctx, w.clinic.ID, d.ID); err != nil || len(stages) != 0 {
		t.Fatalf("12 copies are staged as %+v, %v", stages, err)
	}
}
