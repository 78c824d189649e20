package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/storage"
)

// orphanAge is how old an object without a record must be before it is one: a
// file is stored before its record is.
const orphanAge = 24 * time.Hour

// StorageFinding is one disagreement between records and objects.
type StorageFinding struct {
	Domain collections.Domain `json:"domain"`
	// Problem is missing (a record names an object that is not there) or orphan (an
	// object that no record names, older than a day).
	Problem    string `json:"problem"`
	Key        string `json:"key"`
	Collection string `json:"collection,omitempty"`
	Record     string `json:"record,omitempty"`
	Field      string `json:"field,omitempty"`
	Size       int64  `json:"size,omitempty"`
	Mend       string `json:"mend"`
	Mended     bool   `json:"mended,omitempty"`
}

// StorageReport is what comparing found.
type StorageReport struct {
	Records  int              `json:"records"`
	Objects  int              `json:"objects"`
	Bytes    int64            `json:"bytes"`
	Recent   int              `json:"recent"`
	Findings []StorageFinding `json:"findings"`
}

// Open counts the findings that were not mended.
func (r *StorageReport) Open() int {
	count := 0
	for _, finding := range r.Findings {
		if !finding.Mended {
			count++
		}
	}
	return count
}

// VerifyStorage compares records and objects both ways, while the marketplace
// runs or not. With mend it removes orphans.
func VerifyStorage(ctx context.Context, options Options, mend bool) (*StorageReport, error) {
	options = options.withDefaults()
	files, err := storesBeside(ctx, options, collections.Domains)
	if err != nil {
		return nil, err
	}
	report := &StorageReport{Findings: []StorageFinding{}}
	for _, domain := range collections.Domains {
		db, err := readDatabase(options, domain)
		if err != nil {
			return nil, errors.Join(err, files.Close())
		}
		err = report.compare(ctx, db, domain, files.files[domain].Client, options.Clock.Now(), mend)
		if err = errors.Join(err, db.Close()); err != nil {
			return nil, errors.Join(fmt.Errorf("failed to compare the files of %s: %w: %s", domain, err, storage.Mend(err)), files.Close())
		}
	}
	return report, files.Close()
}

// readDatabase opens a domain's database for reading, also beside whoever serves it.
func readDatabase(options Options, domain collections.Domain) (*sql.DB, error) {
	return sql.Open("sqlite", filepath.Join(options.DataDir, string(domain), dataFile)+"?_pragma=busy_timeout(10000)&_pragma=query_only(ON)")
}

// compare looks at the objects first and at the records after them: what was
// stored in between is named by its record, what was removed is not.
func (r *StorageReport) compare(ctx context.Context, db querier, domain collections.Domain, client *storage.Client, now time.Time, mend bool) error {
	objects := map[string]storage.Object{}
	err := client.List(ctx, "", "", func(object storage.Object) error {
		objects[object.Key] = object
		r.Objects++
		r.Bytes += object.Size
		return nil
	})
	if err != nil {
		return err
	}
	refs, err := fileRefs(ctx, db)
	if err != nil {
		return err
	}
	used, err := uploadsUnderWay(ctx, db, domain)
	if err != nil {
		return err
	}
	r.Records += len(refs)
	for _, ref := range refs {
		used[ref.Key] = true
		if _, ok := objects[ref.Key]; ok {
			continue
		}
		if _, err := client.Stat(ctx, ref.Key); !errors.Is(err, storage.ErrNotFound) {
			if err != nil {
				return err
			}
			continue // stored since
		}
		r.Findings = append(r.Findings, StorageFinding{
			Domain: domain, Problem: "missing", Key: ref.Key, Collection: ref.Collection, Record: ref.Record, Field: ref.Field,
			Mend: "restore it from a backup (" + string(domain) + "/" + objectsDir + "/" + ref.Key + "), or empty the field in the admin UI",
		})
	}
	for key, object := range objects {
		if used[key] || used[originalOf(key)] {
			continue
		}
		if now.Sub(object.Modified) < orphanAge {
			r.Recent++
			continue
		}
		finding := StorageFinding{Domain: domain, Problem: "orphan", Key: key, Size: object.Size, Mend: "lancershub storage verify --mend removes it"}
		if mend {
			if err := client.Remove(ctx, key); err != nil {
				return err
			}
			finding.Mended = true
		}
		r.Findings = append(r.Findings, finding)
	}
	return nil
}

