package intake_test

import (
	"testing"

	"github.com/cordonmail/cordon"
)

func TestFreeContentIsRefused(t *testing.T) {
	w := one(t)
	free := func() cordon.Order {
		o := single(w.clinic, w.clinic.patients[0])
		o.Template, o.Version = "", 0
		o.Free = &cordon.Content{FromAddress: "desk@clinic.example", Subject: "You won", Text: "Collect your prize."}
		return o
	}
	w.refused(w.key(w.clinic), free(), cordon.Denied)
	if n := len(w.signals(w.clinic, cordon.SignalFreeContent)); n != 1 {
		w.Fatalf("%d signals", n)
	}
	o := free()
	o.Kind, o.Recipients, o.Audience = cordon.Bulk, nil, w.clinic.everyone.ID
	w.refused(w.key(w.clinic, cordon.SendBulk, cordon.SendFree), o, cordon.Invalid)
}

// With the right to it, free content waits for a second person to approve the
// very bytes; nothing is marked for the exit before that.
func TestFreeContentWaitsForASecondPerson(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic, cordon.SendFree)
		o := single(w.clinic, w.clinic.patients[0])
		o.Template, o.Version, o.IdempotencyKey = "", 0, "once"
		o.Free = &cordon.Content{FromAddress: "desk@clinic.example", Subject: "About your visit", Text: "Dear {{name}}, please call us.",
			Fields: []cordon.Field{{Name: "name", Type: cordon.FieldPerson, Source: cordon.FromRecipient}}}
		r := w.accept(key, o)
		d := r.Dispatch
		if d.State != cordon.DispatchHeld || r.Verdict.Decision != cordon.Hold || len(d.Provenance) != 0 || d.Hash != o.Free.Hash() {
			w.Fatalf("accepted as %+v", d)
		}
		if again := w.accept(key, o); !again.Replayed || again.Dispatch.ID != d.ID {
			w.Fatal("the same call was taken for another")
		}
		other := o
		other.Free = &cordon.Content{FromAddress: "desk@clinic.example", Subject: "You won", Text: "Collect your prize."}
		w.refused(key, other, cordon.Conflict) // the same idempotency key, another text
		if _, err := w.desk.Release(w.ctx, w.clinic.approver, w.clinic.ID, d.ID); cordon.CodeOf(err) != cordon.Conflict {
			w.Fatalf("released without approval: %v", err)
		}
		w.must(w.store.ApproveVersion(w.ctx, w.clinic.approver, w.clinic.ID, d.Template, d.Version, d.Hash))
		open, err := w.desk.Release(w.ctx, w.clinic.approver, w.clinic.ID, d.ID)
		w.must(err)
		if open.State != cordon.DispatchOpen || len(open.Provenance) == 0 {
			w.Fatalf("released as %+v", open)
		}
		o.IdempotencyKey, o.Free = "", &cordon.Content{FromAddress: "desk@clinic.example", Subject: "x", Text: "{{no such}}"}
		w.refused(key, o, cordon.Invalid)
	})
}
