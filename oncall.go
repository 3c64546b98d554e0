package cordon

import (
	"slices"
	"time"
)

// Identifiers of the on-call world: opaque, like every identifier.
type (
	OnCallContactID string
	MethodID        string
	ScheduleID      string
	PolicyID        string
	OverrideID      string
)

const (
	prefixContact  = "con_"
	prefixMethod   = "met_"
	prefixSchedule = "sch_"
	prefixPolicy   = "pol_"
	prefixOverride = "ovr_"
	prefixPage     = "pag_"
)

func NewOnCallContactID() OnCallContactID {
	return OnCallContactID(prefixContact + RandomText(idRandomChars))
}
func NewMethodID() MethodID     { return MethodID(prefixMethod + RandomText(idRandomChars)) }
func NewScheduleID() ScheduleID { return ScheduleID(prefixSchedule + RandomText(idRandomChars)) }
func NewPolicyID() PolicyID     { return PolicyID(prefixPolicy + RandomText(idRandomChars)) }
func NewOverrideID() OverrideID { return OverrideID(prefixOverride + RandomText(idRandomChars)) }

// The Valid methods say whether an identifier has the right shape.
func (id OnCallContactID) Valid() bool { return validID(string(id), prefixContact) }
func (id MethodID) Valid() bool        { return validID(string(id), prefixMethod) }
func (id ScheduleID) Valid() bool      { return validID(string(id), prefixSchedule) }
func (id PolicyID) Valid() bool        { return validID(string(id), prefixPolicy) }
func (id OverrideID) Valid() bool      { return validID(string(id), prefixOverride) }
func (id PageID) Valid() bool          { return validID(string(id), prefixPage) }

// Bounds of what on call may be.
const (
	MinStepMinutes   = 1
	MaxStepMinutes   = 9000
	MaxRepeats       = 5
	MaxSteps         = 20
	MaxStepTargets   = 20
	MaxLayers        = 10
	MaxLayerPeople   = 50
	MaxMethods       = 10 // of one contact
	MaxNotifyDelay   = 120
	MaxRotationUnits = 366
)

// OnCallContact is a person who can be woken. The name and where he is reached are
// sealed; the ledger, logs and pages' rows know the ID alone.
type OnCallContact struct {
	ID        OnCallContactID `json:"id"`
	Name      string          `json:"name"`
	Account   AccountID       `json:"account,omitempty"` // whose contact it is, when he has an account
	Methods   []ContactMethod `json:"methods"`
	Rules     []NotifyRule    `json:"rules"` // empty: every verified method at once
	CreatedAt time.Time       `json:"created_at"`
}

// ContactMethod is one way to reach a contact. It is used once it is verified:
// somebody gave back the code that was sent there, or opened its link.
type ContactMethod struct {
	ID         MethodID  `json:"id"`
	Channel    Channel   `json:"channel"`
	Hint       string    `json:"hint"` // enough to tell two apart: "d…@northside.example", "…42", a URL's host
	Target     string    `json:"-"`    // address, number, URL or routing key
	VerifiedAt time.Time `json:"verified_at,omitzero"`
	CreatedAt  time.Time `json:"created_at"`
}

// NotifyRule is one line of how a contact wants to be woken: this method, so
// long after the page came to him, unless the page was acknowledged before.
type NotifyRule struct {
	Method       MethodID `json:"method"`
	DelayMinutes int      `json:"delay_minutes"`
}

// Rotation is by what a layer's turns are counted.
type Rotation string

const (
	RotateHours Rotation = "hours" // a divisor of 24 keeps to the clock on the wall; other lengths count hours gone by
	RotateDays  Rotation = "days"
	RotateWeeks Rotation = "weeks"
)

// Layer is people who take turns. From its first handoff on, exactly one of them
// has it at every instant; while its hours leave a gap, nobody.
type Layer struct {
	Name     string            `json:"name,omitempty"`
	Rotation Rotation          `json:"rotation"`
	Length   int               `json:"length"`  // of a turn, in hours, days or weeks
	Start    string            `json:"start"`   // day of the first handoff, "2026-11-23", in the schedule's zone
	Handoff  string            `json:"handoff"` // time of day of handoffs, "09:00"
	People   []OnCallContactID `json:"people"`
	// Days and the hours bound when the layer counts; empty: always. From is
	// inclusive, Until exclusive; Until before From goes over midnight.
	Days  []time.Weekday `json:"days,omitempty"`
	From  string         `json:"from,omitempty"`
	Until string         `json:"until,omitempty"`
}

// Schedule says who is on call: the first layer that has somebody. An override
// stands before all of them.
type Schedule struct {
	ID        ScheduleID `json:"id"`
	Handle    string     `json:"handle"`
	Name      string     `json:"name"`
	Zone      string     `json:"zone"` // IANA: "Europe/Oslo"
	Layers    []Layer    `json:"layers"`
	CreatedAt time.Time  `json:"created_at"`
}

