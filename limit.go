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
	DecoysPerTenant  int           `json:"decoys_per_tenant"`  // at least
	RecipientsADecoy int           `json:"recipients_a_decoy"` // one more decoy for each so many recipients
	CheckTimeout     time.Duration `json:"check_timeout"`      // a check slower than this holds
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
		DecoysPerTenant:  3,
		RecipientsADecoy: 200,
		CheckTimeout:     2 * time.Second,
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
