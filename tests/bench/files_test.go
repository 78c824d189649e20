package bench

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// relay passes a TCP port on and counts every byte, in both directions.
type relay struct {
	addr  string
	bytes atomic.Int64
}

func newRelay(b *testing.B, to string) *relay {
	b.Helper()
	listener, err := net.Listen("tcp", process.FreePort(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = listener.Close() })
	r := &relay{addr: listener.Addr().String()}
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			go r.pass(from, to)
		}
	}()
	return r
}

func (r *relay) pass(from net.Conn, to string) {
	defer from.Close()
	onward, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer onward.Close()
	go func() {
		_, _ = io.Copy(onward, io.TeeReader(from, r))
		_ = onward.Close()
	}()
	_, _ = io.Copy(from, io.TeeReader(onward, r))
}

// Write counts.
func (r *relay) Write(p []byte) (int, error) {
	r.bytes.Add(int64(len(p)))
	return len(p), nil
}

// deployed is the split topology as it is deployed: four processes, nginx, and one
// S3 server that nginx publishes. projects is reached, and reaches the storage,
// through relays that count.
type deployed struct {
	*tests.Market
	// front counts what passes between nginx and projects, back what passes
	// between the domains and the storage.
	front, back *relay
}

func deploy(b *testing.B) *deployed {
	b.Helper()
	buckets := []string{}
	for _, domain := range collections.Domains {
		buckets = append(buckets, "lancershub-"+string(domain))
	}
	server := process.S3(b, buckets...)
	addr := strings.TrimPrefix(server.URL, "http://")
	d := &deployed{back: newRelay(b, addr)}
	b.Setenv("LANCERSHUB_S3_ENDPOINT", "http://"+d.back.addr)
	b.Setenv("LANCERSHUB_S3_ACCESS_KEY", server.Access)
	b.Setenv("LANCERSHUB_S3_SECRET_KEY", server.Secret)
	processes := process.Split(b, filepath.Join(b.TempDir(), "data"))
	d.front = newRelay(b, processes["projects"].Addr)
	nginx := process.Nginx(b, processes, map[string]string{
		"LANCERSHUB_PROJECTS": d.front.addr, "LANCERSHUB_STORAGE": addr, "LANCERSHUB_FILES": "storage",
	})
	d.Market = tests.Remote(b, "http://"+nginx.Addr)
	return d
}

// through is how many bytes have passed through the instances.
func (d *deployed) through() int64 { return d.front.bytes.Load() + d.back.bytes.Load() }

// plain does not follow redirects, to see what a browser has to do.
var plain = &http.Client{
	Timeout:       5 * time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// fetch reads a file as a browser does, redirect or not, and returns its size.
func fetch(b *testing.B, m *tests.Market, path string) int64 {
	b.Helper()
	for range 2 {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, m.Base()+path, http.NoBody)
		if err != nil {
			b.Fatal(err)
		}
		res, err := plain.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		size, err := io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		switch {
		case err != nil:
			b.Fatal(err)
		case res.StatusCode == http.StatusTemporaryRedirect:
			path = res.Header.Get("Location")
		case res.StatusCode == http.StatusOK:
			return size
		default:
			b.Fatalf("%s was answered with %d", path, res.StatusCode)
		}
	}
	b.Fatal("A file was redirected twice")
	return 0
}

// BenchmarkDeliverableDownload reads a deliverable of 50 MB through nginx and
// counts what of it passes through the instance: the goal is none but the
// request itself and its redirect.
func BenchmarkDeliverableDownload(b *testing.B) {
	const size = 50 << 20
	d := deploy(b)
	s := tests.Funded(d.Market)
	done := s.Freelancer.Upload(collections.DomainProjects, "milestone", s.Milestone, "shop.zip", tests.Bytes(size), nil)
	path := s.Client.FileURL(collections.DomainProjects, collections.Deliverables, done.Text("id"), done.Text("file"))
	rounds, before, began := int64(0), d.through(), time.Now()
	for b.Loop() {
		rounds++
		if got := fetch(b, d.Market, path); got != size {
			b.Fatalf("Expected %d bytes, got %d", size, got)
		}
	}
	b.ReportMetric(float64(d.through()-before)/float64(rounds), "instance-bytes/op")
	b.ReportMetric(float64(rounds*size)/1e6/time.Since(began).Seconds(), "MB/s")
}

