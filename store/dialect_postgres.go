package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/cordonmail/cordon"
)

var postgresTokens = map[string]string{
	"blob":       "BYTEA",
	"norowid":    "",
	"skiplocked": "FOR UPDATE SKIP LOCKED",
	"forupdate":  "FOR UPDATE",
	"rows":       "jsonb_array_elements(CAST(CAST(% AS TEXT) AS JSONB))",
	"texts":      "jsonb_array_elements_text(CAST(CAST(% AS TEXT) AS JSONB))",
	"nums":       "(SELECT CAST(x.value AS BIGINT) AS value FROM jsonb_array_elements_text(CAST(CAST(% AS TEXT) AS JSONB)) x)",
	"unhex":      "decode(%, 'hex')",
	"share":      "SELECT 0 FROM (SELECT pg_advisory_xact_lock_shared(hashtext('cordon %'))) l",
	"exclude":    "SELECT 0 FROM (SELECT pg_advisory_xact_lock(hashtext('cordon %'))) l",
	"guard": `CREATE FUNCTION %_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only'; END $$;
CREATE TRIGGER %_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON % FOR EACH STATEMENT EXECUTE FUNCTION %_unchanged()`,
}

const (
	postgresConns   = 16
	postgresChannel = "cordon"
	listenRetry     = time.Second
)

// postgresEngine is a pool, and one connection that listens for wake-ups.
type postgresEngine struct {
	db   *sql.DB
	self string // marks our own notifications
	stop context.CancelFunc
	done sync.WaitGroup
}

func openPostgres(ctx context.Context, dsn string, wake func(topic string), log *slog.Logger) (*postgresEngine, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The parser's error may quote the URL, and the URL may hold a password.
		return nil, cordon.InvalidField("database", "is not a usable PostgreSQL URL", "give postgres://user:password@host:port/name")
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "cordon"
	}
	e := &postgresEngine{db: stdlib.OpenDB(*cfg), self: cordon.RandomText(16)}
	e.db.SetMaxOpenConns(postgresConns)
	e.db.SetMaxIdleConns(postgresConns / 2)
	e.db.SetConnMaxIdleTime(5 * time.Minute)
	if err := e.db.PingContext(ctx); err != nil {
		e.db.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	listener, err := listenOn(ctx, cfg)
	if err != nil {
		e.db.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	var listening context.Context
	listening, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	e.done.Go(func() {
		for listener != nil {
			err := e.pass(listening, listener, wake)
			if listening.Err() != nil {
				return
			}
			log.Warn("wake-up connection lost", slog.String("error", err.Error()))
			listener = listenAgain(listening, cfg)
			wake("") // whatever was missed meanwhile
		}
	})
	return e, nil
}

func (e *postgresEngine) name() string { return "postgres" }

func (e *postgresEngine) goose() (goose.Dialect, []goose.ProviderOption, error) {
	// Several nodes may start at once: one migrates, the others wait.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
	if err != nil {
		return "", nil, err
	}
	return goose.DialectPostgres, []goose.ProviderOption{goose.WithSessionLocker(locker)}, nil
}

func (e *postgresEngine) migrationDB() (*sql.DB, func(), error) { return e.db, func() {}, nil }

func (e *postgresEngine) begin(ctx context.Context) (transaction, error) {
	tx, err := e.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, err
	}
	return &postgresTx{Tx: tx, self: e.self}, nil
}

func (e *postgresEngine) reader(ctx context.Context, consistent bool) (runner, func(), error) {
	if !consistent {
		return e.db, func() {}, nil
	}
	tx, err := e.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	return tx, func() { tx.Rollback() }, nil
}

func (e *postgresEngine) mostRuns() int { return 12 }

func (e *postgresEngine) placeholder(n int) string { return "$" + strconv.Itoa(n) }

func (e *postgresEngine) conflict(err error) bool { return sqlState(err) == "23505" }

func (e *postgresEngine) retryable(err error) bool {
	switch sqlState(err) {
	case "40001", "40P01": // serialisation failure, deadlock
		return true
	}
	return false
}

// busy is a connection lost or refused, a server that starts or stops, or one
// with no connection left (classes 08, 53 and 57 of SQLSTATE).
func (e *postgresEngine) busy(err error) bool {
	var refused *pgconn.ConnectError
	if errors.As(err, &refused) || pgconn.SafeToRetry(err) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	state := sqlState(err)
	return strings.HasPrefix(state, "08") || strings.HasPrefix(state, "53") || strings.HasPrefix(state, "57P")
}

func sqlState(err error) string {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code
	}
	return ""
}

func (e *postgresEngine) ping(ctx context.Context) error { return e.db.PingContext(ctx) }

// scrub removes the dead rows; the write-ahead log and backups are the server's.
func (e *postgresEngine) scrub(ctx context.Context, table string) error {
	_, err := e.db.ExecContext(ctx, "VACUUM "+table)
	return err
}

func (e *postgresEngine) size(ctx context.Context) (int64, error) {
	var bytes int64
	err := e.db.QueryRowContext(ctx, "SELECT pg_database_size(current_database())").Scan(&bytes)
	return bytes, err
}

func (e *postgresEngine) close() error {
	e.stop()
	e.done.Wait()
	return e.db.Close()
}

// listenOn opens the connection that wake-ups come by.
func listenOn(ctx context.Context, cfg *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, cfg.Copy())
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+postgresChannel); err != nil {
		conn.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return conn, nil
}

// listenAgain tries until it is connected; nil when the store is closed.
func listenAgain(ctx context.Context, cfg *pgx.ConnConfig) *pgx.Conn {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(listenRetry):
		}
		if conn, err := listenOn(ctx, cfg); err == nil {
			return conn
		}
	}
}

// pass hands other nodes' wake-ups on until the connection ends.
func (e *postgresEngine) pass(ctx context.Context, conn *pgx.Conn, wake func(topic string)) error {
	defer conn.Close(context.WithoutCancel(ctx))
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if topic, from, _ := strings.Cut(n.Payload, " "); from != e.self {
			wake(topic)
		}
	}
}

type postgresTx struct {
	*sql.Tx
	self string
}

func (t *postgresTx) commit(topics []string) error {
	for _, topic := range topics {
		if _, err := t.ExecContext(context.Background(), "SELECT pg_notify($1, $2)", postgresChannel, topic+" "+t.self); err != nil {
			t.rollback()
			return err
		}
	}
	return t.Tx.Commit()
}

func (t *postgresTx) rollback() { t.Tx.Rollback() }
