package guard

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
	"github.com/cordonmail/cordon/screen"
)

// twins: the same words under several organisations' names at once are one sender
// who holds all their credentials. From the third on, an order is held; what was
// seen goes into the store with the order, where watching finds the first ones
// and stops what they still have waiting. A text that the installation has
// approved as shared may be everybody's. Exercises are judged among themselves.
func twins(ctx context.Context, m *matter) cordon.Verdict {
	prints, err := m.prints(ctx)
	if err != nil {
		return m.failed(ctx, cordon.CheckSameText, err)
	}
	if prints, err = m.fresh(ctx, prints); err != nil {
		return m.failed(ctx, cordon.CheckSameText, err)
	}
	if len(prints) == 0 {
		return pass()
	}
	seen, err := m.guard.store.Sightings(ctx, m.now.Add(-cordon.SameTextWindow))
	if err != nil {
		return m.failed(ctx, cordon.CheckSameText, err)
	}
	others := map[cordon.TenantID]bool{}
	for _, g := range seen {
		near := func(f cordon.Fingerprint) bool { return f.Near(cordon.Fingerprint(g.Fingerprint)) }
		if g.Tenant != m.order.Tenant && g.Exercise == m.tenant.Exercise && slices.ContainsFunc(prints, near) {
			others[g.Tenant] = true
		}
	}
	v := pass()
	if !m.again {
		v.Sightings = m.guard.sighted.fresh(m.order, prints, m.now)
	}
	if len(others)+1 >= cordon.SameTextTenants {
		v.Decision = cordon.Hold
		v.Reasons = []cordon.Reason{{Message: fmt.Sprintf("The same words were sent in the name of %d organisations within %s. If they are a letter of the platform's own, the operator can approve it for all.", len(others)+1, written(cordon.SameTextWindow))}}
	}
	return v
}

// prints are the fingerprints of what the order says: of the letter, and of words
// of its own in its values, less those that may be everybody's.
func (m *matter) prints(ctx context.Context) ([]cordon.Fingerprint, error) {
	if m.version.Content.FromAddress == "" {
		return nil, nil
	}
	letter, err := m.letter()
	if err != nil {
		return nil, err
	}
	texts, err := m.texts(letter)
	if err != nil {
		return nil, err
	}
	if m.print == 0 {
		m.print = screen.LetterPrint(m.version.Content, letter)
	}
	all := []cordon.Fingerprint{m.print}
	for _, values := range texts[:min(len(texts), mostPrints)] {
		all = append(all, screen.WordsPrint(letter.Free(compose.Merge{Values: values})))
	}
	shared, err := m.guard.store.SharedTexts(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(f cordon.Fingerprint) bool {
		return f == 0 || slices.ContainsFunc(shared, func(s cordon.SharedText) bool { return s.Fingerprint.Near(f) })
	}), nil
}

// fresh leaves out what the tenant has been sending for more than a day: letters
// in use are nothing new, and what a thief sent today is not in use.
func (m *matter) fresh(ctx context.Context, prints []cordon.Fingerprint) ([]cordon.Fingerprint, error) {
	if len(prints) == 0 {
		return nil, nil
	}
	known, err := m.guard.store.TextsKnown(ctx, m.order.Tenant, prints, m.now.Add(-day))
	return slices.DeleteFunc(prints, func(f cordon.Fingerprint) bool { return slices.Contains(known, f) }), err
}

const (
	mostPrints   = 20          // texts of one order that are compared between tenants
	sightedAgain = time.Minute // one tenant's same text is noted no more often
	sightedKept  = 10_000
)

// sights remembers which texts were noted lately, so that a reminder sent a
// thousand times an hour is noted sixty times.
type sights struct {
	mu   sync.Mutex
	seen map[sight]time.Time
}

type sight struct {
	tenant   cordon.TenantID
	template cordon.TemplateID
	print    cordon.Fingerprint
}

// fresh answers those that are to be noted now.
func (s *sights) fresh(order cordon.Order, prints []cordon.Fingerprint, now time.Time) []cordon.Fingerprint {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil || len(s.seen) >= sightedKept {
		s.seen = make(map[sight]time.Time) // forgetting only means noting again
	}
	var due []cordon.Fingerprint
	for _, f := range prints {
		key := sight{order.Tenant, order.Template, f}
		if at, ok := s.seen[key]; ok && now.Sub(at) < sightedAgain && !now.Before(at) {
			continue
		}
		s.seen[key] = now
		due = append(due, f)
	}
	return due
}
