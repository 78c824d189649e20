package services

import (
	"path/filepath"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	_ "modernc.org/sqlite" // the driver PocketBase itself uses
)

// connector opens the databases of one instance. synchronous is part of the
// connection string because a PRAGMA would be lost when a connection is
// recycled. Only data.db acknowledges anything; the request log may lose its tail.
func connector(durability Durability) core.DBConnectFunc {
	return func(path string) (*dbx.DB, error) {
		sync := string(durability)
		if filepath.Base(path) != "data.db" && durability == DurabilityFull {
			sync = string(DurabilityNormal)
		}
		// busy_timeout comes first: the connection must wait on busy before WAL mode is set.
		return dbx.Open("sqlite", path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"+
			"&_pragma=journal_size_limit(200000000)&_pragma=synchronous("+sync+")&_pragma=foreign_keys(ON)"+
			"&_pragma=temp_store(MEMORY)&_pragma=cache_size(-8000)&_defensive=1")
	}
}
