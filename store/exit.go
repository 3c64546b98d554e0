package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cordonmail/cordon"
)

// ExitFacts answers, for each dispatch of the tenant, what the exit judges it
// by, read anew and apart from everything the door looked at. What is not
// there stays zero, and a zero refuses: a dispatch that is not the tenant's is
// absent from the answer.
func (s *Store) ExitFacts(ctx context.Context, tenant cordon.TenantID, ids []cordon.DispatchID) (map[cordon.DispatchID]cordon.ExitFacts, error) {
	facts := make(map[cordon.DispatchID]cordon.ExitFacts, len(ids))
	err := s.snapshot(ctx, func(q querier) error {
		clear(facts)
		var state cordon.TenantState
		if err := q.queryRow(ctx, `SELECT state FROM tenant WHERE id = $1`, string(tenant)).Scan(&state); err != nil {
			return orMissing(err, "tenant")
		}
		for _, id := range ids {
			f, err := s.exitFacts(ctx, q, tenant, id)
			if cordon.CodeOf(err) == cordon.Missing {
				continue
			}
			if err != nil {
				return err
			}
			f.TenantState = state
			facts[id] = f
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("exit facts: %w", err)
	}
	return facts, nil
}

func (s *Store) exitFacts(ctx context.Context, q querier, tenant cordon.TenantID, id cordon.DispatchID) (cordon.ExitFacts, error) {
	var f cordon.ExitFacts
	num, err := s.tenantNum(ctx, q, tenant)
	if err != nil {
		return f, err
	}
	n, err := scanDispatch(q.queryRow(ctx, dispatchColumns+`d.id = $1 AND d.tenant = $2`, string(id), num))
	if err != nil {
		return f, orMissing(err, "dispatch")
	}
	f.Dispatch = n.d
	if f.Version, err = s.version(ctx, q, tenant, n.d.Template, n.d.Version); err != nil && cordon.CodeOf(err) != cordon.Missing {
		return f, err
	}
	if n.d.Key != "" {
		key, err := keyOf(ctx, q, n.d.Key)
		if err != nil && cordon.CodeOf(err) != cordon.Missing {
			return f, err
		}
		f.KeyState, f.KeyExpiresAt, f.KeyTenant, f.KeyRights = key.State, key.ExpiresAt, key.Tenant, key.Permissions
	}
	owner := tenant
	if n.d.Kind == cordon.Notice {
		if f.Identity, err = noticeIdentityOf(ctx, q, cordon.IncidentID(n.d.Audience)); err != nil && cordon.CodeOf(err) != cordon.Missing {
			return f, err
		}
		owner = f.Identity.Tenant
	}
	if name := f.Version.Content.FromAddress.Domain(); name != "" && owner != "" {
		f.Domain, f.DomainKey, err = s.domainKey(ctx, q, owner, name)
		if err != nil && cordon.CodeOf(err) != cordon.Missing {
			return f, err
		}
	}
	return f, nil
}

// Unseal opens a recipient's personal data. It is for the exit alone, between
// the claim and the wire, and writes no entry: the sending of the copy does.
func (s *Store) Unseal(tenant cordon.TenantID, id cordon.RecipientID, sealed []byte) (cordon.Person, error) {
	keys, err := s.heldKeys(tenant)
	if err != nil {
		return cordon.Person{}, fmt.Errorf("unseal: %w", err)
	}
	return keys.openPerson(id, sealed)
}

// heldKeys answers the tenant's keys from memory, or reads them.
func (s *Store) heldKeys(tenant cordon.TenantID) (*tenantKeys, error) {
	if k := s.keys.get(tenant, s.now()); k != nil {
		return k, nil
	}
	var keys *tenantKeys
	err := s.read(context.Background(), func(q querier) error {
		var err error
		keys, err = s.tenantKeys(context.Background(), q, tenant)
		return err
	})
	return keys, err
}

// UnsealValues opens the values that the order gave for the copy; nil when it
// gave none.
func (s *Store) UnsealValues(c cordon.Claim) (map[string]string, error) {
	if c.Values == nil {
		return nil, nil
	}
	keys, err := s.heldKeys(c.Delivery.Tenant)
	if err != nil {
		return nil, fmt.Errorf("unseal values: %w", err)
	}
	raw, err := keys.openValue(valueSubject(c.Delivery.Dispatch, c.Delivery.Recipient), c.Values)
	if err != nil {
		return nil, err
	}
	var values map[string]string
	if json.Unmarshal(raw, &values) != nil { // its error may quote the data
		return nil, errors.New("unseal values: sealed data is not a list of values")
	}
	return values, nil
}
