package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// Stable codes of refusals.
const (
	CodeNotEmpty   = "demo_not_empty"
	CodeHalfFilled = "demo_half_filled"
)

// unfinished is a file that is in a data folder as long as it is being filled.
// It tells an interrupted load, which may be deleted, from somebody's real data.
const unfinished = "demo-unfinished.txt"

// refuseUsed fails if the data folder has users. It changes nothing.
func refuseUsed(dir string) error {
	users, err := countUsers(filepath.Join(dir, string(collections.DomainUsers), "data.db"))
	if err != nil {
		return fmt.Errorf("failed to look into the data folder %s: %w", dir, err)
	}
	switch {
	case exists(services.DemoAccountsPath(dir)):
		return services.Failf(http.StatusConflict, CodeNotEmpty, "the data folder %s has the demo data already (%s)", dir, CodeNotEmpty)
	case exists(filepath.Join(dir, unfinished)):
		return services.Failf(http.StatusConflict, CodeHalfFilled,
			"the data folder %s is half-filled: loading the demo data was interrupted (%s); delete the folder and load again", dir, CodeHalfFilled)
	case users > 0:
		return services.Failf(http.StatusConflict, CodeNotEmpty,
			"the data folder %s has %d users already (%s): demo data is only loaded into an empty one; nothing was changed", dir, users, CodeNotEmpty)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// countUsers counts the users in a database without writing to its folder: not
// even SQLite's own files appear next to it.
func countUsers(path string) (count int, err error) {
	if !exists(path) {
		return 0, nil
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return 0, err
	}
	address := url.URL{Scheme: "file", Path: absolute, RawQuery: "mode=ro"}
	if !exists(path + "-wal") {
		// Nobody has it open, and nothing waits to be recovered.
		address.RawQuery = "immutable=1"
	}
	db, err := sql.Open("sqlite", address.String())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(context.Background(), "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?", collections.Users).Scan(&count)
	if err != nil || count == 0 {
		return 0, err
	}
	err = db.QueryRowContext(context.Background(), "SELECT count(*) FROM "+collections.Users).Scan(&count)
	return count, err
}

func markUnfinished(dir string) error {
	return os.WriteFile(filepath.Join(dir, unfinished), []byte("Demo data is being loaded. If it was interrupted, this folder can be deleted.\n"), 0o600)
}

// finish makes sure that all that was written survives a power failure, because
// the databases did not while they were filled, and then says so by leaving the
// accounts file.
func finish(dir string) error {
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(path)
	})
	if err != nil {
		return fmt.Errorf("failed to sync the data folder: %w", err)
	}
	path := services.DemoAccountsPath(dir)
	if err := os.WriteFile(path+".new", []byte(accounts), 0o600); err != nil {
		return fmt.Errorf("failed to write the accounts: %w", err)
	}
	return errors.Join(syncPath(path+".new"), os.Rename(path+".new", path), os.Remove(filepath.Join(dir, unfinished)), syncPath(dir))
}

// syncPath flushes a file, or the entries of a folder, to the disk.
func syncPath(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// accounts is what `serve` prints at its start.
const accounts = "  Demo accounts (everything in this folder is made up)\n" +
	"    client      " + ClientEmail + "      " + Password + "\n" +
	"    freelancer  " + FreelancerEmail + "  " + Password + "\n"
