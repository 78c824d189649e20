package services

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// dbx searches the text of every statement for its {:names} and [[quotes]] anew, with
// regular expressions: a tenth of the time for which a payment holds the only writer.
// The statements of every payment are written in SQLite's own terms instead, with ?
// for values, and go to the database as they are.

// sqliteDriver is the name that dbx knows our builder by.
const sqliteDriver = "lancershub-sqlite"

// builder is dbx's builder for SQLite, which also shows what it executes on.
type builder struct {
	dbx.Builder
	db       *dbx.DB
	executor dbx.Executor
}

// tell lets who listens to what the database is asked hear of a statement, as of dbx's own.
func (b *builder) tell(text string) {
	if b.db.ExecLogFunc != nil {
		b.db.ExecLogFunc(context.Background(), 0, strings.ReplaceAll(text, "?", "''"), nil, nil)
	}
}

func init() {
	dbx.BuilderFuncMap[sqliteDriver] = func(db *dbx.DB, executor dbx.Executor) dbx.Builder {
		return &builder{Builder: dbx.NewSqliteBuilder(db, executor), db: db, executor: executor}
	}
}

// executorOf returns what db executes text on.
func executorOf(db dbx.Builder, text string) (dbx.Executor, error) {
	switch outer := db.(type) {
	case *dbx.Tx:
		db = outer.Builder
	case *dbx.DB:
		db = outer.Builder
	}
	if b, ok := db.(*builder); ok {
		b.tell(text)
		return b.executor, nil
	}
	return nil, fmt.Errorf("%T is not the database of an instance", db)
}

// execFixed executes a statement; text has ? where args go.
func execFixed(app core.App, text string, args ...any) (sql.Result, error) {
	executor, err := executorOf(app.NonconcurrentDB(), text)
	if err != nil {
		return nil, err
	}
	return executor.ExecContext(context.Background(), text, args...)
}

// rowFixed reads the first row that text selects into what into points to, or fails
// with sql.ErrNoRows; text has ? where args go.
func rowFixed(app core.App, text string, args []any, into ...any) error {
	executor, err := executorOf(app.ConcurrentDB(), text) // of a transaction, that is the transaction
	if err != nil {
		return err
	}
	rows, err := executor.QueryContext(context.Background(), text, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // checked below, where it matters
	if !rows.Next() {
		return cmp.Or(rows.Err(), sql.ErrNoRows)
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	return rows.Close()
}
