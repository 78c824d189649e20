package services

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/storage"
)

// bucketVault keeps backups in a bucket, at PREFIX/lancershub-…/. A backup is whole
// when its manifest is there, which is stored last and removed first.
type bucketVault struct {
	client *storage.Client
	prefix string // "" or ends in a slash
	// scratch is where databases are copied to before they are sent.
	scratch string
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// openBucketVault opens s3://BUCKET/PREFIX at the S3 server for backups, or at the
// one for files where there is no other.
func openBucketVault(options Options, to string) (vault, error) {
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(to, bucketScheme), "/")
	endpoint := options.BackupStorage.endpoint()
	if endpoint.URL == "" {
		endpoint = options.Storage.endpoint()
	}
	switch {
	case bucket == "":
		return nil, fmt.Errorf("%q names no bucket (backup_address): write s3://BUCKET/PREFIX", to)
	case !bucketName.MatchString(bucket):
		return nil, fmt.Errorf("%q is no name of a bucket (backup_address): 3 to 63 small letters, digits, dots and hyphens", bucket)
	case endpoint.URL == "":
		return nil, fmt.Errorf("nothing says which S3 server %s is on (backup_address): set LANCERSHUB_BACKUP_S3_ENDPOINT, _ACCESS_KEY and _SECRET_KEY", to)
	case endpoint.Access == "" || endpoint.Secret == "":
		return nil, fmt.Errorf("there is no key for %s (backup_address): set LANCERSHUB_BACKUP_S3_ACCESS_KEY and _SECRET_KEY", endpoint.URL)
	case slices.ContainsFunc(collections.Domains, func(d collections.Domain) bool { return options.Storage.Bucket(d) == bucket }):
		return nil, fmt.Errorf("%s is a bucket for files, in which the marketplace removes what no record names (backup_address): choose another", bucket)
	}
	client, err := storage.NewClient(endpoint, bucket)
	if err != nil {
		return nil, err
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return &bucketVault{client: client, prefix: prefix, scratch: options.DataDir}, nil
}

func (v *bucketVault) open(name string) shelf { return &bucketShelf{vault: v, name: name} }

func (v *bucketVault) begin(ctx context.Context, name string) (shelf, error) {
	if err := v.client.Make(ctx); err != nil {
		return nil, err
	}
	err := v.client.List(ctx, v.prefix+name+"/", "", func(storage.Object) error {
		return errors.New("failed to begin a backup (is another one running?): there is one of this moment")
	})
	if err != nil {
		return nil, err
	}
	v.tidy()
	s := &bucketShelf{vault: v, name: name}
	s.dir, err = os.MkdirTemp(v.scratch, scratchPattern)
	return s, err
}

const scratchPattern = ".lancershub-backup-*"

// tidy removes what a backup that was killed a day ago left on this machine.
func (v *bucketVault) tidy() {
	left, _ := filepath.Glob(filepath.Join(v.scratch, scratchPattern))
	for _, dir := range left {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(dir) // next time, then
		}
	}
}

func (v *bucketVault) backups(ctx context.Context) (whole, broken []string, err error) {
	folders, err := v.client.Folders(ctx, v.prefix)
	if err != nil {
		return nil, nil, err
	}
	for _, folder := range folders {
		name := strings.TrimSuffix(strings.TrimPrefix(folder, v.prefix), "/")
		if _, ours := backupMoment(name); !ours {
			continue
		}
		switch _, err := v.client.Stat(ctx, folder+ManifestName); {
		case err == nil:
			whole = append(whole, name)
		case errors.Is(err, storage.ErrNotFound):
			broken = append(broken, name)
		default:
			return nil, nil, err
		}
	}
	slices.Sort(whole)
	return whole, broken, nil
}

func (v *bucketVault) remove(ctx context.Context, name string) error {
	folder := v.prefix + name + "/"
	if err := v.client.Remove(ctx, folder+ManifestName); err != nil {
		return err
	}
	return v.client.List(ctx, folder, "", func(object storage.Object) error { return v.client.Remove(ctx, object.Key) })
}

// bucketShelf is what lies below one prefix.
type bucketShelf struct {
	vault *bucketVault
	name  string
	dir   string
}

func (s *bucketShelf) String() string {
	return bucketScheme + s.vault.client.Bucket + "/" + s.vault.prefix + s.name
}

func (s *bucketShelf) work() string { return s.dir }

func (s *bucketShelf) key(name string) string {
	return s.vault.prefix + s.name + "/" + filepath.ToSlash(name)
}

func (s *bucketShelf) put(ctx context.Context, name string, _ fs.FileMode, size int64, content io.Reader) error {
	return s.vault.client.Put(ctx, storage.Object{Key: s.key(name), Size: size, Type: "application/octet-stream"}, content)
}

func (s *bucketShelf) get(ctx context.Context, name string) (io.ReadCloser, error) {
	body, _, err := s.vault.client.Get(ctx, s.key(name))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return body, err
}

func (s *bucketShelf) finish(ctx context.Context, manifest []byte) error {
	return errors.Join(s.put(ctx, ManifestName, 0, int64(len(manifest)), bytes.NewReader(manifest)), os.RemoveAll(s.dir))
}

// discard also works when whoever waited has gone.
func (s *bucketShelf) discard() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return errors.Join(os.RemoveAll(s.dir), s.vault.remove(ctx, s.name))
}
