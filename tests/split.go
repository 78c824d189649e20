package tests

import (
	"context"
	"log/slog"
	"testing"
	"testing/fstest"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/hooks"
	"github.com/lancershub/lancershub/services"
)

// NewSplit is a marketplace like New's whose instances reach each other across
// the network, as four processes do, with a gateway in front. addr gives free
// addresses; wire returns the URL at which from reaches to, which listens at target.
func NewSplit(tb testing.TB, addr func(testing.TB) string, wire func(from, to collections.Domain, target string) string, change ...func(*services.Options)) *Market {
	tb.Helper()
	clock := services.NewSetClock(Start)
	options := services.Options{
		DataDir: cloneTemplate(tb), Clock: clock, Manual: true, NoRateLimits: true, TrustProxy: true,
		Durability: services.DurabilityNormal, Logger: slog.New(slog.DiscardHandler),
	}
	for _, fn := range change {
		fn(&options)
	}
	public := addr(tb)
	options.PublicURL = "http://" + public
	targets, direct := map[collections.Domain]string{}, map[collections.Domain]string{}
	for _, domain := range collections.Domains {
		targets[domain] = addr(tb)
		direct[domain] = "http://" + targets[domain]
	}
	all := &services.Marketplace{Instances: map[collections.Domain]*services.Instance{}}
	start := func(at string, peers map[collections.Domain]string, domains ...collections.Domain) *services.Marketplace {
		own := options
		own.HTTPAddr, own.Peers, own.Domains = at, peers, domains
		started, err := services.Start(context.Background(), own, hooks.Bind, fstest.MapFS{"index.html": {Data: []byte("the web app")}})
		if err != nil {
			tb.Fatalf("Failed to start %v: %v", domains, err)
		}
		tb.Cleanup(func() {
			if err := started.Close(); err != nil {
				tb.Errorf("Failed to stop %v: %v", domains, err)
			}
		})
		return started
	}
	for _, from := range collections.Domains {
		peers := map[collections.Domain]string{}
		for _, to := range collections.Domains {
			if to != from {
				peers[to] = wire(from, to, targets[to])
			}
		}
		all.Instances[from] = start(targets[from], peers, from).Instances[from]
	}
	gateway := start(public, direct, []collections.Domain{}...)
	all.Options = gateway.Options
	m := &Market{Marketplace: all, Clock: clock, base: "http://" + gateway.Addr, tb: tb}
	m.deliver = func() error { return m.Drain(context.Background()) }
	return m
}
