package messages

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0160, down0160)
}

// up0160 keeps the language in which somebody reads their mails.
func up0160(app core.App) error {
	return common.ChangeCollection(app, "preferences", func(col *core.Collection) {
		col.Fields.Add(&core.TextField{Name: "language", Max: 5})
	})
}

func down0160(app core.App) error {
	return common.ChangeCollection(app, "preferences", func(col *core.Collection) { col.Fields.RemoveByName("language") })
}
