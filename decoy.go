package cordon

import (
	"net/netip"
	"time"
)

// DecoyKind says what can touch a decoy.
type DecoyKind string

const (
	DecoyEnumeration DecoyKind = "enumeration" // its ID is in no list, so only a thief can name it; its address reaches nobody
	DecoyMailbox     DecoyKind = "mailbox"     // besides, its address receives: mail from outside proves that the directory leaked
)

// Planting is a decoy about to be planted.
type Planting struct {
	Person Person
	Kind   DecoyKind
	// Refs are external references to try: the first that nobody of the tenant
	// has is taken. Without any the decoy has none.
	Refs  []string
	Label string // the occasion, or what it was planted into, in operators' words; never personal data
}

// Decoy is a planted recipient as whoever receives its mail knows it. Which
// recipient it is stays in the store.
type Decoy struct {
	Tenant    TenantID
	Num       int64 // position in the store, never shown
	Kind      DecoyKind
	Label     string
	PlantedAt time.Time
	RetiredAt time.Time // zero while it stands; a retired decoy stays a trap
}

// Arrival is one mail from outside at a planted address: what proves a leak, and
// nothing of what the mail said.
type Arrival struct {
	Sender  string // domain of the envelope's sender; "" for the null sender
	Network string // of the client, as ClientNetwork writes it; "" when it is not known
	Size    int64  // bytes of the message
	Print   string // fingerprint of the content; "" when none was made
	Probe   bool   // the address was asked for, and no message followed
	At      time.Time
}

// DecoyArrival is what arrived at one decoy from one place within one hour.
type DecoyArrival struct {
	Tenant    TenantID  `json:"tenant"`
	Label     string    `json:"label,omitempty"`
	PlantedAt time.Time `json:"planted_at"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
	Sender    string    `json:"sender,omitempty"`
	Network   string    `json:"network,omitempty"`
	Size      int64     `json:"size"`            // of the first
	Print     string    `json:"print,omitempty"` // of the first
	Probe     bool      `json:"probe,omitempty"`
	Copies    int64     `json:"copies"`
	FirstAt   time.Time `json:"first_at"`
	LastAt    time.Time `json:"last_at"`
}

// DecoyCoverage says how well a tenant's directory is guarded, and what was
// touched. It never says which recipients are decoys.
type DecoyCoverage struct {
	Tenant       TenantID   `json:"tenant"`
	Handle       string     `json:"handle"`
	Name         string     `json:"name"`
	Exercise     bool       `json:"exercise,omitempty"`
	People       int        `json:"people"`    // active recipients, decoys left out
	Wanted       int        `json:"wanted"`    // decoys the tenant's limits ask for
	Standing     int        `json:"standing"`  // decoys of every kind that are not retired
	Mailboxes    int        `json:"mailboxes"` // those of them whose address receives
	Retired      int        `json:"retired"`   // replaced, and still traps
	Oldest       time.Time  `json:"oldest,omitzero"`
	LastRotation time.Time  `json:"last_rotation,omitzero"`
	Touches      int64      `json:"touches"`  // of the days, by orders, by copies at the exit, and by people opened
	Arrivals     int64      `json:"arrivals"` // of the days, by mail from outside
	Days         []DecoyDay `json:"days"`     // UTC, the oldest first, today last
}

// DecoyDay is one day's touches.
type DecoyDay struct {
	Day      time.Time `json:"day"`
	Touches  int64     `json:"touches"`
	Arrivals int64     `json:"arrivals"`
}

// DecoyDays is how many days a coverage looks back, today included.
const DecoyDays = 30

// ClientNetwork is as much of a client's address as is kept: its /24, or its /48
// for IPv6. It is "" for no address.
func ClientNetwork(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	a = a.Unmap().WithZone("")
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}
