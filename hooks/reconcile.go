package hooks

import (
	"context"
	"errors"
	"net/http"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/services"
)

// bindReconciliation compares everything at start, regularly, and when a superuser asks.
func bindReconciliation(i *services.Instance, payments *services.PaymentsService) error {
	reconciler := services.NewReconciler(payments)
	onServe(i, func(e *core.ServeEvent) {
		e.Router.POST("/api/ledger/reconcile", func(e *core.RequestEvent) error {
			report, err := reconciler.Run(e.Request.Context(), services.ReconcileOnDemand)
			if err != nil {
				return err
			}
			return e.JSON(http.StatusOK, report)
		}).Bind(apis.RequireSuperuserAuth())
	})
	return errors.Join(
		i.AtStart("reconcile", func(ctx context.Context) error {
			if err := payments.CatchUpInvoices(ctx); err != nil {
				return err
			}
			_, err := reconciler.Run(ctx, services.ReconcileAtStart)
			return err
		}),
		i.Every(services.ReconcileEvery, "reconcile", reconciler.Regular))
}

// metrics answers an operator's collector. Only the operator's network reaches it.
func metrics(i *services.Instance) func(e *core.RequestEvent) error {
	return func(e *core.RequestEvent) error {
		text, err := i.Metrics()
		if err != nil {
			return err
		}
		return e.Blob(http.StatusOK, services.MetricsType, []byte(text))
	}
}

// tellBook tells payments what projects believes about money.
func tellBook(projects services.ProjectsService) func(*services.Instance, services.Caller, *core.RequestEvent) error {
	return func(_ *services.Instance, _ services.Caller, e *core.RequestEvent) error {
		var ask struct {
			After string `json:"after"`
		}
		if err := e.BindBody(&ask); err != nil {
			return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The question cannot be read.")
		}
		book, err := projects.Book(ask.After)
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, book)
	}
}
