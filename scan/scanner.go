package scan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cordonmail/cordon"
)

// Scanner asks the configured scanners. A nil *Scanner is that there are none.
// It is safe for concurrent use.
type Scanner struct {
	engines []engine
	slots   []chan struct{} // one channel an engine, as deep as its connections
	timeout time.Duration
	broken  error
	log     *slog.Logger
}

// engine is one scanner beside us. Neither method outlives its context.
type engine interface {
	name() string // as its makers write it
	kind() string // what it is, in plain words
	scan(ctx context.Context, raw []byte, envelopeFrom string) finding
	version(ctx context.Context) (string, trouble)
	close()
}

// New makes a Scanner, or nil when c names none. A wrong c makes one that holds
// everything: see Config.Validate.
func New(c Config) *Scanner {
	if c.Rspamd == "" && c.ClamAV == "" {
		return nil
	}
	broken := c.Validate()
	c = c.withDefaults()
	s := &Scanner{timeout: c.Timeout, log: c.Log, broken: broken}
	if broken != nil {
		return s
	}
	if c.Rspamd != "" {
		s.engines = append(s.engines, newRspamd(c))
	}
	if c.ClamAV != "" {
		s.engines = append(s.engines, newClamAV(c))
	}
	for range s.engines {
		s.slots = append(s.slots, make(chan struct{}, c.Connections))
	}
	return s
}

// Scan judges a whole raw message (RFC 5322) by every scanner at once, within
// the configured time or ctx's, whichever is shorter. The worst answer wins;
// what a scanner did not judge is Hold with the code Unavailable, unless
// another held or refused it for what it says. It keeps nothing of raw, which
// must not be changed until some time after.
func (s *Scanner) Scan(ctx context.Context, raw []byte, envelopeFrom string) cordon.Verdict {
	if s == nil {
		return cordon.Verdict{Decision: cordon.Pass}
	}
	if s.broken != nil {
		return hold("The outside scanners are not set up rightly, so this waits for a person.")
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	findings := make([]finding, len(s.engines))
	var asked sync.WaitGroup
	for i, e := range s.engines {
		asked.Go(func() { findings[i] = s.ask(ctx, e, s.slots[i], raw, envelopeFrom) })
	}
	asked.Wait()

	var v cordon.Verdict
	for _, unknown := range []bool{false, true} { // a hold that was meant keeps its code
		for i, f := range findings {
			if (f.trouble != "") == unknown {
				v.Join(f.verdict(s.engines[i]))
			}
		}
	}
	return v
}

// ask waits for a free connection, scans, and writes the log's line.
func (s *Scanner) ask(ctx context.Context, e engine, slot chan struct{}, raw []byte, envelopeFrom string) finding {
	began := time.Now()
	f := finding{trouble: slow}
	select {
	case slot <- struct{}{}:
		f = e.scan(ctx, raw, envelopeFrom)
		<-slot
	case <-ctx.Done():
	}
	took := time.Since(began)
	if f.trouble != "" {
		s.log.WarnContext(ctx, "scan failed", "scanner", e.name(), "problem", string(f.trouble), "bytes", len(raw), "took", took)
		return f
	}
	s.log.DebugContext(ctx, "scanned", "scanner", e.name(), "decision", f.decision.String(), "names", f.names, "bytes", len(raw), "took", took)
	return f
}

// Status is how a scanner is, for the operator.
type Status struct {
	Scanner string `json:"scanner"`
	Version string `json:"version,omitempty"` // as it says itself
	Problem string `json:"problem,omitempty"` // "" when it can be used
}

// Status asks each scanner how it is, within the configured time for each.
func (s *Scanner) Status(ctx context.Context) []Status {
	if s == nil {
		return nil
	}
	if s.broken != nil {
		return []Status{{Scanner: "scan", Problem: s.broken.Error()}}
	}
	all := make([]Status, len(s.engines))
	var asked sync.WaitGroup
	for i, e := range s.engines {
		asked.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, s.timeout)
			defer cancel()
			version, problem := e.version(ctx)
			all[i] = Status{Scanner: e.name(), Version: version, Problem: string(problem)}
		})
	}
	asked.Wait()
	return all
}

