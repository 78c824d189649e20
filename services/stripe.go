package services

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"
)

// Stripe moves money through Stripe: clients pay on Stripe's own page (Checkout)
// or with a payment method they have there, freelancers are paid by transfers to
// their connected accounts.
//
// An answer that does not come, or says nothing (a timeout, a reset, a 5xx), is
// never taken for a yes or a no: the next question looks for what was made before
// it makes anything, by its id, by what it was labelled with, or with the same
// idempotency key. See https://docs.stripe.com/error-low-level.
type Stripe struct {
	client  *stripe.Client
	secrets []Secret
	live    bool
	clock   Clock
	logger  *slog.Logger
}

// Labels we put on Stripe's objects, to find them again.
const (
	labelPayment = "lancershub_payment"
	labelPayout  = "lancershub_payout"
	labelRefund  = "lancershub_refund"
)

// keyLife is how long we rely on Stripe to remember an idempotency key; it
// promises at least 24 hours.
const keyLife = 20 * time.Hour

func newStripe(i *Instance) *Stripe {
	options := i.Options.Stripe
	config := &stripe.BackendConfig{
		// Nothing leaves before what it tells of is on disk.
		HTTPClient: &http.Client{Transport: i.Outward(&http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment}), Timeout: providerTimeout},
		// Only one layer tries again, and it is the one that knows what it wants.
		MaxNetworkRetries: stripe.Int64(0),
		EnableTelemetry:   stripe.Bool(false),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
	}
	if options.URL != "" {
		config.URL = stripe.String(options.URL)
	}
	return &Stripe{
		client:  stripe.NewClient(string(options.Key), stripe.WithBackends(stripe.NewBackendsWithConfig(config))),
		secrets: options.WebhookSecrets, live: options.live(),
		clock: i.Clock, logger: i.Logger.With("provider", ProviderStripe),
	}
}

// Name implements Provider.
func (*Stripe) Name() string { return ProviderStripe }

// CheckSource takes a payment method of Stripe, or none: then the client pays on Stripe's page.
func (*Stripe) CheckSource(source string) error {
	if source == "" || strings.HasPrefix(source, "pm_") {
		return nil
	}
	return badRequest(CodeInvalidInput, "A source is a payment method of Stripe (pm_...); leave it out to pay on Stripe's page.").With("field", "source")
}

// CheckDestination takes a connected account that can receive transfers.
func (p *Stripe) CheckDestination(ctx context.Context, reference string) error {
	unknown := badRequest(CodeDestUnknown, "Stripe knows no connected account %q that can be paid out to.", reference)
	if !strings.HasPrefix(reference, "acct_") || strings.ContainsAny(reference, "/?#") {
		return unknown
	}
	account, err := p.client.V1Accounts.GetByID(ctx, reference, nil)
	if err != nil {
		if refused, _ := p.refusal(err); refused {
			return unknown
		}
		return p.silent("account", reference, err)
	}
	if account.Capabilities == nil || account.Capabilities.Transfers != stripe.AccountCapabilityStatusActive {
		return unknown
	}
	return nil
}

// refusal tells a definite "no", with its reason in words, from everything that
// says nothing about what happened.
func (*Stripe) refusal(err error) (definite bool, reason string) {
	var e *stripe.Error
	if !errors.As(err, &e) || e.Type == stripe.ErrorTypeIdempotency {
		return false, ""
	}
	switch e.HTTPStatusCode {
	case http.StatusBadRequest, http.StatusPaymentRequired, http.StatusNotFound:
		return e.Code != stripe.ErrorCodeLockTimeout && e.Code != stripe.ErrorCodeIdempotencyKeyInUse, e.Msg
	case http.StatusForbidden: // no such account, for a key that may not see it
		return e.Code == stripe.ErrorCodeAccountInvalid, e.Msg
	}
	return false, ""
}

// lookError is the error of a look at what Stripe has. Whatever it says, it decides nothing about
// what was asked for: Stripe does not forget what it made, so a 404 is about our key (that of
// another account), and a 400 about our request.
type lookError struct{ error }

// isMissing tells whether Stripe says that there is no such object.
func isMissing(err error) bool {
	var e *stripe.Error
	return errors.As(err, &e) && (e.HTTPStatusCode == http.StatusNotFound || e.Code == stripe.ErrorCodeResourceMissing)
}

// stripeStatus is the HTTP status of an answer that was an error, or 0.
func stripeStatus(err error) int {
	var e *stripe.Error
	if errors.As(err, &e) {
		return e.HTTPStatusCode
	}
	return 0
}

// silent is the error of a question that was not answered.
func (p *Stripe) silent(what, key string, err error) error {
	p.logger.Warn("no usable answer", "about", what, "key", key, "error", err)
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodeProviderSilent, RetryAfter: 5 * time.Second,
		Message: "The payment provider does not answer; nothing was decided. Ask again with the same Idempotency-Key.",
	}
}

// stripeFactor is what our minor units are multiplied by for Stripe, where it
// counts otherwise than ISO 4217; https://docs.stripe.com/currencies#special-cases.
var stripeFactor = map[string]int64{"ISK": 100, "UGX": 100}

// toStripe returns an amount as Stripe counts it, or why Stripe does not take it.
func toStripe(amount int64, currency string) (counted int64, refused string) {
	if currencies[currency] == 3 && amount%10 != 0 {
		return 0, fmt.Sprintf("%s is not a whole step of what Stripe takes in %s: the last digit must be 0", Money(amount, currency), currency)
	}
	return amount * max(1, stripeFactor[currency]), ""
}

func fromStripe(amount int64, currency stripe.Currency) (int64, string) {
	code := strings.ToUpper(string(currency))
	return amount / max(1, stripeFactor[code]), code
}

// idempotent returns the parameters every request that makes something has.
func idempotent(key string) stripe.Params { return stripe.Params{IdempotencyKey: stripe.String(key)} }
