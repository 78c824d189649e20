package services

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

const restoreAdvice = "restore the newest backup: lancershub restore BACKUP --replace"

// folders returns the domains whose data is here.
func (d *doctor) folders(wanted []collections.Domain) []collections.Domain {
	found := []collections.Domain{}
	missing := []string{}
	for _, domain := range collections.Domains {
		_, err := os.Stat(d.path(domain, dataFile))
		switch {
		case err == nil && (len(wanted) == 0 || slices.Contains(wanted, domain)):
			found = append(found, domain)
		case err != nil && slices.Contains(wanted, domain):
			d.fail("data", domain, fmt.Sprintf("there is no database: %v", err), "check --data, or "+restoreAdvice)
		case err != nil && d.options.Peers[domain] == "":
			missing = append(missing, string(domain))
		}
	}
	switch {
	case len(wanted) > 0:
	case len(found) == 0:
		d.fail("data", "", "there is no data in "+d.options.DataDir, "check --data; `lancershub serve` makes an empty marketplace, `lancershub restore` brings one back")
	case len(missing) > 0:
		d.warn("data", "", "the data of "+strings.Join(missing, ", ")+" is not in "+d.options.DataDir, "say with --peer where it runs, so that it can be asked")
	}
	return found
}

func (d *doctor) path(domain collections.Domain, name string) string {
	return filepath.Join(d.options.DataDir, string(domain), name)
}

// data looks at the folder of one domain.
func (d *doctor) data(ctx context.Context, domain collections.Domain) {
	keysOK := d.keys(domain)
	if !d.database(ctx, domain) {
		return
	}
	if !keysOK {
		return // opening would make new keys, or fail on the damaged ones
	}
	d.storage(ctx, domain)
	running := d.isLocked(domain)
	app, err := openApp(domain, filepath.Join(d.options.DataDir, string(domain)), d.options.Durability)
	if err != nil {
		d.fail("settings", domain, err.Error(), "is settings.key the one the settings were written with? If not, restore it from a backup")
		return
	}
	defer func() { _ = app.ClearBootstrap() }()
	d.settings(ctx, app, domain)
	if !d.schema(app, domain, running) {
		return // this version cannot read the rest yet
	}
	d.events(app, domain)
	d.audit(app, domain)
	if domain == collections.DomainPayments {
		d.ledger(app)
		d.reconciliation(app, running)
		d.provider(ctx, app)
	}
}

func (d *doctor) isLocked(domain collections.Domain) bool {
	lock := flock.New(d.path(domain, "instance.lock"))
	locked, err := lock.TryLock()
	if locked {
		_ = lock.Unlock()
	}
	return err == nil && !locked
}

// keys looks at the files that only the owner may read.
func (d *doctor) keys(domain collections.Domain) bool {
	names := []string{"settings.key", "service_keys.json"}
	if domain == collections.DomainUsers {
		names = append(names, "token_keys.json")
	}
	fine := true
	bad := func(message, mend string) {
		fine = false
		d.fail("keys", domain, message, mend)
	}
	for _, name := range names {
		info, err := os.Stat(d.path(domain, name))
		if errors.Is(err, fs.ErrNotExist) {
			bad(name+" is missing", "put it back from a backup; without it the settings cannot be read, or (*_keys.json) everyone signs in again")
			continue
		}
		if err != nil {
			bad(err.Error(), "run doctor as the user that runs lancershub")
			continue
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			d.fail("keys", domain, fmt.Sprintf("%s can be read by others (%s)", name, mode), "chmod 600 "+d.path(domain, name))
		}
		if name == "settings.key" {
			if _, err := settingsKey(d.path(domain, name)); err != nil {
				bad(err.Error(), "put it back from a backup")
			}
			continue
		}
		ring, err := OpenKeyring(d.path(domain, name), d.now)
		if err != nil {
			bad(err.Error(), "put it back from a backup, or delete it: then everyone signs in again")
		} else if age := d.now.Sub(ring.current().Created); name == "token_keys.json" && age > KeyLife+7*24*time.Hour {
			d.warn("keys", domain, fmt.Sprintf("the key in %s is %d days old and was not replaced", name, int(age.Hours()/24)), "keep the marketplace running: it replaces keys every "+strconv.Itoa(int(KeyLife.Hours()/24))+" days")
		}
	}
	if fine {
		d.ok("keys", domain, "the keys are there and readable")
	}
	return fine
}

// database looks into the file without opening it for work.
func (d *doctor) database(ctx context.Context, domain collections.Domain) bool {
	db, err := sql.Open("sqlite", d.path(domain, dataFile)+"?_pragma=busy_timeout(10000)&_pragma=query_only(ON)")
	if err != nil {
		d.fail("data", domain, err.Error(), restoreAdvice)
		return false
	}
	defer db.Close() //nolint:errcheck // only read
	var verdict, mode string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil || verdict != "ok" {
		d.fail("data", domain, fmt.Sprintf("the database is damaged: %s %v", verdict, err), "stop the marketplace and "+restoreAdvice)
		return false
	}
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil || mode != "wal" {
		d.warn("durability", domain, "the database is not in WAL mode but "+mode, "start the marketplace once; if it stays so, the file system cannot share memory (network disks): use a local disk")
	}
	d.ok("data", domain, "the database is readable and sound")
	return true
}

