package catalog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// DecoyStore is what decoys need of storage.
type DecoyStore interface {
	PlantDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, people []cordon.Person) error
	SowDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, plantings []cordon.Planting) error
	RotateDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, plantings []cordon.Planting, since time.Time) (retired int, err error)
	DressDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, refs []string) (dressed int, err error)
	SampleRefs(ctx context.Context, tenant cordon.TenantID, n int) ([]string, error)
	Decoys(ctx context.Context, tenant cordon.TenantID) ([]cordon.RecipientID, error)
	DecoyCoverage(ctx context.Context, p cordon.Page) ([]cordon.DecoyCoverage, string, error)
	TenantDecoys(ctx context.Context, tenant cordon.TenantID) (cordon.DecoyCoverage, error)
	DecoyArrivals(ctx context.Context, most int) ([]cordon.DecoyArrival, error)

	FindDecoys(ctx context.Context, a cordon.Address) ([]cordon.Decoy, error)
	RecordArrival(ctx context.Context, by cordon.Actor, d cordon.Decoy, a cordon.Arrival, g cordon.Signal) (copies int64, err error)
	FindRecipients(ctx context.Context, tenant cordon.TenantID, ids []cordon.RecipientID) (map[cordon.RecipientID]cordon.Found, error)
	TouchDecoy(ctx context.Context, by cordon.Actor, v cordon.Verdict) error
}

const (
	// decoysACall bounds one transaction of planting.
	decoysACall = 1000
	// rotatedShare: one of so many decoys is replaced at a rotation, rounded up.
	rotatedShare = 4
	// refsSampled is how many of the oldest and of the newest people show what the
	// tenant's references look like.
	refsSampled = 100
)

// PlantDecoys brings the tenant's decoys up to what its limits ask for and
// answers how many were planted.
func (c *Catalog) PlantDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) (int, error) {
	return c.PlantDecoysFor(ctx, by, tenant, "")
}

// PlantDecoysFor is PlantDecoys with a label: the occasion, or what the decoys
// are planted into. It is told when mail arrives at one of them.
func (c *Catalog) PlantDecoysFor(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, label string) (int, error) {
	if !by.Can(cordon.ManageRecipients, tenant) {
		return 0, forbidden(cordon.ManageRecipients)
	}
	if label != "" {
		if err := checkLabel("label", label); err != nil {
			return 0, err
		}
		if strings.Contains(label, "@") {
			return 0, cordon.InvalidField("label", "holds what looks like an address", "leave personal data out: the label stays in the ledger for good")
		}
	}
	if _, err := c.active(ctx, tenant); err != nil {
		return 0, err
	}
	return c.topUp(ctx, by, tenant, label)
}

// Decoys names the tenant's standing decoys. Only an actor of the whole
// installation is told: to anyone else a decoy is a person like the others.
func (c *Catalog) Decoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) ([]cordon.RecipientID, error) {
	if !by.Can(cordon.ManageTenants, "") {
		return nil, forbidden(cordon.ManageTenants)
	}
	return c.store.Decoys(ctx, tenant)
}

// RotateDecoys replaces the oldest quarter of the tenant's decoys and answers how
// many. The replaced ones stay traps for good.
func (c *Catalog) RotateDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) (int, error) {
	if !by.Can(cordon.ManageTenants, "") {
		return 0, forbidden(cordon.ManageTenants)
	}
	if _, err := c.active(ctx, tenant); err != nil {
		return 0, err
	}
	return c.rotate(ctx, by, tenant, c.now())
}

// DecoyCoverage says how every tenant's directory is guarded, without naming a
// decoy. Only an actor of the whole installation is told.
func (c *Catalog) DecoyCoverage(ctx context.Context, by cordon.Actor, p cordon.Page) ([]cordon.DecoyCoverage, string, error) {
	if !by.Can(cordon.ManageTenants, "") {
		return nil, "", forbidden(cordon.ManageTenants)
	}
	list, next, err := c.store.DecoyCoverage(ctx, p)
	if err != nil {
		return nil, "", fmt.Errorf("decoy coverage: %w", err)
	}
	for i := range list {
		limits, err := c.store.Limits(ctx, list[i].Tenant)
		if err != nil {
			return nil, "", fmt.Errorf("decoy coverage: %w", err)
		}
		list[i].Wanted = limits.Decoys(list[i].People)
	}
	return list, next, nil
}

// TenantDecoys is the coverage of one tenant.
func (c *Catalog) TenantDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) (cordon.DecoyCoverage, error) {
	if !by.Can(cordon.ManageTenants, "") {
		return cordon.DecoyCoverage{}, forbidden(cordon.ManageTenants)
	}
	cover, err := c.store.TenantDecoys(ctx, tenant)
	if err != nil {
		return cordon.DecoyCoverage{}, err
	}
	limits, err := c.store.Limits(ctx, tenant)
	cover.Wanted = limits.Decoys(cover.People)
	return cover, err
}

// ReceivesDecoyMail says whether decoys are planted at a domain that can
// receive, so that each is a mailbox too.
func (c *Catalog) ReceivesDecoyMail() bool { return DecoyMailComes(c.decoyDomain) }

// DecoyMailComes says whether mail can come to every domain of the setting.
func DecoyMailComes(setting string) bool {
	for _, d := range DecoyDomains(setting) {
		if !receives(d) {
			return false
		}
	}
	return true
}

