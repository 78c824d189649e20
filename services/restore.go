package services

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// RestoreReport says what a restore found.
type RestoreReport struct {
	Manifest *Manifest
	Rows     int64
	Ledger   *LedgerReport
	// Replaced are the folders that were moved aside.
	Replaced []string
}

// RestoreOptions says what to restore and how.
type RestoreOptions struct {
	// Domains to restore; the peers of the others tell them again what they forgot. Default: all.
	Domains []collections.Domain
	// VerifyOnly restores into a folder that is thrown away: a drill.
	VerifyOnly bool
	// Replace moves data that is in the way aside instead of refusing.
	Replace bool
}

// Restore puts a backup back into the data folder, or only tries whether that
// would work. Everything is restored and examined beside the data folder first;
// only when nothing is wrong it is moved to its place.
func Restore(ctx context.Context, options Options, from string, how RestoreOptions, progress BackupProgress) (report *RestoreReport, err error) {
	options = options.withDefaults()
	if len(how.Domains) == 0 {
		how.Domains = collections.Domains
	}
	shelf, manifest, err := findBackup(ctx, options, from)
	if err != nil {
		return nil, err
	}
	report = &RestoreReport{Manifest: manifest}
	if !how.VerifyOnly {
		if err := inTheWay(options, how); err != nil {
			return nil, err
		}
	}
	parent := os.TempDir()
	if !how.VerifyOnly { // the same disk, so that the last step is a rename
		if parent = options.DataDir; !isFolder(parent) {
			parent = filepath.Dir(filepath.Clean(parent))
		}
	}
	staging, err := os.MkdirTemp(parent, ".lancershub-restore-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staging)) }()
	for _, domain := range how.Domains {
		if err := makeStage(options, staging, domain, how); err != nil {
			return nil, err
		}
		if err := manifest.unpack(ctx, shelf, staging, domain, progress); err != nil {
			return nil, fmt.Errorf("failed to restore %s: %w", domain, err)
		}
		rows, err := manifest.examine(ctx, shelf, staging, domain)
		if err != nil {
			return nil, fmt.Errorf("failed to verify %s: %w", domain, err)
		}
		report.Rows += rows
	}
	staged := options
	staged.DataDir = staging
	err = offline(staged, how.Domains, func(i *Instance) error {
		progress("opening "+string(i.Domain), 1)
		if i.Domain == collections.DomainPayments {
			ledger, err := VerifyLedger(context.Background(), i.App)
			if err != nil {
				return err
			}
			if report.Ledger = ledger; len(ledger.Problems) > 0 {
				return fmt.Errorf("the ledger in the backup does not add up (ledger_broken): %s", strings.Join(ledger.Problems, "; "))
			}
		}
		if err := i.Audit(Deed{ByOperator(), "restore", filepath.Base(from), map[string]any{"takenAt": manifest.TakenAt}}); err != nil {
			return err
		}
		return BeginEpoch(i.App, manifest.TakenAt, options.Clock.Now())
	})
	if err != nil || how.VerifyOnly {
		return report, err
	}
	staged.Storage = options.Storage // the embedded one beside the restored database, or the configured one
	if err := manifest.putFiles(ctx, shelf, staged, how.Domains, progress); err != nil {
		return report, err
	}
	report.Replaced, err = putInPlace(options, staging, how.Domains)
	return report, err
}

// findBackup opens the backup at path, a folder or s3://BUCKET/PREFIX/NAME.
func findBackup(ctx context.Context, options Options, path string) (shelf, *Manifest, error) {
	around, found, err := openShelf(options, path)
	if err != nil {
		return nil, nil, err
	}
	manifest, err := readManifest(ctx, found)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s is not a complete backup (backup_incomplete): it has no %s", path, ManifestName)
		for _, near := range []shelf{around.open(""), found} { // beside it, or, when only the vault was named, in it
			inside, openErr := openVault(options, near.String())
			if openErr != nil {
				continue
			}
			if whole, _, listErr := inside.backups(ctx); listErr == nil && len(whole) > 0 {
				err = fmt.Errorf("%w; the newest in %s is %s", err, near, whole[len(whole)-1])
			}
		}
	}
	return found, manifest, err
}

