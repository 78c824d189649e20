package services

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
)

// Under load a third of the time of the only writer went into commits: the same
// few pages written to the log again and again. So whoever ends a transaction while
// others wait leaves it open for them: each works in it behind a savepoint, can
// still be rolled back alone, and is told that it is committed when all are. SQLite
// commits all of them or none; until then nobody has been promised anything, and
// nobody else sees it.
//
// The one who began the transaction commits it: it takes its place at the end of
// the line, behind those who were waiting. Whoever finds nobody behind them, or
// is the last that a commit may have, does it at once for all.

// commitTogether is how many transactions share a commit at most: enough to make
// what it costs small, few enough that who came first does not wait long for the rest.
const commitTogether = 8

// sharedCommit is a transaction left open for those who wait.
type sharedCommit struct {
	tx driver.Tx
	// members is how many have ended their part.
	members int
	// done is closed when err is what came of it.
	done chan struct{}
	err  error
}

var errCommitLost = errors.New("the transaction that several shared was rolled back: nothing of it is stored")

// commitLater leaves the turn with tx open and returns what came of it.
func (l *writerLine) commitLater(tx driver.Tx) error {
	open := &sharedCommit{tx: tx, members: 1, done: make(chan struct{})}
	l.open = open
	l.leave(false)
	if err := l.turn.Acquire(context.Background(), 1); err != nil {
		return err // never: nothing ends this context
	}
	if l.open != open { // somebody has committed it
		l.turn.Release(1)
		<-open.done
		return open.err
	}
	err := l.commitOpen()
	l.leave(err != nil)
	return err
}

// commitOpen commits what was left open, if anything was, for all who wait for it.
func (l *writerLine) commitOpen() error {
	if l.open == nil {
		return nil
	}
	open := l.open
	l.settle(open, open.tx.Commit())
	return open.err
}

func (l *writerLine) settle(open *sharedCommit, err error) {
	l.open = nil
	open.err = err
	close(open.done)
}

// endPart ends a part of the open transaction whose savepoint was released: it
// commits for all, or leaves that to those behind, and returns what came of it.
func (l *writerLine) endPart() error {
	open := l.open
	open.members++
	if open.members >= commitTogether || l.waiting.Load() == 0 {
		err := l.commitOpen()
		l.leave(err != nil)
		return err
	}
	l.leave(false)
	<-open.done
	return open.err
}

// execTogether executes one statement outside a transaction while one is open.
func (l *writerLine) execTogether(ctx context.Context, conn rawConn, text string, args []driver.NamedValue) (driver.Result, error) {
	if verb, _, _ := strings.Cut(text, " "); verb != "INSERT" && verb != "UPDATE" {
		// It may take long (a clean-up) or be one that no transaction may have.
		if err := l.commitOpen(); err != nil {
			l.leave(true)
			return nil, err
		}
		defer l.leave(false)
		return conn.ExecContext(ctx, text, args)
	}
	if err := savepoint(conn); err != nil {
		l.leave(true)
		return nil, err
	}
	result, err := conn.ExecContext(context.WithoutCancel(ctx), text, args)
	if err != nil {
		lost := backToSavepoint(conn)
		l.leave(lost != nil)
		return nil, errors.Join(err, lost)
	}
	if err := release(conn); err != nil {
		l.leave(true)
		return nil, err
	}
	return result, l.endPart()
}

// joinedTx is a transaction that is a part of one that was open already.
type joinedTx struct{ seat *seat }

// Commit implements driver.Tx.
func (t joinedTx) Commit() error {
	conn, line := t.end()
	if err := release(conn); err != nil {
		line.leave(true)
		return err
	}
	return line.endPart()
}

// Rollback implements driver.Tx.
func (t joinedTx) Rollback() error {
	conn, line := t.end()
	err := backToSavepoint(conn)
	line.leave(err != nil)
	return err
}

func (t joinedTx) end() (rawConn, *writerLine) {
	conn := t.seat.held
	t.seat.held, t.seat.joined, t.seat.failed = nil, false, false
	return conn, t.seat.line
}

// bounded is the context for a statement of a transaction. Ending a statement in the
// middle makes SQLite roll back all of the transaction
// (https://sqlite.org/c3ref/interrupt.html), which is others' work too if it is shared.
func (s *seat) bounded(ctx context.Context) context.Context {
	if s.joined {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func savepoint(conn rawConn) error { return run(conn, "SAVEPOINT part") }

func release(conn rawConn) error { return run(conn, "RELEASE part") }

// backToSavepoint undoes one part. It fails when SQLite has undone everything, as it
// does when the disk is full.
func backToSavepoint(conn rawConn) error {
	if err := run(conn, "ROLLBACK TO part"); err != nil {
		return err
	}
	return release(conn)
}

func run(conn rawConn, text string) error {
	_, err := conn.ExecContext(context.Background(), text, nil)
	return err
}
