package cordon

import (
	"slices"
	"time"
)

// Regime is one duty to tell somebody, as a data file has it: an engineer's
// table, to be checked by counsel.
type Regime struct {
	ID     string `json:"id" toml:"id"`
	Name   string `json:"name" toml:"name"`
	Law    string `json:"law" toml:"law"`       // where it stands
	Source string `json:"source" toml:"source"` // URL of the text
	To     string `json:"to" toml:"to"`         // who must be told
	// Duty is whose it is: operator, once for each affected tenant; or tenant.
	Duty RegimeDuty `json:"duty" toml:"duty"`
	// Jurisdictions a tenant declares, any of which brings the regime; for the
	// operator's duties they are the tenant's all the same, because it is owed to.
	Jurisdictions []string `json:"jurisdictions" toml:"jurisdictions"`
	// Voluntary regimes are there only for who declared them.
	Voluntary bool `json:"voluntary,omitempty" toml:"voluntary"`

	Starts    string `json:"starts" toml:"starts"` // discovery, awareness or opened: all are the moment of opening, the earliest we know of
	Hours     int    `json:"hours,omitempty" toml:"hours"`
	Days      int    `json:"days,omitempty" toml:"days"`                     // calendar days
	YearEnd   bool   `json:"after_year_end,omitempty" toml:"after_year_end"` // Hours and Days count from the end of the calendar year
	Deadline  string `json:"deadline" toml:"deadline"`                       // in words, which go further than the numbers
	AtLeast   int64  `json:"at_least,omitempty" toml:"at_least"`             // people of the tenant, for it to fit
	Below     int64  `json:"below,omitempty" toml:"below"`
	Keep      string `json:"keep,omitempty" toml:"keep"`     // what must be kept, and for how long
	Note      string `json:"note,omitempty" toml:"note"`     //
	MetBy     MetBy  `json:"met_by,omitempty" toml:"met_by"` // what of ours meets it by itself
	Worksheet bool   `json:"worksheet,omitempty" toml:"worksheet"`

	Elements []RegimeElement `json:"elements" toml:"element"`
}

// RegimeElement is something that what is told must contain.
type RegimeElement struct {
	Key  string `json:"key" toml:"key"`   // what of the facts record answers it: see ElementKeys
	Text string `json:"text" toml:"text"` // as the law says it
}

// RegimeDuty is whose duty a regime is.
type RegimeDuty string

const (
	DutyOperator RegimeDuty = "operator"
	DutyTenant   RegimeDuty = "tenant"
)

// MetBy is what of ours meets a regime's duty by itself.
type MetBy string

const (
	MetByTelling  MetBy = "telling"   // the tenant was told, with its list
	MetByFollowUp MetBy = "follow-up" // its people were written to
)

// ElementKeys lists what may answer a regime's element: the texts of a facts
// record, and what is computed.
func ElementKeys() []string {
	keys := []string{"date_of_breach", "date_of_discovery", "numbers", "identity", "list", "record", "four_factors"}
	for _, f := range NoticeFields() {
		keys = append(keys, string(f))
	}
	return keys
}

// Due is when the duty must be done that began at the time; zero when there is no
// time limit.
func (r Regime) Due(began time.Time) time.Time {
	if r.Hours == 0 && r.Days == 0 {
		return time.Time{}
	}
	from := began.UTC()
	if r.YearEnd {
		from = time.Date(from.Year()+1, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	return from.Add(time.Duration(r.Hours)*time.Hour).AddDate(0, 0, r.Days)
}

// Fits says whether the regime is one of a tenant that declared these
// jurisdictions. Who declared none may be under any law that is not voluntary.
func (r Regime) Fits(declared []string) bool {
	if len(declared) == 0 {
		return !r.Voluntary
	}
	return slices.ContainsFunc(r.Jurisdictions, func(j string) bool { return slices.Contains(declared, j) })
}

// Decision about a regime.
type ClockDecision string

const (
	ClockUndecided  ClockDecision = "undecided"
	ClockApplies    ClockDecision = "applies"
	ClockDoesNot    ClockDecision = "does-not-apply"
	maxClockBecause               = 1000
)

// Clock is one regime's time in one incident for one tenant. The regime stands in
// it as it was when the incident was opened.
type Clock struct {
	Incident IncidentID `json:"incident"`
	Tenant   TenantID   `json:"tenant"`
	Handle   string     `json:"handle"`
	Regime   Regime     `json:"regime"`
	StartsAt time.Time  `json:"starts_at"`
	DueAt    time.Time  `json:"due_at,omitzero"`

	Decision  ClockDecision `json:"decision"`
	Because   string        `json:"because,omitempty"`
	DecidedBy string        `json:"decided_by,omitempty"` // Actor.Person()
	DecidedAt time.Time     `json:"decided_at,omitzero"`
	MetAt     time.Time     `json:"met_at,omitzero"` // when what it asks for was done
	MetHow    string        `json:"met_how,omitempty"`
	Paged     int           `json:"paged,omitempty"` // the highest share of its time, in percent, of which somebody was paged

	// Worked out when it is looked at.
	Remaining time.Duration `json:"-"`
	Used      int           `json:"used"`              // percent of its time, above 100 when overdue; 0 without a time limit
	Missing   []string      `json:"missing,omitempty"` // elements that nothing answers yet
	Hint      string        `json:"hint,omitempty"`    // what speaks for or against it
}

// Running says whether somebody must still act: it is undecided, or applies and
// was not met.
func (c Clock) Running() bool {
	return c.MetAt.IsZero() && (c.Decision == ClockUndecided || c.Decision == ClockApplies)
}

// At fills in what depends on the time.
func (c Clock) At(now time.Time) Clock {
	if c.DueAt.IsZero() {
		return c
	}
	c.Remaining = c.DueAt.Sub(now)
	if whole := c.DueAt.Sub(c.StartsAt); whole > 0 {
		c.Used = int(now.Sub(c.StartsAt) * 100 / whole)
	}
	return c
}

// ClockPages are the shares of a clock's time, in percent, at which somebody is
// paged, once each; the last is overdue.
func ClockPages() []int { return []int{50, 75, 90, 100} }

// PageDue is the share of which somebody should be paged now: the highest one
// that is reached and was not paged; 0 for none.
func (c Clock) PageDue() int {
	due := 0
	if c.Running() && !c.DueAt.IsZero() {
		for _, p := range ClockPages() {
			if c.Used >= p && c.Paged < p {
				due = p
			}
		}
	}
	return due
}

// ClockChoice is a person's decision about a regime.
type ClockChoice struct {
	Regime   string        `json:"regime"`
	Tenant   TenantID      `json:"tenant,omitempty"` // "": every tenant of the incident for which it is undecided
	Decision ClockDecision `json:"decision"`
	Because  string        `json:"because"`
	Met      bool          `json:"met,omitempty"` // what it asks for was done: because says how
}

// Validate says whether the choice is one.
func (c ClockChoice) Validate() error {
	switch {
	case c.Regime == "":
		return InvalidField("regime", "is missing", "cordon clock list shows them")
	case c.Decision != ClockApplies && c.Decision != ClockDoesNot:
		return InvalidField("decision", "is neither applies nor does-not-apply", "say one of the two")
	case c.Because == "":
		return InvalidField("because", "is missing", "say why: whoever reads it in six years was not there")
	case len(c.Because) > maxClockBecause:
		return InvalidField("because", "is longer than 1,000 bytes", "shorten it")
	case c.Met && c.Decision != ClockApplies:
		return InvalidField("met", "goes with applies alone", "what does not apply cannot be met")
	}
	return nil
}
