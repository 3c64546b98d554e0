package report

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/inspect"
)

// Verdict answers "is this mail really from you?".
type Verdict string

const (
	Genuine    Verdict = "genuine"          // we sent it, and nothing was wrong with it that we know of
	InIncident Verdict = "part-of-incident" // we sent it, and it should not have been sent
	NotOurs    Verdict = "not-ours"         // nothing in it is from us
	CannotTell Verdict = "cannot-tell"      // perhaps; what was asked with does not prove it
)

// Question is what somebody asks with: a code as typed, or the message itself.
type Question struct {
	Code     string
	Message  []byte // at most MaxForm bytes
	Incident int64  // asked about: INC-<number>; 0 for none
}

// Answer says whether it is ours, how that was found, and what that does not
// prove. It holds nothing of the recipient.
type Answer struct {
	Verdict Verdict `json:"verdict"`
	// Proved: the message itself was looked at, and signature and ledger say that
	// we sent it word for word. A code alone never proves a message: it can be
	// copied into another.
	Proved       bool      `json:"proved"`
	Organisation string    `json:"organisation,omitempty"` // in whose name we sent it
	From         string    `json:"from,omitempty"`         // domain it was sent from
	Subject      string    `json:"subject,omitempty"`      // with … for what differs from person to person
	Sent         string    `json:"sent,omitempty"`         // day, UTC
	Incident     string    `json:"incident,omitempty"`     // INC-12
	Number       int64     `json:"number,omitempty"`       // 12, when its notice is public
	Asked        string    `json:"asked,omitempty"`        // the incident asked about
	Reached      *bool     `json:"reached,omitempty"`      // whether that incident reached who got this message
	Exercise     bool      `json:"exercise,omitempty"`
	Checks       []Checked `json:"checks"`
	Words        string    `json:"words"` // the answer in a sentence or two
	AsOf         time.Time `json:"as_of"`
}

// Checked is one thing that was looked at.
type Checked struct {
	What  string `json:"what"`
	State string `json:"state"` // yes, no, not-looked-at
	Words string `json:"words"`
}

// Check answers whoever asks: anybody may, in bounds. Every wrong code gets one
// answer, and one of 2⁴⁰ made-up codes is not wrong.
func (c *Clerk) Check(ctx context.Context, network string, q Question) (Answer, error) {
	if err := c.pace.take(network, c.Now()); err != nil {
		return Answer{}, err
	}
	return c.check(ctx, q)
}

func (c *Clerk) check(ctx context.Context, q Question) (Answer, error) {
	switch {
	case len(q.Message) > MaxForm:
		return Answer{}, cordon.InvalidField("message", "is larger than 1 MiB", "ask with its code instead")
	case len(q.Message) > 0:
		return c.checkMessage(ctx, q)
	case strings.TrimSpace(q.Code) == "":
		return Answer{}, cordon.InvalidField("code", "is missing", "copy the 26 letters and digits at the end of the message, or give the message itself")
	}
	code, err := cordon.ParseMessageCode(q.Code)
	if err != nil {
		return Answer{}, err
	}
	found, err := c.copyOf(ctx, code)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{AsOf: c.Now().UTC(), Checks: []Checked{
		checked("code", found != nil, "The code is one of ours, of a message that was handed over.", "The code is none of ours."),
		{"message", "not-looked-at", "The message itself was not looked at: only its code was asked with."},
	}}
	if found == nil {
		a.Verdict, a.Words = NotOurs, "This code is not from us. Do not trust the message: open no link in it, and answer nothing."
		return a, c.askedAbout(ctx, q, nil, &a)
	}
	if err := c.describe(ctx, *found, &a); err != nil {
		return Answer{}, err
	}
	if a.Verdict == Genuine {
		a.Words = "This code is in a message that " + a.Organisation + " sent through us on " + a.Sent + ". Compare sender, date and subject with yours: a code can be copied into another message. To be sure, have the message itself checked."
	}
	return a, c.askedAbout(ctx, q, found, &a)
}

