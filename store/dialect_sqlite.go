package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var sqliteTokens = map[string]string{
	"blob":       "BLOB",
	"norowid":    "WITHOUT ROWID",
	"skiplocked": "",
	"forupdate":  "",
	"rows":       "json_each(%)",
	"texts":      "json_each(%)",
	"nums":       "json_each(%)",
	"unhex":      "unhex(%)",
	// BEGIN IMMEDIATE already lets one writer in at a time.
	"share":   "SELECT 0",
	"exclude": "SELECT 0",
	"guard": `CREATE TRIGGER %_unchanged BEFORE UPDATE ON % BEGIN SELECT RAISE(ABORT, '% is append-only'); END;
CREATE TRIGGER %_kept BEFORE DELETE ON % BEGIN SELECT RAISE(ABORT, '% is append-only'); END`,
}

const (
	sqliteReaders       = 4
	sqliteWriterCache   = 32 << 10 // KiB of pages
	sqliteReaderCache   = 4 << 10
	sqliteBusyMillis    = 10_000
	sqliteCheckpoint    = 16 << 10 // pages: a page written often within 64 MiB of log reaches the file once
	sqliteJournalLimit  = 64 << 20 // bytes the log keeps after a checkpoint
	maxCachedStatements = 200
)

// sqliteEngine is one file: one connection that writes, a few that read beside
// it. In memory there is only the writer's, and readers take turns with it.
type sqliteEngine struct {
	writerDB *sql.DB
	readerDB *sql.DB       // nil in memory
	turn     chan struct{} // holds the right to use conn; a channel, so that waiting is seen by synctest
	conn     *sql.Conn
	stmts    map[string]*sql.Stmt

	readStmts  sync.Map // text → *sql.Stmt
	readStmtsN atomic.Int64
	path       string // "" in memory

	closing sync.Once
	closed  chan struct{}
}

func openSQLite(ctx context.Context, path string) (*sqliteEngine, error) {
	e := &sqliteEngine{turn: make(chan struct{}, 1), stmts: map[string]*sql.Stmt{}, path: path, closed: make(chan struct{})}
	var err error
	if path == "" {
		if e.writerDB, err = sql.Open("sqlite", ":memory:?_pragma=foreign_keys(1)&_pragma=secure_delete(FAST)"); err != nil {
			return nil, err
		}
	} else {
		if e.path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
		// Made here so that nobody else can read it: the engine would ask the umask.
		f, err := os.OpenFile(e.path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
		if e.writerDB, err = sql.Open("sqlite", sqliteDSN(e.path, sqliteWriterCache, false)); err != nil {
			return nil, err
		}
		if e.readerDB, err = sql.Open("sqlite", sqliteDSN(e.path, sqliteReaderCache, true)); err != nil {
			return nil, errors.Join(err, e.writerDB.Close())
		}
		e.readerDB.SetMaxOpenConns(sqliteReaders)
		e.readerDB.SetMaxIdleConns(sqliteReaders)
	}
	e.writerDB.SetMaxOpenConns(1)
	e.writerDB.SetMaxIdleConns(1)
	e.writerDB.SetConnMaxIdleTime(0)
	e.writerDB.SetConnMaxLifetime(0)
	e.turn <- struct{}{}
	if err := e.writerDB.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), e.close())
	}
	return e, nil
}