// SweepFiles removes objects that no record has named for a day: what a crash
// between storing a file and its record left behind.
func (i *Instance) SweepFiles(ctx context.Context) error {
	db, err := readDatabase(i.Options, i.Domain)
	if err != nil {
		return err
	}
	report := &StorageReport{}
	err = report.compare(ctx, db, i.Domain, i.Files.Client, i.Clock.Now(), true)
	for _, finding := range report.Findings {
		if finding.Problem == "missing" {
			i.Logger.Error("a record names a file that is not there", "key", finding.Key, "collection", finding.Collection, "record", finding.Record)
		} else {
			i.Logger.Info("removed a file that no record names", "key", finding.Key)
		}
	}
	return errors.Join(err, db.Close())
}

// CopyProgress is told what was copied of how much.
type CopyProgress func(domain collections.Domain, done, all int64)

// CopyReport counts what a copy did.
type CopyReport struct {
	Copied, Skipped int
	Bytes           int64
}

// CopyStorage copies every object from the storage of options to the one of to,
// and leaves out what is there already: begun again, it goes on where it was.
func CopyStorage(ctx context.Context, options Options, to StorageOptions, progress CopyProgress) (CopyReport, error) {
	report, err := copyStorage(ctx, options.withDefaults(), to, progress)
	if report == (CopyReport{}) && err != nil {
		return report, err // nothing went anywhere
	}
	return report, errors.Join(err, AuditOperator(options, collections.Domains, "storage copy", orElse(to.Endpoint, "embedded"), map[string]any{"copied": report.Copied, "there": report.Skipped}))
}

func copyStorage(ctx context.Context, options Options, to StorageOptions, progress CopyProgress) (report CopyReport, err error) {
	target := options
	setDefault(&to.Prefix, options.Storage.Prefix)
	target.Storage = to
	if options.Storage.Embedded() && to.Embedded() {
		return report, errors.New("source and target are the same embedded storage (storage_address): say where to with --to")
	}
	if !to.Embedded() && (to.AccessKey == "" || to.SecretKey == "") {
		return report, fmt.Errorf("there is no key for %s (storage_keys): set LANCERSHUB_S3_TO_ACCESS_KEY and LANCERSHUB_S3_TO_SECRET_KEY", to.Endpoint)
	}
	source, err := storesBeside(ctx, options, collections.Domains)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	sink, err := storesBeside(ctx, target, collections.Domains)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, sink.Close()) }()
	for _, domain := range collections.Domains {
		if err := sink.files[domain].Make(ctx); err != nil {
			return report, err
		}
		if err := report.copyBucket(ctx, source.files[domain].Client, sink.files[domain].Client, func(done, all int64) { progress(domain, done, all) }); err != nil {
			return report, fmt.Errorf("failed to copy the files of %s; run the same command again to go on: %w", domain, err)
		}
	}
	return report, nil
}

func (r *CopyReport) copyBucket(ctx context.Context, from, to *storage.Client, progress func(done, all int64)) error {
	objects, all := []storage.Object{}, int64(0)
	there := map[string]int64{}
	err := errors.Join(
		from.List(ctx, "", "", func(object storage.Object) error {
			objects, all = append(objects, object), all+object.Size
			return nil
		}),
		to.List(ctx, "", "", func(object storage.Object) error {
			there[object.Key] = object.Size
			return nil
		}))
	if err != nil {
		return err
	}
	done := int64(0)
	for _, object := range objects {
		// Keys are never used twice, and an object appears when it is whole: the same
		// key and size is the same file.
		if size, ok := there[object.Key]; ok && size == object.Size {
			r.Skipped++
		} else {
			if err := copyObject(ctx, from, to, object.Key); err != nil {
				return err
			}
			r.Copied++
			r.Bytes += object.Size
		}
		done += object.Size
		progress(done, all)
	}
	return nil
}

func copyObject(ctx context.Context, from, to *storage.Client, key string) error {
	body, object, err := from.Get(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return nil // removed since it was listed
	}
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // only read
	return to.Put(ctx, object, io.LimitReader(body, object.Size))
}

// storesBeside opens the storage for a command, also while a marketplace serves it.
func storesBeside(ctx context.Context, options Options, domains []collections.Domain) (*stores, error) {
	options.beside = true
	return openStores(ctx, options, domains)
}
