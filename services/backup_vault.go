package services

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// vault is where backups are kept: a folder, or a place in a bucket (bucketVault).
type vault interface {
	// begin makes room for a new backup.
	begin(ctx context.Context, name string) (shelf, error)
	// backups lists the names of whole backups, and of what is left of others, by time.
	backups(ctx context.Context) (whole, broken []string, err error)
	// remove removes a backup. Interrupted, it leaves a broken one.
	remove(ctx context.Context, name string) error
	// open returns one that is there.
	open(name string) shelf
}

// shelf holds one backup.
type shelf interface {
	fmt.Stringer
	// work is a folder on this machine for what is on its way, removed with finish and discard.
	work() string
	// put stores content under a name; size is -1 if nobody knows it.
	put(ctx context.Context, name string, mode fs.FileMode, size int64, content io.Reader) error
	// get opens what was put; fs.ErrNotExist if it is not there. The caller closes it.
	get(ctx context.Context, name string) (io.ReadCloser, error)
	// finish stores the manifest, which makes a backup of what was put.
	finish(ctx context.Context, manifest []byte) error
	// discard removes what was put.
	discard() error
}

const bucketScheme = "s3://"

// openVault finds the vault at to: a folder, or s3://BUCKET/PREFIX.
func openVault(options Options, to string) (vault, error) {
	if strings.HasPrefix(to, bucketScheme) {
		return openBucketVault(options, to)
	}
	return folderVault(to), nil
}

// openShelf finds the backup at path, and the vault it is in.
func openShelf(options Options, path string) (vault, shelf, error) {
	path = strings.TrimRight(path, "/")
	dir, name := filepath.Dir(path), filepath.Base(path)
	if strings.HasPrefix(path, bucketScheme) {
		dir, name = bucketScheme, strings.TrimPrefix(path, bucketScheme)
		if at := strings.LastIndexByte(name, '/'); at >= 0 {
			dir, name = dir+name[:at], name[at+1:]
		}
	}
	v, err := openVault(options, dir)
	if err != nil {
		return nil, nil, err
	}
	return v, v.open(name), nil
}

// folderVault is a folder with a folder per backup.
type folderVault string

func (v folderVault) open(name string) shelf {
	path := filepath.Join(string(v), name)
	return folderShelf{dir: path, final: path}
}

func (v folderVault) begin(_ context.Context, name string) (shelf, error) {
	if err := os.MkdirAll(string(v), 0o700); err != nil {
		return nil, fmt.Errorf("failed to create the folder for backups: %w", err)
	}
	final := filepath.Join(string(v), name)
	s := folderShelf{dir: final + partialSuffix, final: final}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("failed to begin a backup (is another one running?): %w", err)
	}
	return s, nil
}

func (v folderVault) backups(context.Context) (whole, broken []string, err error) {
	entries, err := os.ReadDir(string(v))
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if _, ours := backupMoment(name); !ours {
			continue
		}
		if _, err := os.Stat(filepath.Join(string(v), name, ManifestName)); err == nil && !strings.HasSuffix(name, partialSuffix) {
			whole = append(whole, name)
		} else {
			broken = append(broken, name)
		}
	}
	return whole, broken, nil // sorted by name, and so by time
}

func (v folderVault) remove(_ context.Context, name string) error {
	path := filepath.Join(string(v), name)
	if !strings.HasSuffix(name, partialSuffix) {
		if err := os.Rename(path, path+partialSuffix); err != nil {
			return err
		}
		path += partialSuffix
	}
	return os.RemoveAll(path)
}

// folderShelf is a folder: dir until it is finished, final after that.
type folderShelf struct{ dir, final string }

func (s folderShelf) String() string { return s.final }

func (s folderShelf) work() string { return s.dir }

func (s folderShelf) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s folderShelf) put(_ context.Context, name string, mode fs.FileMode, _ int64, content io.Reader) error {
	path := s.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Sync(), file.Close())
}

func (s folderShelf) get(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(s.path(name))
}

func (s folderShelf) finish(_ context.Context, manifest []byte) error {
	if err := writeSecret(s.path(ManifestName), manifest); err != nil {
		return err
	}
	return errors.Join(syncDir(s.dir), os.Rename(s.dir, s.final), syncDir(filepath.Dir(s.final)))
}

func (s folderShelf) discard() error { return os.RemoveAll(s.dir) }

// backupMoment reads from the name of a backup when it was taken.
func backupMoment(name string) (time.Time, bool) {
	taken, err := time.Parse(backupPrefix+backupTime, strings.TrimSuffix(name, partialSuffix))
	return taken, err == nil
}

// PruneBackups removes all but the newest keep backups at to, and what an
// interrupted one left a day ago. It returns the names of what it removed.
func PruneBackups(ctx context.Context, options Options, to string, keep int) (removed []string, err error) {
	v, err := openVault(options.withDefaults(), to)
	if err != nil {
		return nil, err
	}
	whole, broken, err := v.backups(ctx)
	if err != nil {
		return nil, err
	}
	old := slices.DeleteFunc(broken, func(name string) bool {
		taken, _ := backupMoment(name)
		return time.Since(taken) < 24*time.Hour // it may be on its way
	})
	if keep > 0 && len(whole) > keep {
		old = append(old, whole[:len(whole)-keep]...)
	}
	for _, name := range old {
		if err := v.remove(ctx, name); err != nil {
			return removed, fmt.Errorf("failed to remove an old backup: %w", err)
		}
		removed = append(removed, name)
	}
	return removed, nil
}
