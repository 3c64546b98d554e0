package cordon

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// IncidentFilter chooses the incidents of a list; the zero filter takes all.
type IncidentFilter struct {
	Tenant    TenantID // that touch the tenant
	States    []IncidentState
	Open      bool // there is still something to contain, mend or tell
	Kind      IncidentKind
	Real      bool // without those of exercises
	Exercises bool // those of exercises alone
}

// NewIncident is what an incident begins with.
type NewIncident struct {
	Kind     IncidentKind   `json:"kind,omitempty"`     // "": other
	Severity Severity       `json:"severity,omitempty"` // 0: unknown, and so SEV-1
	Title    string         `json:"title"`
	Tenant   TenantID       `json:"tenant,omitempty"`
	Public   bool           `json:"public,omitempty"`
	Exercise bool           `json:"exercise,omitempty"` // set by the store where a tenant is named
	Scope    []Question     `json:"scope,omitempty"`    // which dispatches are the bad ones
	Links    []IncidentLink `json:"links,omitempty"`
	Text     string         `json:"text,omitempty"` // why: the first line of its timeline

	Tasks     []IncidentTask `json:"-"` // of its playbook
	PageAfter time.Duration  `json:"-"` // pages again when it is not contained by then; 0: not
}

// maxIncidentTitle and maxIncidentText bound what people write, in bytes.
const (
	maxIncidentTitle = 200
	maxIncidentText  = 4000
)

// Validate says whether an incident may be opened like this.
func (n NewIncident) Validate() error {
	if n.Kind != "" && !slices.Contains(IncidentKinds(), n.Kind) {
		return InvalidField("kind", "is not a kind of incident", "say one of "+wordsOf(IncidentKinds()))
	}
	if n.Severity < 0 || n.Severity > 5 {
		return InvalidField("severity", "is not SEV-1 to SEV-5", "1 is the worst; if unsure, take the higher")
	}
	if err := ValidIncidentTitle(n.Title); err != nil {
		return err
	}
	return ValidIncidentText("text", n.Text, true)
}

// ValidIncidentTitle says whether the words may be an incident's title.
func ValidIncidentTitle(title string) error {
	switch {
	case strings.TrimSpace(title) == "":
		return InvalidField("title", "is missing", "say in a few words what went wrong, without anybody's name or address")
	case len(title) > maxIncidentTitle || strings.ContainsFunc(title, unicode.IsControl):
		return InvalidField("title", "is longer than a line of 200 bytes", "shorten it; the timeline has room for more")
	}
	return nil
}

// ValidIncidentText says whether a text may stand in an incident's timeline.
func ValidIncidentText(field, text string, mayBeEmpty bool) error {
	switch {
	case !mayBeEmpty && strings.TrimSpace(text) == "":
		return InvalidField(field, "is missing", "say it in a few words, without anybody's name or address; it goes into the ledger")
	case len(text) > maxIncidentText:
		return InvalidField(field, "is longer than 4,000 bytes", "shorten it, or write several lines")
	}
	return nil
}