// schema compares migrations and rules with what this version expects, and
// tells whether the tables are those of this version.
func (d *doctor) schema(app core.App, domain collections.Domain, running bool) bool {
	if err := refuseNewer(app, domain); err != nil {
		d.fail("schema", domain, err.Error(), "install the version that wrote the data, or a newer one")
		return false
	}
	pending, err := pendingMigrations(app, domain)
	if err != nil {
		d.fail("schema", domain, err.Error(), restoreAdvice)
		return false
	}
	if len(pending) > 0 {
		mend := "start it with this version, or run lancershub migrate up " + string(domain)
		if running {
			mend = "an older version is running: stop it and start this one"
		}
		d.warn("schema", domain, fmt.Sprintf("%d migrations are missing, the first is %s", len(pending), pending[0]), mend)
		return false // the rules cannot be compared yet
	}
	if err := checkRules(app, domain); err != nil {
		d.fail("rules", domain, err.Error(), "the marketplace will not start with these rules: put them back in a backup's copy of the database, or restore a backup")
		return true
	}
	d.ok("rules", domain, "schema and API rules are those of this version")
	return true
}

func pendingMigrations(app core.App, domain collections.Domain) ([]string, error) {
	var applied []string
	if err := app.DB().Select("file").From(core.DefaultMigrationsTable).Column(&applied); err != nil {
		return nil, fmt.Errorf("failed to read the schema version: %w", err)
	}
	pending := []string{}
	list := migrationsOf(domain)
	for _, m := range list.Items() {
		if !slices.Contains(applied, m.File) {
			pending = append(pending, m.File)
		}
	}
	return pending, nil
}

// settings looks at what the admin UI configures.
func (d *doctor) settings(ctx context.Context, app core.App, domain collections.Domain) {
	settings := app.Settings()
	if !settings.RateLimits.Enabled {
		d.warn("settings", domain, "rate limits are off", "start without --no-rate-limits")
	}
	var people int
	if err := app.DB().Select("count(*)").From(core.CollectionNameSuperusers).Row(&people); err == nil && people == 0 {
		d.warn("settings", domain, "nobody can sign in to the admin UI", "lancershub superuser upsert EMAIL - [DOMAIN …] (reads the password from the standard input)")
	}
	if domain != collections.DomainUsers {
		return
	}
	d.address(settings.Meta.AppURL)
	if !settings.SMTP.Enabled {
		d.warn("mail", domain, "no mail server is configured: mails go to the sendmail command, if there is one", "set one at "+Prefix(domain)+"/_/#/settings/mail; without mail nobody can set a new password")
		return
	}
	addr := net.JoinHostPort(settings.SMTP.Host, strconv.Itoa(settings.SMTP.Port))
	dialer := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		d.fail("mail", domain, "the mail server "+addr+" does not answer: "+err.Error(), "check host and port at "+Prefix(domain)+"/_/#/settings/mail, and whether this machine may reach it")
		return
	}
	_ = conn.Close()
	d.ok("mail", domain, "the mail server "+addr+" answers")
}

// address looks at where people are told to come.
func (d *doctor) address(appURL string) {
	public, err := url.Parse(appURL)
	if err != nil || public.Host == "" {
		d.fail("address", "", "the public address is not a URL: "+appURL, "start with --public-url https://…")
		return
	}
	ip := net.ParseIP(public.Hostname())
	if public.Scheme != "https" && public.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		d.fail("address", "", "people reach the marketplace without encryption at "+public.Host, "put it behind TLS (docs/operations.md) and start with --public-url https://…")
		return
	}
	d.ok("address", "", "people reach the marketplace at "+public.Scheme+"://"+public.Host)
}

