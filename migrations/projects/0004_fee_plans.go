package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0004, down0004)
}

// up0004 adds fee plans as data: what the platform keeps is public, and a plan
// is never changed, only followed by another.
func up0004(app core.App) error {
	col := core.NewBaseCollection("feePlans")
	col.ListRule, col.ViewRule = common.Ptr(""), common.Ptr("")
	col.Fields.Add(
		&core.TextField{Name: "version", Required: true, Max: 60, Presentable: true},
		&core.TextField{Name: "category", Max: 60},
		&core.TextField{Name: "currency", Pattern: "^([A-Z]{3})?$"},
		&core.NumberField{Name: "basisPoints", OnlyInt: true, Min: number(0), Max: number(10_000)},
		amountField("fixed"),
		amountField("minimum"),
		&core.DateField{Name: "validFrom"},
		&core.TextField{Name: "note", Max: 1000},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_feePlans_version", true, "`version`", "")
	return app.Save(col)
}

func down0004(app core.App) error { return common.Drop(app, "feePlans") }
