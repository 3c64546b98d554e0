package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

// recordTime bounds writing down a refusal after the caller has hung up.
const recordTime = 10 * time.Second

// Accept takes an order, or says why not. A nil error means that the dispatch
// is committed: open, or held for a person.
func (d *Desk) Accept(ctx context.Context, actor cordon.Actor, order cordon.Order) (Receipt, error) {
	if !actor.Can(permission(order.Kind), order.Tenant) {
		return Receipt{}, d.deny(ctx, actor, order)
	}
	if err := order.Validate(); err != nil {
		return Receipt{}, err
	}
	rows, err := readRows(order)
	if err != nil {
		return Receipt{}, err
	}
	if first, ok, err := d.replay(ctx, actor, order, rows.digest); ok || err != nil {
		return first, err
	}
	order.Words, order.Rows = rows.words(order), rows.all() // from here on they can be read again and again
	version, verdict, err := d.judgedText(ctx, actor, order)
	if err != nil {
		return Receipt{}, err
	}
	dispatch, err := d.prepare(ctx, actor, order, version)
	if err != nil {
		return Receipt{}, err
	}
	dispatch.Rows = rows.all()
	if dispatch.RowsRequired, err = fit(version, order, rows); err != nil {
		return Receipt{}, err
	}
	dispatch.OrderDigest, dispatch.Verdict = rows.digest, verdict
	for try := 1; ; try++ {
		receipt, err := d.commit(ctx, actor, order, dispatch)
		switch {
		case !moved(err):
			return receipt, err
		case try == judgeTries:
			return Receipt{}, unavailable("accept", err)
		}
		// Another order of the same sender came between: judged again, with it counted.
		if dispatch.Verdict, err = d.judged(ctx, actor, order, version); err != nil {
			return Receipt{}, err
		}
		dispatch.Dispatch.ID = cordon.NewDispatchID()
	}
}

// judgeTries is how often an order is judged when others of its sender come
// between judging and accepting; then it is unavailable, and may be tried again.
const judgeTries = 4

// moved says that what the verdict was made of had changed when it was to be
// committed.
func moved(err error) bool {
	var e *cordon.Error
	return errors.As(err, &e) && e.Field == cordon.BehaviourMoved
}

// judgedText has the order judged with the text it is to send. Free content that
// is not refused is written down as a version that nobody has approved.
func (d *Desk) judgedText(ctx context.Context, actor cordon.Actor, order cordon.Order) (cordon.Version, cordon.Verdict, error) {
	var version cordon.Version
	var err error
	if order.Free == nil {
		version, err = d.version(ctx, actor, order)
	} else {
		version, err = d.freeText(ctx, actor, order)
	}
	if err != nil {
		return version, cordon.Verdict{}, err
	}
	verdict, err := d.judged(ctx, actor, order, version)
	if err == nil && order.Free != nil {
		version, err = d.writeFree(ctx, actor, version)
	}
	return version, verdict, err
}

// permission is the right an order of the kind asks for.
func permission(kind cordon.Kind) cordon.Permission {
	if kind == cordon.Bulk {
		return cordon.SendBulk
	}
	return cordon.SendSingle
}

// deny answers an actor without the permission. One that reaches for another
// tenant is judged all the same: that is evidence, and may cost it its key.
func (d *Desk) deny(ctx context.Context, actor cordon.Actor, order cordon.Order) error {
	if actor.Tenant == "" || actor.Tenant == order.Tenant {
		return mayNot("send this kind of mail")
	}
	_, err := d.judged(ctx, actor, order, cordon.Version{})
	if err == nil {
		err = mayNot("send this kind of mail")
	}
	return err
}

