package console

import (
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/contain"
)

// sampleStages is a send in the middle of its release, held by a rule.
func sampleStages() []contain.StageSeen {
	stage := func(n int, from, to int64, state cordon.StageState, wait time.Duration) cordon.Stage {
		return cordon.Stage{Tenant: sampleTenant, Dispatch: sampleDispatch, Number: n, Of: 4, From: from, To: to, State: state, Wait: wait}
	}
	first, second := stage(1, 1, 10, cordon.StageDone, 2*time.Minute), stage(2, 11, 100, cordon.StageHeld, 5*time.Minute)
	first.OpenedAt, first.LeftAt = sampleNow.Add(-8*time.Minute), sampleNow.Add(-8*time.Minute)
	first.DueAt, first.EndedAt = sampleNow.Add(-6*time.Minute), sampleNow.Add(-6*time.Minute)
	first.By, first.Reason = "system", "10 copies left, none came back, watched for 2 min"
	second.OpenedAt, second.LeftAt, second.DueAt = sampleNow.Add(-6*time.Minute), sampleNow.Add(-5*time.Minute), sampleNow
	second.By, second.Reason = "system", "3 of 90 recipients say the mail was not meant for them"
	return []contain.StageSeen{
		{Stage: first, Evidence: cordon.Evidence{Delivered: 10}},
		{Stage: second, Evidence: cordon.Evidence{Delivered: 84, Bounces: 2, Policy: 1, Errors: 3, NotMe: 3}},
		{Stage: stage(3, 101, 1000, cordon.StageWaiting, 15*time.Minute)}, {Stage: stage(4, 1001, 4600, cordon.StageWaiting, 15*time.Minute)},
	}
}

func sampleStrip() *stageStrip {
	c := &Console{Config: Config{Now: func() time.Time { return sampleNow }}, names: &directory{}}
	strip := &stageStrip{Sentence: "Stage 2 of 4 is held: nothing more leaves until a person says so.", Number: 2, Held: true, CanAdvance: true, CanResume: true,
		Stop: "/stop?scope=dispatch&dispatch=" + string(sampleTenant) + "/" + string(sampleDispatch)}
	for _, s := range sampleStages() {
		strip.Stages = append(strip.Stages, c.stageRow(s))
	}
	return strip
}

func TestAStageSaysWhatItWaitsFor(t *testing.T) {
	at := sampleNow
	for _, c := range []struct {
		stage       cordon.Stage
		word, clock string
	}{
		{cordon.Stage{State: cordon.StageWaiting, Wait: 5 * time.Minute}, "To come", "then watched 5 min"},
		{cordon.Stage{State: cordon.StageOpen, OpenedAt: at.Add(4 * time.Minute)}, "Not yet", "may leave in 4 min"},
		{cordon.Stage{State: cordon.StageOpen, OpenedAt: at, Wait: 2 * time.Minute}, "Leaving", "leaving, then watched 2 min"},
		{cordon.Stage{State: cordon.StageOpen, OpenedAt: at, LeftAt: at, DueAt: at.Add(90 * time.Second)}, "Watched", "due in 90 s"},
		{cordon.Stage{State: cordon.StageOpen, OpenedAt: at, LeftAt: at, DueAt: at}, "Watched", "due now"},
		{cordon.Stage{State: cordon.StageHeld}, "Held", "waits for a person"},
		{cordon.Stage{State: cordon.StageDone, EndedAt: at}, "Passed", "ended"},
		{cordon.Stage{State: cordon.StageStopped, EndedAt: at}, "Stopped", "ended"},
	} {
		word, _ := stageWord(c.stage, at)
		clock, _ := stageClock(c.stage, at)
		if word != c.word || clock != c.clock {
			t.Errorf("%s: %q, %q; want %q, %q", c.stage.State, word, clock, c.word, c.clock)
		}
	}
}

func TestTheReleaseIsToldInOneLine(t *testing.T) {
	open, held := cordon.Dispatch{State: cordon.DispatchOpen}, cordon.Dispatch{State: cordon.DispatchHeld}
	now, last := cordon.Stage{Number: 2, Of: 3, To: 100, State: cordon.StageOpen, OpenedAt: sampleNow, LeftAt: sampleNow}, cordon.Stage{Number: 3, Of: 3, State: cordon.StageWaiting}
	leaving, early, over := now, now, last
	leaving.LeftAt, early.OpenedAt, over.State = time.Time{}, sampleNow.Add(9*time.Minute), cordon.StageDone
	for _, c := range []struct {
		now, last cordon.Stage
		d         cordon.Dispatch
		want      string
	}{
		{cordon.Stage{}, last, held, "then it leaves in 3 stages"},
		{cordon.Stage{}, over, open, "All 3 stages have passed."},
		{cordon.Stage{}, cordon.Stage{Number: 3, State: cordon.StageStopped}, open, "ended before its last copy"},
		{early, last, open, "the first copy may leave in 9 min"},
		{leaving, last, open, "Stage 2 of 3 is leaving: up to 100 copies in all."},
		{now, last, open, "Stage 2 of 3 has left."},
	} {
		if got := stageSentence(c.now, c.last, c.d, sampleNow); !strings.Contains(got, c.want) {
			t.Errorf("%q does not say %q", got, c.want)
		}
	}
}
