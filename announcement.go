package cordon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// AnnouncementKind is what a post is to those before it.
type AnnouncementKind string

const (
	AnnounceOriginal   AnnouncementKind = "original"
	AnnounceUpdate     AnnouncementKind = "update"
	AnnounceCorrection AnnouncementKind = "correction" // a figure, or a word, that was wrong
	AnnounceResolved   AnnouncementKind = "resolved"
	AnnounceRetraction AnnouncementKind = "retraction" // there was nothing to announce
)

// AnnouncementKinds lists every kind.
func AnnouncementKinds() []AnnouncementKind {
	return []AnnouncementKind{AnnounceOriginal, AnnounceUpdate, AnnounceCorrection, AnnounceResolved, AnnounceRetraction}
}

// PostAudience is who a post is for. A number has one audience, from its original
// to its last update.
type PostAudience string

const (
	ForPublic     PostAudience = "public"
	ForTenants    PostAudience = "tenants"    // in the console and over REST, to every tenant's people
	ForRecipients PostAudience = "recipients" // on the status page, as public ones, written for those who get the mail
	ForStaff      PostAudience = "staff"      // in the console and over REST, to the whole installation's people
)

// PostAudiences lists every audience.
func PostAudiences() []PostAudience {
	return []PostAudience{ForPublic, ForTenants, ForRecipients, ForStaff}
}

// OnStatusPage says whether posts for the audience are shown to everybody.
func (a PostAudience) OnStatusPage() bool { return a == ForPublic || a == ForRecipients }

// PostStatus tells a real post from one of a drill.
type PostStatus string

const (
	PostActual   PostStatus = "actual"
	PostExercise PostStatus = "exercise" // watermarked EXERCISE; never mailed to anybody outside
)

// Impact is how much of the service an incident takes.
type Impact string

const (
	ImpactNone     Impact = "none"
	ImpactMinor    Impact = "minor"
	ImpactMajor    Impact = "major"
	ImpactCritical Impact = "critical"
)

// Impacts lists every impact, the least first.
func Impacts() []Impact { return []Impact{ImpactNone, ImpactMinor, ImpactMajor, ImpactCritical} }

// Rank orders impacts; an unknown one counts as the worst.
func (i Impact) Rank() int {
	if at := slices.Index(Impacts(), i); at >= 0 {
		return at
	}
	return len(Impacts()) - 1
}

// PublicState is where an incident stands as the public is told.
type PublicState string

const (
	PublicInvestigating PublicState = "investigating"
	PublicIdentified    PublicState = "identified"
	PublicMonitoring    PublicState = "monitoring"
	PublicResolved      PublicState = "resolved"
	PublicPostmortem    PublicState = "postmortem" // the report, after it was resolved
)

// PublicStates lists every state in the order of an incident's life.
func PublicStates() []PublicState {
	return []PublicState{PublicInvestigating, PublicIdentified, PublicMonitoring, PublicResolved, PublicPostmortem}
}

// Over says whether nothing more is to come but a report.
func (s PublicState) Over() bool { return s == PublicResolved || s == PublicPostmortem }

// AnnouncementDraftID names one draft.
type AnnouncementDraftID string

// NewAnnouncementDraftID makes one.
func NewAnnouncementDraftID() AnnouncementDraftID {
	return AnnouncementDraftID("adr_" + RandomText(idRandomChars))
}

// Valid says whether the identifier has the right shape.
func (id AnnouncementDraftID) Valid() bool { return validID(string(id), "adr_") }

// AnnouncementText is what a person writes of a post.
type AnnouncementText struct {
	Title string      `json:"title"` // without number, UPDATE or date: "Reports of spam email"
	State PublicState `json:"state"`
	// Impact and Components say what of the service is touched. With no component
	// named, the incident's kinds of mail choose them.
	Impact     Impact        `json:"impact"`
	Components []ComponentID `json:"components,omitempty"`
	Body       string        `json:"body"` // plain text, blank lines between paragraphs, {{figures}} in place
	// NotAffected says plainly what is as it should be. Every original has it.
	NotAffected string `json:"not_affected"`
	// NextUpdateDue and ReportBy are promises.
	NextUpdateDue time.Time `json:"next_update_due,omitzero"`
	ReportBy      time.Time `json:"report_by,omitzero"`
	SignedBy      string    `json:"signed_by"` // a role or name, as the reader sees it
}

