package process

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/lancershub/lancershub/storage"
)

// MinIOEnv names the binary of a MinIO server to test against (make test-minio).
const MinIOEnv = "LANCERSHUB_TEST_MINIO"

// S3 runs an S3 server of its own and returns its address and a key that opens all
// of buckets: MinIO where the environment names one, else the embedded server.
func S3(tb testing.TB, buckets ...string) storage.Endpoint {
	tb.Helper()
	if binary := os.Getenv(MinIOEnv); binary != "" {
		return MinIO(tb, binary)
	}
	keys, served := storage.NewKeys("test"), []storage.Bucket{}
	for _, name := range buckets {
		served = append(served, storage.Bucket{Name: name, Dir: filepath.Join(tb.TempDir(), name), Keys: keys})
	}
	server, err := storage.Serve(tb.Context(), "", served...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = server.Close() })
	return storage.Endpoint{URL: "http://" + server.Addr, Keys: keys}
}

// MinIO runs a MinIO server and returns its address and root key.
func MinIO(tb testing.TB, binary string) storage.Endpoint {
	tb.Helper()
	endpoint := storage.Endpoint{URL: "http://" + FreePort(tb), Keys: storage.NewKeys("minio")}
	cmd := exec.CommandContext(tb.Context(), binary, "server", tb.TempDir(), "--address", endpoint.URL[len("http://"):], "--quiet")
	cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+endpoint.Access, "MINIO_ROOT_PASSWORD="+endpoint.Secret, "MINIO_BROWSER=off", "HOME="+tb.TempDir())
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Wait() }) // killed with the test's context
	for until := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, endpoint.URL+"/minio/health/live", http.NoBody)
		if err != nil {
			tb.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return endpoint
			}
		}
		if time.Now().After(until) {
			tb.Fatal("Expected MinIO to answer")
		}
	}
}

// MinIOKeys makes the buckets on a MinIO server and a key for each, with the policy
// that docs/files.md gives for it.
func MinIOKeys(tb testing.TB, server storage.Endpoint, buckets ...string) map[string]storage.Keys {
	tb.Helper()
	for _, bucket := range buckets {
		client, err := storage.NewClient(server, bucket)
		if err != nil {
			tb.Fatal(err)
		}
		if err := client.Make(context.Background()); err != nil {
			tb.Fatal(err)
		}
		client.Close()
	}
	root := moduleRoot(tb)
	cmd := exec.CommandContext(tb.Context(), "go", append([]string{"run", ".", server.URL, filepath.Join(root, "docs", "files.md")}, buckets...)...)
	cmd.Dir = filepath.Join(root, "tests", "miniokeys")
	cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+server.Access, "MINIO_ROOT_PASSWORD="+server.Secret)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("failed to make keys: %v\n%s", err, stderr.String())
	}
	keys := map[string]storage.Keys{}
	if err := json.Unmarshal(out, &keys); err != nil {
		tb.Fatal(err)
	}
	return keys
}
