//go:build faults

package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/storage"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// farStorage is a marketplace whose S3 server is behind a network that fails.
func farStorage(t *testing.T) (*tests.Market, *process.Faulty) {
	t.Helper()
	keys, buckets, dir := storage.NewKeys("operator"), []storage.Bucket{}, t.TempDir()
	for _, domain := range collections.Domains {
		buckets = append(buckets, storage.Bucket{Name: "far-" + string(domain), Dir: filepath.Join(dir, string(domain)), Keys: keys})
	}
	server, err := storage.Serve(context.Background(), "", buckets...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	network := process.NewFaulty(t, server.Addr)
	m := tests.New(t, func(o *services.Options) {
		o.Storage = services.StorageOptions{Endpoint: "http://" + network.Addr, Prefix: "far", AccessKey: keys.Access, SecretKey: keys.Secret}
	})
	return m, network
}

// patient is how long an answer may take while the storage does not answer: far
// below any client's patience, far above what a busy machine needs.
const patient = 60 * time.Second

// refused asks until what is refused is refused for the storage, and checks that it did not hang.
func refused(t *testing.T, what string, ask func() *tests.Response) {
	t.Helper()
	started := time.Now()
	got := ask()
	if got.Status != http.StatusServiceUnavailable || got.Code() != services.CodeStorageUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("%s: expected storage_unavailable, got %d %.200s", what, got.Status, got.Raw)
	}
	if took := time.Since(started); took > patient {
		t.Errorf("%s: expected an answer in time, got one after %s", what, took)
	}
}

// TestStorageDownOrHanging takes the storage away, in both ways, at each step of a
// file's way. Everybody is told; records stay as they were; afterwards the same
// requests go on where they were, with one effect.
func TestStorageDownOrHanging(t *testing.T) {
	for name, fault := range map[string]process.Fault{"down": {Down: true}, "hanging": {Hang: true}} {
		t.Run(name, func(t *testing.T) {
			m, network := farStorage(t)
			s := tests.Funded(m)
			content := tests.Bytes(9 << 20)
			upload := s.Freelancer.StartUpload(collections.DomainProjects, "milestone", s.Milestone, "shop.zip", len(content), nil)
			upload.Want(t, http.StatusOK, "")
			path := "/api/projects/api/uploads/" + upload.Text("id")
			s.Freelancer.SendParts(collections.DomainProjects, upload.Text("id"), content, 1)
			profile := "/api/users/api/collections/users/records/" + s.Freelancer.ID
			picture := tests.Attachment{Field: "avatar", Name: "me.png", Content: tests.Picture(t, 64, false)}
			saved := s.Freelancer.Form(http.MethodPatch, profile, nil, picture)
			saved.Want(t, http.StatusOK, "")
			avatar := "/api/users/api/files/users/" + s.Freelancer.ID + "/" + saved.Text("avatar")

			network.Set(fault)
			forget(m)
			refused(t, "starting", func() *tests.Response {
				return s.Freelancer.StartUpload(collections.DomainProjects, "milestone", s.Milestone, "b.zip", 10, nil)
			})
			refused(t, "asking for parts", func() *tests.Response { return s.Freelancer.Do(http.MethodGet, path+"/parts", nil) })
			key := tests.Key()
			refused(t, "completing", func() *tests.Response {
				return s.Freelancer.Command(collections.DomainProjects, "uploads/"+upload.Text("id")+"/complete", key, nil)
			})
			refused(t, "downloading", func() *tests.Response { return s.Client.Do(http.MethodGet, avatar, nil) })
			refused(t, "a file of a record", func() *tests.Response { return s.Freelancer.Form(http.MethodPatch, profile, nil, picture) })
			if got := s.Client.View(collections.DomainUsers, collections.Users, s.Freelancer.ID); got.Text("avatar") != saved.Text("avatar") {
				t.Errorf("Expected the record to be as it was, got %s", got.Raw)
			}

			network.Set(process.Fault{})
			forget(m)
			s.Freelancer.SendParts(collections.DomainProjects, upload.Text("id"), content, 100)
			done := s.Freelancer.Command(collections.DomainProjects, "uploads/"+upload.Text("id")+"/complete", key, nil)
			done.Want(t, http.StatusOK, "")
			again := s.Freelancer.Command(collections.DomainProjects, "uploads/"+upload.Text("id")+"/complete", key, nil)
			if again.Text("id") != done.Text("id") || done.Text("sha256") != tests.SHA256(content) {
				t.Errorf("Expected one deliverable, got %s %s", done.Raw, again.Raw)
			}
			if got := s.Client.Do(http.MethodGet, avatar, nil); got.Status != http.StatusOK {
				t.Errorf("Expected the picture to be there again, got %d", got.Status)
			}
			nothingLeft(t, m)
			m.Sound()
		})
	}
}

