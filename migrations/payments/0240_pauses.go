package payments

import (
	"errors"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0240, down0240)
}

// up0240 remembers what keeps deadlines still, beginning with the chargebacks that
// are open, and what of an approval in part could not be paid yet.
func up0240(app core.App) error {
	col, err := app.FindCollectionByNameOrId("payments")
	if err != nil {
		return err
	}
	col.Fields.Add(&core.NumberField{Name: "owedPart", OnlyInt: true, Min: number(0), Hidden: true})
	return errors.Join(app.Save(col), common.Pauses(app), common.Exec(app, `INSERT INTO deadline_pauses (subject, cause, reason)
		SELECT payment, 'chargeback:' || id, 'A chargeback is open.' FROM chargebacks WHERE status = 'open'`))
}

func down0240(app core.App) error {
	return errors.Join(common.DropPauses(app), removeFields(app, "owedPart"))
}
