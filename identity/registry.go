package identity

import (
	"crypto/sha256"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

// Config is what a Registry is made of.
type Config struct {
	Store Store
	Now   func() time.Time
	Log   *slog.Logger
}

// Registry answers who may act, and hands out the right to.
type Registry struct {
	store Store
	now   func() time.Time
	log   *slog.Logger

	mu      sync.Mutex
	touched map[cordon.KeyID]time.Time // last TouchKey of each key at this node
}

// New makes a Registry.
func New(c Config) *Registry {
	r := &Registry{store: c.Store, now: c.Now, log: c.Log, touched: map[cordon.KeyID]time.Time{}}
	if r.now == nil {
		r.now = time.Now
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	return r
}

// Operator is whoever holds the data folder: every permission, every tenant.
// Who may call this is decided by the edge: the local command line and nobody
// else.
func (r *Registry) Operator() cordon.Actor {
	return cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
}

// denied is the one answer to a secret that does not open anything, whatever
// the reason: unknown, malformed, suspended, revoked, expired, erased.
func denied() error {
	return &cordon.Error{Code: cordon.Denied, Message: "the credential is not valid", Remedy: "use a current one; an operator can make a new one"}
}

// forbidden is the answer to an actor who is known but may not.
func forbidden(p cordon.Permission) error {
	return &cordon.Error{Code: cordon.Denied, Message: "this needs the permission " + string(p), Remedy: "ask an operator"}
}

// hash is how every secret is stored. They carry 130 random bits or more, so a
// plain SHA-256 cannot be searched.
func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// wellFormed says whether the text can be a secret made with the prefix, so that
// nonsense costs no look into the store.
func wellFormed(secret, prefix string, chars int) bool {
	rest, ok := strings.CutPrefix(secret, prefix)
	return ok && len(rest) == chars && strings.Trim(rest, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}

const maxName = 100

// checkLabel refuses words that people will read in lists and in the ledger
// when they are empty, long or could break a line.
func checkLabel(field, s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return cordon.InvalidField(field, "is missing", "say in a few words")
	case len(s) > maxName:
		return cordon.InvalidField(field, "is longer than 100 bytes", "shorten it")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unfit):
		return cordon.InvalidField(field, "has characters that are not allowed", "use letters, digits and punctuation on one line")
	}
	return nil
}

func unfit(c rune) bool {
	return unicode.IsControl(c) || unicode.In(c, unicode.Zl, unicode.Zp) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)
}
