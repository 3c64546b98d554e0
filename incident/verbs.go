package incident

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// Open opens an incident by hand. A person of one tenant opens one of that tenant.
func (k *Keeper) Open(ctx context.Context, by cordon.Actor, n cordon.NewIncident) (cordon.Incident, error) {
	if by.Tenant != "" && n.Tenant == "" {
		n.Tenant = by.Tenant
	}
	if !by.Can(cordon.ManageIncidents, n.Tenant) {
		return cordon.Incident{}, forbidden(cordon.ManageIncidents)
	}
	if by.Tenant != "" && (len(n.Scope) > 0 || len(n.Links) > 0) { // what they name may be somebody else's
		return cordon.Incident{}, cordon.InvalidField("scope", "is said by the installation's people", "say in the text which mail is bad")
	}
	if err := n.Validate(); err != nil {
		return cordon.Incident{}, err
	}
	if n.Kind == "" {
		n.Kind = cordon.IncidentOther
	}
	n.Exercise = false // the store knows from the tenant
	n.Tasks, n.PageAfter = k.playbooks.Tasks(n.Kind), pageAfter(n.Severity)
	return k.store.OpenIncident(ctx, by, n)
}

// Find reads an incident by its ID, or as people call it: INC-12, or 12.
func (k *Keeper) Find(ctx context.Context, by cordon.Actor, ref string) (cordon.Incident, error) {
	if !by.Can(cordon.ReadIncidents, by.Tenant) {
		return cordon.Incident{}, forbidden(cordon.ReadIncidents)
	}
	id := cordon.IncidentID(ref)
	if !id.Valid() {
		digits := strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(ref), "INC"), "-")
		number, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || number < 1 {
			return cordon.Incident{}, missing()
		}
		i, err := k.store.IncidentNumbered(ctx, number)
		if err != nil {
			return i, err
		}
		id = i.ID
	}
	return k.Show(ctx, by, id)
}

