package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/cordonmail/cordon"
)

// affectedKey is the place of a person in the list: by tenant, then by number.
type affectedKey struct{ tenant, recipient int64 }

func affectedAfter(p cordon.Page) (affectedKey, error) {
	key, err := afterCursor(p)
	if err != nil || key == "" {
		return affectedKey{}, err
	}
	tenant, recipient, ok := strings.Cut(key, " ")
	var at affectedKey
	if at.tenant, err = strconv.ParseInt(tenant, 10, 64); err == nil {
		at.recipient, err = strconv.ParseInt(recipient, 10, 64)
	}
	if err != nil || !ok {
		return affectedKey{}, badCursor()
	}
	return at, nil
}

// IncidentAffected lists whoever got a copy of what the incident is about, or
// perhaps got one: each person once, however many copies, with the first dispatch
// and the surest state. Decoys are nobody. Nothing is opened.
func (s *Store) IncidentAffected(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID, p cordon.Page) ([]cordon.Affected, string, error) {
	at, err := affectedAfter(p)
	if err != nil {
		return nil, "", err
	}
	var found []keyedAffected
	err = s.snapshot(ctx, func(r querier) error {
		var err error
		found, err = s.affectedIn(ctx, r, id, tenant, at, p.Size()+1)
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "affected by the incident")
	}
	found, next := page(found, p, func(a keyedAffected) string { return fmt.Sprintf("%d %d", a.key.tenant, a.key.recipient) })
	list := make([]cordon.Affected, len(found))
	for i, a := range found {
		list[i] = a.a
	}
	return list, next, nil
}

// EachAffected calls f with each person of the list in turn, from one look at the
// data; it ends at the first error.
func (s *Store) EachAffected(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID, f func(cordon.Affected) error) error {
	var all []keyedAffected
	err := s.snapshot(ctx, func(r querier) error {
		var err error
		all, err = s.affectedIn(ctx, r, id, tenant, affectedKey{}, 0)
		return err
	})
	if err != nil {
		return wrap(err, "affected by the incident")
	}
	for _, a := range all {
		if err := f(a.a); err != nil {
			return err
		}
	}
	return nil
}

type keyedAffected struct {
	key affectedKey
	a   cordon.Affected
}

// affectedIn lists the people behind a place, at most want of them; 0: all.
func (s *Store) affectedIn(ctx context.Context, r querier, id cordon.IncidentID, tenant cordon.TenantID, at affectedKey, want int) ([]keyedAffected, error) {
	if _, err := incidentOf(ctx, r, id, ""); err != nil {
		return nil, err
	}
	all, err := badDispatches(ctx, r, id, tenant, micros(s.now()))
	if err != nil {
		return nil, err
	}
	var found []keyedAffected
	for _, group := range groupsOf(all, func(a, b badDispatch) bool { return a.tenant == b.tenant }) {
		switch {
		case group[0].tenant < at.tenant:
			continue
		case want > 0 && len(found) >= want:
			return found, nil
		}
		after := int64(0)
		if group[0].tenant == at.tenant {
			after = at.recipient
		}
		some, err := affectedOfTenant(ctx, r, group, after, want-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

func affectedOfTenant(ctx context.Context, r querier, group []badDispatch, after int64, want int) ([]keyedAffected, error) {
	ids := make(map[int64]badDispatch, len(group))
	for _, b := range group {
		ids[b.num] = b
	}
	args := []any{group[0].tenant, numsOfBad(group), after}
	limit := ""
	if want > 0 {
		args, limit = append(args, want), " LIMIT $4"
	}
	rows, err := r.query(ctx, `SELECT x.recipient, x.dispatch, x.sure, x.at, COALESCE(p.id, ''), COALESCE(p.external_ref, '') FROM (
			SELECT v.recipient AS recipient, MIN(v.dispatch) AS dispatch, MAX(CASE WHEN v.state = 'delivered' THEN 1 ELSE 0 END) AS sure, MIN(v.at) AS at
			FROM {{nums $2}} j CROSS JOIN delivery v WHERE v.tenant = $1 AND v.dispatch = j.value AND v.recipient > $3 AND `+gotIt+` AND `+notDecoy+`
			GROUP BY v.recipient ORDER BY v.recipient`+limit+`) x
		LEFT JOIN recipient p ON p.tenant = $1 AND p.num = x.recipient ORDER BY x.recipient`, args...)
	return collect(rows, err, func(r scanner) (keyedAffected, error) {
		k := keyedAffected{key: affectedKey{tenant: group[0].tenant}}
		var dispatch, sure, at int64
		err := r.Scan(&k.key.recipient, &dispatch, &sure, &at, &k.a.Recipient, &k.a.ExternalRef)
		k.a.Tenant, k.a.Dispatch, k.a.At, k.a.State = group[0].tenantID, ids[dispatch].id, fromMicros(at), cordon.Uncertain
		if sure == 1 {
			k.a.State = cordon.Delivered
		}
		return k, err
	})
}
