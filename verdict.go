package cordon

// Decision is what judging came to; the worst of several wins. The zero value
// is Undecided, and Undecided acts as Hold: nothing passes because a check
// forgot to answer.
type Decision int

const (
	Undecided Decision = iota
	Pass
	Hold
	Refuse
)

func (d Decision) String() string {
	switch d {
	case Pass:
		return "pass"
	case Hold:
		return "hold"
	case Refuse:
		return "refuse"
	default:
		return "undecided"
	}
}

// MarshalText makes the decision's word its JSON.
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the word back; one that is none is Undecided, and an error.
func (d *Decision) UnmarshalText(text []byte) error {
	for _, known := range []Decision{Undecided, Pass, Hold, Refuse} {
		if known.String() == string(text) {
			*d = known
			return nil
		}
	}
	*d = Undecided
	return InvalidField("decision", "is no decision", "pass, hold or refuse")
}

// Effective is the decision that is acted on: Undecided holds.
func (d Decision) Effective() Decision {
	if d != Pass && d != Refuse {
		return Hold
	}
	return d
}

// Reason is why a check decided as it did, in words a practice manager
// understands.
type Reason struct {
	Check    string   `json:"check"`
	Decision Decision `json:"decision"`
	Message  string   `json:"message"`
}

// Checks whose word others look for among a dispatch's reasons.
const (
	CheckScreen   = "screen"    // what the letter says and shows
	CheckSameText = "same-text" // the same words under several organisations' names
)

// Verdict is a decision with its reasons, and what must happen at once with it.
type Verdict struct {
	Decision Decision `json:"decision"`
	Reasons  []Reason `json:"reasons,omitempty"`
	// Code and Remedy go to the caller when the decision is Refuse.
	Code   Code    `json:"-"`
	Faults []Fault `json:"-"`
	// Signals and Stops are committed in the same transaction as the decision,
	// so that there is no moment between seeing and stopping.
	Signals []Signal `json:"-"`
	Stops   []Stop   `json:"-"`
	// Ceilings are re-checked in the transaction that accepts.
	Ceilings []Ceiling `json:"-"`
	// Pace is how much leaves promptly; nil when the order is bound by none.
	Pace *Pace `json:"-"`
	// Movement is what the order teaches about its sender, applied in the
	// transaction that accepts it.
	Movement *Movement `json:"-"`
	// Sightings are fingerprints of what the order says, noted with it.
	Sightings []Fingerprint `json:"-"`
	// SuspendKey says why the actor's key is suspended; "" leaves it.
	SuspendKey string `json:"-"`
}

// Join folds a check's verdict into v: the worst decision wins, reasons,
// signals and stops add up. Undecided counts as Hold.
func (v *Verdict) Join(w Verdict) {
	was := v.Decision
	v.Decision = max(v.Decision, w.Decision.Effective())
	if v.Decision > was && w.Code != "" {
		v.Code = w.Code
	}
	v.Reasons = append(v.Reasons, w.Reasons...)
	v.Faults = append(v.Faults, w.Faults...)
	v.Signals = append(v.Signals, w.Signals...)
	v.Stops = append(v.Stops, w.Stops...)
	v.Ceilings = append(v.Ceilings, w.Ceilings...)
	if v.Pace == nil {
		v.Pace = w.Pace
	}
	if v.Movement == nil {
		v.Movement = w.Movement
	}
	v.Sightings = append(v.Sightings, w.Sightings...)
	if v.SuspendKey == "" {
		v.SuspendKey = w.SuspendKey
	}
}