// copyOf is the copy a code names, when it was handed over: nobody can have the
// code of one that was not. A code that is none of ours is looked up all the same.
func (c *Clerk) copyOf(ctx context.Context, code cordon.MessageCode) (*cordon.CopyFacts, error) {
	ref, ours := c.Codes.Ref(code)
	if !ours {
		ref = cordon.Ref{Tenant: -1}
	}
	found, err := c.Store.CopyOf(ctx, ref)
	if cordon.CodeOf(err) == cordon.Missing || err == nil && !found.HandedOver {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &found, nil
}

// describe says what a copy was, and whether it should have been sent.
func (c *Clerk) describe(ctx context.Context, f cordon.CopyFacts, a *Answer) error {
	a.Verdict, a.Organisation, a.From, a.Subject, a.Exercise = Genuine, f.TenantName, f.From.Domain(), openSubject(f.Subject), f.Exercise
	a.Sent = f.At.UTC().Format("2 January 2006")
	for _, id := range f.Incidents {
		i, err := c.incident(ctx, id)
		if err != nil {
			return err
		}
		if i.ID == "" {
			continue
		}
		a.Verdict, a.Incident = InIncident, i.Name()
		a.Words = "This message was sent through us on " + a.Sent + ", and it should not have been: it is part of incident " + i.Name() + ". Do not follow links in it and do not answer it."
		if i.Public {
			a.Number = i.Number
			a.Words += " What happened, and what you can do, is told on our status page."
		}
		a.Checks = append(a.Checks, Checked{"incident", "no", "The message is part of incident " + i.Name() + "."})
		return nil
	}
	a.Checks = append(a.Checks, Checked{"incident", "yes", "It is part of no incident that we know of."})
	return nil
}

// incident is the one that counts: what it was merged into, and none when it was
// declined.
func (c *Clerk) incident(ctx context.Context, id cordon.IncidentID) (cordon.Incident, error) {
	for range 5 {
		i, err := c.Store.Incident(ctx, id)
		switch {
		case cordon.CodeOf(err) == cordon.Missing:
			return cordon.Incident{}, nil
		case err != nil:
			return cordon.Incident{}, err
		case i.State == cordon.IncidentDeclined:
			return cordon.Incident{}, nil
		case i.State != cordon.IncidentMerged || i.Into == "":
			return i, nil
		}
		id = i.Into
	}
	return cordon.Incident{}, nil
}

// askedAbout answers whether an incident reached whoever got the message with
// this code. Only who has a code of his own may ask that.
func (c *Clerk) askedAbout(ctx context.Context, q Question, f *cordon.CopyFacts, a *Answer) error {
	if q.Incident == 0 {
		return nil
	}
	i, err := c.Store.IncidentNumbered(ctx, q.Incident)
	known := err == nil && i.Public && i.State != cordon.IncidentDeclined && i.State != cordon.IncidentMerged
	if err != nil && cordon.CodeOf(err) != cordon.Missing {
		return err
	}
	a.Asked = fmt.Sprintf("INC-%d", q.Incident)
	if f == nil || !known {
		a.Checks = append(a.Checks, Checked{"reached", "not-looked-at", "Whether " + a.Asked + " reached you can only be asked with the code of a message from us, and about an incident that is public."})
		return nil
	}
	reached, err := c.Store.CopyInIncident(ctx, f.Ref, i.ID)
	if err != nil {
		return err
	}
	a.Reached = &reached
	a.Checks = append(a.Checks, checked("reached", !reached, "We did not write to you in "+a.Asked+".", "Who got this message also got one that is part of "+a.Asked+"."))
	return nil
}

// checkMessage looks at the message itself: its signature by our own keys, and
// its copy in the ledger.
func (c *Clerk) checkMessage(ctx context.Context, q Question) (Answer, error) {
	raw, err := c.asked(q.Message)
	if err != nil {
		return Answer{}, err
	}
	m, err := c.examine(ctx, raw)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{AsOf: c.Now().UTC(), Checks: m.checks()}
	if m.copy != nil {
		if err := c.describe(ctx, *m.copy, &a); err != nil {
			return Answer{}, err
		}
	}
	a.Proved = m.proved()
	switch {
	case a.Verdict == InIncident:
	case a.Proved:
		a.Words = a.Organisation + " sent this message through us on " + a.Sent + ", word for word as it is here. Whom it was sent to, its line To says."
	case m.copy != nil:
		a.Verdict = CannotTell
		a.Words = "The code in it is real, this message is not proven. Codes can be copied: a forger may have put one into a message of his own. Or it was changed on its way, as forwarding does. Do not rely on it; ask " + a.Organisation + " by a way you know."
	case len(m.signed) > 0:
		a.Verdict = CannotTell
		a.Words = "It is signed with a key of ours, but our ledger does not know it. Do not rely on it, and please report it."
	case m.headless:
		a.Verdict = CannotTell
		a.Words = "There is no header in what was given, so it cannot be checked. Save the message as a file (.eml) and give that, or ask with its code."
	default:
		a.Verdict = NotOurs
		a.Words = "Nothing in this message shows that it is from us: neither a code nor a signature of ours. Do not trust it."
		if m.claims {
			a.Words += " It uses the name of an organisation that sends through us: somebody else wrote it, or it was changed beyond recognition."
		}
	}
	return a, c.askedAbout(ctx, q, m.copy, &a)
}

// asked is the message that a question is about: what is enclosed in one that
// was forwarded, else what was given.
func (c *Clerk) asked(raw []byte) ([]byte, error) {
	found, err := c.Read(raw)
	if err != nil {
		return nil, err
	}
	for _, e := range found.Enclosed {
		if e.How == inspect.AsMessage {
			return e.Raw, nil
		}
	}
	return raw, nil
}

// examined is what a message shows of where it is from.
type examined struct {
	copy     *cordon.CopyFacts // whose code it carries, handed over
	signed   []signed          // by keys of ours
	full     bool              // one of the signatures covers everything a reader sees, and is of the sender's own domain
	signer   cordon.TenantID   // whose key made it
	from     cordon.Address
	inHeader bool // the code stands in a header field that the signature covers
	twice    bool // a field that may stand once stands twice: what is signed is not what is shown
	headless bool
	claims   bool // its sender's domain is one of ours
}

func (m examined) proved() bool {
	if m.copy == nil || m.signer != m.copy.Tenant && m.copy.Kind != cordon.Notice { // a notice is signed by who sends notices
		return false
	}
	return m.full && m.inHeader && !m.twice && m.from != "" && strings.EqualFold(string(m.from), string(m.copy.From))
}

// covered are the fields that a signature must cover to prove what a reader sees.
var covered = []string{"from", "to", "subject", "date", "message-id", "content-type", "reply-to"}

func (c *Clerk) examine(ctx context.Context, raw []byte) (examined, error) {
	var m examined
	h, err := readHead(raw)
	m.headless = err != nil || len(h.fields["from"]) == 0
	m.twice = h.twice
	m.from, _ = cordon.ParseAddress(h.from)
	if d := m.from.Domain(); d != "" {
		own, err := c.Store.SigningDomains(ctx, d, "")
		if err != nil {
			return m, err
		}
		m.claims = len(own) > 0
	}
	var owner owners
	if m.signed, err = verify(ctx, raw, c.ownKeys(&owner)); err != nil {
		return m, &cordon.Error{Code: cordon.Unavailable, Message: "the message cannot be checked now", Remedy: "try again in a moment"}
	}
	for _, s := range m.signed {
		all := true
		for _, field := range covered {
			all = all && slices.Contains(s.fields, field)
		}
		if all && strings.EqualFold(s.domain, m.from.Domain()) {
			m.full, m.signer = true, owner.of[s.domain]
		}
	}
	return m, c.codeIn(ctx, raw, h, &m)
}

// codeIn finds the copy whose code the message carries: the one in its Message-ID,
// which a signature covers, else any.
func (c *Clerk) codeIn(ctx context.Context, raw []byte, h head, m *examined) error {
	local, _, _ := strings.Cut(strings.Trim(h.messageID, "<>"), "@")
	if code, err := cordon.ParseMessageCode(local); err == nil {
		if m.copy, err = c.copyOf(ctx, code); err != nil {
			return err
		}
		m.inHeader = m.copy != nil
	}
	if m.copy != nil {
		return nil
	}
	found, err := c.Read(raw)
	if err != nil {
		return nil // there is nothing to read
	}
	m.copy, err = c.copyIn(ctx, reading{found: found})
	return err
}

func (m examined) checks() []Checked {
	all := []Checked{
		checked("code", m.copy != nil, "It carries a code of ours, of a message that was handed over.", "It carries no code of ours."),
		checked("signature", len(m.signed) > 0, "A signature by a key of ours holds: header and text are as they were signed.", "No signature by a key of ours holds. Either we did not sign it, or it was changed."),
	}
	if m.copy != nil && len(m.signed) > 0 {
		all = append(all, checked("ledger", m.proved(), "Our ledger has exactly this message, from this sender.", "Sender, code and signature do not belong together."))
	}
	if m.twice {
		all = append(all, Checked{"header", "no", "A line of its header stands there twice, so that a reader may be shown another one than was signed."})
	}
	return all
}

func checked(what string, is bool, yes, no string) Checked {
	if is {
		return Checked{what, "yes", yes}
	}
	return Checked{what, "no", no}
}

var openField = regexp.MustCompile(`\{\{[^{}]*\}\}`)

// openSubject is a template's subject with … for every field: what differs from
// person to person is told to nobody.
func openSubject(s string) string {
	s = strings.TrimSpace(openField.ReplaceAllString(s, "…"))
	return plain(strings.ReplaceAll(s, "\n", " "), 200)
}
