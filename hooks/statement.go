package hooks

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindStatement registers the statement of one's own account, with running balance.
func bindStatement(e *core.ServeEvent, payments *services.PaymentsService) {
	e.Router.GET("/api/statement", func(e *core.RequestEvent) error {
		user, err := requireUser(e)
		if err != nil {
			return err
		}
		view, err := perspective(e, user)
		if err != nil {
			return err
		}
		query := e.Request.URL.Query()
		statement, err := payments.Statement(user.Id, view, services.StatementQuery{
			From: query.Get("from"), To: query.Get("to"), Currency: query.Get(collections.FieldCurrency),
		})
		if err != nil {
			return err
		}
		return writeTable(e, "statement", statement)
	})
}
