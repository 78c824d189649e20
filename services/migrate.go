package services

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/migrations/messages"
	"github.com/lancershub/lancershub/migrations/payments"
	"github.com/lancershub/lancershub/migrations/projects"
	"github.com/lancershub/lancershub/migrations/users"
)

// migrationsOf returns the schema history of a domain.
func migrationsOf(domain collections.Domain) core.MigrationsList {
	return map[collections.Domain]core.MigrationsList{
		collections.DomainUsers:    users.List,
		collections.DomainProjects: projects.List,
		collections.DomainPayments: payments.List,
		collections.DomainMessages: messages.List,
	}[domain]
}

// migrateUp applies what is missing. A folder that a newer version has already
// migrated is refused: this version would not know what its columns mean.
func migrateUp(app core.App, domain collections.Domain) error {
	if err := refuseNewer(app, domain); err != nil {
		return err
	}
	if _, err := core.NewMigrationsRunner(app, migrationsOf(domain)).Up(); err != nil {
		return fmt.Errorf("failed to migrate %s: %w", domain, err)
	}
	return nil
}

func refuseNewer(app core.App, domain collections.Domain) error {
	var applied []string
	if err := app.DB().Select("file").From(core.DefaultMigrationsTable).Column(&applied); err != nil {
		return fmt.Errorf("failed to read the schema version of %s (data_unreadable): %w", domain, err)
	}
	known := []string{}
	list := migrationsOf(domain)
	for _, m := range slices.Concat(core.SystemMigrations.Items(), list.Items()) {
		known = append(known, m.File)
	}
	for _, file := range applied {
		if !slices.Contains(known, file) {
			return fmt.Errorf("the data of %s was written by a newer version (data_newer: it has migration %s): install that version, or restore a backup", domain, file)
		}
	}
	return nil
}

// MigrateUp opens the data folders and applies the missing migrations.
func MigrateUp(options Options, domains []collections.Domain) error {
	return offline(options, domains, func(*Instance) error { return nil })
}

// MigrateDown reverts the last migration of each domain and returns their names. It
// is noted before, because what is reverted may be the log itself.
func MigrateDown(options Options, domains []collections.Domain) ([]string, error) {
	var reverted []string
	err := offline(options, domains, func(i *Instance) error {
		if err := i.Audit(Deed{By: ByOperator(), Action: "migrate down"}); err != nil {
			return err
		}
		names, err := core.NewMigrationsRunner(i.App, migrationsOf(i.Domain)).Down(1)
		for _, name := range names {
			reverted = append(reverted, string(i.Domain)+"/"+name)
		}
		return err
	})
	return reverted, err
}

// beside runs fn on each domain's data, also while a marketplace serves it:
// SQLite lets a second process in for a short read or write. Nothing is
// migrated then, so fn must not depend on more than the schema in place.
func beside(options Options, domains []collections.Domain, fn func(app core.App) error) error {
	for _, domain := range domains {
		i, err := OpenInstance(domain, options)
		if err == nil {
			err = errors.Join(fn(i.App), i.Close())
		} else if errors.Is(err, errLocked) {
			err = besideServer(domain, options, fn)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", domain, err)
		}
	}
	return nil
}

func besideServer(domain collections.Domain, options Options, fn func(app core.App) error) error {
	app, err := openApp(domain, filepath.Join(options.withDefaults().DataDir, string(domain)), DurabilityFull)
	if err != nil {
		return err
	}
	return errors.Join(fn(app), app.ClearBootstrap())
}

// offline opens each domain's data folder, without serving, and runs fn on it.
func offline(options Options, domains []collections.Domain, fn func(*Instance) error) error {
	for _, domain := range domains {
		i, err := OpenInstance(domain, options)
		if err != nil {
			return err
		}
		if err := errors.Join(fn(i), i.Close()); err != nil {
			return fmt.Errorf("%s: %w", domain, err)
		}
	}
	return nil
}

// checkRules refuses an instance whose API rules are not the ones in the code.
func checkRules(app core.App, domain collections.Domain) error {
	for name, want := range collections.RulesOf(domain) {
		col, err := app.FindCollectionByNameOrId(name)
		if err != nil {
			return fmt.Errorf("the %s collection is missing from %s: %w", name, domain, err)
		}
		if got := collections.RulesIn(col); got != want && !planted("rules are not compared") {
			return fmt.Errorf("the API rules of %s/%s were changed by hand (rules_changed); refusing to serve with them:\n  stored   %+v\n  expected %+v", domain, name, got, want)
		}
	}
	return nil
}

// UpsertSuperuser creates a superuser on every domain, or sets its password.
func UpsertSuperuser(options Options, domains []collections.Domain, email, password string) error {
	return beside(options, domains, func(app core.App) error {
		col, err := app.FindCachedCollectionByNameOrId(core.CollectionNameSuperusers)
		if err != nil {
			return err
		}
		record, err := app.FindAuthRecordByEmail(col, email)
		if err != nil {
			record = core.NewRecord(col)
		}
		record.SetEmail(email)
		record.SetPassword(password)
		return app.RunInTransaction(func(tx core.App) error {
			if err := tx.Save(record); err != nil {
				return err
			}
			return Audit(tx, options.withDefaults().Clock.Now(), Deed{ByOperator(), "superuser upsert", core.CollectionNameSuperusers + "/" + record.Id, nil})
		})
	})
}

// settingsKey reads the 32-character key at path, or makes one.
func settingsKey(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(raw))) == 32 {
		return strings.TrimSpace(string(raw)), nil
	}
	if err == nil {
		return "", fmt.Errorf("the settings key in %s is damaged: restore it from a backup", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("failed to read the settings key: %w", err)
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	key := hex.EncodeToString(random)
	return key, writeSecret(path, []byte(key))
}

// RecountEarningsIn makes the earnings book of a data folder anew, also while it is served.
func RecountEarningsIn(options Options) error {
	err := beside(options, []collections.Domain{collections.DomainPayments}, RecountEarnings)
	return errors.Join(err, AuditOperator(options, []collections.Domain{collections.DomainPayments}, "ledger recount", "", nil))
}

// VerifyLedgerIn verifies the ledger in a data folder, also while it is served.
func VerifyLedgerIn(options Options) (report *LedgerReport, err error) {
	err = beside(options, []collections.Domain{collections.DomainPayments}, func(app core.App) error {
		report, err = VerifyLedger(context.Background(), app)
		return err
	})
	return report, err
}

// DemoAccountsPath is where the demo loader leaves the accounts to try.
func DemoAccountsPath(dataDir string) string { return filepath.Join(dataDir, "demo-accounts.txt") }
