package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/signer"
)

// NewKeys makes up a key for the named owner.
func NewKeys(owner string) Keys {
	access, secret := make([]byte, 8), make([]byte, 32)
	_, _ = rand.Read(access) // never fails (crypto/rand)
	_, _ = rand.Read(secret)
	return Keys{Access: owner + "-" + hex.EncodeToString(access), Secret: hex.EncodeToString(secret)}
}

// Endpoint is an S3 server and how to sign for it.
type Endpoint struct {
	// URL is scheme://host[:port].
	URL    string
	Region string
	Keys
}

// Client works with one bucket. Nothing it does waits for ever for a server that
// does not answer.
type Client struct {
	Endpoint
	Bucket string

	core      *minio.Core
	transport *http.Transport
}

// headerTimeout is how long a server may take to begin its answer.
const headerTimeout = 20 * time.Second

// Transport returns a transport whose waiting for a server is bounded. (A body
// may take as long as it flows.)
func Transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: headerTimeout,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true, // what was stored compressed stays so
	}
}

// NewClient returns a client for a bucket at an endpoint. It makes no call.
func NewClient(endpoint Endpoint, bucket string) (*Client, error) {
	at, err := url.Parse(endpoint.URL)
	if err != nil || at.Host == "" || (at.Scheme != "http" && at.Scheme != "https") || strings.Trim(at.Path, "/") != "" {
		return nil, fmt.Errorf("%q is not the address of an S3 server: write scheme://host:port (storage_address)", endpoint.URL)
	}
	if endpoint.Region == "" {
		endpoint.Region = DefaultRegion
	}
	transport := Transport()
	core, err := minio.NewCore(at.Host, &minio.Options{
		Creds: credentials.NewStaticV4(endpoint.Access, endpoint.Secret, ""), Secure: at.Scheme == "https",
		Region: endpoint.Region, BucketLookup: minio.BucketLookupPath, Transport: transport, MaxRetries: 2,
	})
	if err != nil {
		return nil, fmt.Errorf("failed to make a client for %s: %w", endpoint.URL, err)
	}
	return &Client{Endpoint: endpoint, Bucket: bucket, core: core, transport: transport}, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Make creates the bucket unless it exists. Looking comes first, because a key
// that may use its bucket and nothing else is refused to create one.
func (c *Client) Make(ctx context.Context) error {
	exists, err := c.core.BucketExists(ctx, c.Bucket)
	if err == nil && !exists {
		err = c.core.MakeBucket(ctx, c.Bucket, minio.MakeBucketOptions{Region: c.Region})
		if minio.ToErrorResponse(err).Code == minio.BucketAlreadyOwnedByYou {
			err = nil // another process was faster
		}
	}
	if err != nil {
		return fmt.Errorf("failed to find or create the bucket %s at %s (storage_unavailable): %w: %s", c.Bucket, c.URL, err, Mend(err))
	}
	return nil
}

// Check asks for the bucket: is the server there, and may we?
func (c *Client) Check(ctx context.Context) error {
	exists, err := c.core.BucketExists(ctx, c.Bucket)
	if err == nil && !exists {
		err = fmt.Errorf("the bucket %s does not exist", c.Bucket)
	}
	return err
}

// Mend says what an operator can do about an error of a storage.
func Mend(err error) string {
	switch minio.ToErrorResponse(err).Code {
	case minio.NoSuchBucket:
		return "create the bucket, or start the marketplace once with a key that may create it"
	case minio.InvalidAccessKeyID, minio.SignatureDoesNotMatch:
		return "correct the access key and its secret (LANCERSHUB_S3_ACCESS_KEY, LANCERSHUB_S3_SECRET_KEY, or those of the domain)"
	case minio.AccessDenied, minio.AllAccessDisabled:
		return "allow the key to read, write, list and delete in this bucket (docs/files.md has the policy)"
	case minio.RequestTimeTooSkewed:
		return "set the clock right, here or on the S3 server: signatures are valid for minutes (chrony, systemd-timesyncd)"
	case "XMinioStorageFull", "InsufficientStorage", "QuotaExceeded":
		return "make room on the S3 server"
	}
	return "is the S3 server running, may this machine reach it, and is its address right (LANCERSHUB_S3_ENDPOINT)?"
}

// Object is what is known of a stored object.
type Object struct {
	Key      string
	Size     int64
	Type     string
	Modified time.Time
	Metadata map[string]string
}

// ErrNotFound is the answer for an object that is not there.
var ErrNotFound = errors.New("the object does not exist")

func translate(err error) error {
	switch minio.ToErrorResponse(err).Code {
	case minio.NoSuchKey, minio.NoSuchUpload, "NotFound":
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// Stat looks at an object.
func (c *Client) Stat(ctx context.Context, key string) (Object, error) {
	info, err := c.core.StatObject(ctx, c.Bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return Object{}, translate(err)
	}
	return Object{Key: key, Size: info.Size, Type: info.ContentType, Modified: info.LastModified, Metadata: info.UserMetadata}, nil
}

// Get opens an object; the caller closes it.
func (c *Client) Get(ctx context.Context, key string) (io.ReadCloser, Object, error) {
	body, info, _, err := c.core.GetObject(ctx, c.Bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, Object{}, translate(err)
	}
	return body, Object{Key: key, Size: info.Size, Type: info.ContentType, Modified: info.LastModified, Metadata: info.UserMetadata}, nil
}

// Put stores an object. Of size -1 is what nobody knows the size of: it is sent in
// parts, of which one is held in memory.
func (c *Client) Put(ctx context.Context, object Object, content io.Reader) error {
	_, err := c.core.Client.PutObject(ctx, c.Bucket, object.Key, content, object.Size, minio.PutObjectOptions{
		ContentType: object.Type, UserMetadata: object.Metadata, PartSize: PartSize, ConcurrentStreamParts: false,
	})
	return err
}

// Remove deletes an object; one that is not there is no error.
func (c *Client) Remove(ctx context.Context, key string) error {
	err := translate(c.core.RemoveObject(ctx, c.Bucket, key, minio.RemoveObjectOptions{}))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// List calls each with every object whose key begins with prefix, in order, from
// after the key after on.
func (c *Client) List(ctx context.Context, prefix, after string, each func(Object) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for info := range c.core.Client.ListObjects(ctx, c.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, StartAfter: after}) {
		if info.Err != nil {
			return info.Err
		}
		if err := each(Object{Key: info.Key, Size: info.Size, Modified: info.LastModified}); err != nil {
			return err
		}
	}
	return nil
}

// Folders lists what prefix is followed by up to the next slash, slash included.
func (c *Client) Folders(ctx context.Context, prefix string) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found := []string{}
	for info := range c.core.Client.ListObjects(ctx, c.Bucket, minio.ListObjectsOptions{Prefix: prefix}) {
		if info.Err != nil {
			return nil, info.Err
		}
		if strings.HasSuffix(info.Key, "/") {
			found = append(found, info.Key)
		}
	}
	return found, nil
}

// PartSize is how large the parts of an upload are. S3 takes none below 5 MB but the last.
const PartSize = 8 << 20

// Part is one stored part of an upload.
type Part struct {
	Number int   `json:"number"`
	Size   int64 `json:"size"`
	etag   string
}

// Begin opens an upload in parts and returns its id.
func (c *Client) Begin(ctx context.Context, object Object) (string, error) {
	return c.core.NewMultipartUpload(ctx, c.Bucket, object.Key, minio.PutObjectOptions{ContentType: object.Type, UserMetadata: object.Metadata})
}

// Parts lists what of an upload is stored, by number.
func (c *Client) Parts(ctx context.Context, key, upload string) ([]Part, error) {
	parts, marker := []Part{}, 0
	for {
		page, err := c.core.ListObjectParts(ctx, c.Bucket, key, upload, marker, 1000)
		if err != nil {
			return nil, translate(err)
		}
		for _, part := range page.ObjectParts {
			parts = append(parts, Part{Number: part.PartNumber, Size: part.Size, etag: part.ETag})
		}
		if !page.IsTruncated {
			return parts, nil
		}
		marker = page.NextPartNumberMarker
	}
}

// Complete makes an object of the parts.
func (c *Client) Complete(ctx context.Context, key, upload string, parts []Part) error {
	list := make([]minio.CompletePart, len(parts))
	for n, part := range parts {
		list[n] = minio.CompletePart{PartNumber: part.Number, ETag: part.etag}
	}
	_, err := c.core.CompleteMultipartUpload(ctx, c.Bucket, key, upload, list, minio.PutObjectOptions{})
	return translate(err)
}

// Abort gives an upload up; one that is not there is no error.
func (c *Client) Abort(ctx context.Context, key, upload string) error {
	err := translate(c.core.AbortMultipartUpload(ctx, c.Bucket, key, upload))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Pending is an upload that was begun and neither completed nor given up.
type Pending struct {
	Key, ID string
	Begun   time.Time
}

// PendingUploads lists them all.
func (c *Client) PendingUploads(ctx context.Context) ([]Pending, error) {
	found, key, upload := []Pending{}, "", ""
	for {
		page, err := c.core.ListMultipartUploads(ctx, c.Bucket, "", key, upload, "", 1000)
		if err != nil {
			return nil, err
		}
		for _, u := range page.Uploads {
			found = append(found, Pending{Key: u.Key, ID: u.UploadID, Begun: u.Initiated})
		}
		if !page.IsTruncated {
			return found, nil
		}
		key, upload = page.NextKeyMarker, page.NextUploadIDMarker
	}
}

// Presign signs one request for somebody who has no key, for as long as life.
// base is scheme://host as the server will see it in the Host header. Headers in
// header must be sent exactly so.
func (c *Client) Presign(method, base, key string, query url.Values, header http.Header, life time.Duration) (*url.URL, error) {
	target, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	target.Path, target.RawQuery = "/"+c.Bucket+"/"+key, query.Encode()
	if header == nil {
		header = http.Header{}
	}
	req := http.Request{Method: method, URL: target, Host: target.Host, Header: header}
	signed := signer.PreSignV4(req, c.Access, c.Secret, "", c.Region, int64(life.Seconds()))
	return signed.URL, nil
}

// PresignPart signs the upload of one part of exactly size bytes.
func (c *Client) PresignPart(base, key, upload string, number int, size int64, life time.Duration) (*url.URL, error) {
	return c.Presign(http.MethodPut, base, key,
		url.Values{"partNumber": {strconv.Itoa(number)}, "uploadId": {upload}},
		http.Header{"Content-Length": {strconv.FormatInt(size, 10)}}, life)
}

// PocketBase works with the storage through http.DefaultClient, which would wait
// for ever for a server that hangs. It is given the same bounds as our own.
var _ = boundDefaultClient()

func boundDefaultClient() bool {
	transport := Transport()
	transport.DisableCompression = false
	http.DefaultClient.Transport = transport
	return true
}