// readManifest reads what a backup says about itself.
func readManifest(ctx context.Context, from shelf) (*Manifest, error) {
	content, err := from.get(ctx, ManifestName)
	if err != nil {
		return nil, err
	}
	defer content.Close() //nolint:errcheck // only read
	manifest := &Manifest{}
	if err := json.NewDecoder(content).Decode(manifest); err != nil {
		return nil, fmt.Errorf("the manifest of %s is damaged (backup_damaged): %w", from, err)
	}
	if manifest.Format < 1 || manifest.Format > backupFormat {
		return nil, fmt.Errorf("the backup %s has format %d, this version reads %d: use the version that wrote it (%s)", from, manifest.Format, backupFormat, manifest.Version)
	}
	return manifest, nil
}

// inTheWay refuses to write over data, and to restore under a running instance.
func inTheWay(options Options, how RestoreOptions) error {
	for _, domain := range how.Domains {
		dir := filepath.Join(options.DataDir, string(domain))
		if _, err := os.Stat(filepath.Join(dir, dataFile)); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if !how.Replace {
			return fmt.Errorf("%s has data already (data_exists): choose an empty folder with --data, or move the old data aside with --replace", dir)
		}
		lock, err := lockFolder(dir)
		if err != nil {
			return err
		}
		if err := lock.Unlock(); err != nil {
			return err
		}
	}
	return nil
}

// unpack writes the files of a domain and compares their checksums.
func (m *Manifest) unpack(ctx context.Context, from shelf, to string, domain collections.Domain, progress BackupProgress) error {
	names := []string{}
	for name := range m.Files {
		if strings.HasPrefix(name, string(domain)+"/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if !slices.Contains(names, string(domain)+"/"+compressedData) {
		return errors.New("the backup has no database of it (backup_incomplete)")
	}
	for n, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		progress("unpacking "+string(domain), float64(n+1)/float64(len(names)))
		if err := m.unpackFile(ctx, from, to, name); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manifest) unpackFile(ctx context.Context, from shelf, to, name string) error {
	source, err := openIn(ctx, from, name)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // only read
	summed := summing(source)
	content := io.Reader(summed)
	target := filepath.Join(to, filepath.FromSlash(strings.TrimSuffix(name, ".zst")))
	if strings.HasSuffix(name, ".zst") {
		decoder, err := zstd.NewReader(summed)
		if err != nil {
			return err
		}
		defer decoder.Close()
		content = decoder
	}
	file, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(m.Files[name].Mode).Perm())
	if err != nil {
		return err
	}
	_, copyErr := io.Copy(file, content)
	_, restErr := io.Copy(io.Discard, summed) // what the decoder left
	if restErr == nil {
		if err := unlessDamaged(name, summed.hex(), m.Files[name].SHA256); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return errors.Join(copyErr, restErr, file.Sync(), file.Close())
}

// examine looks at a restored database before anything opens it for work.
func (m *Manifest) examine(ctx context.Context, from shelf, dir string, domain collections.Domain) (rows int64, err error) {
	db, err := sql.Open("sqlite", filepath.Join(dir, string(domain), dataFile))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil || verdict != "ok" {
		return 0, fmt.Errorf("the database is damaged (backup_damaged): %s %w", verdict, err)
	}
	counts, err := countRows(ctx, db)
	if err != nil {
		return 0, err
	}
	for table, want := range m.Rows[domain] {
		if counts[table] != want {
			return 0, fmt.Errorf("table %s has %d rows, the backup says %d (backup_damaged)", table, counts[table], want)
		}
		rows += want
	}
	return rows, m.examineFiles(ctx, from, db, domain)
}

// EpochReport is what an operator sees of restores that are not settled.
type EpochReport map[collections.Domain]*Epoch

// Epochs returns the restores that are not settled, also while the marketplace runs.
func Epochs(options Options, domains []collections.Domain) (EpochReport, error) {
	report := EpochReport{}
	for _, domain := range domains {
		err := beside(options, []collections.Domain{domain}, func(app core.App) error {
			epoch, err := OpenEpoch(app)
			if epoch != nil {
				report[domain] = epoch
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return report, nil
}
