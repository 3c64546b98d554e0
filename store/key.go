package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

const keyColumns = `id, tenant, account, name, permissions, state, state_reason, created_at, expires_at, last_used_at`

// How exactly the last use of a key is known; each call need not be a write.
const touchEvery = time.Minute

// CreateKey stores an API key by the hash of its secret.
func (s *Store) CreateKey(ctx context.Context, by cordon.Actor, k cordon.Key, secretHash []byte) error {
	switch {
	case !k.ID.Valid():
		return cordon.InvalidField("id", "is not a key ID", "let identity make it")
	case len(secretHash) < 32:
		return cordon.InvalidField("secret", "has no hash", "store the SHA-256 of the secret")
	}
	rights, err := json.Marshal(k.Permissions)
	if err != nil {
		return fmt.Errorf("create key: %w", err)
	}
	err = s.write(ctx, func(t *tx) error {
		if k.Tenant != "" {
			if _, err := s.tenantKeys(ctx, t, k.Tenant); err != nil { // not an erased one either
				return err
			}
		}
		_, err := t.exec(ctx, `INSERT INTO api_key (id, tenant, account, name, permissions, secret_hash, state, state_reason, created_at, expires_at, last_used_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9, 0)`,
			string(k.ID), string(k.Tenant), string(k.Account), k.Name, string(rights), secretHash, string(cordon.KeyActive), micros(t.now), micros(k.ExpiresAt))
		if err != nil {
			return s.orTaken(err, "id", "is already a key")
		}
		t.append(entry(by, cordon.EntryKeyCreated, k.Tenant, string(k.ID), map[string]any{"account": k.Account, "permissions": k.Permissions, "expires_at": micros(k.ExpiresAt)}))
		return nil
	})
	return wrap(err, "create key")
}

// Key answers one key, whatever its state.
func (s *Store) Key(ctx context.Context, id cordon.KeyID) (k cordon.Key, err error) {
	err = s.read(ctx, func(q querier) error {
		k, err = keyOf(ctx, q, id)
		return err
	})
	return k, wrap(err, "read key")
}

func keyOf(ctx context.Context, q querier, id cordon.KeyID) (cordon.Key, error) {
	k, err := scanKey(q.queryRow(ctx, `SELECT `+keyColumns+` FROM api_key WHERE id = $1`, string(id)))
	return k, orMissing(err, "key")
}

// KeyBySecret answers the key of a secret's hash, whatever its state.
func (s *Store) KeyBySecret(ctx context.Context, secretHash []byte) (k cordon.Key, err error) {
	err = s.read(ctx, func(q querier) error {
		k, err = scanKey(q.queryRow(ctx, `SELECT `+keyColumns+` FROM api_key WHERE secret_hash = $1`, secretHash))
		return orMissing(err, "key")
	})
	return k, wrap(err, "read key")
}

// Keys lists the tenant's keys, or everybody's when tenant is "", in the order
// in which they were made.
func (s *Store) Keys(ctx context.Context, tenant cordon.TenantID, p cordon.Page) (list []cordon.Key, next string, err error) {
	at, id, err := afterPair(p)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+keyColumns+` FROM api_key WHERE ($1 = '' OR tenant = $1) AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4`,
			string(tenant), at, id, p.Size()+1)
		list, err = collect(rows, err, func(r scanner) (cordon.Key, error) { return scanKey(r) })
		return err
	})
	list, next = page(list, p, func(k cordon.Key) string { return pairKey(k.CreatedAt, string(k.ID)) })
	return list, next, wrap(err, "list keys")
}

func scanKey(r scanner) (k cordon.Key, err error) {
	var rights string
	var created, expires, used int64
	if err := r.Scan(&k.ID, &k.Tenant, &k.Account, &k.Name, &rights, &k.State, &k.StateReason, &created, &expires, &used); err != nil {
		return cordon.Key{}, err
	}
	k.CreatedAt, k.ExpiresAt, k.LastUsedAt = fromMicros(created), fromMicros(expires), fromMicros(used)
	return k, json.Unmarshal([]byte(rights), &k.Permissions)
}

// SetKeyState suspends, resumes or revokes a key. To set the state it has is no
// change; what is revoked stays so.
func (s *Store) SetKeyState(ctx context.Context, by cordon.Actor, id cordon.KeyID, state cordon.KeyState, reason string) error {
	return wrap(s.write(ctx, func(t *tx) error { return t.setKeyState(ctx, by, id, state, reason) }), "set key state")
}

func (t *tx) setKeyState(ctx context.Context, by cordon.Actor, id cordon.KeyID, state cordon.KeyState, reason string) error {
	kind, ok := map[cordon.KeyState]cordon.EntryKind{
		cordon.KeyActive: cordon.EntryKeyResumed, cordon.KeySuspended: cordon.EntryKeySuspended, cordon.KeyRevoked: cordon.EntryKeyRevoked,
	}[state]
	if !ok {
		return cordon.InvalidField("state", "is not a key's state", "say active, suspended or revoked")
	}
	k, err := scanKey(t.queryRow(ctx, `SELECT `+keyColumns+` FROM api_key WHERE id = $1 {{forupdate}}`, string(id)))
	switch {
	case err != nil:
		return orMissing(err, "key")
	case k.State == state:
		return nil
	case k.State == cordon.KeyRevoked:
		return cordon.Errorf(cordon.Conflict, "the key is revoked, and that is final")
	}
	if _, err := t.exec(ctx, `UPDATE api_key SET state = $2, state_reason = $3 WHERE id = $1`, string(id), string(state), reason); err != nil {
		return err
	}
	t.append(entry(by, kind, k.Tenant, string(id), map[string]any{"reason": reason}))
	return nil
}

// TouchKey notes that the key was used, to within a minute. It is no ledger
// fact: what the key did is.
func (s *Store) TouchKey(ctx context.Context, id cordon.KeyID) error {
	k, err := s.Key(ctx, id)
	if err != nil {
		return err
	}
	now := s.now()
	if now.Sub(k.LastUsedAt) < touchEvery {
		return nil
	}
	err = s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `UPDATE api_key SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2`, string(id), micros(now))
		return err
	})
	return wrap(err, "touch key")
}
