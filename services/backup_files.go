package services

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/storage"
)

// BackupObject is one file of a record in a backup, at <domain>/objects/<key>.
type BackupObject struct {
	Size     int64             `json:"size"`
	SHA256   string            `json:"sha256"`
	Type     string            `json:"type,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// errVanished tells that a file was removed while the backup was taken.
var errVanished = errors.New("a file was removed meanwhile")

// addAllFiles copies the files of all domains: first, because they can be gone
// the soonest.
func (m *Manifest) addAllFiles(ctx context.Context, cut *cut, options Options, to string, progress BackupProgress) (err error) {
	stores, err := storesBeside(ctx, options, collections.Domains)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stores.Close()) }()
	for _, domain := range collections.Domains {
		live, err := readDatabase(options, domain)
		if err != nil {
			return err
		}
		err = m.addFiles(ctx, cut, live, domain, stores.files[domain].Client, to, progress)
		if err = errors.Join(err, live.Close()); err != nil {
			return fmt.Errorf("failed to back up the files of %s: %w", domain, err)
		}
	}
	return nil
}

// addFiles copies the objects that the pinned records name. A record that named
// a file when it was pinned and whose file is gone since was changed meanwhile:
// then the moment is not one of which everything can be kept, and the caller
// takes another. A file that its record still names is missing from the
// marketplace itself; the backup says so and is taken.
func (m *Manifest) addFiles(ctx context.Context, cut *cut, live querier, domain collections.Domain, client *storage.Client, to string, progress BackupProgress) error {
	refs, err := fileRefs(ctx, cut.pinned[domain])
	if err != nil {
		return err
	}
	for n, ref := range refs {
		progress("copying files of "+string(domain), float64(n)/float64(len(refs)))
		name := string(domain) + "/" + objectsDir + "/" + ref.Key
		object, err := saveObject(ctx, client, ref.Key, filepath.Join(to, filepath.FromSlash(name)))
		if err == nil {
			m.Objects[name] = object
			continue
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		now, err := fileRefs(ctx, live)
		if err != nil {
			return err
		}
		if !slices.Contains(now, ref) {
			return errVanished
		}
		m.Missing = append(m.Missing, name)
	}
	if len(refs) > 0 {
		progress("copying files of "+string(domain), 1)
	}
	return nil
}

// saveObject writes an object to a file.
func saveObject(ctx context.Context, client *storage.Client, key, path string) (BackupObject, error) {
	body, object, err := client.Get(ctx, key)
	if err != nil {
		return BackupObject{}, err
	}
	defer body.Close() //nolint:errcheck // only read
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return BackupObject{}, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return BackupObject{}, err
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, sum), body)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return BackupObject{}, err
	}
	if size != object.Size {
		return BackupObject{}, fmt.Errorf("the file %s ended after %d of %d bytes", key, size, object.Size)
	}
	return BackupObject{Size: size, SHA256: hex.EncodeToString(sum.Sum(nil)), Type: object.Type, Metadata: object.Metadata}, nil
}

// examineFiles checks the files of a domain in a backup: each is what was backed
// up, and there is one for each that a restored record names.
func (m *Manifest) examineFiles(ctx context.Context, from string, db querier, domain collections.Domain) error {
	if m.Format < backupFormat {
		return nil // from before files were part of it
	}
	refs, err := fileRefs(ctx, db)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		name := string(domain) + "/" + objectsDir + "/" + ref.Key
		if _, ok := m.Objects[name]; !ok && !slices.Contains(m.Missing, name) {
			return fmt.Errorf("%s %s names the file %s, which is not in the backup (backup_incomplete)", ref.Collection, ref.Record, name)
		}
	}
	for _, name := range m.objectsOf(domain) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the manifest names a file outside of the backup (backup_damaged): %s", name)
		}
		sum, err := sumOf(filepath.Join(from, filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("a file of the backup is missing (backup_damaged): %w", err)
		}
		if sum != m.Objects[name].SHA256 {
			return fmt.Errorf("%s is not what was backed up (backup_damaged): its checksum is %s, it should be %s", name, sum, m.Objects[name].SHA256)
		}
	}
	return nil
}

func (m *Manifest) objectsOf(domain collections.Domain) []string {
	names := slices.Sorted(maps.Keys(m.Objects))
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, string(domain)+"/"+objectsDir+"/") })
}

func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// putFiles stores the files of domains in the storage of options.
func (m *Manifest) putFiles(ctx context.Context, from string, options Options, domains []collections.Domain, progress BackupProgress) error {
	if len(m.Objects) == 0 {
		return nil
	}
	stores, err := storesBeside(ctx, options, domains)
	if err != nil {
		return err
	}
	for _, domain := range domains {
		client, names := stores.files[domain].Client, m.objectsOf(domain)
		if err := client.Make(ctx); err != nil {
			return errors.Join(err, stores.Close())
		}
		for n, name := range names {
			progress("restoring files of "+string(domain), float64(n+1)/float64(len(names)))
			key := strings.TrimPrefix(name, string(domain)+"/"+objectsDir+"/")
			if err := putObject(ctx, client, filepath.Join(from, filepath.FromSlash(name)), key, m.Objects[name]); err != nil {
				return errors.Join(fmt.Errorf("failed to restore %s: %w", name, err), stores.Close())
			}
		}
	}
	return stores.Close()
}

func putObject(ctx context.Context, client *storage.Client, path, key string, want BackupObject) error {
	if there, err := client.Stat(ctx, key); err == nil && there.Size == want.Size {
		return nil // keys are never used twice
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	return client.Put(ctx, storage.Object{Key: key, Size: want.Size, Type: want.Type, Metadata: want.Metadata}, file)
}
