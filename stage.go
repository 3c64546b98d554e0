package cordon

import (
	"fmt"
	"time"
)

// StageState is where one stage of a dispatch stands.
type StageState string

const (
	StageWaiting StageState = "waiting" // its turn has not come
	StageOpen    StageState = "open"    // its copies may leave, or have left and are watched
	StageHeld    StageState = "held"    // a rule or a person keeps the next copies back
	StageDone    StageState = "done"    // watched long enough; the next was opened, or it was the last
	StageStopped StageState = "stopped" // a person or a stop ended the release here
)

// Current says whether the stage is the one its dispatch stands at.
func (s StageState) Current() bool { return s == StageOpen || s == StageHeld }

// Stage is one step of the release of a dispatch: so many copies leave, then
// what comes back is watched for a while before the next step.
type Stage struct {
	Tenant   TenantID      `json:"tenant"`
	Dispatch DispatchID    `json:"dispatch"`
	Number   int           `json:"number"` // 1-based
	Of       int           `json:"of"`     // stages of this dispatch
	From     int64         `json:"from"`   // first copy, by its number in the dispatch, from 1
	To       int64         `json:"to"`     // last copy
	Wait     time.Duration `json:"-"`      // how long its evidence is watched
	State    StageState    `json:"state"`
	OpenedAt time.Time     `json:"opened_at,omitzero"` // of the first: when its copies may leave
	LeftAt   time.Time     `json:"left_at,omitzero"`   // when the last of its copies had its first try
	DueAt    time.Time     `json:"due_at,omitzero"`    // LeftAt + Wait: may be judged and advanced from then on
	EndedAt  time.Time     `json:"ended_at,omitzero"`
	By       string        `json:"by,omitempty"`     // Actor.ID() of who advanced, held or stopped it
	Reason   string        `json:"reason,omitempty"` // in words a practice manager understands
}

// Copies is how many the stage lets leave.
func (s Stage) Copies() int64 { return s.To - s.From + 1 }

// Due says whether its evidence has been watched long enough at the time.
func (s Stage) Due(now time.Time) bool { return !s.DueAt.IsZero() && !now.Before(s.DueAt) }

// MaxStageSteps bounds the steps a tenant may name.
const MaxStageSteps = 8

// StageStep is one step of a staged release as limits name it.
type StageStep struct {
	Copies int64         `json:"copies"` // gone out in all when it is complete
	Wait   time.Duration `json:"wait"`   // how long what comes back is watched before the next
}

// StageSteps are the steps of a release in their order; a step of no copies ends
// them. Behind the last, each step is ten times the one before, with its wait.
type StageSteps [MaxStageSteps]StageStep

// Len is how many steps are named.
func (s StageSteps) Len() int {
	for i, step := range s {
		if step.Copies == 0 {
			return i
		}
	}
	return len(s)
}

// maxStageCopies bounds a step, so that no step behind it can overflow.
const maxStageCopies = 1_000_000_000

// maxStageWait bounds the wait of a step: what must wait longer is held.
const maxStageWait = 7 * 24 * time.Hour

// Validate says whether a release can go by the steps. The error's field is
// stages[n] (from 0).
func (s StageSteps) Validate() error {
	if s.Len() == 0 {
		return InvalidField("stages", "names no step", "name at least one, such as 10 copies and 2m; stage_from 0 sends unstaged")
	}
	var before int64
	for i, step := range s {
		field := fmt.Sprintf("stages[%d]", i)
		switch {
		case step == StageStep{}:
			if i < s.Len() {
				return InvalidField(field, "is empty", "leave no step out")
			}
			continue
		case i > s.Len():
			return InvalidField(field, "stands behind an empty step", "leave no step out")
		case step.Copies <= before:
			return InvalidField(field, "must let more copies leave than the step before", "count the copies of all steps so far")
		case step.Copies > maxStageCopies:
			return InvalidField(field, "lets more than a thousand million copies leave", "the step before grows tenfold by itself")
		case step.Wait < 0 || step.Wait > maxStageWait:
			return InvalidField(field, "must wait between 0 and 7 days", "what must wait longer is held by a person")
		}
		before = step.Copies
	}
	return nil
}

// StagePlan is how a bulk send is released, as its tenant's limits have it when
// it is ordered. The zero plan releases it whole.
type StagePlan struct {
	From  int // a send of more copies is staged; 0: none is
	Steps StageSteps
}

// Plan is the plan the limits ask for.
func (l Limits) Plan() StagePlan { return StagePlan{From: l.StageFrom, Steps: l.Stages} }

// stageGrowth is how much larger each step is behind the last that is named.
const stageGrowth = 10

// Lay lays the stages of so many copies out, waiting; nil when they are released
// whole. What the caller knows of tenant and dispatch is his to add.
func (p StagePlan) Lay(copies int64) []Stage {
	if p.From <= 0 || copies <= int64(p.From) || p.Steps.Len() == 0 {
		return nil
	}
	var stages []Stage
	var step StageStep
	for to := int64(0); to < copies; {
		if i := len(stages); i < p.Steps.Len() {
			step = p.Steps[i]
		} else {
			step.Copies *= stageGrowth
		}
		last := min(max(step.Copies, to+1), copies)
		stages = append(stages, Stage{Number: len(stages) + 1, From: to + 1, To: last, Wait: step.Wait, State: StageWaiting})
		to = last
	}
	for i := range stages {
		stages[i].Of = len(stages)
	}
	return stages
}
