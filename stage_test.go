package cordon_test

import (
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

func TestStagesAreLaidOut(t *testing.T) {
	l := cordon.DefaultLimits()
	for _, c := range []struct {
		copies int64
		ends   []int64 // the last copy of each stage
	}{
		{0, nil}, {1, nil}, {50, nil},
		{51, []int64{10, 51}},
		{100, []int64{10, 100}},
		{101, []int64{10, 100, 101}},
		{1000, []int64{10, 100, 1000}},
		{840_000, []int64{10, 100, 1000, 10_000, 100_000, 840_000}},
	} {
		stages := l.Plan().Lay(c.copies)
		if len(stages) != len(c.ends) {
			t.Errorf("%d copies leave in %d stages, want %d", c.copies, len(stages), len(c.ends))
			continue
		}
		from := int64(1)
		for i, s := range stages {
			if s.Number != i+1 || s.Of != len(stages) || s.From != from || s.To != c.ends[i] || s.State != cordon.StageWaiting {
				t.Errorf("%d copies: stage %+v, want %d to %d", c.copies, s, from, c.ends[i])
			}
			from = s.To + 1
		}
	}
	late := l.Plan().Lay(1_000_000)
	if late[0].Wait != 2*time.Minute || late[1].Wait != 5*time.Minute || late[5].Wait != 15*time.Minute {
		t.Errorf("the waits are %v", late)
	}
	if whole := (cordon.StagePlan{}).Lay(1_000_000); whole != nil {
		t.Errorf("the zero plan lays out %v", whole)
	}
	steps := cordon.StageSteps{{Copies: 60}}
	if stages := (cordon.StagePlan{From: 50, Steps: steps}).Lay(55); len(stages) != 1 || stages[0].To != 55 {
		t.Errorf("a first step larger than the send: %v", stages)
	}
}

func TestStepsThatNoReleaseCanGoBy(t *testing.T) {
	if err := cordon.DefaultLimits().Stages.Validate(); err != nil {
		t.Fatal(err)
	}
	for field, steps := range map[string]cordon.StageSteps{
		"stages":    {},
		"stages[0]": {{Copies: -1}},
		"stages[1]": {{Copies: 10}, {Copies: 10}},
		"stages[2]": {{Copies: 10}, {}, {Copies: 100}},
	} {
		var e *cordon.Error
		if err := steps.Validate(); err == nil {
			t.Errorf("%v is taken", steps)
		} else if e = err.(*cordon.Error); e.Field != field || e.Remedy == "" {
			t.Errorf("%v: %s %s, want the field %s", steps, e.Field, e.Message, field)
		}
	}
	for _, wait := range []time.Duration{-time.Second, 8 * 24 * time.Hour} {
		if (cordon.StageSteps{{Copies: 10, Wait: wait}}).Validate() == nil {
			t.Errorf("a wait of %s is taken", wait)
		}
	}
	if (cordon.StageSteps{{Copies: 1 << 62}}).Validate() == nil {
		t.Error("a step that overflows is taken")
	}
}

func TestAStageIsDueWhenItWasWatchedLongEnough(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	if (cordon.Stage{}).Due(at) {
		t.Error("a stage that has not left is due")
	}
	s := cordon.Stage{DueAt: at}
	if s.Due(at.Add(-time.Microsecond)) || !s.Due(at) {
		t.Error("due at another moment than DueAt")
	}
}
