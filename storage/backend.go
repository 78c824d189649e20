package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/auth"
	versity "github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// backend maps each bucket to a folder anywhere. versitygw's POSIX backend takes
// a bucket's name for a path relative to the working directory, which it would
// change; here it is given absolute paths instead. Only the operations below
// exist: copying, policies, access lists, versions and everything else an S3
// server can do answers NotImplemented.
type backend struct {
	versity.BackendUnsupported
	buckets map[string]*folder
}

type folder struct {
	*posix.Posix
	dir   string
	owner string
}

func newBackend(buckets []Bucket) (*backend, error) {
	b := &backend{buckets: map[string]*folder{}}
	for _, bucket := range buckets {
		if err := makeDir(bucket.Dir); err != nil {
			return nil, err
		}
		storer, err := metadataIn(bucket.Dir)
		if err != nil {
			return nil, err
		}
		options := posix.PosixOpts{CopyObjectThreshold: 5 << 30, ForceNoObjLockFile: true}
		options.SetNewDirPerm(0o700)
		options.SetNewFilePerm(0o600)
		store, err := posix.New(".", storer, options)
		if err != nil {
			return nil, fmt.Errorf("failed to open the files in %s: %w", bucket.Dir, err)
		}
		b.buckets[bucket.Name] = &folder{Posix: store, dir: bucket.Dir, owner: bucket.Access}
	}
	return b, nil
}

// metadataIn keeps types and checksums in extended attributes, and where the
// file system has none in a folder beside the objects.
func metadataIn(dir string) (meta.MetadataStorer, error) {
	if (meta.XattrMeta{}).Test(dir) == nil {
		return meta.XattrMeta{}, nil
	}
	beside := dir + ".meta"
	if err := makeDir(beside); err != nil {
		return nil, err
	}
	storer, err := meta.NewSideCar(beside)
	return sideCar{storer}, err
}

// sideCar leaves the bucket's path out of the metadata's, so that the two
// folders can be moved together.
type sideCar struct{ meta.SideCar }

func (s sideCar) RetrieveAttribute(f *os.File, _, object, attribute string) ([]byte, error) {
	return s.SideCar.RetrieveAttribute(f, ".", object, attribute)
}

func (s sideCar) StoreAttribute(f *os.File, _, object, attribute string, value []byte) error {
	return s.SideCar.StoreAttribute(f, ".", object, attribute, value)
}

func (s sideCar) DeleteAttribute(_, object, attribute string) error {
	return s.SideCar.DeleteAttribute(".", object, attribute)
}

func (s sideCar) ListAttributes(_, object string) ([]string, error) {
	return s.SideCar.ListAttributes(".", object)
}

func (s sideCar) DeleteAttributes(_, object string) error {
	return s.SideCar.DeleteAttributes(".", object)
}

func (s sideCar) RenameObject(_, from, to string) error {
	return s.SideCar.RenameObject(".", from, to)
}

// in finds the folder of a bucket and points name at it; restore undoes that.
func (b *backend) in(name *string) (f *folder, restore func(), err error) {
	bucket := *name
	f = b.buckets[bucket]
	if f == nil {
		return nil, nil, s3err.GetBucketErr(s3err.ErrNoSuchBucket, bucket)
	}
	*name = f.dir
	return f, func() { *name = bucket }, nil
}

// hide takes the path out of an error: clients see names of buckets only.
func (f *folder) hide(err error) error {
	if err == nil || !strings.Contains(err.Error(), f.dir) {
		return err
	}
	if bucketErr, ok := err.(s3err.BucketError); ok { //nolint:errorlint // never wrapped by versitygw
		bucketErr.BucketName = filepath.Base(f.dir)
		return bucketErr
	}
	return err
}

func (b *backend) String() string { return "LancersHub" }

func (b *backend) Shutdown() {
	for _, f := range b.buckets {
		f.Shutdown()
	}
}

func (b *backend) NormalizeObjectKey(bucket, object string) string {
	if f := b.buckets[bucket]; f != nil {
		return f.NormalizeObjectKey(f.dir, object)
	}
	return object
}

func (b *backend) HeadBucket(ctx context.Context, input *s3.HeadBucketInput) (*s3.HeadBucketOutput, error) {
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return nil, err
	}
	defer restore()
	out, err := f.HeadBucket(ctx, input)
	return out, f.hide(err)
}

// CreateBucket makes nothing: the buckets are those the server was started with.
func (b *backend) CreateBucket(_ context.Context, input *s3.CreateBucketInput, _ []byte) error {
	if b.buckets[*input.Bucket] != nil {
		return s3err.GetBucketErr(s3err.ErrBucketAlreadyOwnedByYou, *input.Bucket)
	}
	return s3err.GetAPIError(s3err.ErrAccessDenied)
}

// GetBucketAcl says that a bucket belongs to its own key and to nobody else.
func (b *backend) GetBucketAcl(_ context.Context, input *s3.GetBucketAclInput) ([]byte, error) { //nolint:revive // versitygw names it so
	f := b.buckets[*input.Bucket]
	if f == nil {
		return nil, s3err.GetBucketErr(s3err.ErrNoSuchBucket, *input.Bucket)
	}
	return json.Marshal(auth.ACL{Owner: f.owner})
}

func (b *backend) GetBucketPolicy(_ context.Context, bucket string) ([]byte, error) {
	return nil, s3err.GetBucketErr(s3err.ErrNoSuchBucketPolicy, bucket)
}

func (b *backend) GetBucketCors(_ context.Context, bucket string) ([]byte, error) {
	return nil, s3err.GetBucketErr(s3err.ErrNoSuchCORSConfiguration, bucket)
}

func (b *backend) GetObjectLockConfiguration(_ context.Context, _ string) ([]byte, error) {
	return nil, s3err.GetAPIError(s3err.ErrObjectLockConfigurationNotFound)
}

func (b *backend) GetBucketVersioning(_ context.Context, bucket string) (s3response.GetBucketVersioningOutput, error) {
	f, restore, err := b.in(&bucket)
	if err != nil {
		return s3response.GetBucketVersioningOutput{}, err
	}
	defer restore()
	return f.GetBucketVersioning(context.Background(), bucket)
}
