package report

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/cordonmail/cordon"
)

// Tracked is what a reporter's page shows: where it stands, times and public
// words, and nobody's data.
type Tracked struct {
	Name       string
	Problem    string // P-3; "" until it is filed
	State      cordon.ProblemState
	Kind       cordon.ReportKind // as filed; "" before
	Ours       bool              // the reported mail was found among ours
	At         time.Time
	FiledWith  int64 // reports in the same problem
	Moved      time.Time
	Answered   time.Time
	Outcome    string
	Incident   cordon.Incident // zero when none, or when it is not public
	CanAsk     bool            // he can still ask for the outcome by mail
	WillAnswer bool            // the outcome will be mailed to him
	Exercise   bool
}

// Track answers what the reporter with this tracking code may see. An unknown
// code is Missing. Whoever has the code needs no other right.
func (c *Clerk) Track(ctx context.Context, network, tracking string) (Tracked, error) {
	if err := c.pace.take(network, c.Now()); err != nil {
		return Tracked{}, err
	}
	r, err := c.Store.TrackedReport(ctx, tracking)
	if err != nil {
		return Tracked{}, err
	}
	t := Tracked{Name: r.Name(), At: r.At, Kind: r.Kind, Ours: r.Match == cordon.MatchCode || r.Match == cordon.MatchAlike, State: cordon.ProblemOpen,
		WillAnswer: r.Answer == cordon.AnswerOwing, Exercise: r.Exercise}
	if r.Problem == "" {
		return t, nil
	}
	p, err := c.Store.Problem(ctx, r.Problem)
	if err != nil {
		return Tracked{}, err
	}
	t.Problem, t.State, t.FiledWith, t.Moved, t.Answered, t.Outcome = p.Name(), p.State, p.Counts.Reports, p.MovedAt, p.AnsweredAt, p.Outcome
	t.CanAsk = r.Receipt && r.Answer == cordon.AnswerNone && p.State.Open()
	if p.Incident != "" {
		i, err := c.Store.Incident(ctx, p.Incident)
		if err != nil && cordon.CodeOf(err) != cordon.Missing {
			return Tracked{}, err
		}
		if i.Public {
			t.Incident = i
		}
	}
	return t, nil
}

// Prove takes the word that was mailed to the reporter alone, so that he gets the
// outcome by mail. A wrong word is Missing.
func (c *Clerk) Prove(ctx context.Context, network, tracking, word string) error {
	if err := c.pace.take(network, c.Now()); err != nil {
		return err
	}
	return c.Store.ProveReporter(ctx, tracking, confirmHash(word))
}

func confirmHash(word string) []byte {
	sum := sha256.Sum256([]byte("confirm " + word))
	return sum[:]
}
