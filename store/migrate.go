package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/cordonmail/cordon"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one numbered step forward. There is no way back: a mistake is
// mended by the next number.
type migration struct {
	version int64
	name    string
	sum     string // of the text as written, before tokens
	text    string // with tokens expanded
}

func readMigrations(files fs.FS, tokens map[string]string) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, path := range names { // sorted by name, and so by number
		raw, err := fs.ReadFile(files, path)
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(path, "migrations/")
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil || version < 1 {
			return nil, fmt.Errorf("migration %s: its name must begin with a number and an underscore", name)
		}
		text := strings.ReplaceAll(string(raw), "\r\n", "\n")
		sum := sha256.Sum256([]byte(text))
		expanded, err := expand(tokens, text)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		all = append(all, migration{version: version, name: name, sum: hex.EncodeToString(sum[:]), text: expanded})
	}
	return all, nil
}

// migrate brings the schema up to date, each step in a transaction of its own,
// and refuses a database that was made by other steps than ours. Steps of a
// newer release are left alone: two releases may run side by side.
func (s *Store) migrate(ctx context.Context, files fs.FS) error {
	all, err := readMigrations(files, s.tokens)
	if err != nil {
		return err
	}
	db, done, err := s.engine.migrationDB()
	if err != nil {
		return err
	}
	defer done()
	if err := checkMigrations(ctx, db, all); err != nil {
		return err
	}
	dialect, options, err := s.engine.goose()
	if err != nil {
		return err
	}
	steps := make([]*goose.Migration, len(all))
	for i, m := range all {
		steps[i] = goose.NewGoMigration(m.version, &goose.GoFunc{RunTx: m.run}, nil)
	}
	options = append(options, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(steps...), goose.WithSlog(slog.New(slog.DiscardHandler)))
	provider, err := goose.NewProvider(dialect, db, nil, options...)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return checkMigrations(ctx, db, all) // another node may have been the one to migrate
}

func (m migration) run(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, m.text); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO migration_checksum (version, name, sum) VALUES ($1, $2, $3)`, m.version, m.name, m.sum)
	return err
}

// checkMigrations compares what was run with what we have.
func checkMigrations(ctx context.Context, db *sql.DB, all []migration) error {
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migration_checksum (version BIGINT PRIMARY KEY, name TEXT NOT NULL, sum TEXT NOT NULL)`); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, m := range all {
		var sum string
		err := db.QueryRowContext(ctx, `SELECT sum FROM migration_checksum WHERE version = $1`, m.version).Scan(&sum)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return fmt.Errorf("migrate: %w", err)
		case sum != m.sum:
			return &cordon.Error{
				Code: cordon.Conflict, Field: "migration " + m.name,
				Message: "was edited after it had been run on this database",
				Remedy:  "start the release that made the database, or restore the file and put the change into a new migration",
			}
		}
	}
	return nil
}
