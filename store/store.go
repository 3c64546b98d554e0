package store

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

// Options says where the database is and what the store needs.
type Options struct {
	// Database is "" for the SQLite file cordon.db in DataDir, a postgres:// URL,
	// or "memory" for a private SQLite database that is gone with the Store.
	Database string
	DataDir  string
	Master   []byte // 32 bytes; see LoadMaster
	Now      func() time.Time
	Log      *slog.Logger
}

// Store is the house's memory. It is safe for use by many goroutines.
type Store struct {
	engine engine
	tokens map[string]string
	now    func() time.Time
	log    *slog.Logger
	kek    []byte // wraps the tenants' keys

	witnessed bool // a witness is set up

	house      cipher.AEAD // seals what is personal and belongs to no tenant
	houseBlind []byte

	texts  sync.Map // statement → statement with tokens expanded
	values sync.Map // valuesKey → statement
	bell   bell
	keys   keyRing

	mu      sync.RWMutex
	nums    map[cordon.TenantID]int64
	tenants map[int64]cordon.TenantID
}

// Open opens the database, makes it when there is none, and migrates it.
func Open(ctx context.Context, o Options) (*Store, error) {
	if len(o.Master) != masterSize {
		return nil, cordon.InvalidField("master key", fmt.Sprintf("has %d bytes; %d are needed", len(o.Master), masterSize), "see LoadMaster")
	}
	s := &Store{
		now: o.Now, log: o.Log, kek: Derive(o.Master, "tenant keys"),
		nums: map[cordon.TenantID]int64{}, tenants: map[int64]cordon.TenantID{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.house, err = newAEAD(Derive(o.Master, "house seal")); err != nil {
		return nil, err
	}
	s.houseBlind = Derive(o.Master, "house blind index")
	if err := s.connect(ctx, o); err != nil {
		return nil, err
	}
	if err := s.migrate(ctx, migrationFiles); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) connect(ctx context.Context, o Options) (err error) {
	switch {
	case strings.HasPrefix(o.Database, "postgres://"), strings.HasPrefix(o.Database, "postgresql://"):
		s.tokens = postgresTokens
		s.engine, err = openPostgres(ctx, o.Database, s.rouse, s.log)
	case o.Database == "memory":
		s.tokens = sqliteTokens
		s.engine, err = openSQLite(ctx, "")
	case o.Database == "" && o.DataDir != "":
		if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
			return fmt.Errorf("make data folder: %w", err)
		}
		s.tokens = sqliteTokens
		s.engine, err = openSQLite(ctx, filepath.Join(o.DataDir, "cordon.db"))
	default:
		return cordon.InvalidField("database", "is neither empty nor a postgres:// URL", "leave it empty for the embedded database, or give postgres://user:password@host:port/name")
	}
	return err
}

// rouse is called with other nodes' wake-ups.
func (s *Store) rouse(topic string) {
	if topic == "" || topic == topicTenants {
		s.keys.dropAll()
	}
	s.bell.ring(topic)
}

// Close waits for the transaction under way and closes the database.
func (s *Store) Close() error { return s.engine.close() }

// Engine is "sqlite" or "postgres".
func (s *Store) Engine() string { return s.engine.name() }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.engine.ping(ctx); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// tenantNum is the number under which the tenant's rows are kept; Missing when
// there is no such tenant.
func (s *Store) tenantNum(ctx context.Context, q querier, id cordon.TenantID) (int64, error) {
	s.mu.RLock()
	num, ok := s.nums[id]
	s.mu.RUnlock()
	if ok {
		return num, nil
	}
	if err := q.queryRow(ctx, `SELECT num FROM tenant WHERE id = $1`, string(id)).Scan(&num); err != nil {
		return 0, orMissing(err, "tenant")
	}
	s.remember(id, num)
	return num, nil
}

// tenantID is tenantNum's way back.
func (s *Store) tenantID(ctx context.Context, q querier, num int64) (cordon.TenantID, error) {
	s.mu.RLock()
	id, ok := s.tenants[num]
	s.mu.RUnlock()
	if ok {
		return id, nil
	}
	if err := q.queryRow(ctx, `SELECT id FROM tenant WHERE num = $1`, num).Scan(&id); err != nil {
		return "", orMissing(err, "tenant")
	}
	s.remember(id, num)
	return id, nil
}

func (s *Store) remember(id cordon.TenantID, num int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nums[id], s.tenants[num] = num, id
}
