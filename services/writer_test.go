package services

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// writerOf opens an app as an instance does, with a table of things.
func writerOf(t *testing.T) (*core.BaseApp, *dbx.DB) {
	t.Helper()
	app, err := openApp(collections.DomainUsers, t.TempDir(), DurabilityGroup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.ClearBootstrap() })
	db, ok := app.NonconcurrentDB().(*dbx.DB)
	if !ok {
		t.Fatalf("the writer is a %T", app.NonconcurrentDB())
	}
	if _, err := db.NewQuery("CREATE TABLE things (id INTEGER PRIMARY KEY)").Execute(); err != nil {
		t.Fatal(err)
	}
	return app, db
}

// within counts the goroutines that are in one of the functions of these names.
func within(names ...string) (count int) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, name := range names {
		count += bytes.Count(stacks, []byte(name+"("))
	}
	return count
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("Expected %s", what)
		}
	}
}

// untilWaiting waits until so many want a turn, the one who wants to close included.
func untilWaiting(t *testing.T, count int) {
	t.Helper()
	until(t, fmt.Sprintf("%d to wait for the writer", count), func() bool {
		return within("services.(*writerLine).enter", "services.(*writerLine).Close") >= count
	})
}

// TestWritersComeInOrder holds the writer while twelve come one after another, with
// transactions, single statements and questions. They must be served in that order.
func TestWritersComeInOrder(t *testing.T) {
	app, db := writerOf(t)
	held, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	const comers = 12
	served := make(chan int, comers)
	failed := make(chan error, comers)
	for n := range comers {
		go func() {
			switch n % 3 {
			case 0:
				failed <- app.RunInTransaction(func(tx core.App) error {
					served <- n
					_, err := tx.DB().Insert("things", dbx.Params{"id": n}).Execute()
					return err
				})
			case 1:
				_, err := db.Insert("things", dbx.Params{"id": n}).Execute()
				served <- n
				failed <- err
			default:
				var count int // how many were stored before tells when this one was served
				err := db.NewQuery("SELECT count(*) FROM things").Row(&count)
				served <- n
				if want := n / 3 * 2; err == nil && count != want+2 {
					err = errors.New("a question was not answered in its turn")
				}
				failed <- err
			}
		}()
		untilWaiting(t, n+1)
	}
	if err := held.Commit(); err != nil {
		t.Fatal(err)
	}
	var order []int
	for range comers {
		if err := <-failed; err != nil {
			t.Error(err)
		}
		order = append(order, <-served)
	}
	if wrote := slices.DeleteFunc(slices.Clone(order), func(n int) bool { return n%3 != 0 }); !slices.IsSorted(wrote) {
		t.Errorf("Expected transactions in the order of asking, got %v", order)
	}
}

// TestWhoGivesUpLeavesTheLine lets one stop waiting and one stop in the middle of
// a statement. Both are told so, and the writer serves those after them.
func TestWhoGivesUpLeavesTheLine(t *testing.T) {
	_, db := writerOf(t)
	held, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	waits, giveUp := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		_, err := db.NewQuery("INSERT INTO things VALUES (1)").WithContext(waits).Execute()
		answered <- err
	}()
	untilWaiting(t, 1)
	giveUp()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("Expected who stopped waiting to be told so, got %v", err)
	}
	if _, err := held.Insert("things", dbx.Params{"id": 2}).Execute(); err != nil {
		t.Fatal(err)
	}
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	works, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	_, err = db.NewQuery("WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless) INSERT INTO things SELECT n FROM endless WHERE n < 0").
		WithContext(works).Execute()
	if err == nil {
		t.Error("Expected an endless statement to be ended")
	}
	if _, err := db.Insert("things", dbx.Params{"id": 3}).Execute(); err != nil {
		t.Errorf("Expected the writer to go on: %v", err)
	}
	var ids []int
	if err := db.NewQuery("SELECT id FROM things").Column(&ids); err != nil || !slices.Equal(ids, []int{3}) {
		t.Errorf("Expected only what was carried out, got %v, %v", ids, err)
	}
}

// TestAFailedCommitFreesTheWriter commits what a constraint forbids at the end.
func TestAFailedCommitFreesTheWriter(t *testing.T) {
	_, db := writerOf(t)
	if _, err := db.NewQuery("CREATE TABLE parts (thing INTEGER REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)").Execute(); err != nil {
		t.Fatal(err)
	}
	err := db.Transactional(func(tx *dbx.Tx) error {
		_, err := tx.Insert("parts", dbx.Params{"thing": 7}).Execute()
		return err
	})
	if err == nil {
		t.Error("Expected a part of nothing to be refused")
	}
	err = db.Transactional(func(tx *dbx.Tx) error {
		_, err := tx.Insert("things", dbx.Params{"id": 7}).Execute()
		return err
	})
	var parts int
	if countErr := db.NewQuery("SELECT count(*) FROM parts").Row(&parts); err != nil || countErr != nil || parts != 0 {
		t.Errorf("Expected the writer to go on without the part: %v, %v, %d parts", err, countErr, parts)
	}
}

// TestClosingLetsTheWriterFinish closes the database while one works in it and
// another waits: the first ends as if nothing had happened, the second is told.
func TestClosingLetsTheWriterFinish(t *testing.T) {
	path := filepath.Join(t.TempDir(), dataFile)
	pools := &writers{durability: DurabilityGroup, lines: map[*sql.DB]*writerLine{}}
	db, err := pools.connect(path)
	if err != nil {
		t.Fatal(err)
	}
	pools.lines[db.DB()].shared = true
	if _, err := db.NewQuery("CREATE TABLE things (id INTEGER PRIMARY KEY)").Execute(); err != nil {
		t.Fatal(err)
	}
	held, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	closed, late := make(chan error, 1), make(chan error, 1)
	go func() { closed <- db.Close() }()
	untilWaiting(t, 1)
	if _, err := held.Insert("things", dbx.Params{"id": 1}).Execute(); err != nil {
		t.Errorf("Expected who works to go on: %v", err)
	}
	go func() {
		_, err := db.Insert("things", dbx.Params{"id": 2}).Execute()
		late <- err
	}()
	if err := <-late; err == nil {
		t.Error("Expected who comes late to be refused")
	}
	if err := held.Commit(); err != nil {
		t.Errorf("Expected who works to end their work: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("Expected the database to be closed: %v", err)
	}
	var ids []int
	if err := connect(t, path).NewQuery("SELECT id FROM things").Column(&ids); err != nil || !slices.Equal(ids, []int{1}) {
		t.Errorf("Expected the work to be kept, got %v, %v", ids, err)
	}
}
