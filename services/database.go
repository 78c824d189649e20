package services

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"strconv"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"modernc.org/sqlite" // the driver PocketBase itself uses
)

// dataFile is the database that acknowledges something; PocketBase's other one is
// its request log, which may lose its tail.
const dataFile = "data.db"

// connector opens the databases of one instance. synchronous is part of the
// connection string because a PRAGMA would be lost when a connection is recycled.
//
// A transaction takes the lock of the writer when it begins (_txlock=immediate).
// SQLite's own way is to take it at the first write, and then a transaction that
// has read does not wait for the lock but fails at once with SQLITE_BUSY
// (https://sqlite.org/lang_transaction.html#deferred_immediate_and_exclusive_transactions).
// We have one writer, but a reader that finds the header of the wal-index half
// written takes the lock too, for the moment in which it reads it again.
func connector(durability Durability) core.DBConnectFunc {
	return func(path string) (*dbx.DB, error) {
		open, err := databaseAt(path, durability)
		if err != nil {
			return nil, err
		}
		return dbx.NewFromDB(sql.OpenDB(open), sqliteDriver), nil
	}
}

// databaseAt opens connections to the database in the file at path, as connector says.
func databaseAt(path string, durability Durability) (driver.Connector, error) {
	sync := durability
	if durability == DurabilityGroup || (durability == DurabilityFull && filepath.Base(path) != dataFile) {
		sync = DurabilityNormal
	}
	checkpoint := "1000" // SQLite's own
	if durability == DurabilityGroup && filepath.Base(path) == dataFile {
		checkpoint = strconv.Itoa(checkpointAtLatest)
	}
	// busy_timeout comes first: the connection must wait on busy before WAL mode is set.
	open, err := sqlite.NewConnector(path + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=wal_autocheckpoint(" + checkpoint + ")" +
		"&_pragma=journal_size_limit(200000000)&_pragma=synchronous(" + string(sync) + ")&_pragma=foreign_keys(ON)" +
		"&_pragma=temp_store(MEMORY)&_pragma=cache_size(-8000)&_defensive=1&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	return statements{open}, nil
}

// openLog opens the write-ahead log of a database that is open already.
func openLog(path string) (*walSync, error) {
	db, err := connector(DurabilityGroup)(path)
	if err != nil {
		return nil, err
	}
	return openWALSync(context.Background(), db.DB(), path)
}

// firstWhere returns the first record of a collection for which where, in SQL,
// holds, or sql.ErrNoRows. It is for lookups by a partial index, one of the rows in
// which a field is (not) empty: SQLite uses it only if the query repeats that very
// condition, which PocketBase's filter language cannot say.
func firstWhere(app core.App, collection, where string, params dbx.Params) (*core.Record, error) {
	record := &core.Record{}
	err := app.RecordQuery(collection).Limit(1).AndWhere(dbx.NewExp(where, params)).One(record)
	return record, err
}
