package hooks

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/services"
)

// Webhooks are followed soon: somebody waits for their payment.
const followEvery = time.Second

// bindProvider registers what is between us and a payment provider.
func bindProvider(i *services.Instance, payments *services.PaymentsService) error {
	bindRecoveries(i, payments)
	bindRefusals(i, payments)
	// The sandbox sends no webhooks: it is asked more often.
	every := time.Hour
	if i.Options.Provider == services.ProviderSandbox {
		every = services.SlowSweep
	}
	return errors.Join(bindWebhooks(i, payments),
		i.Every(every, "find chargebacks", payments.FindChargebacks), i.AtStart("find chargebacks", payments.FindChargebacks))
}

// bindWebhooks takes what payment providers tell. Who they are is said by the
// signature of the body, so it is read as it came.
func bindWebhooks(i *services.Instance, payments *services.PaymentsService) error {
	onServe(i, func(e *core.ServeEvent) {
		e.Router.POST(services.WebhookPath+"{provider}", func(e *core.RequestEvent) error {
			body, err := io.ReadAll(e.Request.Body)
			if err != nil {
				return err
			}
			if err := payments.ReceiveWebhook(e.Request.PathValue("provider"), body, e.Request.Header.Get("Stripe-Signature")); err != nil {
				return err
			}
			return e.JSON(http.StatusOK, map[string]bool{"received": true})
		}).Bind(apis.BodyLimit(maxJSON))
	})
	return errors.Join(
		i.Every(followEvery, "follow webhooks", payments.ApplyWebhooks), i.AtStart("follow webhooks", payments.ApplyWebhooks),
		i.Every(time.Hour, "prune webhooks", noContext(payments.PruneWebhooks)))
}
