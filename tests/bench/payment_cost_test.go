package bench

import (
	"runtime"
	"testing"
	"time"

	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

// BenchmarkPaymentCost measures what a payment costs, created, held and released
// by one of 32 clients, until the last of its events has arrived: processor
// time and memory of this process, which is the marketplace and its clients.
// It runs once, whatever -benchtime says.
func BenchmarkPaymentCost(b *testing.B) {
	const warm, each = 16, 256
	data, stories := hiredFolder(b, warm+each)
	m := start(b, copyOf(b, data), services.DurabilityGroup)
	remote := tests.Remote(b, "http://"+m.Addr)
	payAll(b, remote, stories[:warm], 8)
	deliverAll(b, m)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	busy := cpuTime(b)
	got := payAll(b, remote, stories[warm:], 32)
	deliverAll(b, m)
	busy = cpuTime(b) - busy
	runtime.ReadMemStats(&after)
	b.ReportMetric(busy.Seconds()*1000/each, "cpu-ms/payment")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/each, "allocs/payment")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/each/1024, "KB/payment")
	b.ReportMetric(float64(got.p50.Milliseconds()), "p50-ms")
	b.ReportMetric(float64(got.p99.Milliseconds()), "p99-ms")
	b.ReportMetric(got.perSecond, "payments/s")
}

// BenchmarkLastingPayments is what 32 clients who never pause wait once the events
// of what they did are delivered beside them, which gives way to people for two seconds
// only (services/doorway.go). It runs once, whatever -benchtime says.
func BenchmarkLastingPayments(b *testing.B) {
	data, stories := hiredFolder(b, 1536)
	m := start(b, data, services.DurabilityGroup)
	got := payAll(b, tests.Remote(b, "http://"+m.Addr), stories, 32)
	deliverAll(b, m)
	b.ReportMetric(float64(got.p50.Milliseconds()), "p50-ms")
	b.ReportMetric(float64(got.p99.Milliseconds()), "p99-ms")
	b.ReportMetric(got.perSecond, "payments/s")
}

// deliverAll waits until no instance has anything to tell another.
func deliverAll(b *testing.B, m *services.Marketplace) {
	b.Helper()
	for _, instance := range m.Instances {
		for left := true; left; time.Sleep(20 * time.Millisecond) {
			if err := instance.App.ConcurrentDB().NewQuery(`SELECT EXISTS (SELECT 1 FROM outbox WHERE state <> 'done')`).Row(&left); err != nil {
				b.Fatal(err)
			}
			if b.Context().Err() != nil {
				b.Fatal("what instances tell each other did not arrive")
			}
		}
	}
}