// Show answers one incident: to a tenant's person only one that touches the tenant,
// and of one that touches others too, nothing that speaks of them.
func (k *Keeper) Show(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (cordon.Incident, error) {
	i, err := k.seen(ctx, by, id)
	if err != nil {
		return cordon.Incident{}, err
	}
	return veiled(by, i), nil
}

// seen reads an incident that the actor may know of.
func (k *Keeper) seen(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (cordon.Incident, error) {
	if !by.Can(cordon.ReadIncidents, by.Tenant) {
		return cordon.Incident{}, forbidden(cordon.ReadIncidents)
	}
	if !id.Valid() {
		return cordon.Incident{}, missing()
	}
	if by.Tenant != "" {
		touches, err := k.store.TouchesTenant(ctx, id, by.Tenant)
		if err != nil {
			return cordon.Incident{}, err
		}
		if !touches {
			return cordon.Incident{}, missing()
		}
	}
	return k.store.Incident(ctx, id)
}

// veiled is what an actor is shown of an incident: whoever belongs to one tenant
// reads no words about another.
func veiled(by cordon.Actor, i cordon.Incident) cordon.Incident {
	if by.Tenant == "" || i.Tenant == by.Tenant {
		return i
	}
	i.Title, i.Roles, i.OpenedBy, i.Into = kindTitle(i.Kind), nil, "", ""
	return i
}

func kindTitle(kind cordon.IncidentKind) string {
	switch kind {
	case cordon.IncidentTemplate:
		return "Mail that nobody authorised"
	case cordon.IncidentAccount:
		return "An account in foreign hands"
	case cordon.IncidentStorm:
		return "A storm of mail"
	case cordon.IncidentLeak:
		return "Addresses that nobody should have known"
	}
	return "An incident"
}

// List lists incidents, the newest first: of a tenant's person, those that touch
// the tenant.
func (k *Keeper) List(ctx context.Context, by cordon.Actor, f cordon.IncidentFilter, p cordon.Page) ([]cordon.Incident, string, error) {
	if by.Tenant != "" {
		if f.Tenant != "" && f.Tenant != by.Tenant {
			return nil, "", missing()
		}
		f.Tenant = by.Tenant
	}
	if !by.Can(cordon.ReadIncidents, by.Tenant) {
		return nil, "", forbidden(cordon.ReadIncidents)
	}
	list, next, err := k.store.Incidents(ctx, f, p)
	for n := range list {
		list[n] = veiled(by, list[n])
	}
	return list, next, err
}

// managed reads an incident that the actor may change. Only people of the
// installation decide about one: whoever steals a tenant's credentials must not be
// able to end the incident about it.
func (k *Keeper) managed(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (cordon.Incident, error) {
	i, err := k.seen(ctx, by, id)
	if err != nil {
		return i, err
	}
	if !by.Can(cordon.ManageIncidents, "") {
		return i, forbidden(cordon.ManageIncidents)
	}
	return i, nil
}

// Move takes an incident to another state. Contained is refused while something bad
// can leave, Monitoring and Resolved of SEV-1 and SEV-2 without a commander, and
// Resolved while anything is owed: the refusal lists it all.
func (k *Keeper) Move(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, to cordon.IncidentState, text string) (cordon.Incident, error) {
	i, err := k.managed(ctx, by, id)
	if err != nil {
		return i, err
	}
	switch {
	case !slices.Contains(cordon.IncidentStates(), to):
		return i, cordon.InvalidField("state", "is not a state", "say triage, investigating, contained, fixing, monitoring, resolved, review or closed")
	case to == cordon.IncidentMerged:
		return i, cordon.InvalidField("state", "needs the other incident", "use merge")
	case to == cordon.IncidentDeclined:
		return k.Decline(ctx, by, id, version, text)
	}
	if err := cordon.ValidIncidentText("text", text, true); err != nil {
		return i, err
	}
	if (to == cordon.IncidentMonitoring || to == cordon.IncidentResolved) && i.State.Open() && needsCommander(i.Severity) && i.Roles[cordon.RoleCommander] == "" {
		return i, &cordon.Error{Code: cordon.Conflict, Field: "roles", Message: i.Name() + " is " + i.Severity.String() + " and has no commander", Remedy: "take it first: cordon incident assign " + i.Name() + " commander"}
	}
	if to == cordon.IncidentContained {
		c, err := k.store.IncidentContainment(ctx, id)
		if err != nil {
			return i, err
		}
		if len(c.Open) > 0 {
			return i, openStill(i, c)
		}
		return k.store.ContainIncident(ctx, by, id, version, c.At, text)
	}
	if !to.Open() { // what came before the end belongs to it, also what nobody has looked at yet
		if err := k.takeIn(ctx); err != nil {
			return i, err
		}
	}
	return k.store.MoveIncident(ctx, by, id, version, to, text)
}

func openStill(i cordon.Incident, c cordon.IncidentContainment) error {
	e := &cordon.Error{Code: cordon.Conflict, Field: "state", Message: i.Name() + " is not contained: something bad can still leave", Remedy: "stop it: cordon stop --help"}
	for _, open := range c.Open {
		e.Faults = append(e.Faults, cordon.Fault{Field: "open", Message: open})
	}
	return e
}

// Decline ends an incident that was none, with the reason.
func (k *Keeper) Decline(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, why string) (cordon.Incident, error) {
	i, err := k.managed(ctx, by, id)
	if err != nil {
		return i, err
	}
	if err := cordon.ValidIncidentText("reason", why, false); err != nil {
		return i, err
	}
	if err := k.takeIn(ctx); err != nil {
		return i, err
	}
	return k.store.MoveIncident(ctx, by, id, version, cordon.IncidentDeclined, why)
}

// Merge ends an incident as part of another.
func (k *Keeper) Merge(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, into cordon.IncidentID, why string) (cordon.Incident, error) {
	i, err := k.managed(ctx, by, id)
	if err != nil {
		return i, err
	}
	if _, err := k.managed(ctx, by, into); err != nil {
		return i, err
	}
	if err := cordon.ValidIncidentText("reason", why, true); err != nil {
		return i, err
	}
	return k.store.MergeIncident(ctx, by, id, version, into, why)
}

// EndExercise ends the incident of a drill, whatever it owes.
func (k *Keeper) EndExercise(ctx context.Context, by cordon.Actor, id cordon.IncidentID, why string) (cordon.Incident, error) {
	i, err := k.managed(ctx, by, id)
	if err != nil {
		return i, err
	}
	if err := cordon.ValidIncidentText("reason", why, false); err != nil {
		return i, err
	}
	if err := k.takeIn(ctx); err != nil {
		return i, err
	}
	return k.store.EndExercise(ctx, by, id, why)
}

// Change changes title, severity, kind or whether it is public.
func (k *Keeper) Change(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, c cordon.IncidentChange) (cordon.Incident, error) {
	i, err := k.managed(ctx, by, id)
	if err != nil {
		return i, err
	}
	switch {
	case c.Severity != nil && (*c.Severity < 1 || *c.Severity > 5):
		return i, cordon.InvalidField("severity", "is not SEV-1 to SEV-5", "1 is the worst; if unsure, take the higher")
	case c.Kind != nil && !slices.Contains(cordon.IncidentKinds(), *c.Kind):
		return i, cordon.InvalidField("kind", "is not a kind of incident", "say template-abuse, account-takeover, list-storm, address-leak or other")
	}
	if c.Title != nil {
		if err := cordon.ValidIncidentTitle(*c.Title); err != nil {
			return i, err
		}
	}
	if err := cordon.ValidIncidentText("reason", c.Reason, true); err != nil {
		return i, err
	}
	return k.store.ChangeIncident(ctx, by, id, version, c)
}

// Assign gives a role to an account; Take gives it to whoever asks.
func (k *Keeper) Assign(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, role cordon.IncidentRole, holder cordon.AccountID) (cordon.Incident, error) {
	if i, err := k.managed(ctx, by, id); err != nil {
		return i, err
	}
	return k.store.AssignIncident(ctx, by, id, version, role, holder)
}

// Take gives the role to whoever asks.
func (k *Keeper) Take(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, role cordon.IncidentRole) (cordon.Incident, error) {
	return k.Assign(ctx, by, id, version, role, cordon.AccountID(by.Person()))
}

// Note adds a line to the timeline. A tenant's person writes into the tenant's own
// part of it.
func (k *Keeper) Note(ctx context.Context, by cordon.Actor, id cordon.IncidentID, text string) error {
	if _, err := k.seen(ctx, by, id); err != nil {
		return err
	}
	if !by.Can(cordon.ManageIncidents, by.Tenant) {
		return forbidden(cordon.ManageIncidents)
	}
	if err := cordon.ValidIncidentText("text", text, false); err != nil {
		return err
	}
	return k.store.NoteIncidentFor(ctx, by, id, by.Tenant, text)
}

// Link ties something to an incident. A key or an account linked by a person was in
// foreign hands, and is owed back.
func (k *Keeper) Link(ctx context.Context, by cordon.Actor, id cordon.IncidentID, l cordon.IncidentLink) error {
	if _, err := k.managed(ctx, by, id); err != nil {
		return err
	}
	l.Recover = l.Noun == cordon.LinkKey || l.Noun == cordon.LinkAccount
	return k.store.LinkIncident(ctx, by, id, l)
}

// Recovered notes that a key or account is in the right hands again.
func (k *Keeper) Recovered(ctx context.Context, by cordon.Actor, id cordon.IncidentID, noun, subject, text string) error {
	if _, err := k.managed(ctx, by, id); err != nil {
		return err
	}
	if err := cordon.ValidIncidentText("reason", text, false); err != nil {
		return err
	}
	return k.store.RecoverIncident(ctx, by, id, noun, subject, text)
}

// AddScope says of more dispatches that they are bad; every figure follows.
func (k *Keeper) AddScope(ctx context.Context, by cordon.Actor, id cordon.IncidentID, q cordon.Question) error {
	if _, err := k.managed(ctx, by, id); err != nil {
		return err
	}
	return k.store.AddIncidentScope(ctx, by, id, q)
}

// RemoveScope says that what a row alone names was not bad.
func (k *Keeper) RemoveScope(ctx context.Context, by cordon.Actor, id cordon.IncidentID, num int64, why string) error {
	if _, err := k.managed(ctx, by, id); err != nil {
		return err
	}
	if err := cordon.ValidIncidentText("reason", why, false); err != nil {
		return err
	}
	return k.store.RemoveIncidentScope(ctx, by, id, num, why)
}

// AddTask sets a further task; an action item when the incident is over.
func (k *Keeper) AddTask(ctx context.Context, by cordon.Actor, id cordon.IncidentID, t cordon.IncidentTask) error {
	i, err := k.managed(ctx, by, id)
	if err != nil {
		return err
	}
	if t.Role != "" && !slices.Contains(cordon.IncidentRoles(), t.Role) {
		return cordon.InvalidField("role", "is not a role", "say commander, deputy, scribe, customer-liaison or internal-liaison")
	}
	t.Action = t.Action || !i.State.Open()
	return k.store.AddIncidentTask(ctx, by, id, t)
}

// SettleTask marks a task as done, skipped (with the reason) or open again.
func (k *Keeper) SettleTask(ctx context.Context, by cordon.Actor, id cordon.IncidentID, num int64, to cordon.TaskState, reason string) error {
	if _, err := k.managed(ctx, by, id); err != nil {
		return err
	}
	switch to {
	case cordon.TaskDone, cordon.TaskOpen:
	case cordon.TaskSkipped:
		if strings.TrimSpace(reason) == "" {
			return cordon.InvalidField("reason", "is missing", "say why it is not done; it goes into the ledger")
		}
	default:
		return cordon.InvalidField("state", "is not a task's state", "say done, skipped or open")
	}
	if err := cordon.ValidIncidentText("reason", reason, true); err != nil {
		return err
	}
	return k.store.SettleIncidentTask(ctx, by, id, num, to, reason)
}

// Review writes what the review found.
func (k *Keeper) Review(ctx context.Context, by cordon.Actor, id cordon.IncidentID, p cordon.Postmortem) error {
	if _, err := k.managed(ctx, by, id); err != nil {
		return err
	}
	for _, part := range []struct{ field, text string }{
		{"summary", p.Summary}, {"cause", p.Cause}, {"went_well", p.WentWell}, {"went_badly", p.WentBadly}, {"lucky", p.Lucky},
	} {
		if len(part.text) > 20000 {
			return cordon.InvalidField(part.field, "is longer than 20,000 bytes", "shorten it")
		}
	}
	return k.store.SavePostmortem(ctx, by, id, p)
}

// ago is how far before a row of scope copies of the same credential are counted,
// for a person to see what the rule left out.
const ago = 24 * time.Hour

func missing() error {
	return &cordon.Error{Code: cordon.Missing, Field: "incident", Message: "there is no such incident, or it is not yours", Remedy: "name it as cordon incident list shows it"}
}

func forbidden(p cordon.Permission) error {
	return cordon.Errorf(cordon.Denied, "this needs the permission %s, for the installation or the tenant in question", p)
}