// replay answers a repeated call with the first one's dispatch.
func (d *Desk) replay(ctx context.Context, actor cordon.Actor, order cordon.Order, digest []byte) (Receipt, bool, error) {
	if order.IdempotencyKey == "" {
		return Receipt{}, false, nil
	}
	id, first, found, err := d.store.IdempotentDispatch(ctx, order.Tenant, actor.ID(), order.IdempotencyKey)
	if err != nil {
		return Receipt{}, false, unavailable("find first call", err)
	}
	if !found {
		return Receipt{}, false, nil
	}
	if !bytes.Equal(first, digest) {
		return Receipt{}, false, &cordon.Error{
			Code: cordon.Conflict, Field: "idempotency_key", Message: "was used before, with another order",
			Remedy: "use a new key for a new order",
		}
	}
	dispatch, err := d.store.Dispatch(ctx, order.Tenant, id)
	if err != nil {
		return Receipt{}, false, unavailable("find first dispatch", err)
	}
	if dispatch.State == cordon.DispatchAccepting {
		return Receipt{}, false, &cordon.Error{
			Code: cordon.Unavailable, Field: "idempotency_key", Message: "belongs to an order that is just being accepted",
			Remedy: "ask again in a moment with the same key",
		}
	}
	return Receipt{Dispatch: dispatch, Verdict: verdictOf(dispatch), Replayed: true}, true, nil
}

func verdictOf(dispatch cordon.Dispatch) cordon.Verdict {
	v := cordon.Verdict{Decision: cordon.Pass, Reasons: dispatch.Reasons}
	if dispatch.State == cordon.DispatchHeld {
		v.Decision = cordon.Hold
	}
	return v
}

// version loads the text the order names. One that is not there is refused and
// recorded like anything else that was asked for and is not the actor's.
func (d *Desk) version(ctx context.Context, actor cordon.Actor, order cordon.Order) (cordon.Version, error) {
	version, err := d.store.Version(ctx, order.Tenant, order.Template, order.Version)
	switch {
	case err == nil:
		return version, nil
	case cordon.CodeOf(err) != cordon.Missing:
		return cordon.Version{}, unavailable("load version", err)
	}
	// Judged without a text: the guard refuses it in the words it has for
	// whatever is not the tenant's own.
	_, err = d.judged(ctx, actor, order, cordon.Version{})
	if err == nil {
		err = &cordon.Error{Code: cordon.Missing, Field: "template", Message: "is unknown, or not yours", Remedy: "check the ID and the version's number"}
	}
	return cordon.Version{}, err
}

// judged has the guard judge and acts on a refusal: nil means Pass or Hold.
func (d *Desk) judged(ctx context.Context, actor cordon.Actor, order cordon.Order, version cordon.Version) (cordon.Verdict, error) {
	v := d.judge.Judge(ctx, actor, order, version)
	switch {
	case v.Decision.Effective() == cordon.Refuse:
		return v, d.refuse(ctx, actor, order, v)
	case v.Decision.Effective() == cordon.Hold && v.Code == cordon.Unavailable && order.Kind != cordon.Bulk:
		// A single order that could not be judged is asked again by its sender;
		// bulk waits for a person (docs/limits.md).
		return v, unavailable("judge", errUndecided)
	}
	return v, nil
}

var errUndecided = errors.New("a check failed or was too slow")

// refuse writes the refusal down, with everything that must happen at once, and
// makes the answer. A caller who hangs up does not undo the evidence.
func (d *Desk) refuse(ctx context.Context, actor cordon.Actor, order cordon.Order, v cordon.Verdict) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	order.Rows = nil
	tenant := order.Tenant
	if actor.Tenant != "" {
		tenant = actor.Tenant // what was reached for may not even exist
	}
	if err := d.store.RecordRefusal(ctx, actor, tenant, order, v); err != nil {
		return unavailable("record refusal", err)
	}
	return refusal(v)
}

// prepare makes the dispatch as it will be committed.
func (d *Desk) prepare(ctx context.Context, actor cordon.Actor, order cordon.Order, version cordon.Version) (cordon.NewDispatch, error) {
	now := d.now().UTC().Truncate(time.Microsecond)
	n := cordon.NewDispatch{
		Dispatch: cordon.Dispatch{
			ID: cordon.NewDispatchID(), Tenant: order.Tenant, Kind: order.Kind,
			Template: version.Template, Version: version.Number, Hash: version.Hash,
			Actor: actor.ID(), Account: actor.Account, Key: actor.Key,
			State: cordon.DispatchOpen, AcceptedAt: now, NotBefore: now, Exercise: order.Exercise,
		},
		Members:        order.Recipients,
		Mark:           d.mark,
		IdempotencyKey: order.IdempotencyKey,
	}
	if order.Kind == cordon.Single {
		limits, err := d.store.Limits(ctx, order.Tenant)
		if err != nil {
			return n, unavailable("read limits", err)
		}
		n.Dispatch.NotBefore = now.Add(limits.UndoSingle)
		return n, nil
	}
	audience, err := d.store.Audience(ctx, order.Tenant, string(order.Audience))
	if err != nil {
		return n, unavailable("read audience", err)
	}
	n.Dispatch.Audience, n.Filter = audience.ID, audience.Filter
	return n, d.prepareBulk(ctx, &n, version)
}

