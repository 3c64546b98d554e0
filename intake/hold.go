package intake

import (
	"context"
	"errors"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

// Hold is one held dispatch with everything a person needs to decide on it.
// There is no recipient in it: the sample is rendered with invented data, and
// the rest are counts.
type Hold struct {
	Dispatch cordon.Dispatch
	Held     []CheckWords // what the checks said when it was accepted
	Now      Again        // what they say now
	Audience string       // handle of the audience; "" for named recipients

	// Letter is nil for who may not read the catalog.
	Letter *HeldLetter

	History      cordon.SenderHistory
	SecondPerson bool // it has more copies than one person may settle
	Asked        []cordon.HoldAsk
	Own          bool // ordered by whoever looks: somebody else must settle it
}

// CheckWords is what one check said, in its own words.
type CheckWords struct {
	Check    string
	Decision cordon.Decision
	Messages []string
}

// Again is a dry second judging: nothing is recorded and nothing happens by it.
type Again struct {
	At       time.Time
	Decision cordon.Decision // Undecided: it could not be judged just now
	Checks   []CheckWords
}

// HeldLetter is the text of a held dispatch.
type HeldLetter struct {
	Version cordon.Version
	Sample  compose.Rendered // invented data
	Fault   string           // why there is no sample: the text cannot be a letter any more
	Against *Against         // nil: no earlier version of the template was ever approved
	Newer   int              // a newer approved version, 0 for none: perhaps the wrong one was ordered
}

// Against compares the text with the last one before it that was approved.
type Against struct {
	Version  cordon.Version
	Parts    []compose.DiffPart // empty: the same text
	Approved bool               // still; false: revoked since
}

// Hold shows one held dispatch, judged again without any consequence.
func (d *Desk) Hold(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (Hold, error) {
	x, err := d.stillHeld(ctx, actor, tenant, id)
	if err != nil {
		return Hold{Dispatch: x}, err
	}
	h := Hold{Dispatch: x, Held: wordsOf(x.Reasons), Own: actor.Person() == orderer(x)}
	h.Now = d.judgeNow(ctx, x)
	if x.Audience != "" {
		if a, err := d.store.Audience(ctx, tenant, string(x.Audience)); err == nil {
			h.Audience = a.Handle
		}
	}
	if h.History, err = d.store.SenderHistory(ctx, x); err != nil {
		return h, err
	}
	set := one(x)
	if h.SecondPerson, err = d.takesTwo(ctx, set); err != nil {
		return h, err
	}
	if h.Asked, err = d.standing(ctx, set); err != nil {
		return h, err
	}
	if actor.Can(cordon.ReadCatalog, tenant) {
		h.Letter, err = d.heldLetter(ctx, x)
	}
	return h, err
}

// JudgeNow asks what every check says of a held dispatch now, and does nothing
// with the answer.
func (d *Desk) JudgeNow(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (Again, error) {
	x, err := d.stillHeld(ctx, actor, tenant, id)
	if err != nil {
		return Again{}, err
	}
	return d.judgeNow(ctx, x), nil
}

// stillHeld loads a dispatch for looking at it as a held one.
func (d *Desk) stillHeld(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (cordon.Dispatch, error) {
	if !actor.Can(cordon.ReadDispatches, tenant) {
		return cordon.Dispatch{}, mayNot("see dispatches")
	}
	x, err := d.store.Dispatch(ctx, tenant, id)
	if err == nil && x.State != cordon.DispatchHeld {
		err = &cordon.Error{Code: cordon.Conflict, Field: "dispatch", Message: "is not held: its state is " + string(x.State), Remedy: "see it among the dispatches"}
	}
	return x, err
}

func (d *Desk) judgeNow(ctx context.Context, x cordon.Dispatch) Again {
	again := Again{At: d.now()}
	_, _, v, err := d.rejudge(ctx, x)
	var e *cordon.Error
	switch {
	case err == nil:
		again.Decision, again.Checks = v.Decision, wordsOf(v.Reasons)
		if v.Code == cordon.Unavailable {
			again.Decision = cordon.Undecided
		}
	case errors.As(err, &e) && e.Code != cordon.Unavailable && e.Code != cordon.Internal:
		again.Decision = cordon.Refuse
		again.Checks = []CheckWords{{Check: "accept", Decision: cordon.Refuse, Messages: []string{"The dispatch " + e.Message + "."}}}
	default:
		d.log.WarnContext(ctx, "held dispatch could not be judged", "dispatch", x.ID, "error", err)
	}
	return again
}

// wordsOf groups reasons by their check, in the order in which they were given.
func wordsOf(reasons []cordon.Reason) []CheckWords {
	var out []CheckWords
	at := map[string]int{}
	for _, r := range reasons {
		i, ok := at[r.Check]
		if !ok {
			i = len(out)
			at[r.Check] = i
			out = append(out, CheckWords{Check: r.Check})
		}
		out[i].Decision = max(out[i].Decision, r.Decision.Effective())
		out[i].Messages = append(out[i].Messages, r.Message)
	}
	return out
}

// heldLetter renders the text with invented data and compares it with the last
// approved one before it.
func (d *Desk) heldLetter(ctx context.Context, x cordon.Dispatch) (*HeldLetter, error) {
	version, err := d.store.Version(ctx, x.Tenant, x.Template, x.Version)
	if err != nil {
		return nil, err
	}
	l := HeldLetter{Version: version}
	before, newer, err := d.store.ApprovedAround(ctx, x.Tenant, x.Template, x.Version)
	if err != nil {
		return nil, err
	}
	l.Newer = newer
	if before != nil {
		l.Against = &Against{Version: *before, Parts: compose.Diff(before.Content, version.Content), Approved: before.State == cordon.VersionApproved}
	}
	letter, err := compose.Compile(version.Content)
	if err != nil {
		l.Fault = "The text cannot be rendered: a rule it was written by has become stricter since."
		return &l, nil
	}
	l.Sample = letter.Sample()
	return &l, nil
}
