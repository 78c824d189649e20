package tests

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// NewStripe is a marketplace whose payments go through a stand-in for Stripe.
func NewStripe(tb testing.TB) (*Market, *stripesim.Server) {
	tb.Helper()
	var sim *stripesim.Server
	m := New(tb, func(o *services.Options) {
		sim = stripesim.New(tb, o.Clock.Now)
		o.Provider = services.ProviderStripe
		o.Stripe = services.StripeOptions{Key: services.Secret(sim.Key), WebhookSecrets: []services.Secret{services.Secret(sim.Secret)}, URL: sim.URL}
	})
	return m, sim
}

// WebhookURL is where the stand-in sends webhooks.
func (m *Market) WebhookURL() string {
	return m.Base() + "/api/payments" + services.WebhookPath + "stripe"
}

// Sweep does once what is done in the background between us and the provider.
func (m *Market) Sweep() error {
	m.tb.Helper()
	p, ctx := m.Payments(), context.Background()
	err := errors.Join(p.ApplyWebhooks(ctx), p.Complete(ctx), p.SendRefunds(ctx), p.SendPayouts(ctx), p.FindChargebacks(ctx))
	m.Deliver()
	return err
}

// SameAsProvider fails the test unless the provider's list adds up, in EUR, to
// our world account and, by payment and payout, to its own book.
func (m *Market) SameAsProvider(sim *stripesim.Server) {
	m.tb.Helper()
	moved, err := m.Payments().Provider.List(context.Background(), time.Time{}, m.Clock.Now().Add(time.Second))
	if err != nil {
		m.tb.Fatal(err)
	}
	listed, book := map[string]int64{}, map[string]int64{}
	var sum int64
	for _, movement := range moved {
		listed[movement.Key] += movement.Amount
		sum += movement.Amount
	}
	for _, entry := range sim.Book() {
		book[entry.Key] += entry.Amount
	}
	for key, amount := range book {
		if listed[key] != amount {
			m.tb.Errorf("Expected the provider's list to be its book about %s, got %d and %d", key, listed[key], amount)
		}
	}
	world, err := services.Balance(m.Instances[collections.DomainPayments].App, services.AccountWorld, "EUR")
	if err != nil {
		m.tb.Fatal(err)
	}
	if sum != world {
		m.tb.Errorf("Expected the provider to have moved %d like our world account, its list has %d", world, sum)
	}
}
