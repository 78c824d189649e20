package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/storage"
)

// StorageOptions say where files are kept. The zero value is the embedded
// server: an S3 server in this process, with keys of its own for each domain, its
// objects beside the domain's database.
type StorageOptions struct {
	// Endpoint is scheme://host:port of an S3 server; empty means the embedded one.
	Endpoint string
	Region   string
	// AccessKey and SecretKey may work in the buckets of all domains that have no key of their
	// own, and need to create them unless they exist.
	AccessKey, SecretKey string
	// DomainKeys are the keys of domains that have one of their own, which opens their bucket alone.
	DomainKeys map[collections.Domain]storage.Keys
	// Prefix of the buckets' names, which end in the domain's. Default lancershub.
	Prefix string
	// PublicURL is where browsers reach the S3 server, where that is not /s3/ of the
	// origin they came to. Another origin needs a CORS rule on the buckets.
	PublicURL string
}

// Bucket is the name of the bucket of domain.
func (o StorageOptions) Bucket(domain collections.Domain) string {
	return o.Prefix + "-" + string(domain)
}

// SetKey gives a domain a key of its own; two empty strings are none.
func (o *StorageOptions) SetKey(domain collections.Domain, access, secret string) {
	if access == "" && secret == "" {
		return
	}
	if o.DomainKeys == nil {
		o.DomainKeys = map[collections.Domain]storage.Keys{}
	}
	o.DomainKeys[domain] = storage.Keys{Access: access, Secret: secret}
}

// endpointOf is the S3 server with the key for the bucket of domain.
func (o StorageOptions) endpointOf(domain collections.Domain) (storage.Endpoint, error) {
	endpoint := o.endpoint()
	if own, ok := o.DomainKeys[domain]; ok {
		endpoint.Keys = own
	}
	if endpoint.Access == "" || endpoint.Secret == "" {
		name := "LANCERSHUB_S3_" + strings.ToUpper(string(domain))
		return endpoint, fmt.Errorf("there is no key for the bucket %s at %s (storage_keys): set LANCERSHUB_S3_ACCESS_KEY and LANCERSHUB_S3_SECRET_KEY, or %s_ACCESS_KEY and %s_SECRET_KEY",
			o.Bucket(domain), o.Endpoint, name, name)
	}
	return endpoint, nil
}

// endpoint is the S3 server and its common key.
func (o StorageOptions) endpoint() storage.Endpoint {
	return storage.Endpoint{URL: strings.TrimRight(o.Endpoint, "/"), Region: o.Region, Keys: storage.Keys{Access: o.AccessKey, Secret: o.SecretKey}}
}

// Embedded tells whether the files are in this installation's own folders.
func (o StorageOptions) Embedded() bool { return o.Endpoint == "" }

// origin is " scheme://host" of a storage that browsers reach at an origin of its own, or "".
func (o StorageOptions) origin() string {
	at, err := url.Parse(o.PublicURL)
	if err != nil || at.Host == "" {
		return ""
	}
	return " " + at.Scheme + "://" + at.Host
}

const (
	objectsDir      = "objects"
	storageKeysFile = "storage_keys.json"
)

// FileStore is where one instance keeps its files.
type FileStore struct {
	*storage.Client
	public string
	// disk is the folder of the embedded storage, "" where it is another server's business.
	disk string

	mu      sync.Mutex
	checked time.Time
	failed  error
}

// stores are the file stores of this process, and the embedded server if it has one.
type stores struct {
	server *storage.Server
	files  map[collections.Domain]*FileStore
}

// storageKeys is the file with the key of a domain's bucket. Addr is where the
// embedded server was last: it goes there again if it can.
type storageKeys struct {
	storage.Keys
	Addr string `json:"addr"`
}

// openStores makes the files of domains reachable.
func openStores(ctx context.Context, options Options, domains []collections.Domain) (*stores, error) {
	s := &stores{files: map[collections.Domain]*FileStore{}}
	if len(domains) == 0 {
		return s, nil // a gateway
	}
	endpoints := map[collections.Domain]storage.Endpoint{}
	if options.Storage.Embedded() {
		if err := s.serve(ctx, options, domains, endpoints); err != nil {
			return nil, err
		}
	}
	for _, domain := range domains {
		endpoint, embedded := endpoints[domain]
		if !embedded {
			var err error
			if endpoint, err = options.Storage.endpointOf(domain); err != nil {
				return nil, errors.Join(err, s.Close())
			}
		}
		client, err := storage.NewClient(endpoint, options.Storage.Bucket(domain))
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.files[domain] = &FileStore{Client: client, public: strings.TrimRight(options.Storage.PublicURL, "/")}
		if embedded {
			s.files[domain].disk = filepath.Join(options.DataDir, string(domain))
		}
	}
	return s, nil
}

