package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/lancershub/lancershub/services"
)

// Where secrets of the payment provider may be, other than in files.
const (
	envStripeKey     = "LANCERSHUB_STRIPE_KEY"
	envStripeWebhook = "LANCERSHUB_STRIPE_WEBHOOK_SECRET"
)

// providerFlags adds the options that choose a payment provider. The function it
// returns reads the secrets, once the flags are parsed.
func providerFlags(flags *pflag.FlagSet, options *services.Options) func() error {
	var keyFile, webhookFile string
	flags.StringVar(&options.Provider, "provider", services.ProviderSandbox, "who moves the money: sandbox (nobody) or stripe")
	flags.StringVar(&keyFile, "stripe-key-file", "", "file with the secret key of Stripe (or set "+envStripeKey+")")
	flags.StringVar(&webhookFile, "stripe-webhook-secret-file", "", "file with the signing secret of the webhook, one a line while one replaces another (or set "+envStripeWebhook+")")
	flags.StringVar(&options.Stripe.URL, "stripe-api", "", "another address of Stripe's API, for tests")
	flags.DurationVar(&options.ConfirmWithin, "confirm-within", 0, "how long a client has to confirm a payment on the provider's page, 31m to 24h (default 1h)")
	return func() error {
		if options.Provider != services.ProviderStripe {
			return nil
		}
		keys, err := secrets(keyFile, envStripeKey)
		if err != nil {
			return err
		}
		if len(keys) > 1 {
			return fmt.Errorf("%s has more than one line; it should hold one key", keyFile)
		}
		if len(keys) == 1 {
			options.Stripe.Key = keys[0]
		}
		options.Stripe.WebhookSecrets, err = secrets(webhookFile, envStripeWebhook)
		return err
	}
}

// secrets reads secrets, one a line, from a file or else from the environment.
func secrets(file, env string) ([]services.Secret, error) {
	text := os.Getenv(env)
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("failed to read a secret: %w", err)
		}
		text = string(raw)
	}
	var found []services.Secret
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, services.Secret(line))
		}
	}
	return found, nil
}
