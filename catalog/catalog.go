package catalog

import (
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

// DefaultDecoyDomain is where decoys live unless the installation says
// otherwise. The top-level domain .invalid resolves nowhere (RFC 2606 2), so
// even a decoy that slipped past every check would reach nobody.
const DefaultDecoyDomain = "decoy.invalid"

// Config is what a Catalog is made of.
type Config struct {
	Store Store
	// DataDir holds the encrypted spool of a running import; "" means the
	// system's temporary folder.
	DataDir string
	// DecoyDomain is the domain of planted addresses, or several with commas
	// between; "" means DefaultDecoyDomain. An installation that receives mail
	// sets domains of its own, so that mail arriving there is proof of a leak.
	DecoyDomain string
	// Print makes the fingerprint of a mail that arrived at a decoy; nil: none.
	Print func(raw []byte) string
	Now   func() time.Time
	Log   *slog.Logger
}

// Catalog keeps what tenants send with.
type Catalog struct {
	store       Store
	dataDir     string
	decoyDomain string
	print       func(raw []byte) string
	now         func() time.Time
	log         *slog.Logger
}

// New makes a Catalog.
func New(c Config) *Catalog {
	k := &Catalog{store: c.Store, dataDir: c.DataDir, decoyDomain: c.DecoyDomain, print: c.Print, now: c.Now, log: c.Log}
	if k.decoyDomain == "" {
		k.decoyDomain = DefaultDecoyDomain
	}
	if k.now == nil {
		k.now = time.Now
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	return k
}

// forbidden is the answer to an actor who may not. It says the same whether the
// thing exists or not.
func forbidden(p cordon.Permission) error {
	return &cordon.Error{Code: cordon.Denied, Message: "this needs the permission " + string(p), Remedy: "ask an operator"}
}

func missing(noun string) error {
	return cordon.Errorf(cordon.Missing, "there is no such %s", noun)
}

// all makes one error of many faults; nil of none.
func all(faults []cordon.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	first := faults[0]
	return &cordon.Error{Code: cordon.Invalid, Field: first.Field, Message: first.Message, Remedy: first.Remedy, Faults: faults}
}

func checkHandle(s string) error {
	if cordon.ValidHandle(s) {
		return nil
	}
	return cordon.InvalidField("handle", "is missing or not a handle", "use 1 to 40 of a-z, 0-9 and -, not starting or ending with -")
}

const maxLabel = 200

// checkLabel refuses words that people will read in lists and in the ledger
// when they are empty, long or could break a line.
func checkLabel(field, s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return cordon.InvalidField(field, "is missing", "say in a few words")
	case len(s) > maxLabel:
		return cordon.InvalidField(field, "is longer than 200 bytes", "shorten it")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unfit):
		return cordon.InvalidField(field, "has control characters", "use letters, digits and punctuation on one line")
	}
	return nil
}

// unfit says whether a rune may stand in no value: controls, line and paragraph
// separators, overrides of the writing direction (they make text read other than
// it is), and the marks of text that was damaged earlier.
func unfit(r rune) bool {
	switch {
	case unicode.IsControl(r), r == 0x2028, r == 0x2029:
		return true
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return r == utf8.RuneError || r == 0xFEFF
}