// commit hands the dispatch to the store: there it is accepted whole, or not.
func (d *Desk) commit(ctx context.Context, actor cordon.Actor, order cordon.Order, n cordon.NewDispatch) (Receipt, error) {
	if n.Verdict.Decision.Effective() == cordon.Hold {
		n.Dispatch.State, n.Mark = cordon.DispatchHeld, unmarked
		n.Dispatch.Reasons = append(slices.Clone(n.Verdict.Reasons), n.Dispatch.Reasons...)
	}
	dispatch, err := d.store.CreateDispatch(ctx, actor, n)
	if err == nil {
		return Receipt{Dispatch: dispatch, Verdict: n.Verdict}, nil
	}
	if moved(err) {
		return Receipt{}, err
	}
	switch cordon.CodeOf(err) {
	case cordon.Conflict:
		return d.raced(ctx, actor, order, n.OrderDigest, err)
	case cordon.Limited, cordon.Invalid, cordon.Missing, cordon.Stopped, cordon.Denied:
		return Receipt{}, d.turnedAway(ctx, actor, order, err)
	default:
		return Receipt{}, unavailable("create dispatch", err)
	}
}

// raced answers a call that came twice at once, the other being first, as a
// repeated one; any other conflict stays what it is.
func (d *Desk) raced(ctx context.Context, actor cordon.Actor, order cordon.Order, digest []byte, conflict error) (Receipt, error) {
	if first, ok, err := d.replay(ctx, actor, order, digest); ok || err != nil {
		return first, err
	}
	return Receipt{}, conflict
}

// turnedAway records what the store refused inside the accepting transaction,
// where it looks once more at what may have changed since the guard did.
func (d *Desk) turnedAway(ctx context.Context, actor cordon.Actor, order cordon.Order, err error) error {
	var e *cordon.Error
	if !errors.As(err, &e) {
		return unavailable("create dispatch", err)
	}
	v := cordon.Verdict{
		Decision: cordon.Refuse, Code: e.Code,
		Reasons: []cordon.Reason{{Check: "accept", Decision: cordon.Refuse, Message: "The store found, while accepting: " + string(e.Code) + "."}},
	}
	signal := cordon.Signal{
		ID: cordon.NewSignalID(), Grade: cordon.GradeNote, Tenant: order.Tenant, Actor: actor.ID(),
		Account: actor.Account, Key: actor.Key, Template: order.Template, Count: 1, At: d.now(),
	}
	switch {
	case e.Code == cordon.Limited:
		signal.Kind, signal.Message = cordon.SignalLimit, "A limit was reached while accepting."
		v.Signals = []cordon.Signal{signal}
	case order.Kind == cordon.Single && e.Code == cordon.Missing:
		e = strangers() // erased since it was judged: the one answer
	case order.Kind == cordon.Bulk && e.Code == cordon.Invalid && len(e.Faults) > 0:
		// Rows that name nobody of the audience: asked often enough, that is
		// walking IDs by another door.
		signal.Kind, signal.Message = cordon.SignalUnknownID, "A bulk order's values named a recipient who is not in its audience."
		v.Signals = []cordon.Signal{signal}
	}
	if record := d.refuse(ctx, actor, order, v); cordon.CodeOf(record) == cordon.Unavailable {
		return record
	}
	return e
}

// strangers is the guard's answer to recipients that are not the tenant's own,
// word for word: which of the two gave it must not be told either.
func strangers() *cordon.Error {
	return &cordon.Error{Code: cordon.Missing, Field: "recipients", Message: "hold an ID that is unknown, or not yours", Remedy: "check the IDs; nothing was accepted"}
}

// fit checks every row against the text, and that nobody lacks a row it needs.
func fit(version cordon.Version, order cordon.Order, rows *rows) (required bool, err error) {
	letter, err := compose.Compile(version.Content)
	if err != nil {
		return false, fmt.Errorf("compile approved version: %w", err)
	}
	_, needed := letter.Needs()
	return len(needed) > 0, rows.fit(letter, order, needed)
}
