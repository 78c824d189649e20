package services

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
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
func (m *Manifest) addAllFiles(ctx context.Context, cut *cut, options Options, to shelf, progress BackupProgress) (err error) {
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
func (m *Manifest) addFiles(ctx context.Context, cut *cut, live querier, domain collections.Domain, client *storage.Client, to shelf, progress BackupProgress) error {
	refs, err := fileRefs(ctx, cut.pinned[domain])
	if err != nil {
		return err
	}
	for n, ref := range refs {
		progress("copying files of "+string(domain), float64(n)/float64(len(refs)))
		name := string(domain) + "/" + objectsDir + "/" + ref.Key
		there, err := m.saveObject(ctx, client, ref.Key, name, to)
		if err != nil {
			return err
		}
		if there {
			continue
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

// saveObject copies an object into the backup, if there is one.
func (m *Manifest) saveObject(ctx context.Context, client *storage.Client, key, name string, to shelf) (there bool, err error) {
	body, object, err := client.Get(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer body.Close() //nolint:errcheck // only read
	summed := summing(body)
	if err := to.put(ctx, name, 0o600, object.Size, summed); err != nil {
		return false, err
	}
	if summed.size != object.Size {
		return false, fmt.Errorf("the file %s ended after %d of %d bytes", key, summed.size, object.Size)
	}
	m.Objects[name] = BackupObject{Size: summed.size, SHA256: summed.hex(), Type: object.Type, Metadata: object.Metadata}
	return true, nil
}

// examineFiles checks the files of a domain in a backup: each is what was backed
// up, and there is one for each that a restored record names.
func (m *Manifest) examineFiles(ctx context.Context, from shelf, db querier, domain collections.Domain) error {
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
		if err := m.examineFile(ctx, from, name); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manifest) examineFile(ctx context.Context, from shelf, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	content, err := openIn(ctx, from, name)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // only read
	summed := summing(content)
	if _, err := io.Copy(io.Discard, summed); err != nil {
		return err
	}
	return unlessDamaged(name, summed.hex(), m.Objects[name].SHA256)
}

// openIn opens a file that the manifest of a backup names.
func openIn(ctx context.Context, from shelf, name string) (io.ReadCloser, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("the manifest names a file outside of the backup (backup_damaged): %s", name)
	}
	content, err := from.get(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("a file of the backup is missing (backup_damaged): %w", err)
	}
	return content, err
}

func unlessDamaged(name, got, want string) error {
	if got != want {
		return fmt.Errorf("%s is not what was backed up (backup_damaged): its checksum is %s, it should be %s", name, got, want)
	}
	return nil
}

func (m *Manifest) objectsOf(domain collections.Domain) []string {
	names := slices.Sorted(maps.Keys(m.Objects))
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, string(domain)+"/"+objectsDir+"/") })
}

// putFiles stores the files of domains in the storage of options.
func (m *Manifest) putFiles(ctx context.Context, from shelf, options Options, domains []collections.Domain, progress BackupProgress) error {
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
			if err := m.putObject(ctx, client, from, name, key); err != nil {
				return errors.Join(fmt.Errorf("failed to restore %s: %w", name, err), stores.Close())
			}
		}
	}
	return stores.Close()
}

func (m *Manifest) putObject(ctx context.Context, client *storage.Client, from shelf, name, key string) error {
	want := m.Objects[name]
	if there, err := client.Stat(ctx, key); err == nil && there.Size == want.Size {
		return nil // keys are never used twice
	}
	content, err := openIn(ctx, from, name)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // only read
	summed := summing(content)
	if err := client.Put(ctx, storage.Object{Key: key, Size: want.Size, Type: want.Type, Metadata: want.Metadata}, summed); err != nil {
		return err
	}
	if err := unlessDamaged(name, summed.hex(), want.SHA256); err != nil { // since it was examined
		return errors.Join(err, client.Remove(ctx, key))
	}
	return nil
}
