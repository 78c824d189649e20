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
	d.chargebacks(app)
	domain := collections.DomainPayments
	if d.options.Provider == ProviderSandbox {
		if public := d.options.PublicURL; strings.HasPrefix(public, "https://") {
			d.warn(checkProvider, domain, "payments go through the sandbox: no money moves at "+public, "start with --provider stripe (docs/payments.md)")
		}
		return
	}
	if err := d.options.checkProvider(); err != nil {
		d.fail(checkProvider, domain, err.Error(), "see docs/payments.md")
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

// chargebacks looks for money that banks want back, and for losses nobody has decided about.
func (d *doctor) chargebacks(app core.App) {
	var open, undecided int
	var due string
	err := app.DB().NewQuery(`SELECT coalesce(sum(status = 'open'), 0), coalesce(sum(status = 'lost' AND guarded > 0), 0),
		coalesce(min(CASE WHEN status = 'open' AND dueBy <> '' THEN dueBy END), '') FROM chargebacks`).Row(&open, &undecided, &due)
	if err != nil {
		d.fail(checkProvider, collections.DomainPayments, err.Error(), restoreAdvice)
		return
	}
	if open > 0 {
		d.warn(checkProvider, collections.DomainPayments, fmt.Sprintf("banks of clients want money back: %d open chargebacks", open),
			strings.TrimSpace("send evidence in the provider's dashboard; the first is due "+orElse(due, "as it says there")))
	}
	if undecided > 0 {
		d.warn(checkProvider, collections.DomainPayments, fmt.Sprintf("%d lost chargebacks wait for who bears them", undecided),
			"set recovery of the record in chargebacks of the payments admin UI")
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
			"set decision of the record in refusedRefunds of the payments admin UI: retry, or paid when you have paid the client in another way")
	}
	stranded, err := strandedPayouts(app)
	switch {
	case err != nil:
		d.fail(checkProvider, collections.DomainPayments, err.Error(), restoreAdvice)
	case len(stranded) > 0:
		d.warn(checkProvider, collections.DomainPayments, fmt.Sprintf("%d payouts came back to accounts that were closed", len(stranded)),
			"pay them in another way, then set moderation of the payout to paid in the payments admin UI: "+stranded[0].ID)
	}
}
