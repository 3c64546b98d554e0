package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/cordonmail/cordon"
)

func openMemory(t *testing.T, now func() time.Time) *Store {
	t.Helper()
	s, err := Open(context.Background(), Options{Database: "memory", Master: bytes.Repeat([]byte{7}, masterSize), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestExpand(t *testing.T) {
	for _, c := range []struct{ text, sqlite, postgres string }{
		{"SELECT 1", "SELECT 1", "SELECT 1"},
		{"a {{blob}}", "a BLOB", "a BYTEA"},
		{"{{unhex v.value->>1}}", "unhex(v.value->>1)", "decode(v.value->>1, 'hex')"},
		{"FROM {{texts $2}} n", "FROM json_each($2) n", "FROM jsonb_array_elements_text(CAST(CAST($2 AS TEXT) AS JSONB)) n"},
		{"{{share stops}}", "SELECT 0", "SELECT 0 FROM (SELECT pg_advisory_xact_lock_shared(hashtext('cordon stops'))) l"},
	} {
		for tokens, want := range map[*map[string]string]string{&sqliteTokens: c.sqlite, &postgresTokens: c.postgres} {
			got, err := expand(*tokens, c.text)
			if err != nil || got != want {
				t.Errorf("%s: %q, %v; want %q", c.text, got, err, want)
			}
		}
	}
	if _, err := expand(sqliteTokens, "SELECT {{nonsense}}"); err == nil {
		t.Error("an unknown token passed")
	}
}

// Both engines know every token, so that no statement works on one alone.
func TestTokensAreTheSameOnBoth(t *testing.T) {
	for _, tokens := range []map[string]string{sqliteTokens, postgresTokens} {
		for _, name := range tokenNames {
			if _, ok := tokens[name]; !ok {
				t.Errorf("token %s is missing", name)
			}
		}
		if len(tokens) != len(tokenNames) {
			t.Errorf("%d tokens, %d documented", len(tokens), len(tokenNames))
		}
	}
}

// A failed statement ends the transaction: what follows neither runs nor
// commits, even when the error was overlooked.
func TestFailureSticks(t *testing.T) {
	s, ctx := openMemory(t, nil), t.Context()
	err := s.write(ctx, func(t *tx) error {
		t.append(cordon.Entry{Kind: cordon.EntryDrill})
		t.exec(ctx, `INSERT INTO ledger_head (one, size, edge) VALUES (1, 0, '')`) // a duplicate
		_, err := t.exec(ctx, `INSERT INTO counter (tenant, noun, last) VALUES (9, 'x', 1)`)
		if err == nil {
			return errors.New("a statement ran after a failed one")
		}
		return nil
	})
	if err == nil {
		t.Fatal("a failed transaction was committed")
	}
	err = s.read(ctx, func(q querier) error {
		var n int
		if err := q.queryRow(ctx, `SELECT COUNT(*) FROM counter WHERE tenant = 9`).Scan(&n); err != nil || n != 0 {
			return errors.New("something of the failed transaction is left")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A panic inside a transaction undoes it and leaves the store usable.
func TestPanicRollsBack(t *testing.T) {
	s, ctx := openMemory(t, nil), t.Context()
	func() {
		defer func() { recover() }()
		s.write(ctx, func(t *tx) error {
			t.take(ctx, 0, "x", 1)
			panic("in the middle")
		})
	}()
	var first int64
	err := s.write(ctx, func(t *tx) (err error) {
		first, err = t.take(ctx, 0, "x", 3)
		return err
	})
	if err != nil || first != 1 {
		t.Fatalf("after a panic: %d, %v", first, err)
	}
}

func TestWakeUpsComeAfterTheCommit(t *testing.T) {
	s, ctx := openMemory(t, nil), t.Context()
	woken, end := s.Changed("queue")
	other, endOther := s.Changed("stops")
	defer endOther()
	s.write(ctx, func(t *tx) error { t.wake("queue"); return errors.New("no") })
	select {
	case <-woken:
		t.Fatal("woken by what was not committed")
	default:
	}
	for range 3 {
		if err := s.write(ctx, func(t *tx) error { t.wake("queue"); t.wake("queue"); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	<-woken
	select {
	case <-woken:
		t.Fatal("several changes before a look came as several wake-ups")
	case <-other:
		t.Fatal("another topic was woken")
	default:
	}
	end()
	s.bell.ring("queue")
	select {
	case <-woken:
		t.Fatal("woken after the end")
	default:
	}
}

// The store in memory lives inside a synctest bubble, with its time.
func TestMemoryInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t, time.Now)
		ctx := t.Context()
		start := time.Now()
		for range 3 {
			time.Sleep(time.Hour)
			if err := s.AppendEntry(ctx, cordon.Entry{Kind: cordon.EntryDrill}); err != nil {
				t.Fatal(err)
			}
		}
		err := s.read(ctx, func(q querier) error {
			var at int64
			err := q.queryRow(ctx, `SELECT at FROM entry ORDER BY num DESC LIMIT 1`).Scan(&at)
			if got := fromMicros(at).Sub(start); got != 3*time.Hour {
				t.Errorf("the last entry is %v after the start", got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestEditedMigrationIsRefused(t *testing.T) {
	s, ctx := openMemory(t, nil), t.Context()
	files := fstest.MapFS{}
	for _, name := range []string{"0001_catalog.sql", "0002_dispatch.sql"} {
		raw, err := migrationFiles.ReadFile("migrations/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files["migrations/"+name] = &fstest.MapFile{Data: raw}
	}
	files["migrations/0901_more.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE more (a {{blob}});")}
	if err := s.migrate(ctx, files); err != nil {
		t.Fatalf("a migration added: %v", err)
	}
	if err := s.migrate(ctx, files); err != nil {
		t.Fatalf("nothing to do: %v", err)
	}
	files["migrations/0901_more.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE more (b {{blob}});")}
	err := s.migrate(ctx, files)
	if cordon.CodeOf(err) != cordon.Conflict || !strings.Contains(err.Error(), "0901_more.sql") {
		t.Fatalf("an edited migration answers %v", err)
	}
	// An older release beside a newer one: it does not know the last step.
	delete(files, "migrations/0901_more.sql")
	if err := s.migrate(ctx, files); err != nil {
		t.Fatalf("a step of a newer release: %v", err)
	}
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	s, ctx := openMemory(t, nil), t.Context()
	files := fstest.MapFS{"migrations/0901_half.sql": &fstest.MapFile{Data: []byte("CREATE TABLE half (a BIGINT); CREATE TABLE half (a BIGINT);")}}
	if err := s.migrate(ctx, files); err == nil {
		t.Fatal("a broken migration passed")
	}
	files["migrations/0901_half.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE half (a BIGINT);")}
	if err := s.migrate(ctx, files); err != nil {
		t.Fatalf("the mended migration: %v", err)
	}
}

func TestLoadMaster(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	key, err := LoadMaster(dir, "")
	if err != nil || len(key) != masterSize {
		t.Fatalf("first start: %d bytes, %v", len(key), err)
	}
	again, err := LoadMaster(dir, "")
	if err != nil || !bytes.Equal(again, key) {
		t.Fatalf("second start: another key, %v", err)
	}
	path := filepath.Join(dir, masterFile)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Fatalf("left behind: %v", files)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := LoadMaster(dir, "")
		if cordon.CodeOf(err) != cordon.Denied || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %#o answers %v", mode, err)
		}
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("short\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadMaster(dir, ""); cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("a damaged key answers %v", err)
	}
	if _, err := LoadMaster(dir, "AAAA"); cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("a short key in the environment answers %v", err)
	}
	given, err := LoadMaster(dir, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	if err != nil || !bytes.Equal(given, make([]byte, masterSize)) {
		t.Errorf("a key in the environment answers %v, %v", given, err)
	}
}

func TestSealing(t *testing.T) {
	keys, err := newTenantKeys("ten_a", 1, bytes.Repeat([]byte{1}, 32), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	others, err := newTenantKeys("ten_b", 2, bytes.Repeat([]byte{2}, 32), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	p := cordon.Person{Name: "Wilhelmina", Address: "w@x.example", Fields: map[string]string{"ward": "three"}}
	sealed := keys.sealPerson("rcp_1", p)
	twin := keys.sealPerson("rcp_1", p)
	if bytes.Contains(sealed, []byte("ilhelmina")) || bytes.Equal(sealed, twin) {
		t.Fatal("sealed data shows the person, or is the same twice")
	}
	got, err := keys.openPerson("rcp_1", sealed)
	if err != nil || got.Name != p.Name || got.Fields["ward"] != "three" {
		t.Fatalf("opened %q, %v", got.Name, err)
	}
	for name, open := range map[string]func() error{
		"another recipient": func() error { _, err := keys.openPerson("rcp_2", sealed); return err },
		"another tenant":    func() error { _, err := others.openPerson("rcp_1", sealed); return err },
		"as a value":        func() error { _, err := keys.openValue("rcp_1", sealed); return err },
		"cut short":         func() error { _, err := keys.openPerson("rcp_1", sealed[:10]); return err },
		"nothing":           func() error { _, err := keys.openPerson("rcp_1", nil); return err },
	} {
		if err := open(); err == nil || strings.Contains(err.Error(), "ilhelmina") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range sealed {
		bent := bytes.Clone(sealed)
		bent[i] ^= 1
		if _, err := keys.openPerson("rcp_1", bent); err == nil {
			t.Fatalf("opened with bit %d bent", i*8)
		}
	}
	value := keys.sealValue("delivery 1/2", []byte("three o'clock"))
	if raw, err := keys.openValue("delivery 1/2", value); err != nil || string(raw) != "three o'clock" {
		t.Fatalf("value: %q, %v", raw, err)
	}
	if _, err := keys.openValue("delivery 1/3", value); err == nil {
		t.Fatal("a value opened under another subject")
	}
	if !bytes.Equal(keys.blindOf("W@X.example"), keys.blindOf("w@x.example")) || bytes.Equal(keys.blindOf("w@x.example"), others.blindOf("w@x.example")) {
		t.Fatal("the blind index tells case, or is the same for two tenants")
	}
}

// Another master key opens nothing, and says so.
func TestWrongMaster(t *testing.T) {
	dir, ctx, id := t.TempDir(), t.Context(), cordon.NewTenantID()
	open := func(fill byte) *Store {
		s, err := Open(ctx, Options{DataDir: dir, Master: bytes.Repeat([]byte{fill}, masterSize)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	if err := open(1).CreateTenant(ctx, cordon.System(), cordon.Tenant{ID: id, Handle: "berg"}); err != nil {
		t.Fatal(err)
	}
	_, err := open(2).FindByAddress(ctx, cordon.System(), id, "a@x.example")
	if cordon.CodeOf(err) != cordon.Unavailable || !strings.Contains(err.Error(), "master") {
		t.Fatalf("another master key answers %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "cordon.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the database file has mode %v, %v", info.Mode(), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	key := make([]byte, masterSize)
	for name, o := range map[string]Options{
		"no master key":  {Database: "memory"},
		"no place":       {Master: key},
		"unknown engine": {Database: "mysql://x", Master: key},
		"broken URL":     {Database: "postgres://a:secret@%zz", Master: key},
	} {
		_, err := Open(t.Context(), o)
		if cordon.CodeOf(err) != cordon.Invalid || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What comes after Close is an error, not a wait.
func TestClosedStore(t *testing.T) {
	s, err := Open(t.Context(), Options{Database: "memory", Master: make([]byte, masterSize)})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := s.AppendEntry(t.Context(), cordon.Entry{Kind: cordon.EntryDrill}); !errors.Is(err, errClosed) {
		t.Fatalf("a write after Close answers %v", err)
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Fatal("a closed store answers a ping")
	}
}
