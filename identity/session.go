package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	linkPrefix    = "link_"
	sessionPrefix = "session_"
	sessionChars  = 52

	linkFor    = 15 * time.Minute
	sessionFor = 12 * time.Hour // from the moment of sign-in, used or not

	kindLink    = "link"
	kindSession = "session"
)

// NewLink makes a one-time link into the console, good for 15 minutes. It signs
// in as the operator, so only the operator can make one.
func (r *Registry) NewLink(ctx context.Context, by cordon.Actor) (cordon.Secret, error) {
	if by.Kind != cordon.ActorOperator {
		return "", &cordon.Error{Code: cordon.Denied, Message: "only the operator can make a console link"}
	}
	return r.open(ctx, kindLink, linkPrefix, linkFor)
}

// Redeem takes a link, once, and answers the secret of a session.
func (r *Registry) Redeem(ctx context.Context, link string) (cordon.Secret, error) {
	if !wellFormed(link, linkPrefix, sessionChars) {
		return "", denied()
	}
	// Taking comes first: of two that hold the same link only one gets in.
	if err := r.store.TakeLink(ctx, hash(link)); err != nil {
		return "", orRefused(err)
	}
	return r.open(ctx, kindSession, sessionPrefix, sessionFor)
}

func (r *Registry) open(ctx context.Context, kind, prefix string, lasts time.Duration) (cordon.Secret, error) {
	secret := prefix + cordon.RandomText(sessionChars)
	if err := r.store.CreateSession(ctx, kind, hash(secret), cordon.Account{}, r.now().UTC().Add(lasts)); err != nil {
		return "", fmt.Errorf("create %s: %w", kind, err)
	}
	return cordon.Secret(secret), nil
}

// Session turns a session's secret into the actor behind it. A session without
// an account is the operator's.
func (r *Registry) Session(ctx context.Context, secret string) (cordon.Actor, error) {
	// The prefix keeps a link from passing as a session.
	if !wellFormed(secret, sessionPrefix, sessionChars) {
		return cordon.Actor{}, denied()
	}
	id, expires, err := r.store.Session(ctx, hash(secret))
	if err != nil {
		return cordon.Actor{}, orRefused(err)
	}
	if !r.now().Before(expires) {
		return cordon.Actor{}, denied()
	}
	if id == "" {
		return r.Operator(), nil
	}
	account, err := r.living(ctx, id)
	if err != nil {
		return cordon.Actor{}, err
	}
	return actorOf(account), nil
}

// SignOut ends a session. An unknown or ended one is ended already.
func (r *Registry) SignOut(ctx context.Context, secret string) error {
	if !wellFormed(secret, sessionPrefix, sessionChars) {
		return nil
	}
	err := r.store.EndSession(ctx, hash(secret))
	if err != nil && cordon.CodeOf(err) != cordon.Missing {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// orRefused reads every answer about the secret itself as one refusal; only the
// store's own troubles keep their name.
func orRefused(err error) error {
	switch cordon.CodeOf(err) {
	case cordon.Internal, cordon.Unavailable:
		return fmt.Errorf("session: %w", err)
	}
	return denied()
}