// BenchmarkAvatar reads the same picture through the instance and by a redirect to
// the storage, in turn: in one process with the embedded storage, and as it is deployed.
func BenchmarkAvatar(b *testing.B) {
	one := process.Start(b, process.FreePort(b), filepath.Join(b.TempDir(), "data"), nil)
	for name, m := range map[string]*tests.Market{"one-process": tests.Remote(b, "http://"+one.Addr), "nginx": deploy(b).Market} {
		for _, side := range []int{64, 240} { // 17 and 231 KB
			person := m.User(collections.RoleFreelancer)
			picture := tests.Picture(b, side, true)
			saved := person.Form(http.MethodPatch, "/api/users/api/collections/users/records/"+person.ID, nil, tests.Attachment{Field: "avatar", Name: "me.png", Content: picture})
			saved.Want(b, http.StatusOK, "")
			path := "/api/users/api/files/users/" + person.ID + "/" + saved.Text("avatar")
			b.Run(fmt.Sprintf("%s/%d-KB", name, len(picture)>>10), func(b *testing.B) {
				var proxied, redirected []time.Duration
				timed := func(times *[]time.Duration, path string) {
					began := time.Now()
					if got := fetch(b, m, path); got != int64(len(picture)) {
						b.Fatalf("Expected %d bytes, got %d", len(picture), got)
					}
					*times = append(*times, time.Since(began))
				}
				for b.Loop() {
					timed(&proxied, path)
					timed(&redirected, path+"?download=1")
				}
				b.ReportMetric(millis(percentile(proxied, 50)), "proxied-p50-ms")
				b.ReportMetric(millis(percentile(redirected, 50)), "redirected-p50-ms")
			})
		}
	}
}

// BenchmarkUpload sends 32 MB as four files of a form, which the instance reads and
// passes on, and as an upload in parts that goes straight to the storage and is
// read once by the instance when it is completed, in turn.
func BenchmarkUpload(b *testing.B) {
	const size = 32 << 20
	d := deploy(b)
	s := tests.Funded(d.Market)
	work := append([]byte("PK\x03\x04"), tests.Bytes(size-4)...)
	files := []tests.Attachment{}
	for piece := range 4 { // a little less than 8 MB is what a field takes
		content := append([]byte("%PDF-1.7\n"), tests.Bytes(size/4-1024)...)
		files = append(files, tests.Attachment{Field: "attachments", Name: fmt.Sprintf("piece%d.pdf", piece), Content: content})
	}
	project := s.Client.Create(collections.DomainProjects, collections.Projects, tests.Body{"title": "A shop for teapots", "currency": "EUR", "budgetMin": 1000, "budgetMax": 900_000})
	project.Want(b, http.StatusOK, "")
	var sent, took [2]float64
	var passed [2]int64
	timed := func(way int, send func()) {
		before, began := d.through(), time.Now()
		send()
		took[way] += time.Since(began).Seconds()
		sent[way] += size / 1e6
		passed[way] += d.through() - before
	}
	rounds := 0
	for b.Loop() {
		rounds++
		timed(0, func() {
			s.Client.Form(http.MethodPatch, "/api/projects/api/collections/projects/records/"+project.Text("id"), nil, files...).Want(b, http.StatusOK, "")
		})
		timed(1, func() {
			s.Freelancer.Upload(collections.DomainProjects, "milestone", s.Milestone, "shop.zip", work, nil)
		})
		b.StopTimer() // the next round replaces what the project has
		s.Client.Do(http.MethodPatch, "/api/projects/api/collections/projects/records/"+project.Text("id"), tests.Body{"attachments": []string{}}).Want(b, http.StatusOK, "")
		b.StartTimer()
	}
	for way, name := range []string{"through", "direct"} {
		b.ReportMetric(sent[way]/took[way], name+"-MB/s")
		b.ReportMetric(float64(passed[way])/float64(rounds)/size, name+"-passes")
	}
}
