package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// Limits shows the ceilings of a tenant.
func (c *Catalog) Limits(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) (cordon.Limits, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return cordon.Limits{}, forbidden(cordon.ReadCatalog)
	}
	return c.store.Limits(ctx, tenant)
}

// SetLimits changes them. Only an actor of the whole installation may: a tenant
// whose own people could raise its ceilings would have none.
func (c *Catalog) SetLimits(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, l cordon.Limits) error {
	if !by.Can(cordon.ManageTenants, "") {
		return forbidden(cordon.ManageTenants)
	}
	if _, err := c.active(ctx, tenant); err != nil {
		return err
	}
	if err := all(limitFaults(l)); err != nil {
		return err
	}
	if err := c.store.SetLimits(ctx, by, tenant, l); err != nil {
		return fmt.Errorf("set limits: %w", err)
	}
	return nil
}

// limitFaults refuses numbers that would switch a safeguard off by accident.
func limitFaults(l cordon.Limits) []cordon.Fault {
	var faults []cordon.Fault
	need := func(ok bool, field, remedy string) {
		if !ok {
			faults = append(faults, cordon.Fault{Field: field, Message: "is out of range", Remedy: remedy})
		}
	}
	need(l.BadIDs >= 1, "bad_ids", "at least 1")
	need(l.BadIDWindow >= time.Second && l.BadIDWindow <= 24*time.Hour, "bad_id_window", "1 s to 24 h")
	need(l.BadIDShare > 0 && l.BadIDShare <= 1, "bad_id_share", "above 0, at most 1")
	need(l.BadIDShareFrom >= 1, "bad_id_share_from", "at least 1")
	need(l.KeySinglePerHour >= 1, "key_single_floor", "at least 1")
	need(l.KeyBusiestFactor >= 1 && l.KeyBusiestFactor <= 1000, "key_busiest_factor", "1 to 1000")
	need(l.NewTenantPerDay >= 1, "new_tenant_per_day", "at least 1")
	need(l.NewTenantFor >= 0, "new_tenant_for", "0 or longer")
	need(l.ReachFactor > 0 && l.ReachFactor <= 1000, "reach_factor", "above 0, at most 1000")
	need(l.BusiestDayFactor >= 1 && l.BusiestDayFactor <= 1000, "busiest_day_factor", "1 to 1000")
	need(l.HistoryDays >= 1, "history_days", "at least 1")
	need(l.History >= 24*time.Hour, "history", "24 h or longer")
	need(l.UndoSingle >= 0 && l.UndoSingle <= 24*time.Hour, "undo_single", "0 to 24 h")
	need(l.KeyPromptPerHour >= 0, "key_prompt_floor", "0 or more")
	need(l.UnusualWait >= 0 && l.UnusualWait <= 24*time.Hour, "unusual_wait", "0 to 24 h")
	need(l.DecoysPerTenant >= 1, "decoys_per_tenant", "at least 1: decoys are what proves a theft")
	need(l.RecipientsADecoy >= 0, "recipients_a_decoy", "0 for no more than decoys_per_tenant, or the number of recipients for each decoy")
	need(l.DecoyRotation == 0 || l.DecoyRotation >= time.Hour, "decoy_rotation", "1 h or longer, or 0 for never")
	need(l.CheckTimeout >= 10*time.Millisecond && l.CheckTimeout <= time.Minute, "check_timeout", "10 ms to 1 min")
	faults = append(faults, stageFaults(l)...)
	need(l.SecondPersonOver >= 0, "second_person_above", "0 or more copies")
	return append(append(faults, l.WatchLimits.Faults()...), l.BehaviourLimits.Faults()...)
}
