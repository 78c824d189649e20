//go:build browser

package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/process"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// payTour takes payments with the provider "stripe": its page is that of our
// stand-in, which sends the webhooks, too.
func payTour(t *testing.T) (*process.Process, []string) {
	t.Helper()
	sim := stripesim.New(t, time.Now)
	p := process.Start(t, process.FreePort(t), filepath.Join(t.TempDir(), "data"),
		[]string{"LANCERSHUB_STRIPE_KEY=" + sim.Key, "LANCERSHUB_STRIPE_WEBHOOK_SECRET=" + sim.Secret}, "--provider", services.ProviderStripe, "--stripe-api", sim.URL)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-t.Context().Done():
				tick.Stop()
				return
			case <-tick.C:
				for _, body := range sim.Events() {
					sim.Post("http://"+p.Addr+"/api/payments"+services.WebhookPath+"stripe", body, sim.Sign(body, time.Now()))
				}
			}
		}
	}()
	t.Cleanup(func() { <-done })
	return p, nil
}
