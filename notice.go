package cordon

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Language is one in which a notice can be given, by its ISO 639-1 code.
type Language string

// English is the language in which a facts record is written first; every other
// is a translation of it, and what is missing in one is said in English.
const English Language = "en"

// Languages lists every language in which letters are kept, English first.
func Languages() []Language { return []Language{English, "de", "fr", "nl", "es"} }

// NoticeField names one text of a facts record that a person answers for.
type NoticeField string

const (
	NoticeHappened    NoticeField = "what_happened"
	NoticeMeaning     NoticeField = "consequences"             // what it may mean for those concerned
	NoticeInvolved    NoticeField = "information_involved"     // kinds of information, never anybody's
	NoticeNotInvolved NoticeField = "information_not_involved" //
	NoticeAdvice      NoticeField = "advice"                   // what people should do
	NoticeMeasures    NoticeField = "measures"                 // what is being done
	NoticeNotAffected NoticeField = "not_affected"             // said plainly
	NoticeContact     NoticeField = "contact"                  // an organisation's, no person's
	NoticeSubject     NoticeField = "message_subject"          // of the bad message, as it was seen
	NoticeSample      NoticeField = "message_sample"
	NoticeLinks       NoticeField = "message_links" // where it led, or that it led nowhere
)

// NoticeFields lists the texts, in the order in which they are asked for.
func NoticeFields() []NoticeField {
	return []NoticeField{NoticeHappened, NoticeMeaning, NoticeInvolved, NoticeNotInvolved, NoticeAdvice, NoticeMeasures, NoticeNotAffected,
		NoticeContact, NoticeSubject, NoticeSample, NoticeLinks}
}

// Quoted says whether the text shows the bad message, so that it may hold digits
// and the names of hosts, which are defanged wherever they are shown.
func (f NoticeField) Quoted() bool {
	return f == NoticeSubject || f == NoticeSample || f == NoticeLinks
}

// Required says whether a notice cannot be approved without it.
func (f NoticeField) Required() bool { return !f.Quoted() }

// MaxNoticeText bounds one text, in bytes.
const MaxNoticeText = 4000

// NoticeTexts are the texts in one language. Of is the hash of the English texts
// they are a translation of: when those change, the translation is out of date
// and is not used until somebody looks at it.
type NoticeTexts struct {
	Of   string                 `json:"of,omitempty"`
	Text map[NoticeField]string `json:"text"`
}

// FactsState: draft → approved → superseded, by the next one approved.
type FactsState string

const (
	FactsDraft      FactsState = "draft"
	FactsApproved   FactsState = "approved"
	FactsSuperseded FactsState = "superseded"
)

// NoticeFacts is what is told about one incident: texts that a person answers for
// and figures that nobody types. Everything said to anybody is made of it.
type NoticeFacts struct {
	Incident IncidentID               `json:"incident"`
	Seq      int                      `json:"seq"`      // 1 is the notice; every further one corrects it
	Revision int                      `json:"revision"` // of the draft: each change is kept
	State    FactsState               `json:"state"`
	Texts    map[Language]NoticeTexts `json:"texts"`
	Figures  Figures                  `json:"figures"` // as they were when this was written
	Why      string                   `json:"why"`     // why this revision is there
	Changes  []string                 `json:"changes,omitempty"`

	WrittenBy  string    `json:"written_by"` // Actor.Person()
	WrittenAt  time.Time `json:"written_at"`
	ApprovedBy string    `json:"approved_by,omitempty"` // Actor.Person()
	ApprovedAt time.Time `json:"approved_at,omitzero"`
}

