package payments

import "github.com/pocketbase/pocketbase/core"

func init() {
	List.Register(up0004, down0004)
}

// up0004 lets held money roll on to another payment, and be asked back.
func up0004(app core.App) error {
	col, err := app.FindCollectionByNameOrId("payments")
	if err != nil {
		return err
	}
	col.Fields.Add(
		&core.NumberField{Name: "rolled", OnlyInt: true, Min: number(0)},
		&core.TextField{Name: "rolledFrom", Max: 15},
		&core.NumberField{Name: "refundAsked", OnlyInt: true, Min: number(0)},
		&core.TextField{Name: "refundReason", Max: 1000},
	)
	return app.Save(col)
}

func down0004(app core.App) error {
	return removeFields(app, "rolled", "rolledFrom", "refundAsked", "refundReason")
}