// Override puts somebody on call for a while, whoever's turn it is.
type Override struct {
	ID        OverrideID      `json:"id"`
	Schedule  ScheduleID      `json:"schedule"`
	Contact   OnCallContactID `json:"contact"`
	From      time.Time       `json:"from"`
	Until     time.Time       `json:"until"`
	By        string          `json:"by"`
	CreatedAt time.Time       `json:"created_at"`
}

// Policy is whom a page wakes, one step after the other.
type Policy struct {
	ID        PolicyID         `json:"id"`
	Handle    string           `json:"handle"`
	Name      string           `json:"name"`
	Steps     []EscalationStep `json:"steps"`
	Repeats   int              `json:"repeats"` // how often the steps are gone through again, 0–5
	CreatedAt time.Time        `json:"created_at"`
}

// EscalationStep wakes its targets and gives them time.
type EscalationStep struct {
	Targets []PageTarget `json:"targets"`
	Minutes int          `json:"minutes"` // until the next step, 1–9,000
}

// PageTarget is a schedule (whoever is on call there, or of one of its layers)
// or a person.
type PageTarget struct {
	Schedule ScheduleID      `json:"schedule,omitempty"`
	Layer    int             `json:"layer,omitempty"` // 1-based; 0: the first that has somebody
	Contact  OnCallContactID `json:"contact,omitempty"`
}

// PolicyRoute says which policy takes a page: of a role ("" any), from a severity
// upwards (0 any; 2 takes SEV-1 and SEV-2). The one without either is the default.
type PolicyRoute struct {
	Role     IncidentRole `json:"role,omitempty"`
	Severity Severity     `json:"severity,omitempty"`
	Policy   PolicyID     `json:"policy"`
}

// Takes says whether the route takes the page.
func (r PolicyRoute) Takes(p NewPage) bool {
	return (r.Role == "" || r.Role == p.Role) && (r.Severity == 0 || p.Severity.Effective() <= r.Severity)
}

// RouteOf answers the policy for the page: the role counts before the severity,
// the narrower severity before the wider; "" when no route takes it.
func RouteOf(routes []PolicyRoute, p NewPage) PolicyID {
	best, at := -1, PolicyID("")
	for _, r := range routes {
		if !r.Takes(p) {
			continue
		}
		rank := 0
		if r.Severity != 0 {
			rank = 6 - int(r.Severity)
		}
		if r.Role != "" {
			rank += 10
		}
		if rank > best {
			best, at = rank, r.Policy
		}
	}
	return at
}

// OnCallSettings are what holds for every page.
type OnCallSettings struct {
	// Fallback are the contacts paged when nobody is on call, and when every
	// contact failed.
	Fallback []OnCallContactID `json:"fallback"`
	OnCallLimits
}

// OnCallLimits are the durations of paging, in the units they are named by.
type OnCallLimits struct {
	AckMinutes      int `json:"ack_minutes"`       // unacknowledged for so long, it pages again
	HoldMinutes     int `json:"hold_minutes"`      // an acknowledgement lasts so long, until the incident moves or somebody renews it
	LastMinutes     int `json:"last_minutes"`      // once every step and repeat is spent, the fallback is paged so often
	StaleMinutes    int `json:"stale_minutes"`     // a page not sent within that is not sent any more
	LinkHours       int `json:"link_hours"`        // links in messages open so long
	VerifyMinutes   int `json:"verify_minutes"`    // a code that proves a contact method is good so long
	ForgetDays      int `json:"forget_days"`       // what a message said, and where it went, is forgotten so long after it is done
	StuckSeconds    int `json:"stuck_seconds"`     // a waiting page older than that means that the outbox is stuck
	HeartbeatGrace  int `json:"heartbeat_grace"`   // seconds that an expected heartbeat may be late
	MaxRenewMinutes int `json:"max_renew_minutes"` // the longest time an acknowledgement can be renewed for at once
}

// DefaultOnCallSettings are what holds until somebody changes it.
func DefaultOnCallSettings() OnCallSettings {
	return OnCallSettings{OnCallLimits: OnCallLimits{AckMinutes: 10, HoldMinutes: 10, LastMinutes: 60, StaleMinutes: 30, LinkHours: 72,
		VerifyMinutes: 30, ForgetDays: 14, StuckSeconds: 120, HeartbeatGrace: 60, MaxRenewMinutes: 240}}
}

