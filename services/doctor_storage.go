package services

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/storage"
)

const checkStorage = "storage"

// How much doctor looks at: enough to notice another bucket or a lost folder.
// `storage verify` looks at everything.
const (
	storagePatience = 10 * time.Second
	filesLookedAt   = 20
)

// storage looks at where a domain keeps its files, whether it runs or not: is the
// storage there, does it take the key, are the newest files of records in it?
func (d *doctor) storage(ctx context.Context, domain collections.Domain) {
	o := d.options.Storage
	if o.Embedded() && !d.embedded(domain) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storagePatience)
	defer cancel()
	stores, err := storesBeside(ctx, d.options, []collections.Domain{domain})
	if err != nil {
		d.fail(checkStorage, domain, err.Error(), "correct LANCERSHUB_S3_* (docs/files.md)")
		return
	}
	defer stores.Close() //nolint:errcheck // nothing was changed
	client := stores.files[domain].Client
	if err := probe(ctx, client); err != nil {
		mend, reason := storage.Mend(err), err
		if unreached := new(url.Error); errors.As(err, &unreached) {
			reason = unreached.Err // without the address of what was tried, which differs each time
		}
		d.fail(checkStorage, domain, fmt.Sprintf("files cannot be stored at %s: %v", where(o, client), reason), mend)
		return
	}
	lost, bare, looked, err := d.lostFiles(ctx, domain, client)
	switch {
	case err != nil:
		d.fail(checkStorage, domain, "the files of records cannot be looked up: "+err.Error(), storage.Mend(err))
	case len(lost) > 0:
		d.fail(checkStorage, domain, fmt.Sprintf("%d of the newest %d files are not in %s at %s, the first is %s", len(lost), looked, client.Bucket, where(o, client), lost[0]),
			"were they copied when the storage was changed (lancershub storage copy)? lancershub storage verify lists all; restore them from a backup")
	case len(bare) > 0 && o.Embedded():
		d.warn(checkStorage, domain, fmt.Sprintf("%d of the newest %d files have lost their name and type, the first is %s", len(bare), looked, bare[0]),
			"they are in extended attributes of "+d.path(domain, objectsDir)+": copy it again from where it was, with rsync -aX, cp -a or tar --xattrs")
	default:
		d.ok(checkStorage, domain, "files can be stored and read at "+where(o, client))
	}
}

func where(o StorageOptions, client *storage.Client) string {
	if o.Embedded() {
		return "the data folder"
	}
	return client.URL
}

// embedded looks at the folder of the embedded storage, which is made at the first start.
func (d *doctor) embedded(domain collections.Domain) bool {
	if o := d.options.Storage; o.AccessKey != "" || len(o.DomainKeys) > 0 {
		d.warn(checkStorage, domain, "there is a key for an S3 server, but no address of one: files are kept in the data folder", "set LANCERSHUB_S3_ENDPOINT, or remove the keys")
	}
	if raw, err := os.ReadFile(d.path(domain, storageKeysFile)); err == nil && !strings.HasPrefix(string(raw), "{") {
		d.fail(checkStorage, domain, storageKeysFile+" is damaged", "delete "+d.path(domain, storageKeysFile)+": new keys are made at the next start")
		return false
	}
	info, err := os.Stat(d.path(domain, objectsDir))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if refs, refsErr := d.files(context.Background(), domain); refsErr == nil && len(refs) > 0 {
			d.fail(checkStorage, domain, "the folder "+d.path(domain, objectsDir)+" is missing, and records name files in it",
				"put it back from a backup; or, if the files are on an S3 server, set LANCERSHUB_S3_*")
		}
		return false
	case err != nil:
		d.fail(checkStorage, domain, err.Error(), "run doctor as the user that runs lancershub")
		return false
	case !info.IsDir():
		d.fail(checkStorage, domain, d.path(domain, objectsDir)+" is not a folder", "move it away, and put the folder back from a backup")
		return false
	}
	return true
}

// probe stores a byte, and removes it.
func probe(ctx context.Context, client *storage.Client) error {
	key := "tmp/doctor-" + strings.ToLower(rand.Text())
	if err := client.Put(ctx, storage.Object{Key: key, Size: 1, Type: "text/plain"}, strings.NewReader("x")); err != nil {
		return err
	}
	return client.Remove(ctx, key)
}

// files lists what the records of a domain name.
func (d *doctor) files(ctx context.Context, domain collections.Domain) ([]fileRef, error) {
	db, err := readDatabase(d.options, domain)
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // only read
	return fileRefs(ctx, db)
}

// lostFiles looks for the last files that records name: those that are not there,
// and those of which nothing but the bytes is.
func (d *doctor) lostFiles(ctx context.Context, domain collections.Domain, client *storage.Client) (lost, bare []string, looked int, err error) {
	refs, err := d.files(ctx, domain)
	if err != nil {
		return nil, nil, 0, err
	}
	for _, ref := range refs[max(0, len(refs)-filesLookedAt):] {
		looked++
		object, err := client.Stat(ctx, ref.Key)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			lost = append(lost, ref.Key)
		case err != nil:
			return nil, nil, looked, err
		case len(object.Metadata) == 0 && (strings.HasSuffix(object.Type, "/octet-stream") || strings.HasPrefix(object.Type, "text/plain")): // what a server that does not know says
			bare = append(bare, ref.Key)
		}
	}
	return lost, bare, looked, nil
}
