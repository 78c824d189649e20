package hooks

import (
	"errors"
	"net/http"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

func bindPayments(i *services.Instance) error {
	payments := services.NewPayments(i)
	if err := errors.Join(payments.KeepMoneyApart(), payments.ClearLocks(), payments.CatchUpEarnings()); err != nil {
		return err
	}
	payments.HandleProjects()
	payments.HandleDeadlines()
	payments.HandleEvidence()
	bindRulings(i, payments)
	if err := bindEarnings(i, payments); err != nil {
		return err
	}
	i.App.OnRecordCreateRequest(collections.Payments).BindFunc(createPayment(payments))
	if err := bindProvider(i, payments); err != nil {
		return err
	}
	if err := errors.Join(bindPayouts(i, payments), bindInvoices(i, payments), bindReconciliation(i, payments)); err != nil {
		return err
	}
	onServe(i, func(e *core.ServeEvent) {
		bindPaymentCommands(e, payments)
		bindPaymentRoutes(e, payments)
		bindDisputes(e, payments)
		bindEarningsRoutes(e, payments)
		bindStatement(e, payments)
		platformTotals(e, func(e *core.RequestEvent) (services.Table, error) {
			query := e.Request.URL.Query()
			return payments.PlatformTotals(query.Get("from"), query.Get("to"))
		})
		internal(i, e, http.MethodGet, services.InternalPayments+"{payment}", func(_ *services.Instance, _ services.Caller, e *core.RequestEvent) error {
			state, err := payments.State(e.Request.PathValue("payment"))
			if err != nil {
				return err
			}
			return e.JSON(http.StatusOK, state)
		})
	})
	return errors.Join(
		i.Every(i.Options.SweepEvery, "complete payments", payments.Complete), i.AtStart("complete payments", payments.Complete),
		i.Every(i.Options.SweepEvery, "give back", payments.SendRefunds), i.AtStart("give back", payments.SendRefunds))
}

// bindPaymentCommands is the table of what can be done to a payment.
func bindPaymentCommands(e *core.ServeEvent, payments *services.PaymentsService) {
	command(e, collections.Payments, "release", true, func(e *core.RequestEvent, c call) (services.Answer, error) {
		return payments.Release(c.Command, c.ID, c.Body.Amount, c.Body.Reason, signedInAt(e))
	})
	command(e, collections.Payments, "refund", true, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return payments.Refund(c.Command, c.ID, c.Body.Amount, c.Body.Reason)
	})
	command(e, collections.Payments, "cancel", true, func(e *core.RequestEvent, c call) (services.Answer, error) {
		return payments.CancelPayment(e.Request.Context(), c.Command, c.ID)
	})
	command(e, collections.Payments, "ask-refund", true, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return payments.AskRefund(c.Command, c.ID, c.Body.Amount, c.Body.Reason)
	})
	command(e, collections.Payments, "decline-refund", true, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return payments.DeclineRefund(c.Command, c.ID, c.Body.Reason)
	})
}

// bindPaymentRoutes registers who moves the money, and where a client confirms a payment.
func bindPaymentRoutes(e *core.ServeEvent, payments *services.PaymentsService) {
	e.Router.GET("/api/payments/provider", func(e *core.RequestEvent) error {
		return e.JSON(http.StatusOK, map[string]string{collections.FieldProvider: payments.Provider.Name()})
	})
	e.Router.GET("/api/payments/{id}/confirmation", func(e *core.RequestEvent) error {
		user, err := requireUser(e)
		if err != nil {
			return err
		}
		confirmation, err := payments.Confirmation(user.Id, e.Request.PathValue("id"))
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, confirmation)
	})
}

// createPayment takes a payment through the collection's own create route, so
// that the SDK's create() works, and carries it out as a command.
func createPayment(payments *services.PaymentsService) func(e *core.RecordRequestEvent) error {
	return func(e *core.RecordRequestEvent) error {
		cmd, body, err := creation(e, true, paymentFields...)
		if err != nil {
			return err
		}
		answer, err := payments.Create(e.Request.Context(), cmd, services.PaymentRequest{
			Project: text(body, collections.FieldProject), Contract: text(body, collections.FieldContract),
			Milestone: text(body, collections.FieldMilestone), Freelancer: text(body, collections.FieldFreelancer),
			Amount: int64(e.Record.GetInt(collections.FieldAmount)), Currency: text(body, collections.FieldCurrency),
			Source: text(body, collections.PaymentSource),
		})
		if err != nil {
			return err
		}
		return writeAnswer(e.RequestEvent, answer)
	}
}

// paymentFields are the fields a payment's body may have.
var paymentFields = []string{
	collections.FieldProject, collections.FieldContract, collections.FieldMilestone, collections.FieldClient, collections.FieldFreelancer,
	collections.FieldAmount, collections.FieldCurrency, collections.PaymentSource, collections.FieldStatus,
}