// Bounds of a post's text.
const (
	MaxAnnouncementTitle = 120
	MaxAnnouncementBody  = 10_000
	MaxAnnouncementLine  = 1_000
)

// Announcement is one post: immutable.
type Announcement struct {
	Number int64            `json:"number"` // of the series; shared by an original and what follows it
	Seq    int              `json:"seq"`    // 0 is the original, n is UPDATE n
	Kind   AnnouncementKind `json:"kind"`
	AnnouncementText
	Source      string       `json:"source"` // Body as it was written, with {{figures}}; Body has them filled in
	Audience    PostAudience `json:"audience"`
	Status      PostStatus   `json:"status"`
	OriginalURL string       `json:"original_url"` // paths of the status page
	PreviousURL string       `json:"previous_url,omitempty"`
	Figures     []Figure     `json:"figures,omitempty"` // those the body quotes, as they were
	LedgerSize  int64        `json:"ledger_size"`       // at which they were computed; 0 when none is quoted
	Incident    IncidentID   `json:"incident,omitempty"`
	PostedBy    string       `json:"posted_by"`             // Actor.ID()
	ApprovedBy  string       `json:"approved_by,omitempty"` // Actor.ID(); "" when one person posted it alone
	PostedAt    time.Time    `json:"posted_at"`
	// SupersededBy is the newest post of the number, when it is not this one.
	SupersededBy int    `json:"superseded_by,omitempty"`
	SupersededAs string `json:"superseded_as,omitempty"` // its mark: "UPDATE 3"
}

// Exercise says whether it belongs to a drill.
func (a Announcement) Exercise() bool { return a.Status != PostActual }

// Mark is "" of an original and "UPDATE 2" of what follows; a correction, the end
// and a retraction say so behind it. The numbers have no gaps.
func (a Announcement) Mark() string {
	if a.Seq == 0 {
		return ""
	}
	mark := "UPDATE " + strconv.Itoa(a.Seq)
	switch a.Kind {
	case AnnounceCorrection, AnnounceResolved, AnnounceRetraction:
		mark += " (" + strings.ToUpper(string(a.Kind)) + ")"
	}
	return mark
}

// Heading is the title as the house writes it: "Reports of spam email (42837) –
// UPDATE 2, 14 May 2007".
func (a Announcement) Heading() string {
	text := fmt.Sprintf("%s (%d)", a.Title, a.Number)
	if mark := a.Mark(); mark != "" {
		text += " – " + mark
	}
	text += ", " + a.PostedAt.UTC().Format("2 January 2006")
	if a.Exercise() {
		text = "EXERCISE – " + text
	}
	return text
}

// Path is where the post is on the status page.
func (a Announcement) Path() string { return AnnouncementPath(a.Status, a.Number, a.Seq) }

// AnnouncementPath is where a post is on the status page.
func AnnouncementPath(status PostStatus, number int64, seq int) string {
	path := "/announcements/" + strconv.FormatInt(number, 10)
	if seq > 0 {
		path += "/" + strconv.Itoa(seq)
	}
	if status != PostActual {
		path = "/exercise" + path
	}
	return path
}

// Paragraphs cuts a text at its blank lines.
func Paragraphs(text string) []string {
	var all []string
	for _, p := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return all
}

// DraftStage is where a draft stands.
type DraftStage string

const (
	DraftOpen    DraftStage = "open"
	DraftWaiting DraftStage = "waiting" // posted, and kept back until a witness has seen the ledger its figures are of
	DraftPosted  DraftStage = "posted"
	DraftDropped DraftStage = "dropped"
)

