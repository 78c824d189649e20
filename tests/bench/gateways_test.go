package bench

import (
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// door is one of the two gateways in front of the same four processes.
type door struct {
	name   string
	market *tests.Market
}

// doors are the built-in gateway and nginx, in front of processes.
func doors(b *testing.B, processes map[string]*process.Process) []door {
	b.Helper()
	return []door{
		{"built-in", tests.Remote(b, "http://"+processes["gateway"].Addr)},
		{"nginx", tests.Remote(b, "http://"+process.Nginx(b, processes, nil).Addr)},
	}
}

// BenchmarkGatewayList reads a page of 30 open projects through either gateway, one
// reader at a time and then 16 at once, in turn.
func BenchmarkGatewayList(b *testing.B) {
	processes := process.Split(b, filepath.Join(b.TempDir(), "data"))
	gateways := doors(b, processes)
	story := tests.NewStory(gateways[0].market)
	for range rows {
		story.Publish()
	}
	path := services.Prefix(collections.DomainProjects) + "/api/collections/projects/records?perPage=30&sort=-publishedAt"
	read := func(at door) time.Duration {
		began := time.Now()
		if answer := at.market.Guest().Do(http.MethodGet, path, nil); answer.Number("totalItems") != rows {
			b.Errorf("Expected %d projects, got %s", rows, answer.Raw)
		}
		return time.Since(began)
	}
	const readers, each = 16, 8
	alone, crowded := map[string][]time.Duration{}, map[string]time.Duration{}
	pages := 0
	for b.Loop() {
		pages += readers * each
		for range each {
			for _, at := range gateways { // in turn, so that a noisy moment hits both
				alone[at.name] = append(alone[at.name], read(at))
			}
		}
		for _, at := range gateways {
			began := time.Now()
			var wait sync.WaitGroup
			for range readers {
				wait.Go(func() {
					for range each {
						read(at)
					}
				})
			}
			wait.Wait()
			crowded[at.name] += time.Since(began)
		}
	}
	for name, times := range alone {
		b.ReportMetric(millis(percentile(times, 50)), name+"-p50-ms")
		b.ReportMetric(float64(pages)/crowded[name].Seconds(), name+"-pages/s")
	}
}

// BenchmarkGatewayFanOut sends messages into a room whose 200 members listen
// through one gateway, and 200 others of it through the other: how long until the
// last of them has heard it?
func BenchmarkGatewayFanOut(b *testing.B) {
	const listeners = 200
	var processes map[string]*process.Process
	o := openOffice(b, func(db dbx.Builder) error {
		for room := range 2 {
			people := make([]int, listeners+1)
			for n := range people {
				people[n] = room*1000 + n
			}
			if err := makeChat(db, room, collections.ChatGroup, people...); err != nil {
				return err
			}
		}
		return nil
	}, func(data string) *process.Process {
		processes = process.Split(b, data)
		return processes["gateway"]
	})
	gateways := doors(b, processes)
	rooms := make([][]<-chan time.Time, len(gateways))
	for room, at := range gateways {
		for _, stream := range o.connectAt(at.market.Base(), room*1000, listeners) {
			rooms[room] = append(rooms[room], arrivals(stream))
		}
	}
	first, last := map[string][]time.Duration{}, map[string][]time.Duration{}
	rounds := 0
	for b.Loop() {
		rounds++
		for room, at := range gateways {
			began := time.Now()
			send(b, o.client, o.person(room*1000+listeners).At(at.market), chatID(room), rounds)
			earliest, latest := time.Hour, time.Duration(0)
			for n, heard := range rooms[room] {
				select {
				case when, open := <-heard:
					if !open {
						b.Fatalf("Listener %d of %s lost its connection", n, at.name)
					}
					earliest, latest = min(earliest, when.Sub(began)), max(latest, when.Sub(began))
				case <-time.After(time.Minute):
					b.Fatalf("Listener %d of %s heard nothing", n, at.name)
				}
			}
			first[at.name], last[at.name] = append(first[at.name], earliest), append(last[at.name], latest)
		}
	}
	for _, at := range gateways {
		b.ReportMetric(millis(percentile(first[at.name], 50)), at.name+"-first-p50-ms")
		b.ReportMetric(millis(percentile(last[at.name], 50)), at.name+"-last-p50-ms")
		b.ReportMetric(millis(percentile(last[at.name], 99)), at.name+"-last-p99-ms")
	}
}