// TextsHash tells one state of the texts in a language from another. What quotes
// the bad message is in no language and does not count.
func (f NoticeFacts) TextsHash(l Language) string {
	said := map[NoticeField]string{}
	for n, text := range f.Texts[l].Text {
		if !n.Quoted() {
			said[n] = text
		}
	}
	raw, _ := json.Marshal(said) // sorted keys, strings alone: cannot fail
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// alwaysTold are the figures that letters quote by themselves.
func alwaysTold() []string {
	return []string{FigureDelivered, FigureUnknown, FigureRecipients, FigureTenants, FigureFirstCopy, FigureLastCopy, FigureOpened, FigureContained}
}

// Told lists the figures that are said: those that letters quote by themselves
// and those that the texts quote. When one of them changes, what was told is not
// what is known any more.
func (f NoticeFacts) Told() []string {
	told := alwaysTold()
	for _, l := range Languages() {
		for _, n := range NoticeFields() {
			quoted, _ := FiguresIn(f.Texts[l].Text[n]) // stored texts quote none that there is not
			for _, name := range quoted {
				if !n.Quoted() && !slices.Contains(told, name) {
					told = append(told, name)
				}
			}
		}
	}
	return told
}

// Hash is what an approval is bound to: every text, and every figure that is said.
func (f NoticeFacts) Hash() string {
	figures := Figures{}
	for _, name := range f.Told() {
		v := f.Figures[name]
		figures[name] = Figure{Name: name, Value: v.Value}
		if !v.At.IsZero() {
			figures[name] = Figure{Name: name, Value: v.Value, At: v.At.UTC().Truncate(time.Minute)}
		}
	}
	raw, _ := json.Marshal([]any{"cordon/notice/1", f.Incident, f.Seq, f.Revision, f.Texts, figures})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// Offers lists the languages in which everything that must be said is said, and
// said of the English texts as they are. English is among them when it is whole.
func (f NoticeFacts) Offers() []Language {
	var all []Language
	now := f.TextsHash(English)
	for _, l := range Languages() {
		texts, ok := f.Texts[l]
		if !ok || l != English && texts.Of != now {
			continue
		}
		if !slices.ContainsFunc(NoticeFields(), func(n NoticeField) bool { return n.Required() && strings.TrimSpace(texts.Text[n]) == "" }) {
			all = append(all, l)
		}
	}
	return all
}

// In is the text in the language, or in English where that is not offered.
func (f NoticeFacts) In(l Language, n NoticeField) string {
	if n.Quoted() {
		return f.Texts[English].Text[n] // as it was seen
	}
	if !slices.Contains(f.Offers(), l) {
		l = English
	}
	return f.Texts[l].Text[n]
}

// Faults lists everything that keeps the texts from being stored: what is too
// long, a digit where a figure should stand, a link, a quoted figure that there is
// not.
func (f NoticeFacts) Faults() []Fault {
	var faults []Fault
	for _, l := range Languages() {
		texts, ok := f.Texts[l]
		if !ok {
			continue
		}
		for _, n := range NoticeFields() {
			if fault, bad := noticeFault(n, texts.Text[n]); bad {
				fault.Field = string(l) + "." + string(n)
				faults = append(faults, fault)
			}
		}
		for n := range texts.Text {
			if !slices.Contains(NoticeFields(), n) {
				faults = append(faults, Fault{Field: string(l) + "." + shorten(string(n)), Message: "is no text of a facts record", Remedy: "see cordon notice facts show"})
			}
		}
	}
	for l := range f.Texts {
		if !slices.Contains(Languages(), l) {
			faults = append(faults, Fault{Field: shorten(string(l)), Message: "is no language of letters", Remedy: "use en, de, fr, nl or es"})
		}
	}
	return faults
}

func noticeFault(n NoticeField, text string) (Fault, bool) {
	switch {
	case len(text) > MaxNoticeText:
		return Fault{Message: "is longer than 4,000 bytes", Remedy: "shorten it"}, true
	case strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' || r == unicode.ReplacementChar || unicode.Is(unicode.Cf, r)
	}):
		return Fault{Message: "has control characters, or marks that change how text reads", Remedy: "take them out"}, true
	case n.Quoted():
		if strings.Contains(text, "{{") {
			return Fault{Message: "has {{", Remedy: "quote the message without it"}, true
		}
		return Fault{}, false
	}
	if _, err := FiguresIn(text); err != nil {
		return Fault{Message: "quotes a figure that there is not", Remedy: "figures are " + strings.Join(FigureNames(), ", ")}, true
	}
	bare := withoutFigures(text)
	switch {
	case n != NoticeContact && strings.ContainsFunc(bare, unicode.IsDigit):
		return Fault{Message: "has a digit: figures are never typed", Remedy: "write {{recipients_affected}} or another figure, or say it in words"}, true
	case strings.Contains(bare, "://") || strings.Contains(strings.ToLower(bare), "www."):
		return Fault{Message: "has a link", Remedy: "a notice leads to the status page alone, by itself"}, true
	}
	return Fault{}, false
}