// decoyDomains are the domains of planted addresses. Several make them harder to
// sort out of a stolen list.
func (c *Catalog) decoyDomains() []string { return DecoyDomains(c.decoyDomain) }

// DecoyDomains reads the setting: one domain, or several with commas between.
func DecoyDomains(setting string) []string {
	var domains []string
	for d := range strings.SplitSeq(setting, ",") {
		if d = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(d), ".")); d != "" {
			domains = append(domains, d)
		}
	}
	if len(domains) == 0 {
		return []string{DefaultDecoyDomain}
	}
	return domains
}

// topUp plants what is missing. Once the installation receives mail, decoys of
// before that cannot receive do not count.
func (c *Catalog) topUp(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, label string) (int, error) {
	limits, err := c.store.Limits(ctx, tenant)
	if err != nil {
		return 0, fmt.Errorf("plant decoys: %w", err)
	}
	cover, err := c.store.TenantDecoys(ctx, tenant)
	if err != nil {
		return 0, fmt.Errorf("plant decoys: %w", err)
	}
	there := cover.Standing
	if c.ReceivesDecoyMail() {
		there = cover.Mailboxes
	}
	v, err := c.inventor(ctx, tenant)
	if err != nil {
		return 0, fmt.Errorf("plant decoys: %w", err)
	}
	planted := 0
	for want := limits.Decoys(cover.People) - there; planted < want; {
		some := v.plantings(min(want-planted, decoysACall), label)
		if err := c.store.SowDecoys(ctx, by, tenant, some); err != nil {
			return planted, fmt.Errorf("plant decoys: %w", err)
		}
		planted += len(some)
	}
	// Those planted before the tenant had people, or references, look like nobody.
	if refs := v.refs(min(cover.Standing, decoysACall) * refsOffered); len(refs) > 0 {
		if _, err := c.store.DressDecoys(ctx, by, tenant, refs); err != nil {
			return planted, fmt.Errorf("plant decoys: %w", err)
		}
	}
	return planted, nil
}

func (c *Catalog) inventor(ctx context.Context, tenant cordon.TenantID) (*inventor, error) {
	fields, err := c.store.FieldNames(ctx, tenant)
	if err != nil {
		return nil, err
	}
	refs, err := c.store.SampleRefs(ctx, tenant, refsSampled)
	if err != nil {
		return nil, err
	}
	return newInventor(c.decoyDomains(), fields, refs), nil
}

func (v *inventor) plantings(n int, label string) []cordon.Planting {
	all := make([]cordon.Planting, n)
	for i := range all {
		all[i] = v.planting(label)
	}
	return all
}

func (c *Catalog) rotate(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, since time.Time) (int, error) {
	cover, err := c.store.TenantDecoys(ctx, tenant)
	if err != nil {
		return 0, fmt.Errorf("rotate decoys: %w", err)
	}
	v, err := c.inventor(ctx, tenant)
	if err != nil {
		return 0, fmt.Errorf("rotate decoys: %w", err)
	}
	n := (cover.Standing + rotatedShare - 1) / rotatedShare
	retired, err := c.store.RotateDecoys(ctx, by, tenant, v.plantings(n, "at a rotation"), since)
	if err != nil {
		return 0, fmt.Errorf("rotate decoys: %w", err)
	}
	return retired, nil
}

// tendEvery is how often decoys are looked after.
const tendEvery = time.Hour

// KeepDecoys looks after every tenant's decoys until ctx is done: it plants what
// a grown tenant lacks and rotates what is due. What fails is tried again an
// hour later.
func (c *Catalog) KeepDecoys(ctx context.Context) error {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := c.TendDecoys(ctx); err != nil && ctx.Err() == nil {
			c.log.ErrorContext(ctx, "decoys not looked after", "error", err)
		}
	}
}

// TendDecoys is one round of KeepDecoys.
func (c *Catalog) TendDecoys(ctx context.Context) error {
	for p := (cordon.Page{Limit: 500}); ; {
		list, next, err := c.store.DecoyCoverage(ctx, p)
		if err != nil {
			return fmt.Errorf("tend decoys: %w", err)
		}
		for _, cover := range list {
			// Erased meanwhile, or rotated by another node: both are fine.
			if err := c.tend(ctx, cover); err != nil && cordon.CodeOf(err) != cordon.Missing && cordon.CodeOf(err) != cordon.Conflict {
				return fmt.Errorf("tend decoys: %w", err)
			}
		}
		if p.After = next; next == "" {
			return nil
		}
	}
}

func (c *Catalog) tend(ctx context.Context, cover cordon.DecoyCoverage) error {
	limits, err := c.store.Limits(ctx, cover.Tenant)
	if err != nil {
		return err
	}
	there := cover.Standing
	if c.ReceivesDecoyMail() {
		there = cover.Mailboxes
	}
	if there < limits.Decoys(cover.People) {
		if _, err := c.topUp(ctx, cordon.System(), cover.Tenant, ""); err != nil {
			return err
		}
	}
	last := cover.LastRotation
	if last.IsZero() {
		last = cover.Oldest
	}
	due := c.now().Add(-limits.DecoyRotation)
	if limits.DecoyRotation <= 0 || cover.Standing == 0 || last.After(due) {
		return nil
	}
	_, err = c.rotate(ctx, cordon.System(), cover.Tenant, due)
	return err
}
