package tests

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/hooks"
	"github.com/lancershub/lancershub/services"
)

// TestTestMoneyDoesNotBecomeReal opens one data folder with the sandbox, a test key of
// Stripe and a live one: freely while nobody has paid, then never from one kind to the other.
func TestTestMoneyDoesNotBecomeReal(t *testing.T) {
	t.Parallel()
	var sandbox services.Options
	m := New(t, func(o *services.Options) { sandbox = *o })
	hired := Hired(m)
	hired.Pay(Key(), Body{"source": services.SourceDeclined}).Want(t, http.StatusPaymentRequired, services.CodePaymentDeclined) // no money
	m.Deliver()
	with := func(key string) services.Options {
		o := sandbox
		o.Provider = services.ProviderStripe
		o.Stripe = services.StripeOptions{Key: services.Secret(key), WebhookSecrets: []services.Secret{"whsec_test"}, URL: "http://127.0.0.1:1"}
		return o
	}
	opens := func(options services.Options, what string, may bool) {
		t.Helper()
		again, err := services.Start(t.Context(), options, hooks.Bind, fstest.MapFS{"index.html": {Data: []byte("the web app")}})
		if err == nil {
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if may && err != nil {
			t.Errorf("Expected %s to start, got %v", what, err)
		}
		if !may && (err == nil || !strings.Contains(err.Error(), "money_kind_changed")) {
			t.Errorf("Expected %s not to start, got %v", what, err)
		}
	}
	live, try := with("rk_live_1"), with("sk_test_1")
	stop := func() {
		t.Helper()
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	opens(live, "a live key before anybody paid", true)
	opens(sandbox, "the sandbox before anybody paid", true)
	m = New(t, func(o *services.Options) { o.DataDir = sandbox.DataDir })
	paying := *hired
	paying.Market, paying.Client = m, hired.Client.At(m)
	paying.Fund()
	stop()
	opens(live, "a live key with what the sandbox took", false)
	opens(try, "a test key with what the sandbox took", true)
	opens(sandbox, "the sandbox again", true)

	// As a version that did not remember the kind left it.
	m = New(t, func(o *services.Options) { o.DataDir = sandbox.DataDir })
	payments := m.Instances[collections.DomainPayments].App
	if _, err := payments.NonconcurrentDB().NewQuery(`DELETE FROM money_kind`).Execute(); err != nil {
		t.Fatal(err)
	}
	stop()
	opens(live, "a live key with what the sandbox of an older version took", false)

	// And as it is where real money was paid.
	m = New(t, func(o *services.Options) { o.DataDir = sandbox.DataDir })
	payments = m.Instances[collections.DomainPayments].App
	if _, err := payments.NonconcurrentDB().NewQuery(`UPDATE money_kind SET kind = 'real'`).Execute(); err != nil {
		t.Fatal(err)
	}
	stop()
	opens(sandbox, "the sandbox with real money", false)
	opens(live, "a live key with real money", true)
}