// withoutFigures is the text without its {{figures}}.
func withoutFigures(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "{{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, text, _ = strings.Cut(after, "}}")
	}
}

// Missing lists the texts without which the record cannot be approved.
func (f NoticeFacts) Missing() []NoticeField {
	var all []NoticeField
	for _, n := range NoticeFields() {
		if n.Required() && strings.TrimSpace(f.Texts[English].Text[n]) == "" {
			all = append(all, n)
		}
	}
	return all
}

// Changed says what differs from an earlier state of the record, in words that
// hold no text and so stay short: "de advice", "recipients_affected 5 → 7".
func (f NoticeFacts) Changed(from NoticeFacts) []string {
	var all []string
	for _, l := range Languages() {
		for _, n := range NoticeFields() {
			if f.Texts[l].Text[n] != from.Texts[l].Text[n] {
				all = append(all, string(l)+" "+string(n))
			}
		}
	}
	return append(all, f.Drift(from.Figures)...)
}

// Drift says which of the figures that are said differ from what they were then.
func (f NoticeFacts) Drift(then Figures) []string {
	var all []string
	for _, name := range f.Told() {
		now, was := f.Figures[name], then[name]
		now.Name, was.Name = name, name
		if !now.Same(was) {
			all = append(all, fmt.Sprintf("%s %s → %s", name, was.Text(), now.Text()))
		}
	}
	return all
}

// TellingState is where telling one tenant stands: planned → told, or told
// otherwise by a person.
type TellingState string

const (
	TellingPlanned   TellingState = "planned"
	TellingTold      TellingState = "told"           // a message for each of its contacts is in the outbox
	TellingOtherwise TellingState = "told-otherwise" // by telephone, by letter: a person says how
)

// FollowUpState is where writing to a tenant's people stands: nobody asked for it
// yet (""), planned → written → accepted, or waived by a person.
type FollowUpState string

const (
	FollowUpPlanned  FollowUpState = "planned"
	FollowUpWritten  FollowUpState = "written"  // the letter is an approved version of the tenant's
	FollowUpAccepted FollowUpState = "accepted" // it is a dispatch
	FollowUpNobody   FollowUpState = "nobody"   // none of those affected can be mailed
	FollowUpWaived   FollowUpState = "waived"   // the practice writes itself: a person says why
)

// Telling is what one tenant is owed of one notice, and what it got.
type Telling struct {
	Incident IncidentID   `json:"incident"`
	Seq      int          `json:"seq"`
	Tenant   TenantID     `json:"tenant"`
	Handle   string       `json:"handle"`
	Name     string       `json:"name"`
	State    TellingState `json:"state"`
	Contacts int          `json:"contacts"` // it has
	ToldAt   time.Time    `json:"told_at,omitzero"`
	ToldBy   string       `json:"told_by,omitempty"`
	Because  string       `json:"because,omitempty"` // how it was told otherwise

	Counts TellingCounts `json:"counts"` // when it was told

	FollowUp   FollowUpState `json:"follow_up,omitempty"`
	Template   TemplateID    `json:"template,omitempty"`
	Version    int           `json:"version,omitempty"`
	Dispatch   DispatchID    `json:"dispatch,omitempty"`
	FollowedBy string        `json:"followed_by,omitempty"` // Actor.Person() of who asked for it
	FollowedAt time.Time     `json:"followed_at,omitzero"`
	Waived     string        `json:"waived,omitempty"` // because
}

// TellingCounts is a tenant's own share of an incident.
type TellingCounts struct {
	Delivered int64     `json:"delivered"` // copies
	Unknown   int64     `json:"unknown"`   // perhaps delivered
	People    int64     `json:"people"`    // who got one or perhaps got one
	Mailable  int64     `json:"mailable"`  // of them, whom a follow-up reaches
	Beyond    int64     `json:"beyond"`    // of them, who must be told by other means
	FirstAt   time.Time `json:"first_at,omitzero"`
	LastAt    time.Time `json:"last_at,omitzero"`
}

