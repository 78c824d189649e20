package projects

import "github.com/pocketbase/pocketbase/core"

func init() {
	List.Register(up0005, down0005)
}

// up0005 lets a milestone be approved in part, or be a bonus.
func up0005(app core.App) error {
	col, err := app.FindCollectionByNameOrId("milestones")
	if err != nil {
		return err
	}
	col.Fields.Add(
		&core.SelectField{Name: "kind", Values: []string{"work", "bonus"}, MaxSelect: 1},
		amountField("approvedAmount"),
		&core.TextField{Name: "underpaymentReason", Max: 1000},
	)
	return app.Save(col)
}

func down0005(app core.App) error {
	col, err := app.FindCollectionByNameOrId("milestones")
	if err != nil {
		return err
	}
	for _, name := range []string{"kind", "approvedAmount", "underpaymentReason"} {
		col.Fields.RemoveByName(name)
	}
	return app.Save(col)
}
