package services

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketbase/dbx"
)

// newLog returns a database with a table, and its log.
func newLog(t *testing.T) (*dbx.DB, *walSync) {
	t.Helper()
	path := filepath.Join(t.TempDir(), dataFile)
	db, err := connector(DurabilityGroup)(path)
	if err != nil {
		t.Fatal(err)
	}
	db.DB().SetMaxOpenConns(1)
	execute(t, db, "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
	log, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), log.Close()); err != nil {
			t.Error(err)
		}
	})
	return db, log
}

func execute(t *testing.T, db *dbx.DB, sql string) {
	t.Helper()
	if _, err := db.NewQuery(sql).Execute(); err != nil {
		t.Error(err)
	}
}

// counted counts the syncs of log and makes each take a while.
func counted(log *walSync, slow time.Duration) *atomic.Int64 {
	var syncs atomic.Int64
	sync := log.sync
	log.sync = func() error {
		syncs.Add(1)
		time.Sleep(slow)
		return sync()
	}
	return &syncs
}

func TestNothingNewIsNotSynced(t *testing.T) {
	t.Parallel()
	db, log := newLog(t)
	syncs := counted(log, 0)
	for range 3 {
		for range 5 {
			if err := log.Wait(); err != nil {
				t.Fatal(err)
			}
		}
		execute(t, db, "INSERT INTO notes (text) VALUES ('a')")
	}
	if err := log.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := syncs.Load(); n != 4 {
		t.Errorf("Expected one sync at the beginning and one per commit, got %d", n)
	}
}

// TestEveryCommitIsCovered lets many commit and wait, with checkpoints and
// restarts of the log in between, and demands of each that a sync began after
// its commit and ended before its wait did.
func TestEveryCommitIsCovered(t *testing.T) {
	t.Parallel()
	db, log := newLog(t)
	reader, err := connector(DurabilityGroup)(log.log.Name()[:len(log.log.Name())-len("-wal")])
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var mu sync.Mutex
	covered, syncs := map[string]bool{}, 0
	syncFile := log.sync
	log.sync = func() error {
		var began []string // what is committed when the sync begins
		if err := reader.Select("text").From("notes").Column(&began); err != nil {
			return err
		}
		err := syncFile()
		mu.Lock()
		defer mu.Unlock()
		syncs++
		for _, note := range began {
			covered[note] = true
		}
		return err
	}
	const writers, each = 16, 25
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for n := range each {
				note := fmt.Sprintf("%d-%d", writer, n)
				execute(t, db, "INSERT INTO notes (text) VALUES ('"+note+"')")
				if writer == 0 && n%5 == 0 {
					execute(t, db, "PRAGMA wal_checkpoint(RESTART)")
				}
				if writer == 1 && n%8 == 0 {
					execute(t, db, "PRAGMA wal_checkpoint(TRUNCATE)")
				}
				if err := log.Wait(); err != nil {
					t.Error(err)
				}
				mu.Lock()
				if !covered[note] {
					t.Errorf("Expected %s to be synced when its wait ended", note)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if syncs >= writers*each*3/4 {
		t.Errorf("Expected %d commits to share syncs, there were %d", writers*each, syncs)
	}
}

func TestAFailedSyncIsFinal(t *testing.T) {
	t.Parallel()
	db, log := newLog(t)
	broken := errors.New("input/output error")
	log.sync = func() error { return broken }
	execute(t, db, "INSERT INTO notes (text) VALUES ('a')")
	if err := log.Wait(); !errors.Is(err, broken) {
		t.Errorf("Expected the sync's error, got %v", err)
	}
	log.sync = func() error { return nil } // as Linux says the second time
	if err := log.Wait(); !errors.Is(err, broken) {
		t.Errorf("Expected the failure to last, got %v", err)
	}
}

// TestTheLogIsCopiedInTheBackground: once it is long it is copied into the
// database, without a commit that does it, and begins anew.
func TestTheLogIsCopiedInTheBackground(t *testing.T) {
	t.Parallel()
	db, log := newLog(t)
	execute(t, db, fmt.Sprintf("INSERT INTO notes (text) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT hex(zeroblob(2000)) FROM n", checkpointFrames))
	if err := log.Wait(); err != nil {
		t.Fatal(err)
	}
	log.background.Wait()
	before, _ := log.state()
	if before.frame() < checkpointFrames || log.copied != before {
		t.Fatalf("Expected all %d pages of the log to be copied, got %d", before.frame(), log.copied.frame())
	}
	execute(t, db, "INSERT INTO notes (text) VALUES ('a')")
	if now, _ := log.state(); now.frame() > 10 {
		t.Errorf("Expected the log to begin anew, got %d pages", now.frame())
	}
	if err := log.Wait(); err != nil {
		t.Fatal(err)
	}
	log.background.Wait()
	if log.copied != before {
		t.Error("Expected a short log to be left alone")
	}
}

// TestALongLogIsCopiedInSmallSteps: under a load that never pauses the log grows to
// where a commit has to copy what is left, and that must not be much.
func TestALongLogIsCopiedInSmallSteps(t *testing.T) {
	t.Parallel()
	_, log := newLog(t)
	now, _ := log.state()
	long := func(frames uint32) walState {
		state := now
		binary.NativeEndian.PutUint32(state[16:20], frames)
		return state
	}
	for _, c := range []struct {
		length, copied uint32
		copies         bool
	}{
		{checkpointFrames - 1, 0, false},
		{checkpointFrames, 0, true},
		{checkpointNearLatest - 1, checkpointNearLatest - checkpointFrames, false},
		{checkpointNearLatest, checkpointNearLatest - checkpointFrames, true},
		{checkpointNearLatest + checkpointNear - 1, checkpointNearLatest, false},
		{checkpointNearLatest + checkpointNear, checkpointNearLatest, true},
		{checkpointAtLatest, checkpointAtLatest - checkpointNear, true},
	} {
		before := long(c.copied)
		log.mu.Lock()
		log.copied = before
		log.copySoon(long(c.length))
		log.mu.Unlock()
		log.background.Wait()
		if copied := log.copied != before; copied != c.copies {
			t.Errorf("Expected a log of %d pages of which %d were copied to be copied: %t, got %t", c.length, c.copied, c.copies, copied)
		}
	}
}