// events looks at what waits to be told to other instances, and at restores.
func (d *doctor) events(app core.App, domain collections.Domain) {
	var open struct {
		Ready, Parked int
		Oldest        int64
		Peer, Error   string
	}
	err := app.DB().NewQuery(`SELECT coalesce(sum(state = 'ready'), 0), coalesce(sum(state = 'parked'), 0),
		coalesce(min(created), 0), coalesce(max(peer), ''), coalesce(max(last_error), '') FROM outbox WHERE state <> 'done'`).
		Row(&open.Ready, &open.Parked, &open.Oldest, &open.Peer, &open.Error)
	waiting := d.now.Sub(time.UnixMilli(open.Oldest)).Round(time.Second)
	switch {
	case err != nil:
		d.fail("events", domain, err.Error(), restoreAdvice)
	case open.Parked > 0:
		d.fail("events", domain, fmt.Sprintf("%d events were given up after a day of trying; last error: %s", open.Parked, open.Error), "mend what the error says, then set their state to ready in the outbox table")
	case open.Ready > 0 && waiting > time.Minute:
		d.fail("events", domain, fmt.Sprintf("%d events wait, the oldest for %s; last error: %s", open.Ready, waiting, open.Error), "is "+open.Peer+" running, and does --peer name its address?")
	default:
		d.ok("events", domain, fmt.Sprintf("%d events are on their way", open.Ready))
	}
	epoch, err := OpenEpoch(app)
	switch {
	case err != nil:
		d.fail("restore", domain, err.Error(), restoreAdvice)
	case epoch != nil && epoch.Findings != "":
		d.fail("restore", domain, fmt.Sprintf("it was restored to %s, and peers know more than it does (no payout is sent meanwhile): %s",
			time.UnixMilli(epoch.TakenAt).UTC().Format(time.RFC3339), strings.ReplaceAll(epoch.Findings, "\n", ", ")),
			"look at these records on the peers, put right what is missing, then: lancershub restore accept")
	case epoch != nil:
		d.warn("restore", domain, "it was restored and has not heard from all its peers yet; heard: "+epoch.Heard, "start all four domains")
	}
}

func (d *doctor) ledger(app core.App) {
	report, err := VerifyLedger(context.Background(), app)
	switch {
	case err != nil:
		d.fail("ledger", collections.DomainPayments, err.Error(), restoreAdvice)
	case len(report.Problems) > 0:
		raw, _ := json.Marshal(report.Problems[:min(len(report.Problems), 3)])
		d.fail("ledger", collections.DomainPayments, fmt.Sprintf("the ledger does not add up (%d problems): %s", len(report.Problems), raw),
			"stop payouts, keep a copy of the data folder, and see lancershub ledger verify")
	default:
		d.ok("ledger", collections.DomainPayments, fmt.Sprintf("%d ledger transactions add up", report.Transactions))
	}
}

// audit follows the chain of what people with power did.
func (d *doctor) audit(app core.App, domain collections.Domain) {
	report, err := VerifyAudit(context.Background(), app, nil)
	switch {
	case err != nil:
		d.fail(checkAudit, domain, err.Error(), restoreAdvice)
	case len(report.Problems) > 0:
		d.fail(checkAudit, domain, report.Problems[0], "somebody wrote to the database past the marketplace: keep a copy of the data folder, compare it with backups, and change the superusers' passwords")
	default:
		d.ok(checkAudit, domain, fmt.Sprintf("%d rows follow each other; the last is %s", report.Rows, orElse(report.Head, "none")))
	}
}

// reconciliation looks at what the last comparison of everything found.
func (d *doctor) reconciliation(app core.App, running bool) {
	last, err := LastReconciliation(app)
	switch {
	case err != nil:
		d.fail("reconciliation", collections.DomainPayments, err.Error(), restoreAdvice)
	case last == nil:
		d.warn("reconciliation", collections.DomainPayments, "nothing was reconciled yet", "start the marketplace, or run lancershub ledger reconcile")
	case last.Unexplained > 0:
		d.fail("reconciliation", collections.DomainPayments, last.summary(), "see reconciliations in the payments admin UI, and lancershub ledger reconcile")
	case running && d.now.Sub(time.UnixMilli(last.At)) > time.Hour:
		d.warn("reconciliation", collections.DomainPayments, "the last one is more than an hour old", "look into the log of payments for why it fails")
	default:
		d.ok("reconciliation", collections.DomainPayments, last.summary())
	}
}

// backups looks for a recent one at to, a folder or s3://BUCKET/PREFIX.
func (d *doctor) backups(ctx context.Context, to string) {
	if to == "" {
		return
	}
	v, err := openVault(d.options, to)
	if err != nil {
		d.fail("backup", "", err.Error(), "correct --backups, or set what it says")
		return
	}
	whole, _, err := v.backups(ctx)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.fail("backup", "", "the place for backups cannot be read: "+err.Error(), "is "+to+" there, and may this user (or key) read it?")
		return
	}
	if len(whole) == 0 {
		d.warn("backup", "", "there is no backup in "+to, "lancershub backup --to "+to+" --keep 14, every night; --backups says where yours are")
		return
	}
	newest := v.open(whole[len(whole)-1])
	manifest, err := readManifest(ctx, newest)
	if err != nil {
		d.fail("backup", "", err.Error(), "take a new one: lancershub backup --to "+to)
		return
	}
	if age := d.now.Sub(manifest.TakenAt); age > 48*time.Hour {
		d.fail("backup", "", fmt.Sprintf("the newest backup is %d days old", int(age.Hours()/24)), "see why the nightly one fails: lancershub backup --to "+to)
		return
	}
	d.ok("backup", "", "the newest backup is "+newest.String())
}
