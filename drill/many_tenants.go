package drill

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// sharedNote says nothing that a practice might not say: only that many say it
// in the same words at the same time gives it away.
const sharedNote = "We are moving our records to another service this week. Please ring the line for records between nine and five, " +
	"and have your insurance card and your last letter from us at hand, so that everything can be confirmed with you."

const copiesEach = 3

// manyTenants: the same words leave under five practices' names, few copies each,
// so that no practice by itself sees anything unusual.
func (r *Rehearsal) manyTenants(ctx context.Context, practices []*Practice, _ Options) (Report, error) {
	var report Report
	v := Variant{Name: "same-text", Says: fmt.Sprintf("the same note from %d practices' stolen keys, %d copies each", len(practices), copiesEach), Exercise: true}
	var stolen []*program
	for _, p := range practices {
		g, err := r.noteProgram(ctx, p, "stolen: many tenants")
		if err != nil {
			return report, err
		}
		stolen = append(stolen, g)
	}
	r.tell("same-text: the intruder sends %s", v.Says)
	began := r.config.Now()
	for _, g := range stolen {
		for i := range copiesEach {
			if err := g.send(ctx, g.practice.Patients[i], sharedNote); err != nil {
				return report, err
			}
			if v.TTD == 0 && len(g.held) > 0 {
				v.TTD = Millis(r.config.Now().Sub(began))
			}
		}
	}
	own, err := r.judgeOwnNotes(ctx, practices[len(practices)-1])
	if err != nil {
		return report, err
	}
	if err := r.judgeNotes(ctx, &v, stolen...); err != nil {
		return report, err
	}
	v.expect("bad copies out", fmt.Sprintf("≤ %d", maxBadCopies), v.BadCopiesOut, v.BadCopiesOut <= maxBadCopies)
	held := 0
	for _, g := range stolen[2:] {
		held += len(g.held) + int(g.refused)
	}
	v.expect("kept back from the third practice on", copiesEach*(len(practices)-2), held, held == copiesEach*(len(practices)-2))
	seen, err := r.twinsSeen(ctx, practices)
	if err != nil {
		return report, err
	}
	v.expect("seen as one thing", true, seen, seen)
	v.settle()
	report.Variants = append(report.Variants, v, own)
	report.settle()
	return report, nil
}

// twinsSeen says whether an incident-grade signal of the same text was raised.
func (r *Rehearsal) twinsSeen(ctx context.Context, practices []*Practice) (bool, error) {
	ours := map[cordon.TenantID]bool{}
	for _, p := range practices {
		ours[p.ID] = true
	}
	seen := false
	err := pages(ctx, r.operator, "/v1/signals", nil, func(s cordon.Signal) {
		seen = seen || s.Kind == cordon.SignalSameText && s.Grade == cordon.GradeIncident && ours[s.Tenant]
	})
	return seen, err
}
