package services

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/lancershub/lancershub/collections"
)

// Manifest says what is in a backup. It is written last: a folder without one
// is no backup.
type Manifest struct {
	// Format is 2; 1 had no files.
	Format int `json:"format"`
	// Version of lancershub that wrote it.
	Version string `json:"version"`
	// TakenAt is when the four databases were pinned.
	TakenAt time.Time `json:"takenAt"`
	// Rows maps domain and table to the number of rows.
	Rows map[collections.Domain]map[string]int64 `json:"rows"`
	// Files maps a path in the backup to what is stored there.
	Files map[string]BackupFile `json:"files"`
	// Objects maps <domain>/objects/<key> to the file of a record that is there.
	Objects map[string]BackupObject `json:"objects,omitempty"`
	// Missing are files that records named and the storage did not have.
	Missing []string `json:"missing,omitempty"`
}

// BackupFile is one file of a backup. Databases are compressed (RFC 8878).
type BackupFile struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Mode   uint32 `json:"mode"`
}

const (
	backupFormat = 2
	// ManifestName is the file that makes a folder a backup.
	ManifestName   = "manifest.json"
	backupPrefix   = "lancershub-"
	backupTime     = "20060102T150405Z"
	partialSuffix  = ".partial"
	compressedData = dataFile + ".zst"
)

// BackupProgress is told what is being done and how much of it (0 to 1).
type BackupProgress func(what string, share float64)

// Backup writes a backup of all four domains to a new folder inside dir and
// returns its path. The marketplace may run, and does not wait: the four databases
// are pinned at one moment (takeCut) and copied from there. The keys are part of
// it, because without them nobody could sign in or read the settings: keep a
// backup as secret as the data folder.
func Backup(ctx context.Context, options Options, dir, version string, progress BackupProgress) (path string, manifest *Manifest, err error) {
	for range vanishTries {
		if path, manifest, err = backupOnce(ctx, options, dir, version, progress); !errors.Is(err, errVanished) {
			return path, manifest, err
		}
	}
	return "", nil, fmt.Errorf("failed to find a moment of which every file is still there, in %d tries (backup_busy): %w", vanishTries, err)
}

// vanishTries is how often a backup is begun again because a file of its moment
// was removed before it could be copied.
const vanishTries = 5

func backupOnce(ctx context.Context, options Options, dir, version string, progress BackupProgress) (path string, manifest *Manifest, err error) {
	options = options.withDefaults()
	for _, domain := range collections.Domains {
		if _, err := os.Stat(filepath.Join(options.DataDir, string(domain), dataFile)); err != nil {
			return "", nil, fmt.Errorf("a backup is of all four domains, but there is no %s data in %s (data_missing): %w", domain, options.DataDir, err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("failed to create the folder for backups: %w", err)
	}
	cut, err := takeCut(ctx, options)
	if err != nil {
		return "", nil, err
	}
	defer cut.Close() //nolint:errcheck // only readers are left
	path = filepath.Join(dir, backupPrefix+cut.at.UTC().Format(backupTime))
	partial := path + partialSuffix
	if err := os.Mkdir(partial, 0o700); err != nil {
		return "", nil, fmt.Errorf("failed to begin a backup (is another one running?): %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(partial)
		}
	}()
	manifest = &Manifest{
		Format: backupFormat, Version: version, TakenAt: cut.at,
		Rows: map[collections.Domain]map[string]int64{}, Files: map[string]BackupFile{}, Objects: map[string]BackupObject{},
	}
	if err := manifest.addAllFiles(ctx, cut, options, partial, progress); err != nil {
		return "", nil, err
	}
	for _, domain := range collections.Domains {
		if err := manifest.add(ctx, cut, options, domain, partial, progress); err != nil {
			return "", nil, fmt.Errorf("failed to back up %s: %w", domain, err)
		}
	}
	raw, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return "", nil, err
	}
	if err := writeSecret(filepath.Join(partial, ManifestName), raw); err != nil {
		return "", nil, err
	}
	if err := errors.Join(syncDir(partial), os.Rename(partial, path), syncDir(dir)); err != nil {
		return "", nil, fmt.Errorf("failed to finish the backup: %w", err)
	}
	return path, manifest, nil
}

// add copies the database and the other files of a domain.
func (m *Manifest) add(ctx context.Context, cut *cut, options Options, domain collections.Domain, to string, progress BackupProgress) error {
	dir := filepath.Join(to, string(domain))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var err error
	if m.Rows[domain], err = cut.rows(ctx, domain); err != nil {
		return err
	}
	plain := filepath.Join(dir, dataFile)
	if err := cut.copy(ctx, domain, plain, func(share float64) { progress("copying "+string(domain), share) }); err != nil {
		return err
	}
	if err := m.store(filepath.Join(string(domain), compressedData), plain, to, 0o600, true); err != nil {
		return err
	}
	if err := os.Remove(plain); err != nil {
		return err
	}
	source := filepath.Join(options.DataDir, string(domain))
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !isKept(entry) {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name := filepath.Join(string(domain), entry.Name())
		if err := m.store(name, filepath.Join(source, entry.Name()), to, info.Mode().Perm(), false); err != nil {
			return err
		}
	}
	return nil
}

// isKept tells which files beside the database belong into a backup: keys, not
// logs, locks or what is half written.
func isKept(entry fs.DirEntry) bool {
	name := entry.Name()
	return entry.Type().IsRegular() && !strings.HasPrefix(name, dataFile) && !strings.HasPrefix(name, "auxiliary.db") &&
		!strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".lock") && name != "types.d.ts"
}

// store copies a file into the backup and notes its checksum.
func (m *Manifest) store(name, from, to string, mode fs.FileMode, compress bool) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // only read
	target, err := os.OpenFile(filepath.Join(to, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	sum := sha256.New()
	counted := &countingWriter{Writer: io.MultiWriter(target, sum)}
	var sink io.WriteCloser = nopCloser{counted}
	if compress {
		if sink, err = zstd.NewWriter(counted); err != nil {
			return errors.Join(err, target.Close())
		}
	}
	_, err = io.Copy(sink, source)
	if err = errors.Join(err, sink.Close(), target.Sync(), target.Close()); err != nil {
		return err
	}
	m.Files[filepath.ToSlash(name)] = BackupFile{Size: counted.n, SHA256: hex.EncodeToString(sum.Sum(nil)), Mode: uint32(mode)}
	return nil
}

// PruneBackups removes all but the newest keep backups in dir, and what an
// interrupted one left a day ago. It returns the names of what it removed.
func PruneBackups(dir string, keep int) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names, removed := []string{}, []string{}
	for _, entry := range entries {
		taken, err := time.Parse(backupPrefix+backupTime, strings.TrimSuffix(entry.Name(), partialSuffix))
		if err != nil {
			continue // not ours
		}
		if strings.HasSuffix(entry.Name(), partialSuffix) {
			if time.Since(taken) > 24*time.Hour {
				removed = append(removed, entry.Name())
			}
			continue
		}
		names = append(names, entry.Name())
	}
	slices.Sort(names) // by time
	if keep > 0 && len(names) > keep {
		removed = append(removed, names[:len(names)-keep]...)
	}
	for _, name := range removed {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return nil, fmt.Errorf("failed to remove an old backup: %w", err)
		}
	}
	return removed, nil
}

type countingWriter struct {
	io.Writer
	n int64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.n += int64(n)
	return n, err
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
