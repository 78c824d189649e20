// Package storage has the contract with an S3 server: what the marketplace asks
// of one, tried against the embedded server and, by `make test-minio`, against MinIO.
package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/tools/filesystem"

	"github.com/lancershub/lancershub/storage"
	"github.com/lancershub/lancershub/tests/process"
)

// server is an S3 server under test.
type server struct {
	endpoint storage.Endpoint
	bucket   string
	// other is a bucket that the key of endpoint must not open.
	other string
	// holes are the checks this server is known to fail.
	holes map[string]string
}

// start returns the server under test: MinIO where the environment names one, else the embedded one.
func start(t *testing.T) server {
	t.Helper()
	if binary := os.Getenv(process.MinIOEnv); binary != "" {
		return minio(t, binary)
	}
	dir := t.TempDir()
	mine := storage.Bucket{Name: "contract-mine", Dir: filepath.Join(dir, "mine"), Keys: storage.NewKeys("mine")}
	other := storage.Bucket{Name: "contract-other", Dir: filepath.Join(dir, "other"), Keys: storage.NewKeys("other")}
	s, err := storage.Serve(t.Context(), "", mine, other)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return server{endpoint: storage.Endpoint{URL: "http://" + s.Addr, Keys: mine.Keys}, bucket: mine.Name, other: other.Name}
}

// minio runs a MinIO server with a key that opens one bucket, as docs/files.md says how to make one.
func minio(t *testing.T, binary string) server {
	t.Helper()
	endpoint := process.MinIO(t, binary)
	endpoint.Keys = process.MinIOKeys(t, endpoint, "contract-mine", "contract-other")["contract-mine"]
	return server{
		endpoint: endpoint, bucket: "contract-mine", other: "contract-other",
		holes: map[string]string{
			"copy through a presigned PUT": "CVE-2026-54330, never fixed in MinIO: the proxy strips the header, and no release of MinIO itself is supported",
			"unsigned streaming PUT":       "CVE-2026-41145, never fixed in MinIO: the proxy refuses streaming signatures, and no release of MinIO itself is supported",
		},
	}
}

