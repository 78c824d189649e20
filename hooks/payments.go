package hooks

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

func bindPayments(i *services.Instance) error {
	payments := services.NewPayments(i)
	if err := payments.ClearLocks(); err != nil {
		return err
	}
	payments.HandleProjects()
	payments.HandleDeadlines()
	payments.HandleEvidence()
	bindRulings(i, payments)
	i.App.OnRecordCreateRequest(collections.Payments).BindFunc(createPayment(payments))
	onServe(i, func(e *core.ServeEvent) {
		command(e, collections.Payments, "release", true, func(_ *core.RequestEvent, c call) (services.Answer, error) {
			return payments.Release(c.Command, c.ID, c.Body.Amount, c.Body.Reason)
		})
		command(e, collections.Payments, "refund", true, func(_ *core.RequestEvent, c call) (services.Answer, error) {
			return payments.Refund(c.Command, c.ID, c.Body.Amount, c.Body.Reason)
		})
		bindDisputes(e, payments)
		bindEarnings(e, payments)
		internal(i, e, http.MethodGet, services.InternalPayments+"{payment}", func(_ *services.Instance, _ services.Caller, e *core.RequestEvent) error {
			return e.JSON(http.StatusOK, payments.State(e.Request.PathValue("payment")))
		})
	})
	return errors.Join(i.Every(i.Options.SweepEvery, "complete payments", payments.Complete), i.AtStart("complete payments", payments.Complete))
}

// createPayment takes a payment through the collection's own create route, so
// that the SDK's create() works, and carries it out as a command.
func createPayment(payments *services.PaymentsService) func(e *core.RecordRequestEvent) error {
	return func(e *core.RecordRequestEvent) error {
		user, err := requireUser(e.RequestEvent)
		if err != nil {
			return err
		}
		body, err := sentBody(e.RequestEvent, e.Collection)
		if err != nil {
			return err
		}
		for name := range body {
			if !slices.Contains(paymentFields, name) {
				return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "A payment has no field %q to set.", name).With("field", name)
			}
		}
		cmd, err := services.NewCommand(user.Id, collections.Payments, idempotencyKey(e.RequestEvent), true, body)
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

func text(body map[string]any, field string) string {
	value, _ := body[field].(string)
	return value
}

// bindEarnings registers what a person can ask about their own money. Whose it
// is comes from the token and from nowhere else.
func bindEarnings(e *core.ServeEvent, payments *services.PaymentsService) {
	earnings := func(path string, ask func(e *core.RequestEvent, user string, view services.Perspective) (any, error)) {
		e.Router.GET("/api/earnings/"+path, func(e *core.RequestEvent) error {
			user, err := requireUser(e)
			if err != nil {
				return err
			}
			view, err := perspective(e, user)
			if err != nil {
				return err
			}
			answer, err := ask(e, user.Id, view)
			if err != nil {
				return err
			}
			return e.JSON(http.StatusOK, answer)
		})
	}
	earnings("summary", func(_ *core.RequestEvent, user string, view services.Perspective) (any, error) {
		return payments.Summary(user, view)
	})
	earnings("monthly", func(e *core.RequestEvent, user string, view services.Perspective) (any, error) {
		query := e.Request.URL.Query()
		series, err := payments.Monthly(user, view, query.Get("from"), query.Get("to"))
		return map[string]any{"perspective": view, "series": series}, err
	})
	earnings("forecast", func(e *core.RequestEvent, user string, view services.Perspective) (any, error) {
		query := e.Request.URL.Query()
		horizon := 3
		if given := query.Get("horizon"); given != "" {
			number, err := strconv.Atoi(given)
			if err != nil {
				return nil, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The horizon is 1 to 12 months.")
			}
			horizon = number
		}
		return payments.Forecast(user, view, query.Get("currency"), horizon)
	})
}

// perspective is income for a freelancer and spend for a client, unless ?view= says otherwise.
func perspective(e *core.RequestEvent, user *core.Record) (services.Perspective, error) {
	switch view := services.Perspective(e.Request.URL.Query().Get("view")); view {
	case services.PerspectiveIncome, services.PerspectiveSpend:
		return view, nil
	case "":
		if slices.Contains(user.GetStringSlice(collections.UserRoles), collections.RoleFreelancer) {
			return services.PerspectiveIncome, nil
		}
		return services.PerspectiveSpend, nil
	default:
		return "", services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The view is %q or %q.", services.PerspectiveIncome, services.PerspectiveSpend)
	}
}
