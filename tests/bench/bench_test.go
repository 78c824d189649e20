// Package bench measures speed and size of the real binary. Nothing here
// asserts a time: machines differ. Ratios come from one run on one machine.
//
//	make bench                      # everything
//	go test ./tests/bench -run '^$' -bench List -count 10 | tee new.txt; benchstat old.txt new.txt
package bench

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/demo"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(bareEnv); dir != "" {
		serve := func() error { return serveBare(dir) }
		if people, err := strconv.Atoi(os.Getenv(bareChatsEnv)); err == nil {
			serve = func() error { return serveBareChats(dir, people) }
		}
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	process.Cleanup()
	os.Exit(code)
}

// BenchmarkStart measures from exec to the first healthy answer.
func BenchmarkStart(b *testing.B) {
	process.Binary(b)
	b.Run("empty-folder", func(b *testing.B) {
		for b.Loop() {
			p := process.Start(b, process.FreePort(b), filepath.Join(b.TempDir(), "data"), nil)
			b.StopTimer()
			b.ReportMetric(float64(p.RSS(b))/1e6, "MB-resident")
			p.Kill()
			b.StartTimer()
		}
	})
	b.Run("existing-folder", func(b *testing.B) {
		data := filepath.Join(b.TempDir(), "data")
		_ = process.Start(b, process.FreePort(b), data, nil).Stop()
		for b.Loop() {
			p := process.Start(b, process.FreePort(b), data, nil)
			b.StopTimer()
			_ = p.Stop()
			b.StartTimer()
		}
	})
}

// BenchmarkJourney measures the steps of the main job, one after another, with
// synchronous=FULL. p50 is per step.
func BenchmarkJourney(b *testing.B) {
	p := process.Start(b, process.FreePort(b), filepath.Join(b.TempDir(), "data"), nil)
	m := tests.Remote(b, "http://"+p.Addr)
	people := tests.NewStory(m)
	times := map[string][]time.Duration{}
	timed := func(step string, run func()) {
		began := time.Now()
		run()
		times[step] = append(times[step], time.Since(began))
	}
	for b.Loop() {
		s := &tests.Story{Market: m, Client: people.Client, Freelancer: people.Freelancer, Amount: people.Amount}
		timed("publish", func() { s.Publish() })
		timed("propose", func() { s.Propose() })
		timed("accept", func() {
			hired := s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/accept", tests.Key(), nil)
			hired.Want(b, http.StatusOK, "")
			s.Contract, s.Milestone = hired.Object("contract").Text("id"), hired.Object("milestone").Text("id")
		})
		timed("pay", func() {
			paid := s.Pay(tests.Key(), nil)
			paid.Want(b, http.StatusOK, "")
			s.Payment = paid.Text("id")
		})
		timed("release", func() {
			s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/release", tests.Key(), nil).Want(b, http.StatusOK, "")
		})
	}
	for step, all := range times {
		b.ReportMetric(float64(median(all).Microseconds())/1000, step+"-p50-ms")
	}
}

// BenchmarkDemo loads the demo marketplace, serves it, reads from it as people
// do, and reports how long the loading took and how much memory is resident.
func BenchmarkDemo(b *testing.B) {
	data := filepath.Join(b.TempDir(), "data")
	began := time.Now()
	if err := demo.Load(b.Context(), demo.Options{DataDir: data, Seed: 1, Out: io.Discard}); err != nil {
		b.Fatal(err)
	}
	loading := time.Since(began)
	p := process.Start(b, process.FreePort(b), data, nil)
	guest := tests.Remote(b, "http://"+p.Addr).Guest()
	pages := 0
	for b.Loop() {
		pages++
		guest.List(collections.DomainProjects, collections.Projects, fmt.Sprintf("?perPage=30&page=%d&sort=-publishedAt", pages%7+1)).Want(b, http.StatusOK, "")
		guest.List(collections.DomainUsers, collections.Users, fmt.Sprintf("?perPage=30&page=%d", pages%3+1)).Want(b, http.StatusOK, "")
	}
	b.ReportMetric(float64(p.RSS(b))/1e6, "MB-resident")
	b.ReportMetric(loading.Seconds(), "s-to-load")
}

func BenchmarkLogin(b *testing.B) {
	p := process.Start(b, process.FreePort(b), filepath.Join(b.TempDir(), "data"), nil)
	person := tests.Remote(b, "http://"+p.Addr).User(collections.RoleClient)
	for b.Loop() {
		person.SignIn()
	}
}

// BenchmarkList reads the same page of 30 open projects in one run through the
// gateway and from a bare PocketBase with the same collection and rule.
func BenchmarkList(b *testing.B) {
	p := process.Start(b, process.FreePort(b), filepath.Join(b.TempDir(), "data"), nil)
	m := tests.Remote(b, "http://"+p.Addr)
	story := tests.NewStory(m)
	for range rows {
		story.Publish()
	}
	bare := startBare(b)
	path := "/api/collections/projects/records?perPage=30&sort=-publishedAt"
	ways := []struct {
		name, url string
		person    *tests.Person
	}{
		{"gateway", services.Prefix(collections.DomainProjects) + path, m.Guest()},
		{"bare", path, tests.Remote(b, bare).Guest()},
		{"signed-in", services.Prefix(collections.DomainProjects) + path, story.Client},
	}
	times := map[string][]time.Duration{}
	for b.Loop() {
		for _, way := range ways { // in turn, so that a noisy moment hits all of them
			began := time.Now()
			if answer := way.person.Do(http.MethodGet, way.url, nil); answer.Number("totalItems") != rows {
				b.Fatalf("Expected %d projects, got %s", rows, answer.Raw)
			}
			times[way.name] = append(times[way.name], time.Since(began))
		}
	}
	for _, way := range ways {
		b.ReportMetric(float64(median(times[way.name]).Microseconds())/1000, way.name+"-p50-ms")
	}
	b.ReportMetric(float64(median(times["gateway"]))/float64(median(times["bare"])), "gateway/bare")
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
