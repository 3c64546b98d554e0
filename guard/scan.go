package guard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
	"github.com/cordonmail/cordon/message"
)

const (
	mostScans  = 5                // letters of one order shown to the outside scanners: a sample, not each copy
	scanStands = 10 * time.Minute // how long a pass of the same letter is believed
	scansKept  = 2000
)

// outside shows a sample of the order's letters to the outside scanners, where
// there are any. What they cannot answer for is a hold, like any check that fails.
func outside(ctx context.Context, m *matter) cordon.Verdict {
	if m.guard.scanner == nil || m.version.Content.FromAddress == "" {
		return pass()
	}
	letter, err := m.letter()
	if err != nil {
		return m.failed(ctx, "scan", err)
	}
	texts, err := m.texts(letter)
	if err != nil {
		return m.failed(ctx, "scan", err)
	}
	v := pass()
	samples := append([]map[string]string{nil}, texts[:min(len(texts), mostScans-1)]...)
	for _, values := range samples {
		sample := letter.SampleOf(values)
		key := scanKey(m.version.Hash, sample)
		if m.guard.scanned.passed(key, m.now) {
			continue
		}
		raw, err := m.sampleMessage(sample)
		if err != nil {
			return m.failed(ctx, "scan", err)
		}
		w := m.guard.scanner.Scan(ctx, raw, string(m.version.Content.FromAddress))
		if v.Join(w); v.Decision != cordon.Pass {
			return m.scanned(v)
		}
		m.guard.scanned.keep(key, m.now)
	}
	return v
}

// scanned adds the signal of what a scanner found; not of one that is away.
func (m *matter) scanned(v cordon.Verdict) cordon.Verdict {
	grade := cordon.GradeWarning
	switch {
	case v.Code == cordon.Unavailable:
		return v
	case v.Decision == cordon.Refuse:
		grade = cordon.GradeIncident
	}
	v.Signals = append(v.Signals, m.signal(cordon.SignalScreened, grade, max(1, len(m.order.Recipients)), "An outside scanner objects to a letter."))
	return v
}

// sampleMessage is the letter as it would leave, to an invented person.
func (m *matter) sampleMessage(letter compose.Rendered) ([]byte, error) {
	content := m.version.Content
	id, err := message.MessageID("sample", content.FromAddress.Domain())
	if err != nil {
		return nil, fmt.Errorf("sample message: %w", err)
	}
	parts := message.Parts{
		From:    message.Mailbox{Name: content.FromName, Address: content.FromAddress},
		To:      message.Mailbox{Name: "Sam Sample", Address: "sample@example.org"},
		Subject: letter.Subject, Text: letter.Text, HTML: letter.HTML, Date: m.now, MessageID: id,
	}
	if content.ReplyTo != "" {
		parts.ReplyTo = message.Mailbox{Address: content.ReplyTo}
	}
	return message.Build(parts)
}

func scanKey(hash string, letter compose.Rendered) string {
	sum := sha256.Sum256([]byte(hash + "\x00" + letter.Subject + "\x00" + letter.Text + "\x00" + letter.HTML))
	return hex.EncodeToString(sum[:16])
}

// scans remembers which letters the scanners passed lately.
type scans struct {
	mu     sync.Mutex
	passes map[string]time.Time
}

func (s *scans) passed(key string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.passes[key]
	return ok && now.Sub(at) < scanStands
}

func (s *scans) keep(key string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.passes == nil || len(s.passes) >= scansKept {
		s.passes = make(map[string]time.Time) // forgetting only means asking again
	}
	s.passes[key] = now
}
