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

// TestBrowserPay pays with the provider "stripe" in Chromium: its page is that of
// our stand-in, which sends the webhooks, too.
func TestBrowserPay(t *testing.T) {
	ui, chromium := browser(t)
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
	drive(t, ui, p, []string{filepath.Join(ui, "e2e", "pay", "pay.test.mjs")}, "CHROMIUM="+chromium)
}