// TenantTold is a tenant that is being told: its row, its share, and a message for
// each of its contacts.
type TenantTold struct {
	Telling
	Letters []Outgoing
}

// NoticeReach is whom a notice of an incident would reach if it were approved now.
type NoticeReach struct {
	Tenants   int64    `json:"tenants"`
	Told      int64    `json:"told"`             // of them, with a contact
	Contacts  int64    `json:"contacts"`         // theirs
	NoContact []string `json:"no_contact"`       // handles of those that cannot be told; a hundred at most
	People    int64    `json:"people"`           // who got a copy, or perhaps
	Mailable  int64    `json:"mailable"`         // of them, whom a follow-up would reach
	Beyond    int64    `json:"beyond,omitempty"` // of them, who must be told by other means
}

// PacketRow is one line of a tenant's list: whom an incident reached, and how he
// is told. It holds no address.
type PacketRow struct {
	Affected
	// Told is how: mail, or by other means because the recipient is suppressed,
	// erased, or the follow-up came back.
	Told ToldBy `json:"told"`
}

// ToldBy is how a recipient is told.
type ToldBy string

const (
	ToldNotYet     ToldBy = "not-yet"
	ToldQueued     ToldBy = "queued"     // the follow-up waits to be sent
	ToldMailed     ToldBy = "mailed"     // the relay took it
	ToldPerhaps    ToldBy = "perhaps"    // uncertain
	ToldSuppressed ToldBy = "suppressed" // by other means: must not be mailed
	ToldErased     ToldBy = "erased"     // by other means: the person was erased
	ToldBounced    ToldBy = "bounced"    // by other means: the follow-up came back
)

// ContactID names a tenant's contact.
type ContactID string

// NewContactID makes one.
func NewContactID() ContactID { return ContactID("tct_" + RandomText(idRandomChars)) }

// ContactRole is what a tenant's contact is there for.
type ContactRole string

const (
	ContactSecurity ContactRole = "security"
	ContactPrivacy  ContactRole = "privacy"
	ContactGeneral  ContactRole = "general"
)

// ContactRoles lists every role.
func ContactRoles() []ContactRole {
	return []ContactRole{ContactSecurity, ContactPrivacy, ContactGeneral}
}

// TenantContact is whom to tell at a tenant. Name and address are sealed under the
// tenant's key and are opened only to write to them.
type TenantContact struct {
	ID        ContactID   `json:"id"`
	Tenant    TenantID    `json:"tenant"`
	Role      ContactRole `json:"role"`
	Language  Language    `json:"language"`
	Domain    string      `json:"domain"` // of the address: enough to tell two apart
	CreatedAt time.Time   `json:"created_at"`

	Name    string  `json:"-"`
	Address Address `json:"-"`
}

// Validate says whether the contact may be stored.
func (c TenantContact) Validate() error {
	switch {
	case !slices.Contains(ContactRoles(), c.Role):
		return InvalidField("role", "is missing or unknown", "use security, privacy or general")
	case !slices.Contains(Languages(), c.Language):
		return InvalidField("language", "is missing or not one of letters", "use en, de, fr, nl or es")
	case len(c.Name) > 200 || strings.ContainsFunc(c.Name, unicode.IsControl):
		return InvalidField("name", "is longer than 200 bytes, or has control characters", "shorten it, or leave it out")
	}
	if a, err := ParseAddress(string(c.Address)); err != nil || a != c.Address {
		return InvalidField("address", "is missing or not a mail address", "give one address like privacy@example.org")
	}
	return nil
}

// NoticeSettings are what a tenant said about itself for the day on which it must
// be told; of the whole installation for tenant "".
type NoticeSettings struct {
	Tenant        TenantID  `json:"tenant,omitempty"`
	Language      Language  `json:"language"`      // of letters to its people; "" = English
	Jurisdictions []string  `json:"jurisdictions"` // which laws it is under; none: as the installation says
	SetBy         string    `json:"set_by,omitempty"`
	SetAt         time.Time `json:"set_at,omitzero"`
}
