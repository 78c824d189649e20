package services

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/pocketbase/dbx"
)

// TestTransactionsWaitForTheWriter holds the lock of the writer on one connection,
// as a reader does that found the wal-index half written, while another begins a
// transaction that reads before it writes. It must wait, not fail.
func TestTransactionsWaitForTheWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), dataFile)
	holder, other := connect(t, path), connect(t, path)
	if _, err := holder.NewQuery("CREATE TABLE things (id INTEGER PRIMARY KEY)").Execute(); err != nil {
		t.Fatal(err)
	}
	held, err := holder.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Insert("things", dbx.Params{"id": 1}).Execute(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- other.Transactional(func(tx *dbx.Tx) error {
			var count int
			if err := tx.NewQuery("SELECT count(*) FROM things").Row(&count); err != nil {
				return err
			}
			_, err := tx.Insert("things", dbx.Params{"id": 2 + count}).Execute()
			return err
		})
	}()
	select {
	case err := <-done:
		t.Fatalf("Expected the second transaction to wait for the first, it ended with %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if err := held.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatalf("Expected the second transaction to be carried out when the first ended: %v", err)
	}
	var ids []int
	if err := other.NewQuery("SELECT id FROM things ORDER BY id").Column(&ids); err != nil || len(ids) != 2 || ids[1] != 3 {
		t.Errorf("Expected the second to have read what the first wrote, and to have added 3, got %v, %v", ids, err)
	}
}

func connect(t *testing.T, path string) *dbx.DB {
	t.Helper()
	db, err := connector(DurabilityGroup)(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
