package tests

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// template is a migrated data folder, made once per test binary and copied, which
// is faster than migrating four databases for every test.
var template = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lancershub-template-*")
	if err != nil {
		return "", err
	}
	if err := services.MigrateUp(services.Options{DataDir: dir, Logger: slog.New(slog.DiscardHandler)}, collections.Domains); err != nil {
		return "", err
	}
	return dir, cheapPasswords(dir)
})

// cheap is the least cost at which bcrypt hashes passwords.
const cheap = `"cost":4,`

// cheapPasswords lets the marketplace in dir hash passwords at the least cost: at
// the usual one, two thirds of what the tests computed was that. The golden schema
// says what it is elsewhere.
func cheapPasswords(dir string) error {
	for _, domain := range collections.Domains {
		db, err := dbx.Open("sqlite", filepath.Join(dir, string(domain), "data.db"))
		if err != nil {
			return err
		}
		_, err = db.NewQuery(`UPDATE _collections SET fields = replace(fields, '"cost":0,', {:cheap})`).Bind(dbx.Params{"cheap": cheap}).Execute()
		var changed int
		if err == nil {
			err = db.NewQuery("SELECT count(*) FROM _collections WHERE instr(fields, {:cheap})").Bind(dbx.Params{"cheap": cheap}).Row(&changed)
		}
		if err = errors.Join(err, db.Close()); err != nil {
			return err
		}
		if changed == 0 {
			return fmt.Errorf("no collection of %s has passwords", domain)
		}
	}
	return nil
}

// Cleanup removes what the package made for all tests; TestMain calls it.
func Cleanup() {
	if dir, err := template(); err == nil {
		_ = os.RemoveAll(dir)
	}
}

func cloneTemplate(tb testing.TB) string {
	tb.Helper()
	source, err := template()
	if err != nil {
		tb.Fatalf("Failed to make the template folder: %v", err)
	}
	target := filepath.Join(tb.TempDir(), "data")
	if err := os.CopyFS(target, os.DirFS(source)); err != nil {
		tb.Fatalf("Failed to copy the template folder: %v", err)
	}
	return target
}
