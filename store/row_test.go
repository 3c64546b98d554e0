package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
)

func TestWhatIsMissingIsNamedWithARemedy(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 1), newSender(t, s, c, 1)
		foreign := other.bulk().ID
		nobody := p.order(cordon.Single)
		nobody.Members = other.people
		for field, ask := range map[string]func() error{
			"account":    func() error { _, err := s.Account(ctx, cordon.NewAccountID()); return err },
			"audience":   func() error { _, err := s.Audience(ctx, p.tenant, "nobody"); return err },
			"dispatch":   func() error { _, err := s.Dispatch(ctx, p.tenant, foreign); return err },
			"key":        func() error { _, err := s.Key(ctx, cordon.NewKeyID()); return err },
			"link":       func() error { return s.TakeLink(ctx, []byte("spent")) },
			"recipient":  func() error { return s.EraseRecipient(ctx, operator, p.tenant, other.people[0]) },
			"recipient ": func() error { _, err := s.CreateDispatch(ctx, p.actor(), nobody); return err },
			"session":    func() error { _, _, err := s.Session(ctx, []byte("over")); return err },
			"stop":       func() error { _, err := s.Stop(ctx, cordon.NewStopID()); return err },
			"template":   func() error { _, err := s.Template(ctx, p.tenant, "recall"); return err },
			"tenant":     func() error { _, err := s.TenantByHandle(ctx, "nobody"); return err },
			"version":    func() error { _, err := s.Version(ctx, p.tenant, p.template, 9); return err },
		} {
			var e *cordon.Error
			if err := ask(); !errors.As(err, &e) || e.Code != cordon.Missing || e.Field != strings.TrimSpace(field) || e.Remedy == "" {
				t.Errorf("%s: %+v", field, e)
			}
		}
	})
}
