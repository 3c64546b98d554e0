package contain

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	// alone is how many copies one person may let go, or cut, of a stop he
	// placed himself; more need a second person.
	alone = 100

	sweepRows = 500 // a stop waits for one such step at most
	sweepPoll = 2 * time.Second
)

// Config is what a Warden is made of.
type Config struct {
	Store Store
	Board *Board
	Node  string // this node's name in claims; "" where the store names no node
	Now   func() time.Time
	Log   *slog.Logger
}

// Warden places and lifts stops.
type Warden struct {
	store Store
	board *Board
	now   func() time.Time
	log   *slog.Logger
}

// New makes a Warden.
func New(c Config) *Warden {
	w := &Warden{store: c.Store, board: c.Board, now: c.Now, log: c.Log}
	if w.now == nil {
		w.now = time.Now
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	if w.board == nil {
		w.board = NewBoard(c.Store, 0, w.now, w.log)
	}
	if c.Node != "" {
		w.board.nodes[c.Node] = true
	}
	return w
}

// Place puts a stop in force and answers exactly what had left, what was past
// the last look, and what it keeps back. When it returns, the stop is committed
// and no further copy of its scope passes the last look on this node.
func (w *Warden) Place(ctx context.Context, actor cordon.Actor, stop cordon.Stop) (cordon.Stop, error) {
	if err := stop.Validate(); err != nil {
		return cordon.Stop{}, err
	}
	scope, err := within(actor, stop.Scope, cordon.PlaceStops)
	if err != nil {
		return cordon.Stop{}, err
	}
	now := w.now().UTC().Truncate(time.Microsecond)
	if !stop.Until.IsZero() && !stop.Until.After(now) {
		return cordon.Stop{}, cordon.InvalidField("until", "is in the past", "leave it out, or give a later time")
	}
	stop = cordon.Stop{
		ID: cordon.NewStopID(), Scope: scope, Reason: stop.Reason, Until: stop.Until,
		PlacedBy: actor.ID(), PlacedAt: now,
	}
	// Block first, then commit: a claim after the commit skips the scope, a copy
	// claimed before it is stopped by the last look, and one past the last look
	// is in the snapshot. There is no fourth place for a copy to be.
	handle, flight := w.board.block(stop.Scope)
	placed, err := w.store.PlaceStop(ctx, actor, stop, func(a cordon.StopAnswer, sending []cordon.Ref) cordon.StopAnswer {
		return w.answer(a, sending, flight)
	})
	if err != nil {
		// The commit may have come through all the same: read before unblocking.
		if again := w.board.Refresh(context.WithoutCancel(ctx)); again != nil {
			w.log.ErrorContext(ctx, "stops not read", "error", again)
		}
		w.board.unblock(handle)
		return cordon.Stop{}, err
	}
	w.board.stand(handle, placed)
	return placed, nil
}

// answer sorts the copies that were in sending when the stop was committed. Of
// this node's, those in the snapshot were past the last look; the rest meet it
// now and stay. Of other nodes' nothing is known, so they count as in flight:
// never under-reported. A copy in the snapshot that is no longer in sending was
// recorded before the commit, and the store has counted it as what it became.
func (w *Warden) answer(a cordon.StopAnswer, sending []cordon.Ref, flight map[cordon.Ref]bool) cordon.StopAnswer {
	a.InFlight = 0
	for _, ref := range sending {
		if flight[here(ref)] || !w.board.ours(ref) {
			a.InFlight++
			continue
		}
		a.Held++
	}
	return a
}

// Preview counts what a scope covers, by state, before anything is done to it.
func (w *Warden) Preview(ctx context.Context, actor cordon.Actor, scope cordon.Scope) (cordon.Counts, error) {
	if err := (cordon.Stop{Scope: scope, Reason: "preview"}).Validate(); err != nil {
		return cordon.Counts{}, err
	}
	scope, err := within(actor, scope, cordon.PlaceStops, cordon.LiftStops)
	if err != nil {
		return cordon.Counts{}, err
	}
	return w.store.StopPreview(ctx, scope)
}

// Lift ends a stop: what it kept back goes to the queue again, to be judged by
// the exit once more, or is cut.
func (w *Warden) Lift(ctx context.Context, actor cordon.Actor, id cordon.StopID, disposition cordon.Disposition) (cordon.Stop, error) {
	stop, err := w.visible(ctx, actor, id)
	if err != nil {
		return cordon.Stop{}, err
	}
	if !actor.Can(cordon.LiftStops, stop.Scope.Tenant) {
		return cordon.Stop{}, mayNot("lift this stop")
	}
	if disposition != cordon.Resume && disposition != cordon.Discard {
		return cordon.Stop{}, cordon.InvalidField("disposition", "must be resume or discard", "say what happens to the copies kept back")
	}
	if !stop.LiftedAt.IsZero() {
		return cordon.Stop{}, &cordon.Error{Code: cordon.Conflict, Field: "stop", Message: "was lifted already"}
	}
	if err := w.second(ctx, actor, stop); err != nil {
		return cordon.Stop{}, err
	}
	lifted, err := w.store.LiftStop(ctx, actor, id, disposition)
	if err != nil {
		return cordon.Stop{}, err
	}
	if err := w.board.Refresh(ctx); err != nil { // the next poll reads it; until then this node sends too little
		w.log.ErrorContext(ctx, "stops not read", "error", err)
	}
	return lifted, nil
}

// second asks for another person than the one who placed the stop when more
// than a hundred copies are kept back. A stop that Cordon placed by itself has
// nobody to differ from.
func (w *Warden) second(ctx context.Context, actor cordon.Actor, stop cordon.Stop) error {
	placer, err := w.placer(ctx, stop)
	if err != nil {
		return err
	}
	if placer == "" || placer != actor.Person() {
		return nil
	}
	counts, err := w.store.StopPreview(ctx, stop.Scope)
	if err != nil {
		return err
	}
	if kept := counts.Held + counts.Open(); kept > alone {
		return &cordon.Error{
			Code: cordon.Denied, Field: "stop", Message: "keeps back more than 100 copies and was placed by you",
			Remedy: "ask a second person to lift it",
		}
	}
	return nil
}

// placer is the person who placed the stop, "" when Cordon did.
func (w *Warden) placer(ctx context.Context, stop cordon.Stop) (string, error) {
	return w.person(ctx, stop.PlacedBy)
}

// person is the person behind an actor's ID, "" for Cordon itself.
func (w *Warden) person(ctx context.Context, actor string) (string, error) {
	system := cordon.System()
	switch {
	case actor == system.ID():
		return "", nil
	case strings.HasPrefix(actor, "key_"):
		key, err := w.store.Key(ctx, cordon.KeyID(actor))
		if err != nil {
			return "", err
		}
		return string(key.Account), nil
	}
	return actor, nil
}

// within keeps a scope inside its actor's walls and asks for one of the
// permissions there.
func within(actor cordon.Actor, scope cordon.Scope, rights ...cordon.Permission) (cordon.Scope, error) {
	if actor.Tenant != "" {
		if scope.Everything {
			return scope, mayNot("stop the whole installation: name your tenant")
		}
		if scope.Tenant == "" {
			scope.Tenant = actor.Tenant
		}
	}
	for _, right := range rights {
		if actor.Can(right, scope.Tenant) {
			return scope, shaped(scope)
		}
	}
	return scope, mayNot("stop mail there")
}

// shaped refuses an ID that cannot be one: a stop on a slip of the pen would
// answer with zeros and stop nothing.
func shaped(s cordon.Scope) error {
	for _, part := range []struct {
		field string
		wrong bool
	}{
		{"scope.tenant", s.Tenant != "" && !s.Tenant.Valid()},
		{"scope.template", s.Template != "" && !s.Template.Valid()},
		{"scope.account", s.Account != "" && !s.Account.Valid()},
		{"scope.key", s.Key != "" && !s.Key.Valid()},
		{"scope.dispatch", s.Dispatch != "" && !s.Dispatch.Valid()},
	} {
		if part.wrong {
			return cordon.InvalidField(part.field, "is not such an ID", "copy the ID as it is shown")
		}
	}
	return nil
}

func mayNot(what string) error {
	return &cordon.Error{Code: cordon.Denied, Message: "you may not " + what, Remedy: "ask the operator"}
}