// Check says whether every scanner can be used: nil, or one Unavailable error
// that names those which cannot.
func (s *Scanner) Check(ctx context.Context) error {
	var wrong []string
	for _, one := range s.Status(ctx) {
		if one.Problem != "" {
			wrong = append(wrong, one.Scanner+" "+one.Problem)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &cordon.Error{Code: cordon.Unavailable, Field: "scan", Message: strings.Join(wrong, "; "), Remedy: "mail is held until it is mended"}
}

// Close lets go of idle connections.
func (s *Scanner) Close() {
	if s == nil {
		return
	}
	for _, e := range s.engines {
		e.close()
	}
}

// finding is what one scanner said. The zero finding is not understood.
type finding struct {
	decision cordon.Decision
	words    string   // why, as the reason's whole sentence; "" when it passes
	names    []string // symbols or the signature, for the log
	trouble  trouble  // why there is no answer; "" when there is one
}

// trouble is why a scanner's answer is not known: words that go on from the
// scanner's name.
type trouble string

const (
	slow        trouble = "did not answer in time"
	unreachable trouble = "could not be reached"
	broke       trouble = "broke off, perhaps because the message is larger than it takes"
	garbled     trouble = "gave an answer that was not understood"
	failing     trouble = "reported a fault of its own"
	unread      trouble = "did not read the whole message, which may be larger than it takes"
	postponing  trouble = "asked to try again later"
	faraway     trouble = "has a public address, to which no mail is sent"
	lenient     trouble = "calls clean what it could not finish reading: set AlertExceedsMax yes in clamd.conf"
	unsendable  trouble = "cannot be told the envelope's sender"
)

func (f finding) verdict(e engine) cordon.Verdict {
	switch {
	case f.trouble == "" && f.decision == cordon.Pass:
		return cordon.Verdict{Decision: cordon.Pass}
	case f.trouble == "" && f.decision == cordon.Hold:
		return cordon.Verdict{Decision: cordon.Hold, Reasons: []cordon.Reason{{Check: "scan", Decision: cordon.Hold, Message: f.words}}}
	case f.trouble == "" && f.decision == cordon.Refuse:
		return cordon.Verdict{
			Decision: cordon.Refuse,
			Code:     cordon.Denied,
			Reasons:  []cordon.Reason{{Check: "scan", Decision: cordon.Refuse, Message: f.words}},
			Faults:   []cordon.Fault{{Field: "content", Message: "was refused by the " + e.kind(), Remedy: "change the message, or ask the operator why"}},
		}
	}
	why := f.trouble
	if why == "" {
		why = garbled
	}
	return hold(fmt.Sprintf("The %s (%s) %s, so this waits for a person.", e.kind(), e.name(), why))
}

func hold(words string) cordon.Verdict {
	return cordon.Verdict{Decision: cordon.Hold, Code: cordon.Unavailable,
		Reasons: []cordon.Reason{{Check: "scan", Decision: cordon.Hold, Message: words}}}
}

// errFar is that a name turned out to be a public address.
var errFar = errors.New("public address")

// dialer connects to this machine and private networks only, whatever a name
// resolves to at that moment.
func dialer() *net.Dialer {
	return &net.Dialer{Control: func(network, at string, _ syscall.RawConn) error {
		if strings.HasPrefix(network, "unix") {
			return nil
		}
		if ap, err := netip.ParseAddrPort(at); err != nil || !isNear(ap.Addr()) {
			return errFar
		}
		return nil
	}}
}

// troubleOf is what an error of the wire means.
func troubleOf(ctx context.Context, err error) trouble {
	var n net.Error
	var op *net.OpError
	switch {
	case errors.Is(err, errFar):
		return faraway
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.As(err, &n) && n.Timeout():
		return slow
	case errors.As(err, &op) && op.Op == "dial":
		return unreachable
	default:
		return broke
	}
}

// plainName is name when it is of letters, digits and the few signs that names
// of symbols and signatures have, and "" otherwise: text of a scanner's answer
// can quote the message.
func plainName(name string) string {
	if len(name) > 80 || strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("_-.", r)
	}) {
		return ""
	}
	return name
}