// Validate says whether the durations can be lived with.
func (l OnCallLimits) Validate() error {
	for _, c := range []struct {
		name      string
		v, lo, hi int
	}{
		{"ack_minutes", l.AckMinutes, 1, 1440}, {"hold_minutes", l.HoldMinutes, 1, 1440}, {"last_minutes", l.LastMinutes, 1, 1440},
		{"stale_minutes", l.StaleMinutes, 1, 1440}, {"link_hours", l.LinkHours, 1, 24 * 30}, {"verify_minutes", l.VerifyMinutes, 1, 1440},
		{"forget_days", l.ForgetDays, 1, 3650}, {"stuck_seconds", l.StuckSeconds, 10, 3600}, {"heartbeat_grace", l.HeartbeatGrace, 0, 86400},
		{"max_renew_minutes", l.MaxRenewMinutes, 1, 1440},
	} {
		if c.v < c.lo || c.v > c.hi {
			return InvalidField(c.name, "is out of range", "give "+Thousands(int64(c.lo))+" to "+Thousands(int64(c.hi)))
		}
	}
	return nil
}

// OnCallBook is everything that decides who is woken, as of one moment. Methods
// carry where they lead.
type OnCallBook struct {
	Contacts  []OnCallContact
	Schedules []Schedule
	Overrides []Override // that end in the future
	Policies  []Policy
	Routes    []PolicyRoute
	Settings  OnCallSettings
}

// Contact finds one.
func (b OnCallBook) Contact(id OnCallContactID) (OnCallContact, bool) {
	return findBy(b.Contacts, func(c OnCallContact) bool { return c.ID == id })
}

// Schedule finds one by ID or handle.
func (b OnCallBook) Schedule(ref string) (Schedule, bool) {
	return findBy(b.Schedules, func(s Schedule) bool { return string(s.ID) == ref || s.Handle == ref })
}

// Policy finds one by ID or handle.
func (b OnCallBook) Policy(ref string) (Policy, bool) {
	return findBy(b.Policies, func(p Policy) bool { return string(p.ID) == ref || p.Handle == ref })
}

func findBy[T any](all []T, is func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return found, false
}

// PageEvent is one line of a page's life. It names contacts by their IDs.
type PageEvent struct {
	Page    PageID          `json:"page"`
	Num     int64           `json:"num"` // 1-based within the page
	At      time.Time       `json:"at"`
	Kind    string          `json:"kind"`
	Contact OnCallContactID `json:"contact,omitempty"`
	Channel Channel         `json:"channel,omitempty"`
	By      string          `json:"by,omitempty"` // Actor.ID()
	Text    string          `json:"text,omitempty"`
}

// Kinds of a page's events: a closed list.
const (
	PageEventTriggered = "triggered"
	PageEventNotified  = "notified" // a message to this contact by this channel was queued
	PageEventSent      = "sent"     // and the far side took it
	PageEventFailed    = "failed"   // or never did
	PageEventAcked     = "acknowledged"
	PageEventRenewed   = "renewed"   // somebody is still working on it
	PageEventLapsed    = "lapsed"    // the acknowledgement ended; it pages again
	PageEventRepeated  = "repeated"  // nobody acknowledged in time; the same step again
	PageEventEscalated = "escalated" // to the next step
	PageEventFallback  = "fallback"  // the fallback is paged, because
	PageEventNobody    = "nobody"    // nobody at all can be reached
	PageEventResolved  = "resolved"
	PageEventAllClear  = "all-clear" // those paged are told that it is over
)

// PageFilter chooses pages.
type PageFilter struct {
	State    PageState  // "" any
	Open     bool       // triggered or acknowledged
	Incident IncidentID // "" any
}

// PageTurn is what paging does next with one page: the state it was judged in,
// and all that changes with it in one transaction.
type PageTurn struct {
	Page     PageID
	Turn     int64 // of the page as it was judged; another one has meanwhile been taken: nothing happens
	State    PageState
	Policy   PolicyID
	Step     int
	Round    int
	Spent    bool // every step and repeat has been gone through
	StepEnds time.Time
	NextAt   time.Time // zero: it rests
	Events   []PageEvent
	Messages []Outgoing
	// Watched says that the messages are of a step: when all of them fail, the
	// fallback is paged. Of the fallback's own there is nobody left to ask.
	Watched bool
}

// PageAlert is a contact's method that a page used, with what is needed to tell
// him more.
type PageAlert struct {
	Contact OnCallContactID
	Method  MethodID
	Message Outgoing // the last one: channel, receiver
}

// Monitor expects a heartbeat; one that is missing pages.
type Monitor struct {
	Name      string       `json:"name"` // a handle
	Every     int          `json:"every_seconds"`
	Severity  Severity     `json:"severity"`
	Role      IncidentRole `json:"role,omitempty"`
	LastAt    time.Time    `json:"last_at,omitzero"`
	MissingAt time.Time    `json:"missing_at,omitzero"` // since when it is known to be missing
	CreatedAt time.Time    `json:"created_at"`
}

// Due is when the monitor's silence counts, grace included.
func (m Monitor) Due(grace time.Duration) time.Time {
	from := m.LastAt
	if from.IsZero() {
		from = m.CreatedAt
	}
	return from.Add(time.Duration(m.Every)*time.Second + grace)
}
