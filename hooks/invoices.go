package hooks

import (
	"net/http"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindInvoices registers invoices and what people want to be called on them.
func bindInvoices(i *services.Instance, payments *services.PaymentsService) error {
	i.App.OnRecordCreateRequest(collections.BillingDetails).BindFunc(func(e *core.RecordRequestEvent) error {
		user, err := requireUser(e.RequestEvent)
		if err != nil {
			return err
		}
		e.Record.Set(collections.FieldUser, user.Id)
		return e.Next()
	})
	onServe(i, func(e *core.ServeEvent) {
		invoice := func(form string, answer func(e *core.RequestEvent, invoice *core.Record) error) {
			e.Router.GET("/api/invoices/{id}/"+form, func(e *core.RequestEvent) error {
				user, err := requireUser(e)
				if err != nil {
					return err
				}
				record, err := payments.Invoice(e.Request.PathValue("id"), user.Id)
				if err != nil {
					return err
				}
				return answer(e, record)
			})
		}
		invoice("json", func(e *core.RequestEvent, invoice *core.Record) error {
			return e.Blob(http.StatusOK, "application/json", []byte(invoice.GetString(collections.InvoiceContent)))
		})
		invoice("pdf", func(e *core.RequestEvent, invoice *core.Record) error {
			return payments.WriteInvoicePDF(e.Response, e.Request, invoice)
		})
	})
	return i.Every(i.Options.SweepEvery, "store invoices", payments.StoreInvoices)
}
