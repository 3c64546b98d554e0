package store

import (
	"context"
	"database/sql"
	"errors"
)

// sqlitePool runs reads on whichever reading connection is free.
type sqlitePool struct{ e *sqliteEngine }

// stmt answers a statement prepared for good, or nil when there are too many:
// then the text is run as it is.
func (p sqlitePool) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := p.e.readStmts.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	if p.e.readStmtsN.Load() >= maxCachedStatements {
		return nil, nil
	}
	stmt, err := p.e.readerDB.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if had, loaded := p.e.readStmts.LoadOrStore(text, stmt); loaded {
		stmt.Close()
		return had.(*sql.Stmt), nil
	}
	p.e.readStmtsN.Add(1)
	return stmt, nil
}

func (p sqlitePool) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return nil, errors.New("a read may not change anything")
}

func (p sqlitePool) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := p.stmt(ctx, text)
	switch {
	case err != nil:
		return nil, err
	case stmt == nil:
		return p.e.readerDB.QueryContext(ctx, text, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

func (p sqlitePool) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	stmt, err := p.stmt(ctx, text)
	if err != nil || stmt == nil {
		return p.e.readerDB.QueryRowContext(ctx, text, args...) // carries the error, if any
	}
	return stmt.QueryRowContext(ctx, args...)
}

// sqliteSnapshot runs reads in one transaction. It uses what the pool has
// prepared; what the pool has not is run as it is and prepared after the end,
// because preparing takes a connection, and whoever holds one must not wait for
// another.
type sqliteSnapshot struct {
	pool sqlitePool
	tx   *sql.Tx
	news []string
}

func (s *sqliteSnapshot) stmt(ctx context.Context, text string) *sql.Stmt {
	if stmt, ok := s.pool.e.readStmts.Load(text); ok {
		return s.tx.StmtContext(ctx, stmt.(*sql.Stmt))
	}
	s.news = append(s.news, text)
	return nil
}

func (s *sqliteSnapshot) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return s.pool.ExecContext(ctx, text, args...)
}

func (s *sqliteSnapshot) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if stmt := s.stmt(ctx, text); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return s.tx.QueryContext(ctx, text, args...)
}

func (s *sqliteSnapshot) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	if stmt := s.stmt(ctx, text); stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return s.tx.QueryRowContext(ctx, text, args...)
}

func (s *sqliteSnapshot) end() {
	s.tx.Rollback()
	for _, text := range s.news {
		// A failure costs only the next reader's time to prepare it.
		_, _ = s.pool.stmt(context.Background(), text)
	}
}
