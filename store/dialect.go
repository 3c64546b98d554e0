package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"

	"github.com/pressly/goose/v3"
)

// engine is everything in which the two databases differ. dialect_sqlite.go
// and dialect_postgres.go hold the two; no other file may name either.
type engine interface {
	name() string
	goose() (goose.Dialect, []goose.ProviderOption, error)

	// begin starts a write transaction.
	begin(ctx context.Context) (transaction, error)
	// reader answers what a read runs on, and what must be called after it. With
	// consistent, every statement until then sees one and the same state.
	reader(ctx context.Context, consistent bool) (runner, func(), error)
	// migrationDB is a pool for goose, and what must be called after it.
	migrationDB() (*sql.DB, func(), error)

	// placeholder is the n-th argument in a statement that uses each once and in
	// order. ($n is a name to one of the engines, and it looks names up one by
	// one: a thousand of them cost more than the insert.)
	placeholder(n int) string

	// mostRuns is up to how many runs of rows are changed with a statement each;
	// beyond it one statement changes them by a list. A statement costs a round
	// trip on one engine and next to nothing on the other.
	mostRuns() int

	conflict(error) bool  // a unique constraint was hit
	retryable(error) bool // the same transaction may succeed when tried again at once
	busy(error) bool      // the database cannot be had now, through no fault of the statement
	ping(context.Context) error
	// scrub overwrites what was just deleted from the table, as far as the engine can.
	scrub(ctx context.Context, table string) error
	// size is how many bytes the database takes, its log moved into it.
	size(context.Context) (int64, error)
	close() error
}

// runner is the part of database/sql that a statement needs.
type runner interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

type transaction interface {
	runner
	commit(topics []string) error
	rollback()
}

// Tokens stand in the SQL text where the engines differ. {{name}} and
// {{name argument}}; % is the argument.
//
//	{{blob}}            the type of bytes
//	{{norowid}}         table option: the rows live in the primary key's tree
//	{{skiplocked}}      tail of a SELECT that claims: skip what others hold
//	{{forupdate}}       tail of a SELECT that locks what it reads
//	{{rows $n}} r       a JSON array of arrays as rows: r.value->>0, r.value->>1 … are texts; CAST(r.value->>0 AS BIGINT)
//	{{texts $n}} r      a JSON array of strings as rows: r.value
//	{{nums $n}} r       a JSON array of whole numbers as rows: r.value (BIGINT)
//	{{unhex x}}         bytes from hex text
//	{{share name}}      statement: hold the named lock shared until the end of the transaction
//	{{exclude name}}    statement: hold it alone
//	{{guard table}}     statements: rows of the table can be neither changed nor deleted
var tokenNames = []string{
	"blob", "norowid", "skiplocked", "forupdate", "rows", "texts", "nums", "unhex", "share", "exclude", "guard",
}

var tokenPattern = regexp.MustCompile(`\{\{([a-z]+)(?: ([^{}]*))?\}\}`)

// expand replaces the tokens of a statement.
func expand(tokens map[string]string, text string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	var unknown string
	expanded := tokenPattern.ReplaceAllStringFunc(text, func(token string) string {
		m := tokenPattern.FindStringSubmatch(token)
		body, ok := tokens[m[1]]
		if !ok {
			unknown = token
		}
		return strings.ReplaceAll(body, "%", m[2])
	})
	if unknown != "" {
		return "", fmt.Errorf("unknown token %s", unknown)
	}
	return expanded, nil
}
