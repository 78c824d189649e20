package bench

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/hooks"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

// start runs a marketplace in this process, background work included.
func start(b *testing.B, data string, durability services.Durability) *services.Marketplace {
	b.Helper()
	m, err := services.Start(b.Context(), services.Options{
		DataDir: data, HTTPAddr: "127.0.0.1:0", NoRateLimits: true, Durability: durability, Logger: slog.New(slog.DiscardHandler),
	}, hooks.Bind, fstest.MapFS{"index.html": {Data: []byte("the web app")}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = m.Close() })
	return m
}

// hiredFolder is a data folder with contracts that wait to be funded, and who signed them.
func hiredFolder(b *testing.B, contracts int) (string, []*tests.Story) {
	b.Helper()
	data := filepath.Join(b.TempDir(), "hired")
	m := start(b, data, services.DurabilityOff)
	remote := tests.Remote(b, "http://"+m.Addr)
	people := make([]*tests.Story, 8)
	for i := range people {
		people[i] = tests.NewStory(remote)
	}
	stories := make([]*tests.Story, contracts)
	var group errgroup.Group
	group.SetLimit(4)
	for i := range stories {
		group.Go(func() error {
			who := people[i%len(people)]
			s := &tests.Story{Market: remote, Client: who.Client, Freelancer: who.Freelancer, Amount: who.Amount}
			s.Publish().Propose()
			hired := s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/accept", tests.Key(), nil)
			s.Contract, s.Milestone = hired.Object("contract").Text("id"), hired.Object("milestone").Text("id")
			stories[i] = s
			return nil
		})
	}
	_ = group.Wait()
	remote.Deliver()
	if err := m.Close(); err != nil {
		b.Fatal(err)
	}
	return data, stories
}

// copyOf copies a folder, so that every measurement begins with the same data.
func copyOf(b *testing.B, data string) string {
	b.Helper()
	target := filepath.Join(b.TempDir(), "copy")
	if err := os.CopyFS(target, os.DirFS(data)); err != nil {
		b.Fatal(err)
	}
	return target
}

// speed is what a number of clients got done.
type speed struct {
	perSecond float64
	p50, p99  time.Duration
}

// payAll lets clients fund and release every contract, each client one after
// another, and measures every request.
func payAll(b *testing.B, remote *tests.Market, stories []*tests.Story, clients int) speed {
	b.Helper()
	var next atomic.Int64
	var mu sync.Mutex
	var times []time.Duration
	var group errgroup.Group
	began := time.Now()
	for range clients {
		group.Go(func() error {
			var own []time.Duration
			for {
				n := int(next.Add(1)) - 1
				if n >= len(stories) {
					mu.Lock()
					defer mu.Unlock()
					times = append(times, own...)
					return nil
				}
				s := *stories[n]
				s.Client = s.Client.At(remote)
				asked := time.Now()
				paid, err := s.Client.Try(http.MethodPost, "/api/payments/api/collections/payments/records", s.PaymentBody(), "Idempotency-Key", tests.Key())
				if err != nil || paid.Status != http.StatusOK {
					return fmt.Errorf("failed to pay: %w %v", err, paid)
				}
				own = append(own, time.Since(asked))
				asked = time.Now()
				released, err := s.Client.Try(http.MethodPost, "/api/payments/api/payments/"+paid.Text("id")+"/release", tests.Body{}, "Idempotency-Key", tests.Key())
				if err != nil || released.Status != http.StatusOK {
					return fmt.Errorf("failed to release: %w %v", err, released)
				}
				own = append(own, time.Since(asked))
			}
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	took := time.Since(began)
	return speed{perSecond: float64(len(stories)) / took.Seconds(), p50: median(times), p99: times[len(times)*99/100]}
}

// BenchmarkPayments counts payments created, held and released per second, over
// HTTP, with background work, by how commits are made durable: one fsync shared
// by all who wait (ours), one for each commit (synchronous=FULL) and none
// (NORMAL). All in one run in turn; the ratios are what counts. p50 and p99 are
// of one request; what others hear of the payments is delivered beside and after
// them. It runs its rounds once, whatever -benchtime says.
func BenchmarkPayments(b *testing.B) {
	const warm, each = 16, 192
	data, stories := hiredFolder(b, warm+each)
	b.ReportMetric(fsyncTime(b).Seconds()*1000, "fsync-p50-ms")
	modes := []services.Durability{services.DurabilityGroup, services.DurabilityFull, services.DurabilityNormal}
	for _, clients := range []int{1, 8, 32, 64} {
		results := map[services.Durability]speed{}
		for range 2 { // the better of two, in turn, so that a noisy moment does not decide
			for _, mode := range modes {
				m := start(b, copyOf(b, data), mode)
				remote := tests.Remote(b, "http://"+m.Addr)
				payAll(b, remote, stories[:warm], 8) // connections, statements and tokens are there
				deliverAll(b, m)
				got := payAll(b, remote, stories[warm:], clients)
				if got.perSecond > results[mode].perSecond {
					results[mode] = got
				}
				if err := m.Close(); err != nil {
					b.Fatal(err)
				}
			}
		}
		for _, mode := range modes {
			b.ReportMetric(results[mode].perSecond, fmt.Sprintf("%s-%d/s", mode, clients))
		}
		ours := results[services.DurabilityGroup]
		b.ReportMetric(ours.perSecond/results[services.DurabilityNormal].perSecond, fmt.Sprintf("of-NORMAL-%d", clients))
		b.ReportMetric(ours.perSecond/results[services.DurabilityFull].perSecond, fmt.Sprintf("of-FULL-%d", clients))
		b.ReportMetric(float64(ours.p99.Microseconds())/1000, fmt.Sprintf("p99-ms-%d", clients))
		b.ReportMetric(float64(ours.p50.Microseconds())/1000, fmt.Sprintf("p50-ms-%d", clients))
	}
}

// fsyncTime is what one fsync after a write of one page costs here.
func fsyncTime(b *testing.B) time.Duration {
	b.Helper()
	file, err := os.Create(filepath.Join(b.TempDir(), "fsync"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	var times []time.Duration
	for i := range 100 {
		if _, err := file.WriteAt(make([]byte, 4096), int64(i)*4096); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := file.Sync(); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(began))
	}
	return median(times)
}
