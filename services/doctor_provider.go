package services

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

const checkProvider = "provider"

// provider looks at who moves the money, and at what it has not done.
func (d *doctor) provider(ctx context.Context, app *core.BaseApp) {
	d.refunds(app)
	domain := collections.DomainPayments
	if d.options.Provider == ProviderSandbox {
		if public := d.options.PublicURL; strings.HasPrefix(public, "https://") {
			d.warn(checkProvider, domain, "payments go through the sandbox: no money moves at "+public, "start with --provider stripe (README, payments through Stripe)")
		}
		return
	}
	if err := d.options.checkProvider(); err != nil {
		d.fail(checkProvider, domain, err.Error(), "README, payments through Stripe")
		return
	}
	stripe := newStripe(&Instance{Domain: domain, Options: d.options, Clock: SystemClock{}, Logger: slog.New(slog.DiscardHandler), App: app})
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	if _, err := stripe.client.V1Balance.Retrieve(ctx, nil); err != nil {
		if status := stripeStatus(err); status == http.StatusUnauthorized || status == http.StatusForbidden {
			d.fail(checkProvider, domain, "Stripe does not take the key", "make a new one at https://dashboard.stripe.com/apikeys and put it into the file of --stripe-key-file")
			return
		}
		d.fail(checkProvider, domain, "Stripe does not answer", "may this machine reach https://api.stripe.com?")
		return
	}
	d.ok(checkProvider, domain, "Stripe answers and takes the key")
	var sandbox int
	err := app.DB().NewQuery(`SELECT count(*) FROM payments WHERE provider IN ('', 'sandbox') AND status IN ('held', 'disputed')`).Row(&sandbox)
	if err == nil && sandbox > 0 {
		d.warn(checkProvider, domain, fmt.Sprintf("%d held payments were made in the sandbox: nobody paid for them", sandbox), "do not pay them out; start a real marketplace on an empty data folder")
	}
	if stripe.live && !strings.HasPrefix(d.options.PublicURL, "https://") {
		d.warn(checkProvider, domain, "the key is a live one, and the marketplace is not reached by https", "start with --public-url https://…")
	}
}

// refunds looks for what a provider should have given back and did not.
func (d *doctor) refunds(app core.App) {
	var failed int
	var reason string
	err := app.DB().NewQuery(`SELECT count(*), coalesce(max(last_error), '') FROM provider_refunds WHERE state = 'failed'`).Row(&failed, &reason)
	switch {
	case err != nil:
		d.fail(checkProvider, collections.DomainPayments, err.Error(), restoreAdvice)
	case failed > 0:
		d.fail(checkProvider, collections.DomainPayments, fmt.Sprintf("%d refunds were refused by the provider for good; last reason: %s", failed, reason),
			"pay the client in another way, and note it in provider_refunds (state done, last_error what was done)")
	}
}
