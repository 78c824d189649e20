package services

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"

	"modernc.org/sqlite"
)

// statements opens connections to SQLite that keep the statements they have
// prepared. PocketBase gives every statement as text, and a sixth of the cost of a
// payment was to have the same texts parsed again. SQLite prepares a kept
// statement anew by itself when the schema has changed.
type statements struct{ driver.Connector }

const (
	// keptStatements is how many statements a connection keeps: more than the
	// busiest one needs, each takes a few KB.
	keptStatements = 128
	// recentTexts is how many texts a connection remembers, to keep only what comes twice:
	// PocketBase also makes texts with a random name in them.
	recentTexts = 256
)

// Connect implements driver.Connector.
func (s statements) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	raw, ok := inner.(rawConn)
	if !ok {
		return inner, nil // another driver: as it is
	}
	return &keepingConn{rawConn: raw, kept: map[string]*list.Element{}, order: list.New(), seed: maphash.MakeSeed()}, nil
}

// rawConn is what the connection of the driver can do.
type rawConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	NewBackup(to string) (*sqlite.Backup, error)
}

type rawStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// rawRows is what the driver tells of rows.
type rawRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
}

// keepingConn is one connection. database/sql holds the connection's lock around
// every call, that of Close on rows included.
type keepingConn struct {
	rawConn
	kept   map[string]*list.Element // of *keptStmt, by text
	order  *list.List               // the most recently used first
	seed   maphash.Seed
	recent [recentTexts]uint64
}

type keptStmt struct {
	text string
	stmt rawStmt
}

// ExecContext implements driver.ExecerContext.
func (c *keepingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if !c.worth(text) {
		return c.rawConn.ExecContext(ctx, text, args)
	}
	stmt, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := stmt.ExecContext(ctx, args)
	c.giveBack(text, stmt, err)
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *keepingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	text, args = steady(text, args)
	if !c.worth(text) {
		return c.rawConn.QueryContext(ctx, text, args)
	}
	stmt, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args)
	if err != nil {
		c.giveBack(text, stmt, err)
		return nil, err
	}
	raw, ok := rows.(rawRows)
	if !ok {
		return rows, nil // the statement stays with its rows
	}
	return &keptRows{rawRows: raw, conn: c, text: text, stmt: stmt}, nil
}

// worth tells whether text reads or changes rows and was asked not long ago.
func (c *keepingConn) worth(text string) bool {
	if _, kept := c.kept[text]; kept {
		return true
	}
	if verb, _, _ := strings.Cut(strings.TrimLeft(text[:min(len(text), 16)], " \t\n("), " "); !rowVerbs[strings.ToUpper(verb)] {
		return false
	}
	sum := maphash.String(c.seed, text)
	place := &c.recent[sum%recentTexts]
	if *place == sum {
		return true
	}
	*place = sum
	return false
}

var rowVerbs = map[string]bool{"SELECT": true, "INSERT": true, "UPDATE": true, "DELETE": true, "WITH": true}

// take returns a statement that nobody else uses until it is given back: rows of
// the same text may still be open.
func (c *keepingConn) take(ctx context.Context, text string) (rawStmt, error) {
	if element := c.kept[text]; element != nil {
		c.order.Remove(element)
		delete(c.kept, text)
		return keptIn(element).stmt, nil
	}
	prepared, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(rawStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's %T cannot be kept", prepared), prepared.Close())
	}
	return stmt, nil
}

func keptIn(element *list.Element) *keptStmt {
	kept, _ := element.Value.(*keptStmt) // nothing else is put in
	return kept
}

// giveBack keeps a statement for the next time, unless it failed or another of its
// text was kept meanwhile.
func (c *keepingConn) giveBack(text string, stmt rawStmt, failed error) {
	if failed != nil || c.kept[text] != nil {
		_ = stmt.Close()
		return
	}
	c.kept[text] = c.order.PushFront(&keptStmt{text: text, stmt: stmt})
	if c.order.Len() > keptStatements {
		oldest := keptIn(c.order.Back())
		c.order.Remove(c.order.Back())
		delete(c.kept, oldest.text)
		_ = oldest.stmt.Close()
	}
}

// Close implements driver.Conn. SQLite would keep the files of a connection open as long as it has a statement.
func (c *keepingConn) Close() error {
	for element := c.order.Front(); element != nil; element = element.Next() {
		_ = keptIn(element).stmt.Close()
	}
	c.kept, c.order = map[string]*list.Element{}, list.New()
	return c.rawConn.Close()
}

// keptRows gives the statement back when the rows have been read.
type keptRows struct {
	rawRows
	conn *keepingConn
	text string
	stmt rawStmt
}

// Close implements driver.Rows.
func (r *keptRows) Close() error {
	err := r.rawRows.Close()
	if r.stmt != nil {
		r.conn.giveBack(r.text, r.stmt, err)
		r.stmt = nil
	}
	return err
}
