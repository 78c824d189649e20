package hooks

import (
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/services"
)

// platformTotals registers what moderators see of the whole marketplace.
func platformTotals(e *core.ServeEvent, totals func(e *core.RequestEvent) (services.Table, error)) {
	e.Router.GET("/api/platform/totals", func(e *core.RequestEvent) error {
		answer, err := totals(e)
		if err != nil {
			return err
		}
		return writeTable(e, "totals", answer)
	}).Bind(apis.RequireSuperuserAuth())
}
