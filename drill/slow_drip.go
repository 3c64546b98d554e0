package drill

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// DripEvery is the pause between two messages of the slow drip, unless a run says
// otherwise: a minute's drip in the time a person will wait. `--every 1m` runs it
// at its real pace.
const DripEvery = time.Second

// slowDrip: one message after another, each with other words, to one patient
// each. No rate gives it away; what it says, and that it is always new, does.
func (r *Rehearsal) slowDrip(ctx context.Context, practices []*Practice, o Options) (Report, error) {
	var report Report
	p := practices[0]
	stolen, err := r.noteProgram(ctx, p, "stolen: slow drip")
	if err != nil {
		return report, err
	}
	every := o.Every
	if every <= 0 {
		every = DripEvery
	}
	v := Variant{Name: "drip", Says: fmt.Sprintf("one note every %s, each of another kind of spam", every), Exercise: true}
	r.tell("drip: the intruder sends %s", v.Says)
	began := r.config.Now()
	for i, note := range spamNotes() {
		if i > 0 {
			if err := pauseFor(ctx, every); err != nil {
				return report, err
			}
		}
		if err := stolen.send(ctx, p.Patients[i], note); err != nil {
			return report, err
		}
		if v.TTD == 0 && len(stolen.held) > 0 {
			v.TTD = Millis(r.config.Now().Sub(began))
		}
	}
	own, err := r.judgeOwnNotes(ctx, p)
	if err != nil {
		return report, err
	}
	if err := r.judgeNotes(ctx, &v, stolen); err != nil {
		return report, err
	}
	v.expect("bad copies out", fmt.Sprintf("≤ %d", maxBadCopies), v.BadCopiesOut, v.BadCopiesOut <= maxBadCopies)
	kept := len(stolen.held) + int(stolen.refused)
	v.expect("kept back, with a reason", "most of them", fmt.Sprintf("%d of %d", kept, v.Tried), 2*kept > int(v.Tried) && everyReasoned(stolen.held))
	v.settle()
	report.seen = []cordon.Question{{Key: stolen.key.id}}
	report.Variants = append(report.Variants, v, own)
	report.settle()
	return report, nil
}

func everyReasoned(held []cordon.Dispatch) bool {
	for _, d := range held {
		if len(d.Reasons) == 0 {
			return false
		}
	}
	return true
}

// judgeOwnNotes has the practice send its own notes under its own key, and waits
// until they are delivered: whatever the intruder ordered has been due for longer.
func (r *Rehearsal) judgeOwnNotes(ctx context.Context, p *Practice) (Variant, error) {
	v := Variant{Name: "own-notes", Says: "the practice sends its own notes meanwhile", Exercise: true}
	own, err := r.noteProgram(ctx, p, "own notes")
	if err != nil {
		return v, err
	}
	r.tell("the practice sends %d notes of its own", len(ownNotes()))
	if err := r.sentNotes(ctx, own); err != nil {
		return v, err
	}
	want := int64(len(ownNotes()))
	delivered, err := r.waitDelivered(ctx, own.key.id, want)
	if err != nil {
		return v, err
	}
	v.expect("own notes delivered", want, delivered, delivered == want)
	v.settle()
	return v, nil
}

func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
