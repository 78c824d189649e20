package services

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// commits counts the commits of the database so far: the header of the wal-index
// has a number that grows by one with each (https://sqlite.org/walformat.html, 2.2).
func commits(t *testing.T, app core.App) uint32 {
	t.Helper()
	file, err := os.Open(filepath.Join(app.DataDir(), dataFile+"-shm"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var header walState
	if _, err := file.ReadAt(header[:], 0); err != nil {
		t.Fatal(err)
	}
	return binary.NativeEndian.Uint32(header[8:12])
}

// behindOne lets writers wait behind one transaction, in their order, and then ends it
// with a commit. It returns what each was told; the first answer is that of the transaction.
func behindOne(t *testing.T, app *core.BaseApp, writers ...func() error) []error {
	t.Helper()
	begun, goOn := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- app.RunInTransaction(func(tx core.App) error {
			close(begun)
			<-goOn
			_, err := tx.DB().Insert("things", dbx.Params{"id": 0}).Execute()
			return err
		})
	}()
	<-begun
	told := make([]chan error, len(writers))
	for n, write := range writers {
		told[n] = make(chan error, 1)
		go func() { told[n] <- write() }()
		untilWaiting(t, n+1)
	}
	close(goOn)
	answers := []error{<-first}
	for _, answer := range told {
		answers = append(answers, <-answer)
	}
	return answers
}

// storedThings are the ids stored, as another connection sees them.
func storedThings(t *testing.T, app core.App) []int {
	t.Helper()
	var ids []int
	if err := app.ConcurrentDB().NewQuery("SELECT id FROM things ORDER BY id").Column(&ids); err != nil {
		t.Fatal(err)
	}
	return ids
}

func adding(app core.App, id int) func() error {
	return func() error {
		return app.RunInTransaction(func(tx core.App) error {
			_, err := tx.DB().Insert("things", dbx.Params{"id": id}).Execute()
			return err
		})
	}
}

var errChanged = errors.New("changed their mind")

// TestWhoWaitsSharesACommit lets five wait behind a transaction: two transactions, one
// that is rolled back, one statement, one statement that is refused. All that is
// promised is one commit, and the two that failed leave nothing behind.
func TestWhoWaitsSharesACommit(t *testing.T) {
	app, db := writerOf(t)
	before := commits(t, app)
	seen := make(chan []int, 1)
	told := behindOne(t, app,
		adding(app, 1),
		func() error {
			return app.RunInTransaction(func(tx core.App) error {
				if _, err := tx.DB().Insert("things", dbx.Params{"id": 2}).Execute(); err != nil {
					return err
				}
				seen <- storedThings(t, app)
				return errChanged
			})
		},
		func() error {
			_, err := db.Insert("things", dbx.Params{"id": 3}).Execute()
			return err
		},
		func() error {
			_, err := db.Insert("things", dbx.Params{"id": 1}).Execute()
			return err
		},
		adding(app, 4),
	)
	for n, err := range told {
		switch n {
		case 2:
			if !errors.Is(err, errChanged) {
				t.Errorf("Expected who changed their mind to be told so, got %v", err)
			}
		case 4:
			if err == nil {
				t.Error("Expected what is there already to be refused")
			}
		default:
			if err != nil {
				t.Errorf("Expected number %d to be stored: %v", n, err)
			}
		}
	}
	if early := <-seen; len(early) != 0 {
		t.Errorf("Expected nobody else to see what is not committed, saw %v", early)
	}
	if ids := storedThings(t, app); !slices.Equal(ids, []int{0, 1, 3, 4}) {
		t.Errorf("Expected what was promised to be stored, got %v", ids)
	}
	if made := commits(t, app) - before; made != 1 {
		t.Errorf("Expected one commit for all, got %d", made)
	}
}

// TestNoCommitIsSharedByTooMany lets twelve wait: a commit has at most eight.
func TestNoCommitIsSharedByTooMany(t *testing.T) {
	app, _ := writerOf(t)
	before := commits(t, app)
	var writers []func() error
	for id := range 12 {
		writers = append(writers, adding(app, id+1))
	}
	if err := errors.Join(behindOne(t, app, writers...)...); err != nil {
		t.Error(err)
	}
	if made := commits(t, app) - before; made < 2 || made > 3 {
		t.Errorf("Expected two or three commits for thirteen, got %d", made)
	}
	if ids := storedThings(t, app); len(ids) != 13 {
		t.Errorf("Expected all to be stored, got %v", ids)
	}
}

// TestASharedCommitThatFailsPromisesNothing has one of three break what is looked at
// when a transaction is committed: all three are refused and nothing is stored.
func TestASharedCommitThatFailsPromisesNothing(t *testing.T) {
	app, db := writerOf(t)
	if _, err := db.NewQuery("CREATE TABLE parts (thing INTEGER REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)").Execute(); err != nil {
		t.Fatal(err)
	}
	told := behindOne(t, app, adding(app, 1), func() error {
		return app.RunInTransaction(func(tx core.App) error {
			_, err := tx.DB().Insert("parts", dbx.Params{"thing": 7}).Execute()
			return err
		})
	})
	for n, err := range told {
		if err == nil {
			t.Errorf("Expected number %d to be told that nothing is stored", n)
		}
	}
	if ids := storedThings(t, app); len(ids) != 0 {
		t.Errorf("Expected nothing to be stored, got %v", ids)
	}
	if err := adding(app, 5)(); err != nil {
		t.Errorf("Expected the writer to go on: %v", err)
	}
}

// TestALostTransactionIsToldToAll ends the shared transaction under those who have
// their part in it, as SQLite does when the disk is full.
func TestALostTransactionIsToldToAll(t *testing.T) {
	app, _ := writerOf(t)
	lost := func() error {
		return app.RunInTransaction(func(tx core.App) error {
			_, err := tx.DB().NewQuery("ROLLBACK").Execute()
			return err
		})
	}
	told := behindOne(t, app, adding(app, 1), lost, adding(app, 2))
	for n, err := range told[:3] {
		if err == nil {
			t.Errorf("Expected number %d to be told that nothing is stored", n)
		}
	}
	if told[3] != nil {
		t.Errorf("Expected who came after it to be served: %v", told[3])
	}
	if ids := storedThings(t, app); !slices.Equal(ids, []int{2}) {
		t.Errorf("Expected what was promised and nothing else, got %v", ids)
	}
}

// TestAQuestionOrACleanUpSharesNothing asks and deletes outside a transaction: what
// was left open is committed before.
func TestAQuestionOrACleanUpSharesNothing(t *testing.T) {
	app, db := writerOf(t)
	var count int
	told := behindOne(t, app, adding(app, 1), func() error {
		return db.NewQuery("SELECT count(*) FROM things").Row(&count)
	}, adding(app, 2), func() error {
		_, err := db.Delete("things", dbx.HashExp{"id": 1}).Execute()
		return err
	})
	if err := errors.Join(told...); err != nil {
		t.Error(err)
	}
	if ids := storedThings(t, app); count != 2 || !slices.Equal(ids, []int{0, 2}) {
		t.Errorf("Expected 2 counted and two left, got %d and %v", count, ids)
	}
}
