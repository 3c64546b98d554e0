package report

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/net/publicsuffix"

	"github.com/cordonmail/cordon"
)

// errLookup says that something had to be asked outside and did not answer: what
// hangs on it waits.
var errLookup = errors.New("a look-up outside did not answer")

const (
	lookupTimeout = 10 * time.Second // of all keys of one message
	maxSignatures = 5                // looked at, of one message
)

// signed is a signature that was verified.
type signed struct {
	domain string
	fields []string // that it covers, lower case
}

// lookup answers the TXT records at a name.
type lookup func(ctx context.Context, name string) ([]string, error)

// verify answers the signatures of a message that hold (RFC 6376). A key that
// could not be had now is errLookup, unless another signature holds.
func verify(ctx context.Context, raw []byte, ask lookup) (all []signed, err error) {
	if ask == nil || !bytes.Contains(bytes.ToLower(cut(raw)), []byte("dkim-signature")) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	results, err := dkim.VerifyWithOptions(io.Reader(bytes.NewReader(wireEnds(raw))), &dkim.VerifyOptions{
		MaxVerifications: maxSignatures,
		LookupTXT:        func(name string) ([]string, error) { return ask(ctx, name) },
	})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return nil, nil // no message that anybody could have signed
	}
	unsure := false
	for _, v := range results {
		switch {
		case v.Err == nil:
			all = append(all, signed{domain: strings.ToLower(v.Domain), fields: lower(v.HeaderKeys)})
		case dkim.IsTempFail(v.Err):
			unsure = true
		}
	}
	if len(all) == 0 && unsure {
		return nil, errLookup
	}
	return all, nil
}

func lower(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(n)
	}
	return out
}

// wireEnds gives every line the end it has on the wire: files and mailboxes keep
// LF alone.
func wireEnds(raw []byte) []byte {
	if bytes.Count(raw, []byte("\n")) == bytes.Count(raw, []byte("\r\n")) {
		return raw
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

// temporary is an answer of DNS that may be another one later.
type temporary struct{ error }

func (temporary) Temporary() bool { return true }
func (temporary) Timeout() bool   { return true }

// dns asks outside; that a name does not exist is an answer.
func (c *Clerk) dns() lookup {
	if c.LookupTXT == nil {
		return nil
	}
	return func(ctx context.Context, name string) ([]string, error) {
		texts, err := c.LookupTXT(ctx, name)
		var e *net.DNSError
		if err != nil && (!errors.As(err, &e) || !e.IsNotFound) {
			return nil, temporary{err}
		}
		return texts, err
	}
}

// ownKeys answers the keys of our own sending domains from the store, and nobody
// else's: nothing is asked outside. owner notes whose key a domain's was.
func (c *Clerk) ownKeys(owner *owners) lookup {
	return func(ctx context.Context, name string) ([]string, error) {
		selector, domain, found := strings.Cut(strings.ToLower(strings.TrimSuffix(name, ".")), "._domainkey.")
		if !found {
			return nil, nil
		}
		own, err := c.Store.SigningDomains(ctx, domain, selector)
		if err != nil {
			return nil, temporary{err}
		}
		if len(own) == 0 {
			return nil, nil
		}
		owner.note(domain, own[0].Tenant)
		return []string{own[0].Record}, nil
	}
}

// owners is whose keys were looked up, by domain; signatures are verified at once.
type owners struct {
	mu sync.Mutex
	of map[string]cordon.TenantID
}

func (o *owners) note(domain string, tenant cordon.TenantID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = map[string]cordon.TenantID{}
	}
	o.of[domain] = tenant
}

// aligned says whether one of the signatures speaks for the domain of the address
// as DMARC has it, relaxed (RFC 9989 4.4).
func aligned(all []signed, a cordon.Address) bool {
	own := organisation(a.Domain())
	for _, s := range all {
		if own != "" && organisation(s.domain) == own {
			return true
		}
	}
	return false
}

// organisation is the domain that somebody registered.
func organisation(domain string) string {
	name, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(domain))
	if err != nil {
		return ""
	}
	return name
}
