package payments

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0140, down0140)
}

// up0140 finds what the money of a payment rolled on to, and the payments of a
// milestone, without reading all payments.
func up0140(app core.App) error {
	return common.ChangeCollection(app, "payments", func(col *core.Collection) {
		col.AddIndex("idx_payments_rolled", false, "`rolledFrom`", "`rolledFrom` <> ''")
		col.AddIndex("idx_payments_milestone", false, "`milestone`", "")
	})
}

func down0140(app core.App) error {
	return common.ChangeCollection(app, "payments", func(col *core.Collection) {
		col.RemoveIndex("idx_payments_rolled")
		col.RemoveIndex("idx_payments_milestone")
	})
}
