package console

import (
	"context"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/contain"
)

// stageStrip is the release of a dispatch, step by step: what has left, what
// came back of it, what comes next and when.
type stageStrip struct {
	Sentence   string
	Stages     []stageRow
	Number     int // the stage it stands at; 0: none, it is over or not begun
	Held       bool
	Last       bool // nothing comes behind it
	CanHold    bool
	CanAdvance bool
	CanResume  bool
	Stop       string // the page that stops the dispatch; "" when there is nothing to stop
}

type stageRow struct {
	Number      int
	Copies      string // "copies 11 to 100"
	Word, Tone  string
	Current     bool
	Evidence    []fact
	Clock       string
	At          template.HTML
	Reason, By  string
	Done, Ahead bool
}

// releaseOf draws the stages; nil when the dispatch leaves whole.
func (c *Console) releaseOf(ctx context.Context, a cordon.Actor, d cordon.Dispatch) (*stageStrip, error) {
	if d.Kind != cordon.Bulk {
		return nil, nil
	}
	stages, err := c.Warden.Stages(ctx, a, d.Tenant, d.ID)
	if err != nil || len(stages) == 0 {
		return nil, err
	}
	var now cordon.Stage
	strip := &stageStrip{}
	for _, s := range stages {
		if s.State.Current() {
			now = s.Stage
		}
		strip.Stages = append(strip.Stages, c.stageRow(s))
	}
	strip.Sentence = stageSentence(now, stages[len(stages)-1].Stage, d, c.Now())
	if now.Number > 0 && d.State != cordon.DispatchHeld {
		strip.Number, strip.Last, strip.Held = now.Number, now.Number == now.Of, now.State == cordon.StageHeld
		strip.CanHold = !strip.Held && d.State == cordon.DispatchOpen && a.Can(cordon.PlaceStops, d.Tenant)
		strip.CanAdvance = a.Can(cordon.ReleaseHolds, d.Tenant) && !strip.Last
		strip.CanResume = strip.Held && a.Can(cordon.ReleaseHolds, d.Tenant)
		if d.State == cordon.DispatchOpen && a.Can(cordon.PlaceStops, d.Tenant) {
			strip.Stop = "/stop?scope=dispatch&dispatch=" + string(d.Tenant) + "/" + string(d.ID)
		}
	}
	return strip, nil
}

func (c *Console) stageRow(s contain.StageSeen) stageRow {
	row := stageRow{
		Number: s.Number, Copies: "copies " + num(s.From) + " to " + num(s.To), Current: s.State.Current(),
		Evidence: evidenceFacts(s), Done: s.State == cordon.StageDone, Ahead: s.State == cordon.StageWaiting,
	}
	if s.From == s.To {
		row.Copies = "copy " + num(s.From)
	}
	row.Word, row.Tone = stageWord(s.Stage, c.Now())
	row.Clock, row.At = stageClock(s.Stage, c.Now())
	if s.Reason != "" {
		row.Reason, row.By = sentence(s.Reason), capital(c.names.actor(s.By))
	}
	return row
}

func stageWord(s cordon.Stage, now time.Time) (word, tone string) {
	switch s.State {
	case cordon.StageOpen:
		switch {
		case s.OpenedAt.After(now):
			return "Not yet", ""
		case s.LeftAt.IsZero():
			return "Leaving", "good"
		}
		return "Watched", "good"
	case cordon.StageHeld:
		return "Held", "held"
	case cordon.StageDone:
		return "Passed", ""
	case cordon.StageStopped:
		return "Stopped", "alarm"
	}
	return "To come", ""
}

// stageClock says what the stage waits for, and until when.
func stageClock(s cordon.Stage, now time.Time) (string, template.HTML) {
	switch {
	case s.State == cordon.StageOpen && s.OpenedAt.After(now):
		return "may leave in " + span(s.OpenedAt.Sub(now)), clock(s.OpenedAt)
	case s.State == cordon.StageOpen && s.DueAt.IsZero():
		return "leaving, then watched " + span(s.Wait), ""
	case s.State == cordon.StageOpen && s.DueAt.After(now):
		return "due in " + span(s.DueAt.Sub(now)), clock(s.DueAt)
	case s.State == cordon.StageOpen:
		return "due now", clock(s.DueAt)
	case s.State == cordon.StageHeld:
		return "waits for a person", ""
	case s.State == cordon.StageWaiting:
		return "then watched " + span(s.Wait), ""
	}
	return "ended", clock(s.EndedAt)
}