// serve starts the embedded server for the buckets of domains.
func (s *stores) serve(ctx context.Context, options Options, domains []collections.Domain, endpoints map[collections.Domain]storage.Endpoint) error {
	buckets, addr := []storage.Bucket{}, ""
	known := map[collections.Domain]storageKeys{}
	for _, domain := range domains {
		dir, err := filepath.Abs(filepath.Join(options.DataDir, string(domain)))
		if err != nil {
			return err
		}
		keys, err := openStorageKeys(dir, domain)
		if err != nil {
			return err
		}
		known[domain], addr = keys, keys.Addr
		buckets = append(buckets, storage.Bucket{Name: options.Storage.Bucket(domain), Dir: filepath.Join(dir, objectsDir), Keys: keys.Keys})
	}
	var err error
	if s.server, err = storage.Serve(ctx, addr, buckets...); err != nil {
		return err
	}
	for _, domain := range domains {
		keys := known[domain]
		endpoints[domain] = storage.Endpoint{URL: "http://" + s.server.Addr, Keys: keys.Keys}
		if keys.Addr == s.server.Addr || options.beside {
			continue
		}
		keys.Addr = s.server.Addr
		if err := keys.save(filepath.Join(options.DataDir, string(domain))); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return nil
}

func openStorageKeys(dir string, domain collections.Domain) (storageKeys, error) {
	var keys storageKeys
	raw, err := os.ReadFile(filepath.Join(dir, storageKeysFile))
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return keys, fmt.Errorf("failed to create the data folder %s: %w", dir, err)
		}
		keys.Keys = storage.NewKeys(string(domain))
		return keys, nil // stored with the address
	}
	if err == nil {
		err = json.Unmarshal(raw, &keys)
	}
	if err != nil || keys.Secret == "" {
		return keys, fmt.Errorf("failed to read %s: delete it to make new keys: %w", filepath.Join(dir, storageKeysFile), err)
	}
	return keys, nil
}

func (k storageKeys) save(dir string) error {
	raw, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return writeSecret(filepath.Join(dir, storageKeysFile), raw)
}

// Close lets go of the storage.
func (s *stores) Close() error {
	if s == nil {
		return nil
	}
	for _, files := range s.files {
		files.Close()
	}
	if s.server == nil {
		return nil
	}
	return s.server.Close()
}

// How long a look at the storage may take, and is believed.
const (
	storageLook  = 2 * time.Second
	storageTrust = 2 * time.Second
)

// Available returns nil while the storage answers, and otherwise at once, or after
// two seconds, storage_unavailable: PocketBase itself would wait for ever, or
// say that the file does not exist.
func (f *FileStore) Available(ctx context.Context) error {
	if f == nil {
		return storageUnavailable()
	}
	f.mu.Lock()
	defer f.mu.Unlock() // whoever comes meanwhile wants the same answer
	if time.Since(f.checked) > storageTrust {
		look, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageLook)
		defer cancel()
		f.failed = f.Check(look)
		f.checked = time.Now()
	}
	if f.failed != nil {
		return storageUnavailable()
	}
	return nil
}

// Failed notes that the storage did not do what it was asked.
func (f *FileStore) Failed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.checked = time.Time{}
}

// fileReserve is how much of the disk files leave to the databases: the embedded
// storage is on the same one, and no upload may stop the money.
const fileReserve = 256 << 20

// Room refuses what the disk of the embedded storage has no place for.
func (f *FileStore) Room(size int64) error {
	if f == nil || f.disk == "" {
		return nil
	}
	free, known := freeSpace(f.disk)
	if !known || free >= size+fileReserve {
		return nil // where nobody knows, the disk itself refuses
	}
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodeStorageFull, RetryAfter: time.Minute,
		Message: "There is no room for files at the moment. Nothing was stored; try again later.",
	}
}

// StorageUnavailable is the answer while the storage does not do its part.
func StorageUnavailable() *Error { return storageUnavailable() }

func storageUnavailable() *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodeStorageUnavailable, RetryAfter: 5 * time.Second,
		Message: "The files cannot be reached at the moment. Nothing is lost; try again soon.",
	}
}

// Link signs a request for a browser that reached us at host. Where the storage
// has no address of its own for browsers, the link is a path on the origin they
// came to (/s3/…), so that it works behind any proxy and name.
func (f *FileStore) Link(method, host, key string, query url.Values, header http.Header, life time.Duration) (string, error) {
	base := "http://" + host
	if f.public != "" {
		at, err := url.Parse(f.public)
		if err != nil {
			return "", err
		}
		base = at.Scheme + "://" + at.Host
	}
	signed, err := f.Presign(method, base, key, query, header, life)
	if err != nil {
		return "", err
	}
	prefix := f.public
	if prefix == "" {
		prefix = storage.PublicPrefix
	}
	return prefix + signed.EscapedPath() + "?" + signed.RawQuery, nil
}

// openBucket creates the bucket if it is missing. A storage that is down keeps
// nobody from starting: what needs no file works without it.
func (i *Instance) openBucket(ctx context.Context) {
	if i.Options.Storage.Embedded() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := i.Files.Make(ctx); err != nil {
		i.Logger.Error("files cannot be stored", "error", err)
		return
	}
	i.bucketMade.Store(true)
}

// KeepBucket tries again what openBucket could not do.
func (i *Instance) KeepBucket(ctx context.Context) error {
	if i.bucketMade.Load() || i.Options.Storage.Embedded() || i.Files == nil {
		return nil
	}
	i.openBucket(ctx)
	return nil
}

// importLocal moves files into the storage that PocketBase kept in a folder
// before there was one. It is done once; the folder stays, renamed.
func (i *Instance) importLocal(ctx context.Context) error {
	local := filepath.Join(i.Dir(), "storage")
	if _, err := os.Stat(local); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	count := 0
	err := filepath.WalkDir(local, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".attrs") {
			return err
		}
		key, err := filepath.Rel(local, path)
		if err != nil {
			return err
		}
		count++
		return i.putFile(ctx, path, filepath.ToSlash(key))
	})
	if err != nil {
		return fmt.Errorf("failed to move files from %s into the storage: %w", local, err)
	}
	if count > 0 {
		i.Logger.Info("moved files into the storage", "files", count, "from", local)
	}
	return os.Rename(local, local+".moved")
}

func (i *Instance) putFile(ctx context.Context, path, key string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	kind, size, err := sniff(file)
	if err != nil {
		return err
	}
	return i.Files.Put(ctx, storage.Object{Key: key, Size: size, Type: kind}, file)
}
