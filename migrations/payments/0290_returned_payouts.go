package payments

import (
	"errors"

	"github.com/pocketbase/pocketbase/core"
)

func init() {
	List.Register(up0290, down0290)
}

// up0290 lets a moderator say that they have paid in another way what came back after its
// freelancer had closed the account, and finds those that wait for it without reading the others.
func up0290(app core.App) error {
	return changePayouts(app, func(col *core.Collection, moderation *core.SelectField) {
		moderation.Values = []string{"hold", "release", "refuse", "paid"}
		col.AddIndex("idx_payouts_returned", false, "`freelancer`", "`status` = 'returned' AND `moderation` <> 'paid'")
	})
}

func down0290(app core.App) error {
	return changePayouts(app, func(col *core.Collection, moderation *core.SelectField) {
		moderation.Values = []string{"hold", "release", "refuse"}
		col.RemoveIndex("idx_payouts_returned")
	})
}

func changePayouts(app core.App, change func(col *core.Collection, moderation *core.SelectField)) error {
	col, err := app.FindCollectionByNameOrId("payouts")
	if err != nil {
		return err
	}
	moderation, ok := col.Fields.GetByName("moderation").(*core.SelectField)
	if !ok {
		return errors.New("payouts have no moderation to choose")
	}
	change(col, moderation)
	return app.Save(col)
}
