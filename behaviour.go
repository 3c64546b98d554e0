package cordon

import "time"

// BehaviourLimits say what is unusual for a sender. A zero stands for its
// default: none of them can be switched off, only widened, and that is an
// operator's act with a ledger entry. What is learnt moves below them by itself.
type BehaviourLimits struct {
	FirstTimePerHour int           `json:"first_time_per_hour"` // recipients that a person's account never wrote to
	FirstTimePerDay  int           `json:"first_time_per_day"`  //
	AccountPerHour   int           `json:"account_per_hour"`    // single copies of a person's account
	AccountPerDay    int           `json:"account_per_day"`     //
	AccountPerOrder  int           `json:"account_per_order"`   // recipients of one single order of a person's account
	Strangers        int           `json:"strangers"`           // first-time recipients at once that are nothing unusual
	StrangersPerHour float64       `json:"strangers_per_hour"`  // of which so many an hour are forgotten, beyond the sender's own average
	RipeAfter        time.Duration `json:"ripe_after"`          // a sender's history binds once it is known so long
	GroupShare       float64       `json:"group_share"`         // of an order's first-time recipients who must be near colleagues' contacts to be a known group
}

// DefaultBehaviourLimits are the numbers of docs/behaviour.md.
func DefaultBehaviourLimits() BehaviourLimits {
	return BehaviourLimits{
		FirstTimePerHour: 50,
		FirstTimePerDay:  200,
		AccountPerHour:   400,
		AccountPerDay:    800,
		AccountPerOrder:  100,
		Strangers:        10,
		StrangersPerHour: 0.5,
		RipeAfter:        7 * 24 * time.Hour,
		GroupShare:       0.7,
	}
}

// Whole is the limits with every zero replaced by its default.
func (l BehaviourLimits) Whole() BehaviourLimits {
	d := DefaultBehaviourLimits()
	for _, n := range []struct {
		to   *int
		from int
	}{
		{&l.FirstTimePerHour, d.FirstTimePerHour}, {&l.FirstTimePerDay, d.FirstTimePerDay}, {&l.AccountPerHour, d.AccountPerHour},
		{&l.AccountPerDay, d.AccountPerDay}, {&l.AccountPerOrder, d.AccountPerOrder}, {&l.Strangers, d.Strangers},
	} {
		if *n.to <= 0 {
			*n.to = n.from
		}
	}
	if l.StrangersPerHour <= 0 {
		l.StrangersPerHour = d.StrangersPerHour
	}
	if l.RipeAfter <= 0 {
		l.RipeAfter = d.RipeAfter
	}
	if l.GroupShare <= 0 {
		l.GroupShare = d.GroupShare
	}
	return l
}

// Faults names the limits that are out of range.
func (l BehaviourLimits) Faults() []Fault {
	var faults []Fault
	need := func(ok bool, field, remedy string) {
		if !ok {
			faults = append(faults, Fault{Field: field, Message: "is out of range", Remedy: remedy})
		}
	}
	for _, n := range []struct {
		field string
		value int
	}{
		{"first_time_per_hour", l.FirstTimePerHour}, {"first_time_per_day", l.FirstTimePerDay}, {"account_per_hour", l.AccountPerHour},
		{"account_per_day", l.AccountPerDay}, {"account_per_order", l.AccountPerOrder}, {"strangers", l.Strangers},
	} {
		need(n.value >= 0, n.field, "1 or more; 0 for the default")
	}
	need(l.StrangersPerHour >= 0 && l.StrangersPerHour <= 1000, "strangers_per_hour", "above 0, at most 1000; 0 for the default")
	need(l.RipeAfter >= 0 && l.RipeAfter <= 90*24*time.Hour, "ripe_after", "at most 90 days; 0 for the default")
	need(l.GroupShare >= 0 && l.GroupShare <= 1, "group_share", "above 0, at most 1; 0 for the default")
	return faults
}

// SubjectKind is what kind of sender a behaviour is known of.
type SubjectKind string

const (
	SubjectAccount  SubjectKind = "account"
	SubjectKey      SubjectKind = "key"
	SubjectTemplate SubjectKind = "template"
	SubjectTenant   SubjectKind = "tenant"
)

// Subject is one whose sending is measured against its own history.
type Subject struct {
	Kind SubjectKind `json:"kind"`
	ID   string      `json:"id"`
}

// Behaviour is what is remembered of a subject: numbers and hashes, never whom
// it wrote to. The zero Behaviour is one that never sent anything.
type Behaviour struct {
	State []byte // gauge.Profile, encoded; nil when there is none yet
	// PardonedAt is when a person last released something that was held of this
	// subject: what had piled up against it until then is answered.
	PardonedAt time.Time
}

// Acquaintance is how well a sender knows the recipients of an order.
type Acquaintance struct {
	Known int // written to by this sender before
	// Close of the others are written to by at least two near colleagues: senders
	// of the same tenant who share recipients with this one.
	Close int
}

// Lesson is what one order teaches about one subject. The store applies it in
// the transaction that accepts the order, to the behaviour as it is then, so
// that of two orders at once the second is weighed with the first counted.
type Lesson struct {
	Subject Subject
	// Apply weighs the order once more and answers what is remembered from now
	// on. It is pure and may be called more than once. held: the order is held,
	// so that nothing is learnt of it but that it was tried. passes is false when
	// an order that is not held would now have to be.
	Apply func(b Behaviour, held bool) (state []byte, passes bool)
}

// BehaviourMoved is the field of the Conflict that a store answers when a lesson
// no longer passes: the order is to be judged again, and nothing was accepted.
const BehaviourMoved = "behaviour"

// Movement is how much a subject's order moves what is known of it; it goes
// along with the verdict.
type Movement struct {
	Lessons []Lesson
	Sender  Subject // whose acquaintances the recipients become; zero for none
}
