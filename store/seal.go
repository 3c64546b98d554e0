package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	masterSize = 32
	masterFile = "master.key"
	blindSize  = 16

	// A key read from the database is trusted for so long; another process on
	// the same database may have erased the tenant since.
	keyTrusted = 2 * time.Second
)

// topicTenants is rung when a tenant is erased.
const topicTenants = "tenants"

// LoadMaster answers the master key: from fromEnv (base64 of 32 bytes, the
// value of CORDON_MASTER_KEY) when that is not empty, else from master.key in
// the data folder, which is made at the first start and must be readable by
// its owner alone. Without this key nothing sealed can ever be opened again.
func LoadMaster(dataDir, fromEnv string) ([]byte, error) {
	if fromEnv != "" {
		return decodeMaster("CORDON_MASTER_KEY", fromEnv)
	}
	path := filepath.Join(dataDir, masterFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeMaster(dataDir, path); err != nil {
			return nil, fmt.Errorf("make master key: %w", err)
		}
		info, err = os.Stat(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, &cordon.Error{
			Code: cordon.Denied, Field: path,
			Message: fmt.Sprintf("can be read or written by others than its owner (mode %#o)", info.Mode().Perm()),
			Remedy:  "chmod 600 it, and consider it known to whoever could read it",
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	return decodeMaster(path, string(raw))
}

func decodeMaster(field, text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != masterSize {
		return nil, cordon.InvalidField(field, "is not the base64 of 32 bytes", "restore the key this database was made with; for a new database: head -c 32 /dev/urandom | base64")
	}
	return key, nil
}

// makeMaster writes a new key under another name and links it into place, so
// that of two first starts at once both use the same one, and a crash leaves
// no half-written key.
func makeMaster(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, masterFile+".*") // made with 0600 and O_EXCL
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	key := make([]byte, masterSize)
	rand.Read(key)
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err := errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Derive makes the key for one purpose from the master key (HKDF-SHA256, RFC
// 5869), so that no key serves two ends.
func Derive(master []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, master, nil, "cordon/1 "+purpose, 32)
	if err != nil {
		panic(err) // only for a length that SHA-256 cannot give
	}
	return key
}

// tenantKeys are one tenant's keys, opened.
type tenantKeys struct {
	tenant cordon.TenantID
	num    int64
	aead   cipher.AEAD
	blind  []byte
	readAt time.Time
}

func newTenantKeys(tenant cordon.TenantID, num int64, dataKey []byte, at time.Time) (*tenantKeys, error) {
	aead, err := newAEAD(Derive(dataKey, "seal"))
	if err != nil {
		return nil, err
	}
	return &tenantKeys{tenant: tenant, num: num, aead: aead, blind: Derive(dataKey, "blind index"), readAt: at}, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// What a sealed value is bound to. A row copied to another person, tenant or
// column does not open there.
func personAAD(id cordon.RecipientID) []byte { return []byte("person " + string(id)) }
func (k *tenantKeys) valueAAD(subject string) []byte {
	return []byte("value " + string(k.tenant) + " " + subject)
}

func (k *tenantKeys) sealPerson(id cordon.RecipientID, p cordon.Person) []byte {
	raw := encodePerson(p)
	return k.aead.Seal(make([]byte, 0, len(raw)+k.aead.Overhead()), nil, raw, personAAD(id))
}

func (k *tenantKeys) openPerson(id cordon.RecipientID, sealed []byte) (cordon.Person, error) {
	raw, err := k.aead.Open(nil, nil, sealed, personAAD(id))
	if err != nil {
		return cordon.Person{}, fmt.Errorf("open recipient %s: sealed data does not open", id)
	}
	p, err := decodePerson(raw)
	if err != nil {
		return cordon.Person{}, fmt.Errorf("open recipient %s: sealed data is not a person", id)
	}
	return p, nil
}

// sealValue seals bytes that belong to a subject of the tenant: "domain
// example.org", "delivery 12/7".
func (k *tenantKeys) sealValue(subject string, raw []byte) []byte {
	return k.aead.Seal(make([]byte, 0, len(raw)+k.aead.Overhead()), nil, raw, k.valueAAD(subject))
}

func (k *tenantKeys) openValue(subject string, sealed []byte) ([]byte, error) {
	raw, err := k.aead.Open(nil, nil, sealed, k.valueAAD(subject))
	if err != nil {
		return nil, fmt.Errorf("open %s: sealed data does not open", subject)
	}
	return raw, nil
}

// blindOf is what an address is found by without being stored: the same for
// every spelling that differs in case alone.
func (k *tenantKeys) blindOf(a cordon.Address) []byte {
	mac := hmac.New(sha256.New, k.blind)
	mac.Write([]byte(strings.ToLower(string(a))))
	return mac.Sum(nil)[:blindSize]
}

// keyRing remembers opened tenant keys.
type keyRing struct {
	mu   sync.RWMutex
	held map[cordon.TenantID]*tenantKeys
}

func (r *keyRing) get(id cordon.TenantID, now time.Time) *tenantKeys {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k := r.held[id]
	if k == nil || now.Sub(k.readAt) >= keyTrusted || now.Before(k.readAt) {
		return nil
	}
	return k
}

func (r *keyRing) put(k *tenantKeys) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil {
		r.held = map[cordon.TenantID]*tenantKeys{}
	}
	r.held[k.tenant] = k
}

func (r *keyRing) drop(id cordon.TenantID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held, id)
}

func (r *keyRing) dropAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.held)
}

// tenantKeys answers the tenant's keys; Missing when there is no such tenant or
// it is erased.
func (s *Store) tenantKeys(ctx context.Context, q querier, id cordon.TenantID) (*tenantKeys, error) {
	if k := s.keys.get(id, s.now()); k != nil {
		return k, nil
	}
	at := s.now()
	var num int64
	var wrapped []byte
	err := q.queryRow(ctx, `SELECT t.num, k.wrapped FROM tenant t JOIN tenant_key k ON k.tenant = t.num WHERE t.id = $1`, string(id)).Scan(&num, &wrapped)
	if err != nil {
		s.keys.drop(id)
		return nil, orMissing(err, "tenant")
	}
	dataKey, err := s.unwrap(id, wrapped)
	if err != nil {
		return nil, err
	}
	k, err := newTenantKeys(id, num, dataKey, at)
	if err != nil {
		return nil, err
	}
	s.keys.put(k)
	return k, nil
}

// wrap seals a tenant's data key with the master key.
func (s *Store) wrap(id cordon.TenantID, dataKey []byte) ([]byte, error) {
	aead, err := newAEAD(s.kek)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, dataKey, []byte(id)), nil
}

func (s *Store) unwrap(id cordon.TenantID, wrapped []byte) ([]byte, error) {
	aead, err := newAEAD(s.kek)
	if err != nil {
		return nil, err
	}
	dataKey, err := aead.Open(nil, nil, wrapped, []byte(id))
	if err != nil {
		return nil, &cordon.Error{
			Code: cordon.Unavailable, Field: "master key",
			Message: "does not open this database's tenant keys",
			Remedy:  "start with the master.key or CORDON_MASTER_KEY the database was made with",
		}
	}
	return dataKey, nil
}
