package users

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0200, down0200)
}

// up0200 keeps the language in which somebody reads, for all mails to them.
func up0200(app core.App) error {
	return common.ChangeCollection(app, "users", func(col *core.Collection) {
		col.Fields.Add(&core.TextField{Name: "language", Max: 5})
	})
}

func down0200(app core.App) error {
	return common.ChangeCollection(app, "users", func(col *core.Collection) { col.Fields.RemoveByName("language") })
}
