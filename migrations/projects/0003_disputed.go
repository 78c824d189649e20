package projects

import "github.com/pocketbase/pocketbase/core"

func init() {
	List.Register(up0003, down0003)
}

// up0003 lets a milestone show that its money is disputed.
func up0003(app core.App) error {
	col, err := app.FindCollectionByNameOrId("milestones")
	if err != nil {
		return err
	}
	col.Fields.Add(&core.BoolField{Name: "disputed"})
	return app.Save(col)
}

func down0003(app core.App) error {
	col, err := app.FindCollectionByNameOrId("milestones")
	if err != nil {
		return err
	}
	col.Fields.RemoveByName("disputed")
	return app.Save(col)
}
