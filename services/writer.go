package services

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"golang.org/x/sync/semaphore"
)

// PocketBase writes through a pool of one connection, and database/sql lets
// those who wait for a connection have it at random: under load an unlucky
// request waits several times longer than those that came after it. So the pool
// of writers gives everybody a seat at once, and all seats share one connection
// to SQLite, whose turns are in the order of asking.

// writerLine opens connections like any other until share is called; from then
// on it has one, and whoever connects gets a seat.
type writerLine struct {
	driver.Connector
	shared bool
	turn   *semaphore.Weighted // first come, first served
	// conn and closed belong to whoever has the turn. conn is nil until it is needed.
	conn   rawConn
	closed bool
}

// writers are the lines of an app's pools.
type writers struct {
	durability Durability
	mu         sync.Mutex
	lines      map[*sql.DB]*writerLine
}

// connect is the app's core.DBConnectFunc.
func (w *writers) connect(path string) (*dbx.DB, error) {
	open, err := databaseAt(path, w.durability)
	if err != nil {
		return nil, err
	}
	line := &writerLine{Connector: open, turn: semaphore.NewWeighted(1)}
	pool := sql.OpenDB(line)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines[pool] = line
	return dbx.NewFromDB(pool, sqliteDriver), nil
}

// idleSeats is how many seats are kept for those who come next; one costs next to nothing.
const idleSeats = 16

// share makes the app's pool of writers one line, each time the app opens its databases.
func (w *writers) share(e *core.BootstrapEvent) error {
	if err := e.Next(); err != nil {
		return err
	}
	db, ok := e.App.NonconcurrentDB().(*dbx.DB)
	if !ok {
		return fmt.Errorf("the writer of the database is a %T", e.App.NonconcurrentDB())
	}
	w.mu.Lock()
	line := w.lines[db.DB()]
	clear(w.lines)
	w.mu.Unlock()
	if line == nil {
		return errors.New("the writer of the database was opened by somebody else")
	}
	db.DB().SetMaxIdleConns(0) // closes the one that was used so far
	line.shared = true
	db.DB().SetMaxOpenConns(0)
	db.DB().SetMaxIdleConns(idleSeats)
	return nil
}

// Connect implements driver.Connector.
func (l *writerLine) Connect(ctx context.Context) (driver.Conn, error) {
	if !l.shared {
		return l.Connector.Connect(ctx)
	}
	return &seat{line: l}, nil
}

// lastTurn is how long the one who has the turn may take when the database is closed.
const lastTurn = 10 * time.Second

// Close implements io.Closer for database/sql, which calls it when the pool is
// closed, whoever still works: SQLite would read and write memory that was freed.
func (l *writerLine) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), lastTurn)
	defer cancel()
	if err := l.turn.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("the writer of the database is still at work: %w", err)
	}
	defer l.turn.Release(1)
	l.closed = true
	if l.conn == nil {
		return nil
	}
	err := l.conn.Close()
	l.conn = nil
	return err
}

// enter waits for the turn and returns the connection.
func (l *writerLine) enter(ctx context.Context) (rawConn, error) {
	if err := l.turn.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if l.closed {
		l.turn.Release(1)
		return nil, sql.ErrConnDone
	}
	if l.conn != nil {
		return l.conn, nil
	}
	conn, err := l.Connector.Connect(ctx)
	if err != nil {
		l.turn.Release(1)
		return nil, err
	}
	raw, ok := conn.(rawConn)
	if !ok {
		l.turn.Release(1)
		return nil, errors.Join(fmt.Errorf("the SQLite driver's %T cannot be shared", conn), conn.Close())
	}
	l.conn = raw
	return raw, nil
}

// leave ends the turn. A connection in doubt is closed, which ends whatever it was at.
func (l *writerLine) leave(doubt bool) {
	if doubt || !l.conn.IsValid() {
		_ = l.conn.Close()
		l.conn = nil
	}
	l.turn.Release(1)
}

// seat is what database/sql takes for a connection.
type seat struct {
	line *writerLine
	// held is the connection while a transaction has the turn.
	held rawConn
}

// ExecContext implements driver.ExecerContext.
func (s *seat) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if s.held != nil {
		return s.held.ExecContext(ctx, text, args)
	}
	conn, err := s.line.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer s.line.leave(false)
	return conn.ExecContext(ctx, text, args)
}

// QueryContext implements driver.QueryerContext. Outside a transaction the turn lasts until the rows are closed.
func (s *seat) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if s.held != nil {
		return s.held.QueryContext(ctx, text, args)
	}
	conn, err := s.line.enter(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, text, args)
	if err != nil {
		s.line.leave(false)
		return nil, err
	}
	raw, ok := rows.(rawRows)
	if !ok {
		err := errors.Join(fmt.Errorf("the SQLite driver's %T cannot be shared", rows), rows.Close())
		s.line.leave(true)
		return nil, err
	}
	return &seatRows{rawRows: raw, line: s.line}, nil
}

// BeginTx implements driver.ConnBeginTx: the turn lasts until the transaction ends.
func (s *seat) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	conn, err := s.line.enter(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, options)
	if err != nil {
		s.line.leave(true)
		return nil, err
	}
	s.held = conn
	return seatTx{seat: s, tx: tx}, nil
}

// Begin implements driver.Conn.
func (s *seat) Begin() (driver.Tx, error) {
	return s.BeginTx(context.Background(), driver.TxOptions{})
}

// Prepare implements driver.Conn. A statement would belong to the connection, not to
// the seat. Nobody prepares: the connection keeps statements by their text.
func (s *seat) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("the writer of the database takes statements as text only")
}

// Ping implements driver.Pinger.
func (s *seat) Ping(ctx context.Context) error {
	_, err := s.ExecContext(ctx, "SELECT 1", nil)
	return err
}

// Close implements driver.Conn.
func (s *seat) Close() error {
	if s.held != nil {
		s.held = nil
		s.line.leave(true)
	}
	return nil
}

type seatTx struct {
	seat *seat
	tx   driver.Tx
}

// Commit implements driver.Tx.
func (t seatTx) Commit() error { return t.end(t.tx.Commit()) }

// Rollback implements driver.Tx.
func (t seatTx) Rollback() error { return t.end(t.tx.Rollback()) }

// end gives the turn to the next. After a failure nobody knows whether the transaction is still open.
func (t seatTx) end(err error) error {
	t.seat.held = nil
	t.seat.line.leave(err != nil)
	return err
}

// seatRows are rows asked for outside a transaction.
type seatRows struct {
	rawRows
	line *writerLine
}

// Close implements driver.Rows.
func (r *seatRows) Close() error {
	err := r.rawRows.Close()
	if r.line != nil {
		r.line.leave(false)
		r.line = nil
	}
	return err
}
