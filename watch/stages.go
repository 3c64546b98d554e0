package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// noAnswerFor is how long after its time a stage waits for a first answer about
// its copies before it is held. A copy that was perhaps delivered is tried again
// after a quarter of an hour.
const noAnswerFor = 30 * time.Minute

// stages judges every staged send at the stage it stands at.
func (s *step) stages(ctx context.Context) error {
	stages, err := s.w.store.StagedDispatches(ctx, stagesAStep)
	if err != nil {
		return err
	}
	var errs []error
	for _, st := range stages {
		if st.OpenedAt.After(s.now) {
			continue // its undo window runs
		}
		if err := s.stage(ctx, st); err != nil {
			errs = append(errs, fmt.Errorf("judge a stage: %w", err))
		}
	}
	return errors.Join(errs...)
}

// stage judges one: what came back since it opened, and about the whole send, in
// which complaints about earlier stages count; then it goes on, if it is due and
// nothing speaks against it.
func (s *step) stage(ctx context.Context, st cordon.Stage) error {
	whole := cordon.EvidenceOf{Tenant: st.Tenant, Dispatch: st.Dispatch}
	recent := whole
	recent.Since = st.OpenedAt
	all, err := s.find(ctx, recent, OverStage, string(st.Dispatch))
	if err != nil {
		return err
	}
	more, err := s.find(ctx, whole, OverStage, string(st.Dispatch))
	if err != nil {
		return err
	}
	all = worst(append(all, more...))
	for _, f := range all {
		if err := s.actOnStage(ctx, st, f); err != nil {
			return err
		}
	}
	if len(all) > 0 || st.State != cordon.StageOpen || !st.Due(s.now) {
		return nil
	}
	return s.advance(ctx, st, recent)
}

// worst keeps of each rule the finding with the higher threshold.
func worst(all []found) []found {
	var kept []found
	for _, f := range all {
		base, _, _ := strings.Cut(f.Rule, " ")
		at := slices.IndexFunc(kept, func(k found) bool { return strings.HasPrefix(k.Rule, base+" ") })
		switch {
		case at < 0:
			kept = append(kept, f)
		case kept[at].Grade == cordon.GradeWarning && f.Grade == cordon.GradeIncident:
			kept[at] = f
		}
	}
	return kept
}

// actOnStage holds the stage, and stops the send where there is proof. First the
// hold, then the mark that it was raised: broken off between the two, the next
// step finds the same again.
func (s *step) actOnStage(ctx context.Context, st cordon.Stage, f found) error {
	if st.State == cordon.StageOpen {
		if err := s.hold(ctx, st, f.Why); err != nil {
			return err
		}
	}
	of := cordon.EvidenceOf{Tenant: st.Tenant, Dispatch: st.Dispatch}
	r := cordon.Raise{Tenant: st.Tenant, Rule: f.Rule, Subject: string(st.Dispatch), Seen: f.seen}
	caused := fmt.Sprintf("Stage %d of %d is held: the rest waits for a person.", st.Number, st.Of)
	if f.Act == Stop {
		r.Stops = []cordon.Stop{{Scope: scopeOf(of, f.Finding), Reason: f.Why}}
		caused = fmt.Sprintf("The send was stopped at stage %d of %d.", st.Number, st.Of)
	}
	r.Signal = s.signal(of, f.Finding, caused)
	return s.raise(ctx, r)
}

func (s *step) hold(ctx context.Context, st cordon.Stage, reason string) error {
	err := s.w.store.HoldStage(ctx, cordon.System(), st.Tenant, st.Dispatch, st.Number, reason)
	return unlessSettled(err)
}

// unlessSettled: somebody else has decided about the stage since it was read, or
// there is nothing left to hold back.
func unlessSettled(err error) error {
	if cordon.CodeOf(err) == cordon.Conflict {
		return nil
	}
	return err
}

// advance opens the next stage. One about which nothing at all came back is not
// known to be good: it waits, and after a while for a person.
func (s *step) advance(ctx context.Context, st cordon.Stage, of cordon.EvidenceOf) error {
	e, err := s.w.store.Evidence(ctx, of)
	if err != nil {
		return err
	}
	if e.Answered() == 0 {
		if s.now.Before(st.DueAt.Add(noAnswerFor)) {
			return nil
		}
		f := Finding{Rule: "no-answer hold", Signal: cordon.SignalNoAnswer, Act: HoldBack, Grade: cordon.GradeWarning, N: st.Copies(),
			Why: fmt.Sprintf("no answer came back about any of %d copies in %s", st.Copies(), minutes(noAnswerFor+st.Wait))}
		seen, _, err := s.w.store.LastRaised(ctx, st.Tenant, f.Rule, string(st.Dispatch), cordon.Scope{})
		if err != nil {
			return err
		}
		if seen.Before(st.OpenedAt) { // else a person has seen it, and let it go on
			return s.actOnStage(ctx, st, found{f, seen})
		}
	}
	return unlessSettled(s.w.store.AdvanceStage(ctx, cordon.System(), st.Tenant, st.Dispatch, st.Number, goodReason(st, e)))
}

// goodReason is "10 copies left, none came back, watched for 2 min".
func goodReason(st cordon.Stage, e cordon.Evidence) string {
	parts := []string{fmt.Sprintf("%d copies left", st.Copies())}
	if e.Bad()+e.Errors+e.Complaints+e.NotMe == 0 {
		parts = append(parts, "none came back")
	}
	for _, x := range []struct {
		n    int64
		word string
	}{{e.Bounces, "bounced"}, {e.Policy, "rejected by policy"}, {e.Errors, "failed tries"}, {e.Complaints, "complaints"}, {e.NotMe, "“not you” reports"}, {e.Reports, "unverified reports"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.word))
		}
	}
	if st.Wait > 0 {
		parts = append(parts, "watched for "+wait(st.Wait))
	}
	return strings.Join(parts, ", ")
}

// wait is "2 min", "90 s".
func wait(d time.Duration) string {
	if d%time.Minute == 0 {
		return minutes(d)
	}
	return fmt.Sprintf("%g s", d.Seconds())
}
