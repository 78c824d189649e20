package hooks

import (
	"net/http"
	"strconv"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindFees registers what a price means for both sides, before anything is signed.
// Fee plans are no secret: of an amount anybody may ask, as who has no account yet does.
func bindFees(e *core.ServeEvent, p services.ProjectsService) {
	e.Router.GET("/api/fees/preview", func(e *core.RequestEvent) error {
		query := e.Request.URL.Query()
		var preview *services.FeePreview
		var err error
		if proposal := query.Get("proposal"); proposal != "" {
			user, refused := requireUser(e)
			if refused != nil {
				return refused
			}
			preview, err = p.PreviewProposal(proposal, user.Id)
		} else {
			amount, notANumber := strconv.ParseInt(query.Get(collections.FieldAmount), 10, 64)
			if notANumber != nil {
				return services.Failf(http.StatusBadRequest, services.CodeNotAnInteger, "amount must be a whole number of minor units.").With("field", collections.FieldAmount)
			}
			preview, err = p.PreviewFee(amount, query.Get(collections.FieldCurrency), query.Get(collections.ProjectCategory))
		}
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, preview)
	})
}
