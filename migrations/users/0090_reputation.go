package users

import "github.com/pocketbase/pocketbase/core"

func init() {
	List.Register(up0090, down0090)
}

var reputationFields = []string{"rating", "reviewCount", "completedContracts", "reputationVersion"}

// up0090 shows on the profile what projects counts: the mean rating in hundredths
// of a star, how many reviews it is of, and the completed contracts.
func up0090(app core.App) error {
	col, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return err
	}
	for _, name := range reputationFields {
		col.Fields.Add(&core.NumberField{Name: name, OnlyInt: true, Min: number(0), Hidden: name == "reputationVersion"})
	}
	col.AddIndex("idx_users_rating", false, "`rating`", "")
	return app.Save(col)
}

func down0090(app core.App) error {
	col, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return err
	}
	col.RemoveIndex("idx_users_rating")
	for _, name := range reputationFields {
		col.Fields.RemoveByName(name)
	}
	return app.Save(col)
}
