package services

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// ProviderStripe is the name of the provider that moves money through Stripe.
const ProviderStripe = "stripe"

// Secret is text that is never written out by accident: not by a log, not by
// fmt, not as JSON. string(secret) is the only way to it.
type Secret string

const hidden = "[secret]"

// String implements fmt.Stringer.
func (Secret) String() string { return hidden }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return hidden }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText implements encoding.TextMarshaler.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// StripeOptions is what Stripe knows us by.
type StripeOptions struct {
	// Key is a secret or restricted API key (sk_..., rk_...).
	Key Secret
	// WebhookSecrets sign the webhooks (whsec_...); two while one replaces the other.
	WebhookSecrets []Secret
	// URL is another address of the API, for tests. Default: Stripe's.
	URL string
}

// live tells whether the key moves real money.
func (o StripeOptions) live() bool { return strings.Contains(string(o.Key), "_live_") }

// checkProvider refuses options no provider can be made of.
func (o Options) checkProvider() error {
	switch o.Provider {
	case ProviderSandbox:
		return nil
	case ProviderStripe:
	default:
		return fmt.Errorf("there is no payment provider %q; there are %s and %s (provider_unknown)", o.Provider, ProviderSandbox, ProviderStripe)
	}
	if o.Stripe.Key == "" {
		return fmt.Errorf("the %s provider needs a key: --stripe-key-file FILE (provider_key_missing)", ProviderStripe)
	}
	if key := string(o.Stripe.Key); !strings.HasPrefix(key, "sk_") && !strings.HasPrefix(key, "rk_") {
		return fmt.Errorf("the key in --stripe-key-file is no secret key of Stripe: it begins with sk_ or rk_ (provider_key_invalid)")
	}
	if len(o.Stripe.WebhookSecrets) == 0 {
		return fmt.Errorf("the %s provider needs the signing secret of its webhook: --stripe-webhook-secret-file FILE (provider_key_missing)", ProviderStripe)
	}
	return nil
}

// openProviders makes the providers this installation can talk to. The sandbox is
// always there: what it took before another was configured, it gives back.
func openProviders(i *Instance) map[string]Provider {
	providers := map[string]Provider{ProviderSandbox: Sandbox{app: i.App, clock: i.Clock}}
	if i.Options.Provider == ProviderStripe {
		providers[ProviderStripe] = newStripe(i)
	}
	return providers
}

// providerNamed is the provider that something was done with: records from before
// there was a choice name none and mean the sandbox.
func (s *PaymentsService) providerNamed(name string) (Provider, error) {
	if name == "" {
		name = ProviderSandbox
	}
	if name == s.Provider.Name() {
		return s.Provider, nil
	}
	if provider, ok := s.providers[name]; ok {
		return provider, nil
	}
	return nil, fmt.Errorf("the payment provider %q is not configured any more, and something is still to be done with it (provider_missing)", name)
}

// providerTimeout bounds one question to a provider.
const providerTimeout = 20 * time.Second