func sqliteDSN(path string, cacheKiB int, readOnly bool) string {
	q := url.Values{}
	pragma := func(format string, args ...any) { q.Add("_pragma", fmt.Sprintf(format, args...)) }
	pragma("busy_timeout(%d)", sqliteBusyMillis)
	pragma("journal_mode(WAL)")
	pragma("synchronous(FULL)")
	pragma("foreign_keys(1)")
	pragma("secure_delete(FAST)") // what is erased is overwritten, not only unlinked
	pragma("cache_size(-%d)", cacheKiB)
	pragma("wal_autocheckpoint(%d)", sqliteCheckpoint)
	pragma("journal_size_limit(%d)", sqliteJournalLimit)
	if readOnly {
		pragma("query_only(1)")
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

func (e *sqliteEngine) name() string { return "sqlite" }

func (e *sqliteEngine) goose() (goose.Dialect, []goose.ProviderOption, error) {
	return goose.DialectSQLite3, nil, nil
}

func (e *sqliteEngine) migrationDB() (*sql.DB, func(), error) {
	return e.writerDB, func() {}, nil
}

// take waits for the writing connection.
func (e *sqliteEngine) take(ctx context.Context) error {
	select {
	case <-e.turn:
	case <-e.closed:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.conn == nil {
		conn, err := e.writerDB.Conn(context.WithoutCancel(ctx))
		if err != nil {
			e.turn <- struct{}{}
			return fmt.Errorf("open database: %w", err)
		}
		e.conn = conn
	}
	return nil
}

func (e *sqliteEngine) give() { e.turn <- struct{}{} }

func (e *sqliteEngine) begin(ctx context.Context) (transaction, error) {
	if err := e.take(ctx); err != nil {
		return nil, err
	}
	t := &sqliteTx{e: e}
	if _, err := t.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		e.give()
		return nil, err
	}
	return t, nil
}

func (e *sqliteEngine) reader(ctx context.Context, consistent bool) (runner, func(), error) {
	if e.readerDB == nil {
		if err := e.take(ctx); err != nil {
			return nil, nil, err
		}
		return &sqliteTx{e: e}, e.give, nil
	}
	if !consistent {
		return sqlitePool{e}, func() {}, nil
	}
	tx, err := e.readerDB.BeginTx(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	snap := &sqliteSnapshot{pool: sqlitePool{e}, tx: tx}
	return snap, snap.end, nil
}

func (e *sqliteEngine) mostRuns() int { return 200 }

func (e *sqliteEngine) placeholder(int) string { return "?" }

func (e *sqliteEngine) conflict(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && (se.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || se.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// retryable: BEGIN IMMEDIATE has waited for its turn already, and nothing can
// come between after it.
func (e *sqliteEngine) retryable(error) bool { return false }

func (e *sqliteEngine) busy(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && (se.Code()&0xff == sqlite3.SQLITE_BUSY || se.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

func (e *sqliteEngine) ping(ctx context.Context) error {
	r, done, err := e.reader(ctx, false)
	if err != nil {
		return err
	}
	defer done()
	var one int
	return r.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// scrub moves the log into the file, where secure_delete overwrites, and empties it.
func (e *sqliteEngine) scrub(ctx context.Context, _ string) error {
	if e.path == "" {
		return nil
	}
	if err := e.take(ctx); err != nil {
		return err
	}
	defer e.give()
	_, err := e.conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

func (e *sqliteEngine) size(ctx context.Context) (int64, error) {
	if err := e.scrub(ctx, ""); err != nil {
		return 0, err
	}
	r, done, err := e.reader(ctx, false)
	if err != nil {
		return 0, err
	}
	defer done()
	var bytes int64
	err = r.QueryRowContext(ctx, "SELECT c.page_count * s.page_size FROM pragma_page_count c, pragma_page_size s").Scan(&bytes)
	return bytes, err
}

var errClosed = errors.New("the store is closed")

func (e *sqliteEngine) close() (err error) {
	e.closing.Do(func() {
		<-e.turn // whoever writes finishes first; nobody writes after
		close(e.closed)
		err = e.closeAll()
	})
	return err
}

func (e *sqliteEngine) closeAll() error {
	var errs []error
	e.readStmts.Range(func(_, stmt any) bool {
		errs = append(errs, stmt.(*sql.Stmt).Close())
		return true
	})
	if e.readerDB != nil {
		errs = append(errs, e.readerDB.Close())
	}
	for _, stmt := range e.stmts {
		errs = append(errs, stmt.Close())
	}
	if e.conn != nil {
		errs = append(errs, e.conn.Close())
	}
	errs = append(errs, e.writerDB.Close())
	return errors.Join(errs...)
}

// sqliteTx runs statements on the writing connection, each prepared once.
// Statements are not interrupted: an interrupted write would silently end the
// transaction, and the next statement would stand alone. Each is short; the
// context is asked before it.
type sqliteTx struct{ e *sqliteEngine }

func (t *sqliteTx) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := t.e.stmts[text]; stmt != nil {
		return stmt, nil
	}
	if len(t.e.stmts) >= maxCachedStatements {
		for _, stmt := range t.e.stmts {
			stmt.Close()
		}
		clear(t.e.stmts)
	}
	stmt, err := t.e.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	t.e.stmts[text] = stmt
	return stmt, nil
}

func (t *sqliteTx) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

func (t *sqliteTx) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (t *sqliteTx) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	if ctx.Err() == nil {
		ctx = context.WithoutCancel(ctx)
		if stmt, err := t.stmt(ctx, text); err == nil {
			return stmt.QueryRowContext(ctx, args...)
		}
	}
	return t.e.conn.QueryRowContext(ctx, text, args...) // carries the error
}

func (t *sqliteTx) commit([]string) error {
	_, err := t.ExecContext(context.Background(), "COMMIT")
	if err != nil {
		t.rollback()
		return err
	}
	t.e.give()
	return nil
}

func (t *sqliteTx) rollback() {
	// An error means that the engine has rolled back already.
	t.ExecContext(context.Background(), "ROLLBACK")
	t.e.give()
}
