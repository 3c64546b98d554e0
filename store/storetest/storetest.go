// Package storetest gives tests a store on every engine: SQLite in a file,
// SQLite in memory, and a real PostgreSQL. It is for tests alone; nothing that
// is shipped may import it.
package storetest

import (
	"context"
	"database/sql"
	"os"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // for Tamper and the templates
	_ "modernc.org/sqlite"

	"github.com/cordonmail/cordon/store"
)

// Option changes how a store is opened.
type Option func(*store.Options)

// Clock gives the store a clock.
func Clock(now func() time.Time) Option { return func(o *store.Options) { o.Now = now } }

// Master is the master key of every store opened here.
func Master() []byte { return []byte("a master key for tests, 32 bytes") }

// EnvEngine chooses the engine of New: "postgres" runs the tests of the services,
// which know no engine, on the other one.
const EnvEngine = "CORDON_TEST_ENGINE"

// New opens a SQLite store in a folder of the test's own.
func New(t testing.TB, with ...Option) *store.Store {
	t.Helper()
	if os.Getenv(EnvEngine) == "postgres" {
		return NewPostgres(t, with...)
	}
	return Open(t, store.Options{DataDir: t.TempDir()}, with...)
}

// Memory opens a SQLite store in memory; it works inside a synctest bubble.
func Memory(t testing.TB, with ...Option) *store.Store {
	t.Helper()
	return Open(t, store.Options{Database: "memory"}, with...)
}

// NewPostgres opens a store on a PostgreSQL database of the test's own.
func NewPostgres(t testing.TB, with ...Option) *store.Store {
	t.Helper()
	return Open(t, store.Options{Database: newDatabase(t)}, with...)
}

// Postgres answers the URL of a PostgreSQL database of the test's own, for
// several processes that share it.
func Postgres(t testing.TB) string {
	t.Helper()
	return newDatabase(t)
}

// Each runs f on a SQLite file and on PostgreSQL.
func Each(t *testing.T, f func(t *testing.T, s *store.Store), with ...Option) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, Open(t, store.Options{DataDir: t.TempDir()}, with...)) })
	t.Run("postgres", func(t *testing.T) { f(t, NewPostgres(t, with...)) })
}

// Open opens a store and closes it at the end of the test.
func Open(t testing.TB, o store.Options, with ...Option) *store.Store {
	t.Helper()
	if o.Master == nil {
		o.Master = Master()
	}
	for _, change := range with {
		change(&o)
	}
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	opened.Store(s, o)
	t.Cleanup(func() {
		opened.Delete(s)
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return s
}

// opened remembers how each store was opened, for Tamper and Reopen.
var opened sync.Map // *store.Store → store.Options

// Reopen opens the same database once more, as another process would: nothing
// the first store remembers is shared.
func Reopen(t testing.TB, s *store.Store) *store.Store {
	t.Helper()
	return Open(t, optionsOf(t, s))
}

// Tamper runs SQL behind the store's back, with the guards of the append-only
// tables off: what somebody with the database file could do.
func Tamper(t testing.TB, s *store.Store, text string, args ...any) {
	t.Helper()
	db := rawDB(t, s)
	for _, statement := range unguard[s.Engine()] {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("tamper: %v", err)
		}
	}
	if _, err := db.Exec(text, args...); err != nil {
		t.Fatalf("tamper: %v", err)
	}
}

// Raw answers a connection to the store's database.
func rawDB(t testing.TB, s *store.Store) *sql.DB {
	t.Helper()
	o := optionsOf(t, s)
	driver, dsn := "pgx", o.Database
	switch {
	case o.Database == "memory":
		t.Fatal("a store in memory cannot be reached from outside: use New")
	case o.Database == "":
		driver, dsn = "sqlite", "file:"+o.DataDir+"/cordon.db?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Raw answers a pool of connections to the store's own database, to look at
// what is really stored.
func Raw(t testing.TB, s *store.Store) *sql.DB {
	t.Helper()
	return rawDB(t, s)
}

func optionsOf(t testing.TB, s *store.Store) store.Options {
	t.Helper()
	o, ok := opened.Load(s)
	if !ok {
		t.Fatal("the store was not opened by storetest")
	}
	return o.(store.Options)
}

var unguard = map[string][]string{
	"sqlite": {
		"DROP TRIGGER IF EXISTS entry_unchanged", "DROP TRIGGER IF EXISTS entry_kept",
		"DROP TRIGGER IF EXISTS entry_hash_unchanged", "DROP TRIGGER IF EXISTS entry_hash_kept",
	},
	"postgres": {
		"DROP TRIGGER IF EXISTS entry_unchanged ON entry",
		"DROP TRIGGER IF EXISTS entry_hash_unchanged ON entry_hash",
	},
}

// Tables lists the tables of the store's database.
func Tables(t testing.TB, s *store.Store) []string {
	t.Helper()
	rows, err := rawDB(t, s).Query(listTables[s.Engine()])
	if err != nil {
		t.Fatalf("list tables: %v", err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatalf("list tables: %v", err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("list tables: %v", err)
	}
	return names
}

var listTables = map[string]string{
	"sqlite":   `SELECT name FROM sqlite_schema WHERE type = 'table'`,
	"postgres": `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
}

// Dump answers every value of a table, one after the other.
func Dump(t testing.TB, s *store.Store, table string) []byte {
	t.Helper()
	rows, err := rawDB(t, s).Query(`SELECT * FROM ` + table)
	if err != nil {
		t.Fatalf("dump %s: %v", table, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatalf("dump %s: %v", table, err)
	}
	var dump []byte
	for rows.Next() {
		values := make([]sql.RawBytes, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("dump %s: %v", table, err)
		}
		for _, v := range values {
			dump = append(append(dump, v...), '\n')
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("dump %s: %v", table, err)
	}
	return dump
}
