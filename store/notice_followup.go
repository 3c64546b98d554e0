package store

import (
	"context"

	"github.com/cordonmail/cordon"
)

// PlanFollowUps asks that the people of the tenants be written to; of every
// affected tenant when none is named. Tenants for which that was asked, or waived,
// before are left as they are. The answer is how many were added.
func (s *Store) PlanFollowUps(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenants []cordon.TenantID) (n int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		n, err = t.settleFollowUps(ctx, id, tenants, `UPDATE notice_telling SET follow_up = 'planned', followed_by = $3 WHERE incident = $1 AND seq = $2 AND follow_up = ''`, by.ID())
		t.wake(topicNotice)
		return err
	})
	return n, wrap(err, "plan follow-ups")
}

// WaiveFollowUps records that the tenants' people are not written to from here,
// and why: a practice writes itself, as a rule. It may be taken back by nobody, as
// no ledger entry may; a later notice asks anew.
func (s *Store) WaiveFollowUps(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenants []cordon.TenantID, because string) (n int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		n, err = t.settleFollowUps(ctx, id, tenants, `UPDATE notice_telling SET follow_up = 'waived', waived = $3, followed_by = '' WHERE incident = $1 AND seq = $2 AND follow_up IN ('', 'planned')`, because)
		if err == nil {
			t.append(entry(by, cordon.EntryNoticeSent, one(tenants), string(id), map[string]any{"what": "follow-up", "waived": because, "tenants": n}))
		}
		return err
	})
	return n, wrap(err, "waive follow-ups")
}

func one(tenants []cordon.TenantID) cordon.TenantID {
	if len(tenants) == 1 {
		return tenants[0]
	}
	return ""
}

// settleFollowUps runs the update over the notice in force, for the tenants named.
func (t *tx) settleFollowUps(ctx context.Context, id cordon.IncidentID, tenants []cordon.TenantID, update, arg string) (int64, error) {
	f, err := approvedNotice(ctx, t, id)
	if err != nil {
		return 0, err
	}
	args := []any{string(id), f.Seq, arg}
	if len(tenants) > 0 {
		nums := make([]int64, len(tenants))
		for i, tenant := range tenants {
			if nums[i], err = t.s.tenantNum(ctx, t, tenant); err != nil {
				return 0, err
			}
		}
		update += ` AND tenant IN (SELECT j.value FROM {{nums $4}} j)`
		args = append(args, jsonText(nums))
	}
	res, err := t.exec(ctx, update, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// FollowUpWritten notes the letter that a tenant's people will get. It answers
// whether it was this call that did: of two nodes at the same work one goes on.
func (s *Store) FollowUpWritten(ctx context.Context, n cordon.Telling) (did bool, err error) {
	err = s.stepFollowUp(ctx, n, func(t *tx, num int64) error {
		res, err := t.exec(ctx, `UPDATE notice_telling SET follow_up = 'written', template = $4, version = $5 WHERE tenant = $1 AND incident = $2 AND seq = $3 AND follow_up = 'planned'`,
			num, string(n.Incident), n.Seq, string(n.Template), n.Version)
		if err != nil {
			return err
		}
		changed, err := res.RowsAffected()
		did = changed > 0
		return err
	})
	return did, err
}

// FollowUpAccepted notes the dispatch that it became; with none, that nobody of
// those affected can be mailed.
func (s *Store) FollowUpAccepted(ctx context.Context, by cordon.Actor, n cordon.Telling, recipients int) error {
	return s.stepFollowUp(ctx, n, func(t *tx, num int64) error {
		state := cordon.FollowUpAccepted
		if n.Dispatch == "" {
			state = cordon.FollowUpNobody
		}
		res, err := t.exec(ctx, `UPDATE notice_telling SET follow_up = $4, dispatch = $5, followed_at = $6 WHERE tenant = $1 AND incident = $2 AND seq = $3 AND follow_up IN ('planned', 'written')`,
			num, string(n.Incident), n.Seq, string(state), string(n.Dispatch), micros(t.now))
		if err != nil {
			return err
		}
		if changed, err := res.RowsAffected(); err != nil || changed == 0 {
			return err
		}
		t.append(entry(by, cordon.EntryNoticeSent, n.Tenant, string(n.Incident), map[string]any{
			"seq": n.Seq, "what": "follow-up", "dispatch": n.Dispatch, "recipients": recipients, "beyond": n.Counts.Beyond}))
		return t.meetClocks(ctx, num, n.Incident, cordon.MetByFollowUp, "its people were written to, dispatch "+string(n.Dispatch))
	})
}

func (s *Store) stepFollowUp(ctx context.Context, n cordon.Telling, step func(*tx, int64) error) error {
	err := s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, n.Tenant)
		if err != nil {
			return err
		}
		return step(t, num)
	})
	return wrap(err, "step follow-up")
}
