package incident

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Timeline lists the lines of an incident's timeline that the actor may read, the
// newest first.
func (k *Keeper) Timeline(ctx context.Context, by cordon.Actor, id cordon.IncidentID, p cordon.Page) ([]cordon.IncidentLine, string, error) {
	if _, err := k.seen(ctx, by, id); err != nil {
		return nil, "", err
	}
	lines, next, err := k.store.IncidentTimeline(ctx, id, by.Tenant, p)
	if by.Tenant != "" {
		for n := range lines {
			if lines[n].Tenant != by.Tenant {
				lines[n].By, lines[n].Subject = "", ""
			}
		}
	}
	return lines, next, err
}

// Links lists what is linked that the actor may see.
func (k *Keeper) Links(ctx context.Context, by cordon.Actor, id cordon.IncidentID) ([]cordon.IncidentLink, error) {
	if _, err := k.seen(ctx, by, id); err != nil {
		return nil, err
	}
	return k.store.IncidentLinks(ctx, id, by.Tenant)
}

// ScopeRow is a row of scope, with what the same would count a day earlier.
type ScopeRow struct {
	cordon.IncidentScope
	Before int64 `json:"copies_before"` // copies of the same in the 24 hours before From, which are not counted
}

// Scope lists what the incident is about. It is the installation's to know: the
// rows name keys and accounts.
func (k *Keeper) Scope(ctx context.Context, by cordon.Actor, id cordon.IncidentID) ([]ScopeRow, error) {
	i, err := k.seen(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if by.Tenant != "" && i.Tenant != by.Tenant {
		return []ScopeRow{}, nil
	}
	scopes, err := k.store.IncidentScopes(ctx, id)
	if err != nil {
		return nil, err
	}
	rows := make([]ScopeRow, len(scopes))
	for n, s := range scopes {
		rows[n].IncidentScope = s
		if s.From.IsZero() {
			continue
		}
		if rows[n].Before, err = k.store.ScopeBefore(ctx, id, s.Num, ago); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// Tasks lists what is to be done. A tenant's person sees none: the tasks speak of
// everybody's mail.
func (k *Keeper) Tasks(ctx context.Context, by cordon.Actor, id cordon.IncidentID) ([]cordon.IncidentTask, error) {
	i, err := k.seen(ctx, by, id)
	if err != nil || by.Tenant != "" {
		return nil, err
	}
	tasks, err := k.store.IncidentTasks(ctx, id)
	for n := range tasks {
		tasks[n] = putIn(i, tasks[n])
	}
	return tasks, err
}

// Owed lists what is still owed. A tenant's person sees none of it.
func (k *Keeper) Owed(ctx context.Context, by cordon.Actor, id cordon.IncidentID) ([]cordon.Debt, error) {
	if _, err := k.seen(ctx, by, id); err != nil || by.Tenant != "" {
		return nil, err
	}
	return k.store.IncidentDebts(ctx, id)
}

// Containment answers whether anything bad can still leave.
func (k *Keeper) Containment(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (cordon.IncidentContainment, error) {
	if _, err := k.seen(ctx, by, id); err != nil {
		return cordon.IncidentContainment{}, err
	}
	if by.Tenant != "" {
		return cordon.IncidentContainment{}, forbidden(cordon.ReadIncidents)
	}
	return k.store.IncidentContainment(ctx, id)
}

// Postmortem answers what the review found.
func (k *Keeper) Postmortem(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (cordon.Postmortem, error) {
	if _, err := k.seen(ctx, by, id); err != nil || by.Tenant != "" {
		return cordon.Postmortem{}, err
	}
	return k.store.IncidentPostmortem(ctx, id)
}

// Tenants lists whom it touches: to a tenant's person, nobody else.
func (k *Keeper) Tenants(ctx context.Context, by cordon.Actor, id cordon.IncidentID) ([]cordon.TenantID, error) {
	if _, err := k.seen(ctx, by, id); err != nil {
		return nil, err
	}
	if by.Tenant != "" {
		return []cordon.TenantID{by.Tenant}, nil
	}
	return k.store.IncidentTenants(ctx, id)
}

// Damage sizes it: to a tenant's person, the tenant's own share.
func (k *Keeper) Damage(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (cordon.Assessment, error) {
	if _, err := k.seen(ctx, by, id); err != nil {
		return cordon.Assessment{}, err
	}
	if !by.Can(cordon.Assess, by.Tenant) {
		return cordon.Assessment{}, forbidden(cordon.Assess)
	}
	return k.store.IncidentDamageOf(ctx, id, by.Tenant)
}

// Figures answers every figure: to a tenant's person, of the tenant's own share.
func (k *Keeper) Figures(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (cordon.Figures, error) {
	if _, err := k.seen(ctx, by, id); err != nil {
		return nil, err
	}
	if !by.Can(cordon.Assess, by.Tenant) {
		return nil, forbidden(cordon.Assess)
	}
	return k.store.IncidentFiguresOf(ctx, id, by.Tenant)
}

// sized is what was counted last.
type sized struct {
	at    time.Time
	sight Sight
}

// Sight is what a page that is looked at shows of the damage, from one moment.
type Sight struct {
	Figures cordon.Figures
	Damage  cordon.Assessment
	// Containment is the installation's to know.
	Containment cordon.IncidentContainment
}

// sightFor is how long a count serves further viewers: a page pushes every second,
// and in a bad night many look at the same one.
const sightFor = 900 * time.Millisecond

// Sight counts for a live page. Counting takes as long as the damage is large, so
// nobody counts while the last count is fresh, or was expensive a moment ago.
func (k *Keeper) Sight(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (Sight, error) {
	if _, err := k.seen(ctx, by, id); err != nil {
		return Sight{}, err
	}
	if !by.Can(cordon.Assess, by.Tenant) {
		return Sight{}, forbidden(cordon.Assess)
	}
	key := sightKey{id, by.Tenant}
	k.mu.Lock()
	last, ok := k.sights[key]
	k.mu.Unlock()
	if ok && k.now().Before(last.at.Add(sightFor)) {
		return last.sight, nil
	}
	began := time.Now()
	s, err := k.look(ctx, id, by.Tenant)
	if err != nil {
		return s, err
	}
	took := time.Since(began)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.sights) > 200 {
		clear(k.sights)
	}
	k.sights[key] = sized{k.now().Add(5 * took), s}
	return s, nil
}

type sightKey struct {
	id     cordon.IncidentID
	tenant cordon.TenantID
}

func (k *Keeper) look(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) (Sight, error) {
	var s Sight
	var err error
	s.Damage, s.Figures, s.Containment, err = k.store.IncidentSight(ctx, id, tenant)
	return s, err
}

// Affected lists whoever got a bad copy, or perhaps did, each person once: to a
// tenant's person, the tenant's own.
func (k *Keeper) Affected(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID, p cordon.Page) ([]cordon.Affected, string, error) {
	tenant, err := k.mayList(ctx, by, id, tenant)
	if err != nil {
		return nil, "", err
	}
	return k.store.IncidentAffected(ctx, id, tenant, p)
}

// EachAffected calls f with each of them in turn.
func (k *Keeper) EachAffected(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID, f func(cordon.Affected) error) error {
	tenant, err := k.mayList(ctx, by, id, tenant)
	if err != nil {
		return err
	}
	return k.store.EachAffected(ctx, id, tenant, f)
}

func (k *Keeper) mayList(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID) (cordon.TenantID, error) {
	if _, err := k.seen(ctx, by, id); err != nil {
		return "", err
	}
	if by.Tenant != "" {
		if tenant != "" && tenant != by.Tenant {
			return "", missing()
		}
		tenant = by.Tenant
	}
	if !by.Can(cordon.Assess, tenant) {
		return "", forbidden(cordon.Assess)
	}
	return tenant, nil
}

// Playbook answers the playbook of a kind.
func (k *Keeper) Playbook(by cordon.Actor, kind cordon.IncidentKind) (Playbook, error) {
	if !by.Can(cordon.ReadIncidents, by.Tenant) {
		return Playbook{}, forbidden(cordon.ReadIncidents)
	}
	p, ok := k.playbooks[kind]
	if !ok {
		return p, cordon.InvalidField("kind", "is not a kind of incident", "say template-abuse, account-takeover, list-storm, address-leak or other")
	}
	return p, nil
}
