package guard

import (
	"context"
	"log/slog"
	"time"

	"github.com/cordonmail/cordon"
)

// Config is what a Guard is made of.
type Config struct {
	Store   Store
	Scanner Scanner // outside scanners; nil when there are none
	Now     func() time.Time
	Log     *slog.Logger
}

// Guard judges orders.
type Guard struct {
	store Store
	now   func() time.Time
	log   *slog.Logger
	bad   tally // bad IDs of the last window, exact between concurrent calls

	scanner Scanner // nil: none
	scanned scans
	sighted sights
	names   names
}

// New makes a Guard.
func New(c Config) *Guard {
	g := &Guard{store: c.Store, now: c.Now, log: c.Log, scanner: c.Scanner}
	if g.now == nil {
		g.now = time.Now
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	return g
}

// check is one question asked of every order.
type check struct {
	name string
	run  func(context.Context, *matter) cordon.Verdict
	// gate: nothing behind it is asked unless it passes, because the questions
	// behind it would be asked about things that are not the actor's.
	gate bool
	// evidence: asked even of an order that is refused already, for its signals;
	// the answer stays the one of the first refusal.
	evidence bool
}

// checks is the order of judging.
var checks = []check{
	{name: "authorise", run: authorise, gate: true},
	{name: "stops", run: stops, gate: true},
	{name: "content", run: content},
	{name: "approve", run: approve},
	{name: "recipients", run: recipients, evidence: true},
	{name: "decoy", run: decoy, evidence: true},
	{name: "suppressed", run: suppressed},
	{name: "fields", run: fields},
	{name: cordon.CheckScreen, run: screening},
	{name: "scan", run: outside},
	{name: cordon.CheckSameText, run: twins},
	{name: "ceilings", run: ceilings},
	{name: "pace", run: pace},
	{name: "behaviour", run: behaviour},
}

// Judge says what is to be done with the order. It may
// read order.Rows more than once.
func (g *Guard) Judge(ctx context.Context, actor cordon.Actor, order cordon.Order, version cordon.Version) cordon.Verdict {
	return g.judge(ctx, &matter{actor: actor, order: order, version: version})
}

// Rejudge judges a held order once more, before its release. Its copies are
// counted in the ceilings already, so they are not counted twice.
func (g *Guard) Rejudge(ctx context.Context, actor cordon.Actor, order cordon.Order, version cordon.Version) cordon.Verdict {
	return g.judge(ctx, &matter{actor: actor, order: order, version: version, again: true})
}

func (g *Guard) judge(ctx context.Context, m *matter) cordon.Verdict {
	m.guard, m.now = g, g.now()
	var v cordon.Verdict
	limits, err := g.limits(ctx, m.order.Tenant)
	if err != nil {
		v.Join(g.failed(ctx, "limits", err))
		return v
	}
	m.limits = limits
	for _, c := range checks {
		refused := v.Decision == cordon.Refuse
		if refused && !c.evidence {
			continue
		}
		w := g.ask(ctx, c, m)
		if refused {
			w.Code, w.Faults, w.Ceilings = "", nil, nil
		}
		v.Join(w)
		if c.gate && w.Decision != cordon.Pass {
			break
		}
	}
	return v
}

// ask runs one check within its time.
func (g *Guard) ask(ctx context.Context, c check, m *matter) cordon.Verdict {
	ctx, cancel := context.WithTimeout(ctx, m.limits.CheckTimeout)
	defer cancel()
	v := c.run(ctx, m)
	if err := ctx.Err(); err != nil && v.Decision != cordon.Refuse && v.Code != cordon.Unavailable {
		v = g.failed(ctx, c.name, err)
	}
	for i := range v.Reasons {
		v.Reasons[i].Check = c.name
		v.Reasons[i].Decision = v.Decision.Effective()
	}
	return v
}

// limits reads the tenant's limits. An unknown tenant is judged by the default
// ones: authorise refuses it, in its own words.
func (g *Guard) limits(ctx context.Context, tenant cordon.TenantID) (cordon.Limits, error) {
	ctx, cancel := context.WithTimeout(ctx, cordon.DefaultLimits().CheckTimeout)
	defer cancel()
	limits, err := g.store.Limits(ctx, tenant)
	if cordon.CodeOf(err) == cordon.Missing {
		return cordon.DefaultLimits(), nil
	}
	if limits.CheckTimeout <= 0 {
		limits.CheckTimeout = cordon.DefaultLimits().CheckTimeout
	}
	return limits, err
}

// failed is the verdict of a check that could not be made: Hold, with the code
// by which the door tells it from a hold that was meant.
func (g *Guard) failed(ctx context.Context, name string, err error) cordon.Verdict {
	g.log.ErrorContext(ctx, "check failed", "check", name, "error", err)
	return cordon.Verdict{
		Decision: cordon.Hold,
		Code:     cordon.Unavailable,
		Reasons:  []cordon.Reason{{Check: name, Decision: cordon.Hold, Message: "This could not be checked, so it waits for a person."}},
	}
}

func pass() cordon.Verdict { return cordon.Verdict{Decision: cordon.Pass} }

// refuse makes the verdict of a check that refuses: why is for the ledger and
// the people who run the house, the fault is the caller's whole answer.
func refuse(code cordon.Code, why string, faults ...cordon.Fault) cordon.Verdict {
	return cordon.Verdict{
		Decision: cordon.Refuse,
		Code:     code,
		Reasons:  []cordon.Reason{{Decision: cordon.Refuse, Message: why}},
		Faults:   faults,
	}
}
