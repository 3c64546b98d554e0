package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/contain"
)

// limits TENANT NAME=VALUE…: changes limits by their names in limit.go; lengths
// of time as 90s, stages as stages=10:2m,100:5m.
func (w *World) doLimits(_ *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	ctx := context.Background()
	limits, err := w.house.Catalog.Limits(ctx, w.operator(), t.ID)
	if err != nil {
		return err
	}
	values := map[string]any{}
	for name, text := range l.named {
		if values[name], err = limitValue(name, text); err != nil {
			return err
		}
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return err
	}
	known, err := json.Marshal(limits)
	if err != nil {
		return err
	}
	for name := range values {
		if !strings.Contains(string(known), `"`+name+`":`) {
			return fmt.Errorf("there is no limit %s", name)
		}
	}
	if err := json.Unmarshal(raw, &limits); err != nil {
		return err
	}
	return w.house.Catalog.SetLimits(ctx, w.operator(), t.ID, limits)
}

func limitValue(name, text string) (any, error) {
	if name == "stages" {
		var steps []cordon.StageStep
		for step := range strings.SplitSeq(text, ",") {
			copies, wait, _ := strings.Cut(step, ":")
			n, err := strconv.ParseInt(copies, 10, 64)
			if err != nil {
				return nil, err
			}
			d, err := time.ParseDuration(wait)
			if err != nil {
				return nil, err
			}
			steps = append(steps, cordon.StageStep{Copies: n, Wait: d})
		}
		return steps, nil
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n, nil
	}
	d, err := time.ParseDuration(text)
	return d, err
}

// prompt TENANT: its bulk sends leave at once and whole, for scripts about
// something else.
func (w *World) doPrompt(files *txtar.Archive, l line) error {
	l.named = map[string]string{"undo_bulk": "0s", "first_use_hold": "0s", "stage_from": "0"}
	return w.doLimits(files, l)
}

// stage hold|resume|advance N reason='…' [as=ACTOR]: what a person does to the
// stage that dispatch N stands at; the approver, unless the line names another.
func (w *World) doStage(_ *txtar.Archive, l line) error {
	d, t, err := w.dispatchNumbered(l.word(1))
	if err != nil {
		return err
	}
	verbs := map[string]func(context.Context, cordon.Actor, contain.StageChange) (cordon.Stage, error){
		"hold": w.house.Warden.HoldStage, "resume": w.house.Warden.ResumeStage, "advance": w.house.Warden.AdvanceStage,
	}
	do, known := verbs[l.word(0)]
	if !known {
		return fmt.Errorf("a stage can be held, resumed or advanced, not %q", l.word(0))
	}
	now, err := do(context.Background(), w.actorOr(l, t.approver), contain.StageChange{Tenant: t.ID, Dispatch: d.ID, Reason: l.named["reason"]})
	if err == nil {
		w.answer = fmt.Sprintf("stage %d of %d %s", now.Number, now.Of, now.State)
	}
	return err
}

// stages N STATE…: the stages of dispatch N stand so, in their order; no state
// for a dispatch that is released whole. The answer is their evidence.
func (w *World) doStages(_ *txtar.Archive, l line) error {
	d, t, err := w.dispatchNumbered(l.word(0))
	if err != nil {
		return err
	}
	stages, err := w.house.Warden.Stages(context.Background(), t.approver, t.ID, d.ID)
	if err != nil {
		return err
	}
	var states, said []string
	for _, s := range stages {
		states = append(states, string(s.State))
		said = append(said, fmt.Sprintf("stage %d copies %d-%d delivered %d by %s: %s", s.Number, s.From, s.To, s.Evidence.Delivered, s.By, s.Reason))
	}
	w.answer = strings.Join(said, " / ")
	if want := l.words[1:]; !slices.Equal(states, want) {
		return fmt.Errorf("the stages are %v, want %v: %s", states, want, w.answer)
	}
	return nil
}

// waits N DURATION ['words']: so long after its acceptance the first copy of
// dispatch N may leave; a reason holds the words.
func (w *World) doWaits(_ *txtar.Archive, l line) error {
	d, t, err := w.dispatchNumbered(l.word(0))
	if err != nil {
		return err
	}
	want, err := time.ParseDuration(l.word(1))
	if err != nil {
		return err
	}
	if d, err = w.house.Desk.Dispatch(context.Background(), t.approver, t.ID, d.ID); err != nil {
		return err
	}
	if is := d.NotBefore.Sub(d.AcceptedAt); is != want {
		return fmt.Errorf("it waits %s, want %s", is, want)
	}
	if !strings.Contains(fmt.Sprint(d.Reasons), l.word(2)) {
		return fmt.Errorf("the reasons are %v", d.Reasons)
	}
	return nil
}

// dispatchNumbered is dispatch N of the script, with its tenant.
func (w *World) dispatchNumbered(n string) (cordon.Dispatch, *tenant, error) {
	d, err := numbered(w.dispatch, n)
	if err != nil {
		return d, nil, err
	}
	for _, t := range w.tenants {
		if t.ID == d.Tenant {
			return d, t, nil
		}
	}
	return d, nil, errors.New("its tenant is not of this script")
}