// evidenceFacts are the answers that came back, those that say nothing left out.
func evidenceFacts(s contain.StageSeen) []fact {
	if s.State == cordon.StageWaiting {
		return nil
	}
	e := s.Evidence
	all := []fact{{Name: "delivered", Value: num(e.Delivered)}}
	for _, x := range []struct {
		n    int64
		name string
	}{
		{e.Bounces, "bounced"}, {e.Policy, "refused by policy"}, {e.Errors, "failed for now"}, {e.Complaints, "complaints"},
		{e.NotMe, "said “not you”"}, {e.Reports, "reports, unproven"}, {e.Decoys, "decoys touched"},
	} {
		if x.n > 0 {
			all = append(all, fact{Name: x.name, Value: num(x.n)})
		}
	}
	return all
}

// stageSentence says in one line where the release stands.
func stageSentence(now, last cordon.Stage, d cordon.Dispatch, at time.Time) string {
	place := "Stage " + strconv.Itoa(now.Number) + " of " + strconv.Itoa(now.Of)
	switch {
	case d.State == cordon.DispatchHeld:
		return "Nothing leaves until a person releases it; then it leaves in " + count(last.Number, "stage", "stages") + "."
	case now.Number == 0 && last.State == cordon.StageDone:
		return "All " + count(last.Number, "stage", "stages") + " have passed."
	case now.Number == 0:
		return "The release ended before its last copy."
	case now.State == cordon.StageHeld:
		return place + " is held: nothing more leaves until a person says so."
	case now.OpenedAt.After(at):
		return "Nothing has left yet: the first copy may leave in " + span(now.OpenedAt.Sub(at)) + ". Until then a stop undoes it whole."
	case now.LeftAt.IsZero():
		return place + " is leaving: up to " + count(now.To, "copy", "copies") + " in all."
	case now.Number == now.Of:
		return "Everything has left; what comes back is still watched."
	}
	return place + " has left. The next opens when what came back is calm."
}

// changeStage does one of the three verbs to the stage that the page showed.
func (c *Console) changeStage(w http.ResponseWriter, q *request, do func(context.Context, cordon.Actor, contain.StageChange) (cordon.Stage, error), done string) {
	tenant, id := dispatchIn(q)
	number, err := strconv.Atoi(q.PostFormValue("stage"))
	if err != nil || number < 1 {
		c.settled(w, q, cordon.InvalidField("stage", "is not a stage's number", "open the page again"), done)
		return
	}
	_, err = do(q.Context(), q.actor, contain.StageChange{Tenant: tenant, Dispatch: id, Number: number, Reason: strings.TrimSpace(q.PostFormValue("reason"))})
	c.settled(w, q, err, done)
}

func (c *Console) holdStage(w http.ResponseWriter, q *request) {
	c.changeStage(w, q, c.Warden.HoldStage, "stage-held")
}

func (c *Console) resumeStage(w http.ResponseWriter, q *request) {
	c.changeStage(w, q, c.Warden.ResumeStage, "stage-resumed")
}

func (c *Console) advanceStage(w http.ResponseWriter, q *request) {
	c.changeStage(w, q, c.Warden.AdvanceStage, "stage-advanced")
}

// stageFact is how the limits of a tenant release a bulk send, in one line.
func stageFact(l cordon.Limits) string {
	if l.StageFrom == 0 {
		return "none: a send leaves whole"
	}
	var steps []string
	for _, s := range l.Stages[:l.Stages.Len()] {
		steps = append(steps, num(s.Copies)+" (watched "+span(s.Wait)+")")
	}
	return "above " + num(l.StageFrom) + " copies: " + strings.Join(steps, ", ") + ", then ten times as many each"
}
