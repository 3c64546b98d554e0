package cordon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// IncidentID names one incident: opaque, like every identifier. People say its
// number: INC-12.
type IncidentID string

const prefixIncident = "inc_"

// NewIncidentID makes one.
func NewIncidentID() IncidentID { return IncidentID(prefixIncident + RandomText(idRandomChars)) }

// Valid says whether the identifier has the right shape.
func (id IncidentID) Valid() bool { return validID(string(id), prefixIncident) }

// IncidentState is where an incident stands. Contained is a state of its own:
// nothing bad leaves any more, and everything is still to be mended and told.
type IncidentState string

const (
	IncidentTriage        IncidentState = "triage"
	IncidentInvestigating IncidentState = "investigating"
	IncidentContained     IncidentState = "contained"
	IncidentFixing        IncidentState = "fixing"
	IncidentMonitoring    IncidentState = "monitoring"
	IncidentResolved      IncidentState = "resolved"
	IncidentReview        IncidentState = "review"
	IncidentClosed        IncidentState = "closed"
	IncidentDeclined      IncidentState = "declined" // side exit: it was none
	IncidentMerged        IncidentState = "merged"   // side exit: a link to the one it belongs to, never a move
)

// IncidentStates lists every state in the order of an incident's life.
func IncidentStates() []IncidentState {
	return []IncidentState{IncidentTriage, IncidentInvestigating, IncidentContained, IncidentFixing, IncidentMonitoring,
		IncidentResolved, IncidentReview, IncidentClosed, IncidentDeclined, IncidentMerged}
}

// incidentSteps is the whole state machine: forwards by any number of steps, back
// from whatever is not resolved when something new is found, and the side exits.
var incidentSteps = map[IncidentState][]IncidentState{
	IncidentTriage:        {IncidentInvestigating, IncidentContained, IncidentFixing, IncidentMonitoring, IncidentResolved, IncidentDeclined, IncidentMerged},
	IncidentInvestigating: {IncidentContained, IncidentFixing, IncidentMonitoring, IncidentResolved, IncidentDeclined, IncidentMerged},
	IncidentContained:     {IncidentInvestigating, IncidentFixing, IncidentMonitoring, IncidentResolved, IncidentDeclined, IncidentMerged},
	IncidentFixing:        {IncidentInvestigating, IncidentContained, IncidentMonitoring, IncidentResolved, IncidentMerged},
	IncidentMonitoring:    {IncidentInvestigating, IncidentContained, IncidentFixing, IncidentResolved, IncidentMerged},
	IncidentResolved:      {IncidentMonitoring, IncidentReview, IncidentClosed},
	IncidentReview:        {IncidentClosed},
}

// CanBecome says whether an incident may go from s to next.
func (s IncidentState) CanBecome(next IncidentState) bool {
	return slices.Contains(incidentSteps[s], next)
}

// Open says whether there is still something to contain, mend or tell.
func (s IncidentState) Open() bool {
	switch s {
	case IncidentTriage, IncidentInvestigating, IncidentContained, IncidentFixing, IncidentMonitoring:
		return true
	}
	return false
}

// IncidentKind chooses the playbook: the four that history told, and the rest.
type IncidentKind string

const (
	IncidentTemplate IncidentKind = "template-abuse"   // A: somebody sends through templates or keys that are not theirs
	IncidentAccount  IncidentKind = "account-takeover" // B: a mailbox or account in foreign hands
	IncidentStorm    IncidentKind = "list-storm"       // C: a list that reaches everybody, and the replies to all
	IncidentLeak     IncidentKind = "address-leak"     // D: addresses that nobody should have known
	IncidentOther    IncidentKind = "other"
)

// IncidentKinds lists every kind.
func IncidentKinds() []IncidentKind {
	return []IncidentKind{IncidentTemplate, IncidentAccount, IncidentStorm, IncidentLeak, IncidentOther}
}

// Severity is 1 (worst) to 5; 0 is unknown and counts as 1: if unsure, the higher.
type Severity int

// Effective is the severity to act by.
func (s Severity) Effective() Severity {
	if s < 1 || s > 5 {
		return 1
	}
	return s
}

func (s Severity) String() string { return "SEV-" + strconv.Itoa(int(s.Effective())) }

// MarshalText writes "SEV-2".
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads "SEV-2", "sev2" or "2".
func (s *Severity) UnmarshalText(text []byte) error {
	digits := strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(string(text)), "SEV"), "-")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > 5 {
		return InvalidField("severity", "is not SEV-1 to SEV-5", "1 is the worst; if unsure, take the higher")
	}
	*s = Severity(n)
	return nil
}

// IncidentRole is what a person does in an incident.
type IncidentRole string

const (
	RoleCommander       IncidentRole = "commander"
	RoleDeputy          IncidentRole = "deputy"
	RoleScribe          IncidentRole = "scribe"
	RoleCustomerLiaison IncidentRole = "customer-liaison"
	RoleInternalLiaison IncidentRole = "internal-liaison"
)

// IncidentRoles lists every role.
func IncidentRoles() []IncidentRole {
	return []IncidentRole{RoleCommander, RoleDeputy, RoleScribe, RoleCustomerLiaison, RoleInternalLiaison}
}

// Incident is something that went wrong, from the first signal to the last
// apology.
type Incident struct {
	ID       IncidentID    `json:"id"`
	Number   int64         `json:"number"` // INC-<number>; one series per installation
	Kind     IncidentKind  `json:"kind"`
	Severity Severity      `json:"severity"`
	State    IncidentState `json:"state"`
	Title    string        `json:"title"` // operators' words, never personal data
	// Tenant is whose incident it is; "" when it touches several or the house.
	Tenant   TenantID   `json:"tenant,omitempty"`
	Public   bool       `json:"public"`             // announcements are owed
	Exercise bool       `json:"exercise,omitempty"` // of a drill: everything it says is watermarked EXERCISE
	Into     IncidentID `json:"into,omitempty"`     // merged into

	OpenedBy    string    `json:"opened_by"` // Actor.ID()
	OpenedAt    time.Time `json:"opened_at"`
	ContainedAt time.Time `json:"contained_at,omitzero"`
	ResolvedAt  time.Time `json:"resolved_at,omitzero"`
	ClosedAt    time.Time `json:"closed_at,omitzero"`

	// Roles names who does what: an account, or "operator".
	Roles map[IncidentRole]AccountID `json:"roles,omitempty"`
	// Version counts the changes: a change that names an older one is refused.
	Version int64 `json:"version"`
}

// Name is what people call it: INC-12.
func (i Incident) Name() string { return fmt.Sprintf("INC-%d", i.Number) }

// Debt is something still owed to somebody in an incident; while there is one it
// cannot be resolved.
type Debt struct {
	Kind    DebtKind `json:"kind"`
	Text    string   `json:"text"`              // one sentence, no personal data
	Subject string   `json:"subject,omitempty"` // the ID of what it is about
	Count   int64    `json:"count,omitempty"`
}

// DebtKind is a closed list.
type DebtKind string

const (
	DebtTenant   DebtKind = "untold-tenant"
	DebtFollowUp DebtKind = "unsent-follow-up"
	DebtPromise  DebtKind = "missed-promise"
	DebtAccount  DebtKind = "unrecovered-account"
	DebtRegime   DebtKind = "undecided-regime"
	DebtTask     DebtKind = "open-task"
	DebtReporter DebtKind = "unanswered-reporter"
	DebtScope    DebtKind = "open-scope" // bad mail could still leave, or nobody has said which mail is bad
)