// AnnouncementDraft is a post before it is one. The house may write it; only a
// person posts it.
type AnnouncementDraft struct {
	ID       AnnouncementDraftID `json:"id"`
	Number   int64               `json:"number,omitempty"` // 0: an original, which gets one when it is posted
	Kind     AnnouncementKind    `json:"kind"`
	Audience PostAudience        `json:"audience"`
	Status   PostStatus          `json:"status"`
	Incident IncidentID          `json:"incident,omitempty"`
	AnnouncementText
	Stage      DraftStage `json:"stage"`
	Why        string     `json:"why,omitempty"`         // what the house wrote it for; "" when a person did
	Author     string     `json:"author"`                // of the words that stand, Actor.Person()
	ApprovedBy string     `json:"approved_by,omitempty"` // Actor.ID()
	Approver   string     `json:"-"`                     // Actor.Person(), for the rule of two people
	Version    int64      `json:"version"`               // counts the changes of its words; an approval ends with the next
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	PostedBy   string     `json:"posted_by,omitempty"`  // Actor.ID(), once it waits or is posted
	PostedSeq  int        `json:"posted_seq,omitempty"` // of the post it became
	Frozen     []Figure   `json:"frozen,omitempty"`     // of one that waits: as they will be published
}

// NeedsApproval says whether a second person must have read the post: one to the
// tenants or to those who get the mail, and one that takes back what was said.
func (d AnnouncementDraft) NeedsApproval() bool {
	return d.Audience == ForTenants || d.Audience == ForRecipients || d.Kind == AnnounceRetraction
}

// Validate names every fault of the words.
func (d AnnouncementDraft) Validate() error {
	var faults []Fault
	fault := func(bad bool, field, message, remedy string) {
		if bad {
			faults = append(faults, Fault{Field: field, Message: message, Remedy: remedy})
		}
	}
	fault(!slices.Contains(AnnouncementKinds(), d.Kind), "kind", "is no kind of post", "original, update, correction, resolved or retraction")
	fault(!slices.Contains(PostAudiences(), d.Audience), "audience", "is none", "public, tenants, recipients or staff")
	fault((d.Kind == AnnounceOriginal) != (d.Number == 0), "number", "does not fit the kind", "an original has none yet; everything else names the number it belongs to")
	faults = append(faults, d.AnnouncementText.faults()...)
	fault(d.Kind == AnnounceOriginal && strings.TrimSpace(d.NotAffected) == "", "not_affected", "is missing", "say plainly what works as it should and whom this does not touch")
	fault((d.Kind == AnnounceResolved || d.Kind == AnnounceRetraction) && !d.State.Over(), "state", "does not fit the kind", "a post that ends the matter is resolved")
	fault(d.Kind == AnnounceOriginal && d.State == PublicPostmortem, "state", "does not fit an original", "a report follows what it reports on")
	if len(faults) == 0 {
		return nil
	}
	first := faults[0]
	return &Error{Code: Invalid, Field: first.Field, Message: first.Message, Remedy: first.Remedy, Faults: faults}
}

func (t AnnouncementText) faults() []Fault {
	var faults []Fault
	text := func(field, value string, most int, needed bool) {
		switch {
		case needed && strings.TrimSpace(value) == "":
			faults = append(faults, Fault{Field: field, Message: "is missing", Remedy: "write it"})
		case utf8.RuneCountInString(value) > most:
			faults = append(faults, Fault{Field: field, Message: "is longer than " + strconv.Itoa(most) + " characters", Remedy: "shorten it"})
		case !plainText(value, field == "title" || field == "signed_by"):
			faults = append(faults, Fault{Field: field, Message: "holds characters that are no text", Remedy: "write plain text; a title and a signature in one line"})
		}
	}
	text("title", t.Title, MaxAnnouncementTitle, true)
	text("body", t.Body, MaxAnnouncementBody, true)
	text("not_affected", t.NotAffected, MaxAnnouncementLine, false)
	text("signed_by", t.SignedBy, MaxAnnouncementTitle, true)
	if !slices.Contains(PublicStates(), t.State) {
		faults = append(faults, Fault{Field: "state", Message: "is none", Remedy: "investigating, identified, monitoring, resolved or postmortem"})
	}
	if !slices.Contains(Impacts(), t.Impact) {
		faults = append(faults, Fault{Field: "impact", Message: "is none", Remedy: "none, minor, major or critical"})
	}
	if _, err := FiguresIn(t.Body + t.NotAffected); err != nil {
		faults = append(faults, Fault{Field: "body", Message: "quotes a figure that there is not", Remedy: "figures are " + strings.Join(FigureNames(), ", ")})
	}
	return faults
}

// plainText says whether there are no control characters but line breaks and tabs
// in it (none at all in one line), and nothing that turns the reading direction.
func plainText(s string, oneLine bool) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			if oneLine {
				return false
			}
		case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
			return false
		}
	}
	return true
}
