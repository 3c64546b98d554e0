package cordon

import "time"

// Limits are the named ceilings of defaults.md, changeable per tenant. They
// count copies (recipients) in sliding windows and protect from the first day,
// before anything is learnt.
type Limits struct {
	BadIDs           int           `json:"bad_ids"`            // unknown or foreign IDs within BadIDWindow that suspend the key
	BadIDWindow      time.Duration `json:"bad_id_window"`      //
	BadIDShare       float64       `json:"bad_id_share"`       // of one call with ≥ BadIDShareFrom IDs
	BadIDShareFrom   int           `json:"bad_id_share_from"`  //
	KeySinglePerHour int           `json:"key_single_floor"`   // floor of the key's hourly single sends
	KeyBusiestFactor float64       `json:"key_busiest_factor"` // × the busiest hour of the history
	BurstShare       float64       `json:"burst_share"`        // of the key's hourly ceiling, sent within BurstWindow when it is hit: a burst, and the key is stopped
	BurstWindow      time.Duration `json:"burst_window"`       //
	NewTenantPerDay  int           `json:"new_tenant_per_day"` // until NewTenantFor or a first approved bulk send
	NewTenantFor     time.Duration `json:"new_tenant_for"`     //
	ReachFactor      float64       `json:"reach_factor"`       // × active recipients, per template and day, bulk
	BusiestDayFactor float64       `json:"busiest_day_factor"` // × the tenant's busiest day of the history, once it has HistoryDays of it
	HistoryDays      int           `json:"history_days"`       // days with sends before BusiestDayFactor applies
	History          time.Duration `json:"history"`            // how far back history is read
	UndoSingle       time.Duration `json:"undo_single"`        // wait before the first copy of a single send
	KeyPromptPerHour int           `json:"key_prompt_floor"`   // single sends of a key in an hour that wait no longer than that; its busiest hour of the history, when that is more
	UnusualWait      time.Duration `json:"unusual_wait"`       // wait of those beyond
	DecoysPerTenant  int           `json:"decoys_per_tenant"`  // at least
	RecipientsADecoy int           `json:"recipients_a_decoy"` // one more decoy for each so many recipients
	DecoyRotation    time.Duration `json:"decoy_rotation"`     // the oldest quarter of the decoys is replaced so often; 0 for never
	CheckTimeout     time.Duration `json:"check_timeout"`      // a check slower than this holds
	UndoBulk         time.Duration `json:"undo_bulk"`          // wait before the first copy of a bulk send
	FirstUseHold     time.Duration `json:"first_use_hold"`     // the same, while no copy of the version has gone out in bulk; the longer of the two
	StageFrom        int           `json:"stage_from"`         // a bulk send of more copies than this leaves in stages; 0: never
	Stages           StageSteps    `json:"stages"`             // the steps; behind the last, each is ten times the one before

	// Releasing or discarding more held copies than this in one act takes two people; 0: any.
	SecondPersonOver int `json:"second_person_above"`

	WatchLimits // at which evidence the watch holds and stops

	BehaviourLimits // what is unusual for a sender
}

// DefaultLimits are the numbers of defaults.md; docs/limits.md says where each
// was taken from.
func DefaultLimits() Limits {
	return Limits{
		BadIDs:           5,
		BadIDWindow:      60 * time.Second,
		BadIDShare:       0.01,
		BadIDShareFrom:   100,
		KeySinglePerHour: 60,
		KeyBusiestFactor: 5,
		BurstShare:       0.5,
		BurstWindow:      time.Minute,
		NewTenantPerDay:  200,
		NewTenantFor:     14 * 24 * time.Hour,
		ReachFactor:      1.1,
		BusiestDayFactor: 3,
		HistoryDays:      7,
		History:          28 * 24 * time.Hour,
		UndoSingle:       10 * time.Second,
		KeyPromptPerHour: 10,
		UnusualWait:      2 * time.Minute,
		DecoysPerTenant:  3,
		RecipientsADecoy: 200,
		DecoyRotation:    90 * 24 * time.Hour,
		CheckTimeout:     2 * time.Second,
		UndoBulk:         5 * time.Minute,
		FirstUseHold:     10 * time.Minute,
		StageFrom:        50,
		SecondPersonOver: 100,
		WatchLimits:      DefaultWatchLimits(),
		BehaviourLimits:  DefaultBehaviourLimits(),
		Stages: StageSteps{
			{Copies: 10, Wait: 2 * time.Minute}, {Copies: 100, Wait: 5 * time.Minute}, {Copies: 1000, Wait: 15 * time.Minute},
		},
	}
}

// Decoys is how many decoys a tenant of so many recipients should have.
func (l Limits) Decoys(recipients int) int {
	if l.RecipientsADecoy < 1 {
		return l.DecoysPerTenant
	}
	return max(l.DecoysPerTenant, (recipients+l.RecipientsADecoy-1)/l.RecipientsADecoy)
}

// Ceiling is one limit as the guard found it, re-checked by the store inside
// the transaction that accepts, so that two orders at once cannot both pass.
type Ceiling struct {
	Name     string     // shown to the caller: "key, single sends an hour"
	Key      KeyID      // copies of this key; "" for the whole tenant
	Kind     Kind       // copies of this kind; "" for both
	Template TemplateID // copies of this template; "" for all
	Since    time.Time  // window's start
	Max      int64      // copies in the window, this order included
}

// Pace is how much of a stream leaves promptly. An order beyond it is accepted,
// but waits longer before its first copy, so that what is wrong with the first
// few is seen before the rest leaves. The store counts it inside the transaction
// that accepts, so that orders at once cannot all be among the first.
type Pace struct {
	Ceiling Ceiling
	Wait    time.Duration
	Reason  Reason // goes along with the order that waits
}
