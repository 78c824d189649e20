package services

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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

// Backup writes a backup of all four domains to a new folder inside to, which is a
// folder or s3://BUCKET/PREFIX, and returns where it is. The marketplace may run,
// and does not wait: the four databases are pinned at one moment (takeCut) and
// copied from there. The keys are part of it, because without them nobody could
// sign in or read the settings: keep a backup as secret as the data folder.
func Backup(ctx context.Context, options Options, to, version string, progress BackupProgress) (path string, manifest *Manifest, err error) {
	for range vanishTries {
		if path, manifest, err = backupOnce(ctx, options, to, version, progress); !errors.Is(err, errVanished) {
			return path, manifest, err
		}
	}
	return "", nil, fmt.Errorf("failed to find a moment of which every file is still there, in %d tries (backup_busy): %w", vanishTries, err)
}

// vanishTries is how often a backup is begun again because a file of its moment
// was removed before it could be copied.
const vanishTries = 5

func backupOnce(ctx context.Context, options Options, to, version string, progress BackupProgress) (path string, manifest *Manifest, err error) {
	options = options.withDefaults()
	for _, domain := range collections.Domains {
		if _, err := os.Stat(filepath.Join(options.DataDir, string(domain), dataFile)); err != nil {
			return "", nil, fmt.Errorf("a backup is of all four domains, but there is no %s data in %s (data_missing): %w", domain, options.DataDir, err)
		}
	}
	v, err := openVault(options, to)
	if err != nil {
		return "", nil, err
	}
	cut, err := takeCut(ctx, options)
	if err != nil {
		return "", nil, err
	}
	defer cut.Close() //nolint:errcheck // only readers are left
	s, err := v.begin(ctx, backupPrefix+cut.at.UTC().Format(backupTime))
	if err != nil {
		return "", nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.discard())
		}
	}()
	manifest = &Manifest{
		Format: backupFormat, Version: version, TakenAt: cut.at,
		Rows: map[collections.Domain]map[string]int64{}, Files: map[string]BackupFile{}, Objects: map[string]BackupObject{},
	}
	if err := manifest.addAllFiles(ctx, cut, options, s, progress); err != nil {
		return "", nil, err
	}
	for _, domain := range collections.Domains {
		if err := manifest.add(ctx, cut, options, domain, s, progress); err != nil {
			return "", nil, fmt.Errorf("failed to back up %s: %w", domain, err)
		}
	}
	raw, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return "", nil, err
	}
	if err := s.finish(ctx, raw); err != nil {
		return "", nil, fmt.Errorf("failed to finish the backup: %w", err)
	}
	return s.String(), manifest, nil
}

// add copies the database and the other files of a domain.
func (m *Manifest) add(ctx context.Context, cut *cut, options Options, domain collections.Domain, to shelf, progress BackupProgress) error {
	var err error
	if m.Rows[domain], err = cut.rows(ctx, domain); err != nil {
		return err
	}
	plain := filepath.Join(to.work(), string(domain)+"-"+dataFile)
	if err := cut.copy(ctx, domain, plain, func(share float64) { progress("copying "+string(domain), share) }); err != nil {
		return err
	}
	if err := m.store(ctx, string(domain)+"/"+compressedData, plain, to, 0o600, true); err != nil {
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
		if err := m.store(ctx, string(domain)+"/"+entry.Name(), filepath.Join(source, entry.Name()), to, info.Mode().Perm(), false); err != nil {
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
func (m *Manifest) store(ctx context.Context, name, from string, to shelf, mode fs.FileMode, compress bool) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // only read
	info, err := source.Stat()
	if err != nil {
		return err
	}
	content, size := io.Reader(source), info.Size()
	if compress {
		size = -1
		packed := packing(source)
		defer packed.Close() //nolint:errcheck // ends the packing when nobody reads on
		content = packed
	}
	summed := summing(content)
	if err := to.put(ctx, name, mode, size, summed); err != nil {
		return err
	}
	m.Files[name] = BackupFile{Size: summed.size, SHA256: summed.hex(), Mode: uint32(mode)}
	return nil
}

// packing is content, compressed while it is read.
func packing(content io.Reader) *io.PipeReader {
	reader, writer := io.Pipe()
	go func() {
		encoder, err := zstd.NewWriter(writer)
		if err == nil {
			_, err = io.Copy(encoder, content)
			err = errors.Join(err, encoder.Close())
		}
		_ = writer.CloseWithError(err) // io.EOF if it is nil
	}()
	return reader
}

// summed counts what is read, and its checksum.
type summed struct {
	io.Reader
	sum  hash.Hash
	size int64
}

func summing(content io.Reader) *summed { return &summed{Reader: content, sum: sha256.New()} }

// Read implements io.Reader.
func (s *summed) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	_, _ = s.sum.Write(p[:n])
	s.size += int64(n)
	return n, err
}

func (s *summed) hex() string { return hex.EncodeToString(s.sum.Sum(nil)) }

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