func client(t *testing.T, s server, bucket string) *storage.Client {
	t.Helper()
	c, err := storage.NewClient(s.endpoint, bucket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func bytesOf(size int) []byte {
	raw := make([]byte, size)
	_, _ = rand.Read(raw)
	return raw
}

func put(t *testing.T, c *storage.Client, key, kind string, content []byte) {
	t.Helper()
	if err := c.Put(t.Context(), storage.Object{Key: key, Size: int64(len(content)), Type: kind}, bytes.NewReader(content)); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

func get(t *testing.T, c *storage.Client, key string) []byte {
	t.Helper()
	body, _, err := c.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	defer body.Close()
	raw, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// do sends a request as a browser would and returns status, header and body.
func do(t *testing.T, method string, target *url.URL, content []byte, header http.Header) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target.String(), bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, raw
}

func TestContract(t *testing.T) {
	s := start(t)
	c := client(t, s, s.bucket)
	for range 2 { // a bucket that is there is success
		if err := c.Make(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for name, check := range map[string]func(*testing.T, server, *storage.Client){
		"objects":                  objects,
		"upload in parts":          parts,
		"presigned reading":        presignedReading,
		"presigned parts":          presignedParts,
		"what a signature allows":  signatures,
		"a key opens one bucket":   oneBucket,
		"PocketBase's file system": pocketBase,
	} {
		t.Run(name, func(t *testing.T) {
			check(t, s, c)
		})
	}
	for name, attack := range map[string]func(*testing.T, server, *storage.Client) (succeeded bool){
		"copy through a presigned PUT": copySource,
		"unsigned streaming PUT":       streaming,
	} {
		t.Run(name, func(t *testing.T) {
			succeeded, why := attack(t, s, c), s.holes[name]
			switch {
			case succeeded && why == "":
				t.Error("Expected the attack to fail")
			case succeeded:
				t.Log("known hole of this server:", why)
			case why != "":
				t.Log("this server is said to have a hole that was not found:", why)
			}
		})
	}
}

func objects(t *testing.T, _ server, c *storage.Client) {
	t.Helper()
	content := bytesOf(100_000)
	put(t, c, "a/b/one.bin", "image/png", content)
	put(t, c, "a/two.txt", "text/plain", []byte("two"))
	if got := get(t, c, "a/b/one.bin"); !bytes.Equal(got, content) {
		t.Errorf("Expected the bytes that were put, got %d others", len(got))
	}
	info, err := c.Stat(t.Context(), "a/b/one.bin")
	if err != nil || info.Size != 100_000 || info.Type != "image/png" || time.Since(info.Modified).Abs() > time.Hour {
		t.Errorf("Expected size, type and time, got %+v %v", info, err)
	}
	found := []string{}
	list := func(prefix, after string) []string {
		found = found[:0]
		if err := c.List(t.Context(), prefix, after, func(o storage.Object) error { found = append(found, o.Key); return nil }); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if got := strings.Join(list("a/", ""), " "); got != "a/b/one.bin a/two.txt" {
		t.Errorf("Expected both keys in order, got %s", got)
	}
	if got := strings.Join(list("a/", "a/b/one.bin"), " "); got != "a/two.txt" {
		t.Errorf("Expected what comes after a key, got %s", got)
	}
	unknown := bytesOf(storage.PartSize + 7)
	if err := c.Put(t.Context(), storage.Object{Key: "a/c/streamed.bin", Size: -1}, bytes.NewReader(unknown)); err != nil {
		t.Error(err)
	}
	if got := get(t, c, "a/c/streamed.bin"); !bytes.Equal(got, unknown) {
		t.Errorf("Expected what was put without its size, got %d bytes", len(got))
	}
	if got, err := c.Folders(t.Context(), "a/"); err != nil || strings.Join(got, " ") != "a/b/ a/c/" {
		t.Errorf("Expected the folders, got %v %v", got, err)
	}
	for range 2 { // removing what is gone is no error
		if err := c.Remove(t.Context(), "a/two.txt"); err != nil {
			t.Error(err)
		}
	}
	if _, err := c.Stat(t.Context(), "a/two.txt"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Expected ErrNotFound, got %v", err)
	}
	if _, _, err := c.Get(t.Context(), "a/two.txt"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Expected ErrNotFound, got %v", err)
	}
}

func parts(t *testing.T, s server, c *storage.Client) {
	t.Helper()
	content := bytesOf(storage.PartSize + 1000)
	put(t, c, "parts/whole", "application/zip", content) // the client splits it
	if got := get(t, c, "parts/whole"); !bytes.Equal(got, content) {
		t.Error("Expected the bytes that were put")
	}
	id, err := c.Begin(t.Context(), storage.Object{Key: "parts/given-up", Type: "application/zip"})
	if err != nil {
		t.Fatal(err)
	}
	pending, err := c.PendingUploads(t.Context())
	// MinIO lists the uploads of one key only, so nothing may depend on this list:
	// uploads are given up by their rows.
	if listed := len(s.holes) == 0; listed && (err != nil || len(pending) != 1 || pending[0].ID != id || pending[0].Key != "parts/given-up" || time.Since(pending[0].Begun).Abs() > time.Hour) {
		t.Errorf("Expected the pending upload, got %+v %v", pending, err)
	}
	for range 2 {
		if err := c.Abort(t.Context(), "parts/given-up", id); err != nil {
			t.Error(err)
		}
	}
	if pending, err := c.PendingUploads(t.Context()); err != nil || len(pending) != 0 {
		t.Errorf("Expected nothing pending, got %+v %v", pending, err)
	}
	if _, err := c.Parts(t.Context(), "parts/given-up", id); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Expected ErrNotFound, got %v", err)
	}
}

func presignedReading(t *testing.T, s server, c *storage.Client) {
	t.Helper()
	content := bytesOf(10_000)
	put(t, c, "read/it", "image/png", content)
	target, err := c.Presign(http.MethodGet, s.endpoint.URL, "read/it", url.Values{"response-content-disposition": {`attachment; filename="A name.png"`}, "response-content-type": {"image/png"}}, nil, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	status, header, body := do(t, http.MethodGet, target, nil, nil)
	if status != http.StatusOK || !bytes.Equal(body, content) || header.Get("Content-Disposition") != `attachment; filename="A name.png"` || header.Get("Content-Type") != "image/png" {
		t.Errorf("Expected the file under its name, got %d %v", status, header)
	}
	status, header, body = do(t, http.MethodGet, target, nil, http.Header{"Range": {"bytes=100-199"}})
	if status != http.StatusPartialContent || !bytes.Equal(body, content[100:200]) || header.Get("Content-Range") != "bytes 100-199/10000" {
		t.Errorf("Expected a range, got %d %v", status, header)
	}
}

func presignedParts(t *testing.T, s server, c *storage.Client) {
	t.Helper()
	content := bytesOf(storage.PartSize + 5)
	id, err := c.Begin(t.Context(), storage.Object{Key: "up/it", Type: "application/pdf"})
	if err != nil {
		t.Fatal(err)
	}
	pieces := [][]byte{content[:storage.PartSize], content[storage.PartSize:]}
	for n, piece := range pieces {
		target, err := c.PresignPart(s.endpoint.URL, "up/it", id, n+1, int64(len(piece)), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if status, _, body := do(t, http.MethodPut, target, piece, nil); status != http.StatusOK {
			t.Fatalf("part %d: %d %s", n+1, status, body)
		}
		if n == 0 {
			continue // refusing a large body may end in a reset connection
		}
		if status, _, _ := do(t, http.MethodPut, target, append([]byte("x"), piece...), nil); status < 400 {
			t.Errorf("Expected a part of another size to be refused, got %d", status)
		}
	}
	stored, err := c.Parts(t.Context(), "up/it", id)
	if err != nil || len(stored) != 2 || stored[0].Size != storage.PartSize || stored[1].Size != 5 {
		t.Fatalf("Expected two parts, got %+v %v", stored, err)
	}
	if err := c.Complete(t.Context(), "up/it", id, stored); err != nil {
		t.Fatal(err)
	}
	if info, err := c.Stat(t.Context(), "up/it"); err != nil || info.Size != int64(len(content)) || info.Type != "application/pdf" {
		t.Errorf("Expected the whole, got %+v %v", info, err)
	}
	if !bytes.Equal(get(t, c, "up/it"), content) {
		t.Error("Expected the bytes that were sent")
	}
}

func signatures(t *testing.T, s server, c *storage.Client) {
	t.Helper()
	put(t, c, "signed/mine", "text/plain", []byte("mine"))
	put(t, c, "signed/other", "text/plain", []byte("other"))
	good, err := c.Presign(http.MethodGet, s.endpoint.URL, "signed/mine", nil, nil, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	try := func(name, method string, target url.URL) {
		t.Helper()
		if status, _, body := do(t, method, &target, []byte("evil"), nil); status < 400 {
			t.Errorf("%s: expected a refusal, got %d %.100s", name, status, body)
		}
	}
	other := *good
	other.Path = strings.ReplaceAll(good.Path, "mine", "other")
	try("another key", http.MethodGet, other)
	try("another method", http.MethodPut, *good)
	try("deleting", http.MethodDelete, *good)
	query := good.Query()
	query.Set("response-content-type", "text/html")
	widened := *good
	widened.RawQuery = query.Encode()
	try("another type", http.MethodGet, widened)
	query = good.Query()
	query.Set("X-Amz-Expires", "86400")
	longer := *good
	longer.RawQuery = query.Encode()
	try("a longer life", http.MethodGet, longer)
	bare := *good
	bare.RawQuery = ""
	try("no signature", http.MethodGet, bare)
	list := url.URL{Scheme: good.Scheme, Host: good.Host, Path: "/" + s.bucket}
	try("listing without a signature", http.MethodGet, list)
	short, err := c.Presign(http.MethodGet, s.endpoint.URL, "signed/mine", nil, nil, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		if status, _, _ := do(t, http.MethodGet, short, nil, nil); status == http.StatusForbidden {
			break
		}
		if time.Now().After(until) {
			t.Fatal("Expected the URL to die")
		}
	}
	if got := string(get(t, c, "signed/mine")); got != "mine" {
		t.Errorf("Expected nothing to have changed, got %q", got)
	}
}

// copySource: whoever may put one object must not get at others with it (CVE-2026-54330).
func copySource(t *testing.T, s server, c *storage.Client) (succeeded bool) {
	t.Helper()
	put(t, c, "secret/of-others", "text/plain", []byte("secret"))
	target, err := c.Presign(http.MethodPut, s.endpoint.URL, "copied/here", nil, nil, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	_, _, _ = do(t, http.MethodPut, target, nil, http.Header{"X-Amz-Copy-Source": {"/" + s.bucket + "/secret/of-others"}})
	body, _, err := c.Get(t.Context(), "copied/here")
	if err != nil {
		return false // nothing was stored
	}
	defer body.Close()
	raw, _ := io.ReadAll(body)
	return string(raw) == "secret"
}

// streaming: a body that claims to be signed in pieces, under a signature that is
// none (CVE-2026-41145).
func streaming(t *testing.T, s server, c *storage.Client) (succeeded bool) {
	t.Helper()
	target, err := c.Presign(http.MethodPut, s.endpoint.URL, "streamed/here", nil, nil, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	query := target.Query()
	query.Set("X-Amz-Signature", strings.Repeat("0", 64))
	target.RawQuery = query.Encode()
	body := []byte("4\r\nevil\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n")
	_, _, _ = do(t, http.MethodPut, target, body, http.Header{
		"X-Amz-Content-Sha256": {"STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, "X-Amz-Decoded-Content-Length": {"4"},
		"X-Amz-Trailer": {"x-amz-checksum-crc32"}, "Content-Encoding": {"aws-chunked"},
	})
	_, err = c.Stat(t.Context(), "streamed/here")
	return err == nil
}

func oneBucket(t *testing.T, s server, c *storage.Client) {
	t.Helper()
	theirs := client(t, s, s.other)
	if err := theirs.Put(t.Context(), storage.Object{Key: "x", Size: 1}, strings.NewReader("x")); err == nil {
		t.Error("Expected no writing into another bucket")
	}
	if err := theirs.List(t.Context(), "", "", func(storage.Object) error { return nil }); err == nil {
		t.Error("Expected no listing of another bucket")
	}
	unknown := client(t, s, "contract-unknown")
	if err := unknown.Make(t.Context()); err == nil {
		t.Error("Expected no bucket beside those configured")
	}
	for _, key := range []string{"../other/x", "a/../../other/x"} {
		target, err := c.Presign(http.MethodPut, s.endpoint.URL, key, nil, nil, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if status, _, _ := do(t, http.MethodPut, target, []byte("evil"), nil); status < 400 {
			t.Errorf("Expected the key %s to be refused, got %d", key, status)
		}
	}
}

// pocketBase: what PocketBase's own client does with a bucket.
func pocketBase(t *testing.T, s server, c *storage.Client) {
	t.Helper()
	fsys, err := filesystem.NewS3(s.bucket, storage.DefaultRegion, s.endpoint.URL, s.endpoint.Access, s.endpoint.Secret, true)
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	content := bytesOf(6 << 20) // above its threshold for parts
	file, err := filesystem.NewFileFromBytes(content, "A name with ümlauts.bin")
	if err != nil {
		t.Fatal(err)
	}
	if err := fsys.UploadFile(file, "col/rec/"+file.Name); err != nil {
		t.Fatal(err)
	}
	if got := get(t, c, "col/rec/"+file.Name); !bytes.Equal(got, content) {
		t.Error("Expected the bytes PocketBase stored")
	}
	attrs, err := fsys.Attributes("col/rec/" + file.Name)
	if err != nil || attrs.Size != int64(len(content)) || attrs.Metadata["original-filename"] == "" {
		t.Errorf("Expected attributes, got %+v %v", attrs, err)
	}
	reader, err := fsys.GetReader("col/rec/" + file.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if raw, err := io.ReadAll(reader); err != nil || !bytes.Equal(raw, content) {
		t.Errorf("Expected to read it, got %d bytes, %v", len(raw), err)
	}
	recorder := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
	req.Header.Set("Range", "bytes=10-19")
	if err := fsys.Serve(recorder, req, "col/rec/"+file.Name, file.Name); err != nil || !bytes.Equal(recorder.Body.Bytes(), content[10:20]) {
		t.Errorf("Expected a range, got %d, %v", recorder.Body.Len(), err)
	}
	if listed, err := fsys.List("col/rec/"); err != nil || len(listed) != 1 {
		t.Errorf("Expected one object, got %v %v", listed, err)
	}
	if exists, err := fsys.Exists("col/rec/nothing"); err != nil || exists {
		t.Errorf("Expected nothing, got %v %v", exists, err)
	}
	if errs := fsys.DeletePrefix("col/rec/"); len(errs) > 0 {
		t.Error(errs)
	}
	if _, err := c.Stat(t.Context(), "col/rec/"+file.Name); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Expected it to be gone, got %v", err)
	}
}
