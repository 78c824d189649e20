package e2e

import (
	"bytes"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// TestFilesThroughBothGateways: each domain is a process that keeps its own files;
// what goes up through one gateway comes down through either, from the storage of
// the right domain.
func TestFilesThroughBothGateways(t *testing.T) {
	processes := process.Split(t, filepath.Join(t.TempDir(), "data"))
	builtIn := tests.Remote(t, "http://"+processes["gateway"].Addr)
	nginx := tests.Remote(t, "http://"+process.Nginx(t, processes, nil).Addr)
	s := tests.Funded(builtIn)
	picture := tests.Picture(t, 300, true)
	for name, m := range map[string]*tests.Market{"the built-in gateway": builtIn, "nginx": nginx} {
		freelancer := s.Freelancer.At(m)
		saved := freelancer.Form(http.MethodPatch, "/api/users/api/collections/users/records/"+s.Freelancer.ID, nil, tests.Attachment{Field: "avatar", Name: "me.png", Content: picture})
		saved.Want(t, http.StatusOK, "")
		work := tests.Bytes(9 << 20)
		done := freelancer.Upload(collections.DomainProjects, "milestone", s.Milestone, "shop.zip", work, nil)
		for other, through := range map[string]*tests.Market{"the built-in gateway": builtIn, "nginx": nginx} {
			got := through.Guest().Fetch("/api/users/api/files/users/" + s.Freelancer.ID + "/" + saved.Text("avatar"))
			if got.Status != http.StatusOK || !bytes.Equal(got.Raw, picture) {
				t.Errorf("Expected the picture sent through %s from %s, got %d %.200s", name, other, got.Status, got.Raw)
			}
			client := s.Client.At(through)
			file := client.FileURL(collections.DomainProjects, collections.Deliverables, done.Text("id"), done.Text("file"))
			got = client.Fetch(file, "Range", "bytes=1000000-1000999")
			if got.Status != http.StatusPartialContent || !bytes.Equal(got.Raw, work[1000000:1001000]) {
				t.Errorf("Expected a range of what was sent through %s from %s, got %d %.200s", name, other, got.Status, got.Raw)
			}
			got = client.Fetch(file)
			if got.Status != http.StatusOK || !bytes.Equal(got.Raw, work) || got.Header.Get("Content-Disposition") != "attachment; filename=shop.zip" ||
				len(got.Header.Values("Content-Security-Policy")) != 1 || len(got.Header.Values("X-Content-Type-Options")) != 1 {
				t.Errorf("Expected what was sent through %s from %s, got %d %v", name, other, got.Status, got.Header)
			}
		}
	}
}
