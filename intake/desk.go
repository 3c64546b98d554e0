package intake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"time"

	"github.com/cordonmail/cordon"
)

// Config is what a Desk is made of.
type Config struct {
	Store Store
	Judge Judge
	// Provenance is the key of the door's mark, shared with the exit alone.
	Provenance []byte
	StatusHost string // of the status page: the one host that notices may link to; "" for none
	Now        func() time.Time
	Log        *slog.Logger
}

// Desk is the door.
type Desk struct {
	store      Store
	judge      Judge
	provenance []byte
	statusHost string
	now        func() time.Time
	log        *slog.Logger
}

// New makes a Desk.
func New(c Config) *Desk {
	d := &Desk{store: c.Store, judge: c.Judge, provenance: c.Provenance, statusHost: c.StatusHost, now: c.Now, log: c.Log}
	if d.now == nil {
		d.now = time.Now
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	return d
}

// Receipt is the door's answer to an order it took.
type Receipt struct {
	Dispatch cordon.Dispatch `json:"dispatch"` // State is open, or held with its Reasons
	Verdict  cordon.Verdict  `json:"verdict"`
	Replayed bool            `json:"replayed,omitempty"` // the first call's dispatch: nothing new was accepted
}

// Dispatch answers one dispatch of a tenant.
func (d *Desk) Dispatch(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (cordon.Dispatch, error) {
	if !actor.Can(cordon.ReadDispatches, tenant) {
		return cordon.Dispatch{}, mayNot("see dispatches")
	}
	return d.store.Dispatch(ctx, tenant, id)
}

// Dispatches lists the dispatches of a tenant, of all tenants for "".
func (d *Desk) Dispatches(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, page cordon.Page) ([]cordon.Dispatch, string, error) {
	if !actor.Can(cordon.ReadDispatches, tenant) {
		return nil, "", mayNot("see dispatches")
	}
	return d.store.Dispatches(ctx, tenant, page)
}

// mark is the provenance over a finished dispatch (ADR 4).
func (d *Desk) mark(dispatch cordon.Dispatch) []byte {
	mac := hmac.New(sha256.New, d.provenance)
	mac.Write(dispatch.Binding())
	return mac.Sum(nil)
}

// unmarked is what a held dispatch carries: should its state be flipped behind
// the door's back, the exit still delivers nothing of it.
func unmarked(cordon.Dispatch) []byte { return []byte{} }

func mayNot(what string) error {
	return &cordon.Error{Code: cordon.Denied, Message: "you may not " + what + " here", Remedy: "ask the operator for the permission"}
}

// unavailable is the answer when something could not be decided or recorded:
// the caller knows that nothing was accepted, the chain keeps the cause.
func unavailable(doing string, err error) error {
	known := &cordon.Error{Code: cordon.Unavailable, Message: "the order cannot be judged or recorded now; nothing was accepted", Remedy: "try again with the same idempotency key"}
	return fmt.Errorf("%s: %w: %w", doing, known, err)
}

// refusal is the caller's answer to a refused order. It is made of the verdict's
// code and faults alone: reasons, signals and stops are for the house.
func refusal(v cordon.Verdict) error {
	e := &cordon.Error{Code: v.Code, Message: "the order is refused; nothing was accepted"}
	if e.Code == "" {
		e.Code = cordon.Denied
	}
	switch len(v.Faults) {
	case 0:
	case 1:
		e.Field, e.Message, e.Remedy = v.Faults[0].Field, v.Faults[0].Message, v.Faults[0].Remedy
	default:
		e.Faults = v.Faults
		if len(v.Reasons) > 0 {
			e.Message = v.Reasons[0].Message
		}
	}
	return e
}