// wordsOf lists the words of a closed list for people.
func wordsOf[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, w := range all {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// Nouns that an incident may be linked with.
const (
	LinkSignal       = "signal"
	LinkStop         = "stop"
	LinkDispatch     = "dispatch"
	LinkTemplate     = "template"
	LinkAccount      = "account"
	LinkKey          = "key"
	LinkComplaint    = "complaint"
	LinkProblem      = "problem"
	LinkAnnouncement = "announcement"
	LinkIncident     = "incident"
)

// IncidentLinkNouns lists them.
func IncidentLinkNouns() []string {
	return []string{LinkSignal, LinkStop, LinkDispatch, LinkTemplate, LinkAccount, LinkKey, LinkComplaint, LinkProblem, LinkAnnouncement, LinkIncident}
}

// IncidentLink ties something to an incident. It is never taken away.
type IncidentLink struct {
	Noun    string   `json:"noun"`
	Subject string   `json:"subject"` // its ID
	Tenant  TenantID `json:"tenant,omitempty"`
	// Recover: a key or account that was in foreign hands. It is owed until it is
	// revoked, or a person says that it is safe again.
	Recover bool `json:"recover,omitempty"`

	LinkedBy  string    `json:"linked_by,omitempty"`
	LinkedAt  time.Time `json:"linked_at,omitzero"`
	SettledBy string    `json:"settled_by,omitempty"` // of a stop: seen lifted; of what was to be recovered: who says so
	SettledAt time.Time `json:"settled_at,omitzero"`
	Settled   string    `json:"settled,omitempty"` // in whose words
}

// IncidentScope is one row of what an incident is about.
type IncidentScope struct {
	Num int64 `json:"num"`
	Question
}

// IncidentLine is one line of the timeline; no line is ever changed or removed.
type IncidentLine struct {
	Num     int64        `json:"num"` // 1-based within the incident
	At      time.Time    `json:"at"`
	By      string       `json:"by"` // Actor.ID()
	Kind    IncidentWord `json:"kind"`
	Tenant  TenantID     `json:"tenant,omitempty"` // whose people may read it; "": nobody's but the installation's, unless Shared
	Shared  bool         `json:"shared,omitempty"` // every affected tenant may read it
	Subject string       `json:"subject,omitempty"`
	Text    string       `json:"text"`
}

// IncidentWord says what a line of the timeline is about.
type IncidentWord string

const (
	LineOpened   IncidentWord = "opened"
	LineMoved    IncidentWord = "moved"
	LineSeverity IncidentWord = "severity"
	LineChanged  IncidentWord = "changed"
	LineRole     IncidentWord = "role"
	LineScope    IncidentWord = "scope"
	LineLink     IncidentWord = "link"
	LineTask     IncidentWord = "task"
	LineNote     IncidentWord = "note"
	LineMerged   IncidentWord = "merged"
	LineReview   IncidentWord = "review"
)

// TaskState is where a task of an incident stands.
type TaskState string

const (
	TaskOpen    TaskState = "open"
	TaskDone    TaskState = "done"
	TaskSkipped TaskState = "skipped"
)

// IncidentTask is something to do, from the playbook or found in the review.
type IncidentTask struct {
	Num       int64        `json:"num"` // 1-based within the incident
	Title     string       `json:"title"`
	Why       string       `json:"why,omitempty"`
	Role      IncidentRole `json:"role,omitempty"`
	Required  bool         `json:"required,omitempty"` // owed before the incident is resolved
	Action    bool         `json:"action,omitempty"`   // of the review: owed before it is closed
	Command   string       `json:"command,omitempty"`  // what to type, <incident> put in
	Link      string       `json:"link,omitempty"`     // which page to open
	DueAt     time.Time    `json:"due_at,omitzero"`
	State     TaskState    `json:"state"`
	Reason    string       `json:"reason,omitempty"`
	SettledBy string       `json:"settled_by,omitempty"`
	SettledAt time.Time    `json:"settled_at,omitzero"`

	After time.Duration `json:"-"` // when it is due, from opening on
}

// IncidentChange is what a person changes of an incident; nil leaves it.
type IncidentChange struct {
	Title    *string       `json:"title,omitempty"`
	Severity *Severity     `json:"severity,omitempty"` // lowering needs a reason
	Kind     *IncidentKind `json:"kind,omitempty"`
	Public   *bool         `json:"public,omitempty"`
	Reason   string        `json:"reason,omitempty"`
}

// Postmortem is what is written when it is over, so that it does not happen
// again.
type Postmortem struct {
	Summary   string    `json:"summary,omitempty"`
	Cause     string    `json:"cause,omitempty"`
	WentWell  string    `json:"went_well,omitempty"`
	WentBadly string    `json:"went_badly,omitempty"`
	Lucky     string    `json:"lucky,omitempty"` // what only luck prevented
	WrittenBy string    `json:"written_by,omitempty"`
	WrittenAt time.Time `json:"written_at,omitzero"`
}

// IncidentSign is one signal or stop as it came, in the order in which it was
// recorded, for the rules that open incidents.
type IncidentSign struct {
	Num      int64 // of its series: what was read up to there is not read again
	Signal   *Signal
	Stop     *Stop // one of the two
	Exercise bool  // of an exercise's tenant
	// Since is when what was odd began: the first odd sign of the key or account,
	// and the run of orders that led to it; of a template, when the version now
	// sent first was; zero when nothing says so.
	Since time.Time
	// Tenant is whose it is: named, or that of what is named; "" for several.
	Tenant TenantID
}

// IncidentSighting is what the rules make of a sign: an incident, should none be
// open that it belongs to.
type IncidentSighting struct {
	NewIncident
	Sign  IncidentSign
	Parts []string // what it is about: the open incident that is about one of them takes it
	Joins bool     // it belongs to an open incident, but is no reason to open one
}

// IncidentContainment is whether nothing bad can leave any more.
type IncidentContainment struct {
	At         time.Time  `json:"at"` // when it was looked at
	Contained  bool       `json:"contained"`
	Known      bool       `json:"known"`          // somebody, or a rule, has said which mail is bad
	Open       []string   `json:"open,omitempty"` // what keeps it from being contained, one sentence each
	InFlight   int64      `json:"in_flight"`      // bad copies past the last look
	Queued     int64      `json:"queued"`         // bad copies that nothing keeps back
	Dispatches int64      `json:"dispatches"`
	Delivered  int64      `json:"delivered"`         // or perhaps
	FirstAt    time.Time  `json:"first_at,omitzero"` // when the first bad copy left
	LastAt     time.Time  `json:"last_at,omitzero"`  // and the last
	Tenants    []TenantID `json:"tenants,omitempty"` // whose mail is bad
	Reached    []TenantID `json:"reached,omitempty"` // those of them of which a bad copy was delivered, or perhaps was
}

// IncidentFinding is what the rules make of a look at an open incident.
type IncidentFinding struct {
	Tenants  []TenantID // whom it touches
	Severity Severity   // what the damage asks for; 0: nothing
	Why      string     // in words of the timeline
	Public   bool       // announcements are owed
}

// IncidentCall is a page that an incident owes.
type IncidentCall struct {
	Incident IncidentID
	What     string // "opened", "severity/1", "uncontained/0", "resolve/3"
	DueAt    time.Time
}