// forget makes the instances look at the storage again.
func forget(m *tests.Market) {
	for _, instance := range m.Instances {
		instance.Files.Failed()
	}
}

// nothingLeft checks that after the sweeps records and files agree.
func nothingLeft(t *testing.T, m *tests.Market) {
	t.Helper()
	late := m.Options
	late.Clock = services.NewSetClock(time.Now().Add(25 * time.Hour))
	if _, err := services.VerifyStorage(t.Context(), late, true); err != nil {
		t.Fatal(err)
	}
	report, err := services.VerifyStorage(t.Context(), late, false)
	if err != nil || len(report.Findings) > 0 || report.Records == 0 {
		t.Errorf("Expected records and files to agree, got %+v %v", report, err)
	}
}

// TestConnectionsBreak cuts connections in the middle of uploading and downloading,
// and slows them down: parts are sent again, downloads go on with a range.
func TestConnectionsBreak(t *testing.T) {
	m, network := farStorage(t)
	s := tests.Funded(m)
	content := tests.Bytes(20 << 20)
	upload := s.Freelancer.StartUpload(collections.DomainProjects, "milestone", s.Milestone, "shop.zip", len(content), nil)
	upload.Want(t, http.StatusOK, "")
	parts := s.Freelancer.Do(http.MethodGet, "/api/projects/api/uploads/"+upload.Text("id")+"/parts", nil)
	first, _ := parts.JSON["missing"].([]any)[0].(map[string]any)
	link, _ := first["url"].(string)
	for cut := int64(1 << 20); cut < 8<<20; cut += 3 << 20 {
		network.Set(process.Fault{ResetUp: cut})
		if status, err := send(t, m.Base()+link, content[:8<<20]); err == nil && status < 400 {
			t.Errorf("Expected a part that was cut off after %d bytes not to be stored, got %d", cut, status)
		}
	}
	network.Set(process.Fault{Slow: time.Millisecond})
	forget(m)
	if sent := s.Freelancer.SendParts(collections.DomainProjects, upload.Text("id"), content, 100); sent != 3 {
		t.Errorf("Expected no part to count that was cut off, sent %d", sent)
	}
	done := s.Freelancer.Command(collections.DomainProjects, "uploads/"+upload.Text("id")+"/complete", tests.Key(), nil)
	done.Want(t, http.StatusOK, "")
	if done.Text("sha256") != tests.SHA256(content) {
		t.Errorf("Expected what was sent, got %s", done.Raw)
	}

	network.Set(process.Fault{ResetDown: 5 << 20})
	got := []byte{}
	for len(got) < len(content) {
		file := s.Client.Do(http.MethodGet, s.Client.FileURL(collections.DomainProjects, collections.Deliverables, done.Text("id"), done.Text("file")), nil)
		file.Want(t, http.StatusTemporaryRedirect, "")
		more := receive(t, m.Base()+file.Header.Get("Location"), len(got))
		if len(more) == 0 {
			t.Fatalf("Expected to get on after %d bytes", len(got))
		}
		got = append(got, more...)
	}
	if !bytes.Equal(got, content) {
		t.Error("Expected the pieces to be the file")
	}
	network.Set(process.Fault{})
	nothingLeft(t, m)
	m.Sound()
}

// send puts content to a link and returns what came of it, or how it broke.
func send(t *testing.T, link string, content []byte) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, link, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// receive reads a file from an offset on, as far as it gets.
func receive(t *testing.T, link string, from int) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusPartialContent {
		t.Fatalf("Expected a range, got %d", res.StatusCode)
	}
	raw, _ := io.ReadAll(res.Body) // what came before it broke
	return raw
}
