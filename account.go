package cordon

import (
	"slices"
	"time"
)

// Permission is one thing an actor may be allowed to do. The zero Permission
// is granted to nobody, so a route that forgot to name one is closed.
type Permission string

const (
	ManageTenants    Permission = "tenants.manage" // create tenants, domains, accounts
	ManageKeys       Permission = "keys.manage"
	ReadCatalog      Permission = "catalog.read" // names and counts; never personal data
	ManageRecipients Permission = "recipients.manage"
	ManageTemplates  Permission = "templates.manage" // write drafts
	ApproveTemplates Permission = "templates.approve"
	SendSingle       Permission = "send.single"
	SendBulk         Permission = "send.bulk"
	SendFree         Permission = "send.free" // content that is not an approved template version
	ReadDispatches   Permission = "dispatches.read"
	ReleaseHolds     Permission = "holds.release"
	PlaceStops       Permission = "stops.place"
	LiftStops        Permission = "stops.lift"
	Assess           Permission = "assess"
	Reveal           Permission = "reveal" // open addresses; each use is a ledger entry
	ReadLedger       Permission = "ledger.read"
	RunDrills        Permission = "drills.run"
	RecordComplaints Permission = "complaints.record" // a feedback loop's processor, or a person who takes them
	ReportInbound    Permission = "inbound.report"    // tell of mail from outside that arrived for us

	ReadIncidents     Permission = "incidents.read"
	ManageIncidents   Permission = "incidents.manage"   // open, move, assign, resolve
	ManageOnCall      Permission = "oncall.manage"      // schedules, contacts, escalation
	PostAnnouncements Permission = "announcements.post" // speak in public
	ManageNotices     Permission = "notices.manage"     // draft what is told to those affected
	ApproveNotices    Permission = "notices.approve"    // what somebody else, or the house, drafted
	HandleReports     Permission = "reports.handle"     // read and settle what came in
)

// Permissions lists every permission, in the order in which they are shown.
func Permissions() []Permission {
	return []Permission{
		ManageTenants, ManageKeys, ReadCatalog, ManageRecipients, ManageTemplates, ApproveTemplates,
		SendSingle, SendBulk, SendFree, ReadDispatches, ReleaseHolds, PlaceStops, LiftStops,
		Assess, Reveal, ReadLedger, RunDrills, ReportInbound, RecordComplaints,
		ReadIncidents, ManageIncidents, ManageOnCall, PostAnnouncements, ManageNotices, ApproveNotices, HandleReports,
	}
}

// ActorKind says what kind of right the actor uses.
type ActorKind string

const (
	ActorOperator ActorKind = "operator" // holds the data folder or the console's one-time link
	ActorAccount  ActorKind = "account"  // a person, signed in or named by the operator with --as
	ActorKey      ActorKind = "key"      // a program, by an API key of an account
	ActorSystem   ActorKind = "system"   // Cordon itself: the exit, an automatic stop
)

// Actor is who does this, by what right, for which tenant. It is an explicit
// argument of every verb, never hidden in a context. The zero Actor can do
// nothing.
type Actor struct {
	Kind        ActorKind    `json:"kind"`
	Account     AccountID    `json:"account,omitempty"`
	Key         KeyID        `json:"key,omitempty"`
	Tenant      TenantID     `json:"tenant,omitempty"` // "" for an actor of the whole installation
	Permissions []Permission `json:"-"`
}

// System is Cordon itself acting.
func System() Actor { return Actor{Kind: ActorSystem} }

// Can says whether the actor holds the permission on things of the tenant. An
// actor of one tenant can do nothing to another, whatever its permissions; ""
// as tenant asks for the whole installation.
func (a Actor) Can(p Permission, tenant TenantID) bool {
	if p == "" || a.Kind == "" {
		return false
	}
	if a.Tenant != "" && a.Tenant != tenant {
		return false
	}
	return slices.Contains(a.Permissions, p)
}

// ID names the actor in the ledger: "key_…", "acc_…", "operator" or "system".
func (a Actor) ID() string {
	switch {
	case a.Key != "":
		return string(a.Key)
	case a.Account != "":
		return string(a.Account)
	default:
		return string(a.Kind)
	}
}

// Person identifies the human being behind the actor, for rules that need two
// different people: a key stands for the account it belongs to.
func (a Actor) Person() string {
	if a.Account != "" {
		return string(a.Account)
	}
	return string(a.Kind)
}

// Role names a fixed set of permissions given to an account.
type Role string

const (
	RoleOperator  Role = "operator"  // everything, every tenant
	RoleResponder Role = "responder" // stop, lift, assess
	RoleAuthor    Role = "author"    // writes templates, sends
	RoleApprover  Role = "approver"  // approves what others wrote
	RoleSender    Role = "sender"    // sends approved templates
	RoleViewer    Role = "viewer"
)

// Permissions is the role's row of the table; an unknown role has none.
func (r Role) Permissions() []Permission {
	switch r {
	case RoleOperator:
		return Permissions()
	case RoleResponder:
		return []Permission{ReadCatalog, ReadDispatches, ReleaseHolds, PlaceStops, LiftStops, Assess, Reveal, ReadLedger, RecordComplaints,
			ReadIncidents, ManageIncidents, PostAnnouncements, ManageNotices, ApproveNotices, HandleReports}
	case RoleAuthor:
		return []Permission{ReadCatalog, ReadDispatches, ManageRecipients, ManageTemplates, SendSingle, SendBulk, PlaceStops, Assess, RecordComplaints}
	case RoleApprover:
		return []Permission{ReadCatalog, ReadDispatches, ApproveTemplates, ReleaseHolds, PlaceStops, LiftStops, Assess, ReadIncidents, ApproveNotices}
	case RoleSender:
		return []Permission{ReadCatalog, ReadDispatches, SendSingle, SendBulk, PlaceStops}
	case RoleViewer:
		return []Permission{ReadCatalog, ReadDispatches, Assess, ReadIncidents}
	default:
		return nil
	}
}

// Account is a person's (or a program owner's) right to act.
type Account struct {
	ID        AccountID `json:"id"`
	Tenant    TenantID  `json:"tenant,omitempty"` // "" for the whole installation
	Name      string    `json:"name"`
	Role      Role      `json:"role"`
	CreatedAt time.Time `json:"created_at"`
}

// KeyState: active → suspended (by a signal or a person) → active, and either
// → revoked, which is final.
type KeyState string

const (
	KeyActive    KeyState = "active"
	KeySuspended KeyState = "suspended"
	KeyRevoked   KeyState = "revoked"
)

// Key is an API credential. Its secret is shown once and stored only as a hash.
type Key struct {
	ID          KeyID        `json:"id"`
	Tenant      TenantID     `json:"tenant,omitempty"`
	Account     AccountID    `json:"account"`
	Name        string       `json:"name"`
	Permissions []Permission `json:"permissions"`
	State       KeyState     `json:"state"`
	StateReason string       `json:"state_reason,omitempty"`
	CreatedAt   time.Time    `json:"created_at"`
	ExpiresAt   time.Time    `json:"expires_at,omitzero"`
	LastUsedAt  time.Time    `json:"last_used_at,omitzero"`
}

// Usable says whether the key may act at the time.
func (k Key) Usable(now time.Time) bool {
	return k.State == KeyActive && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}
