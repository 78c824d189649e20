package messages

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0230, down0230)
}

// up0230 hides from the others in a chat what only its member is meant to know;
// hooks show it to the member.
func up0230(app core.App) error { return hideOwn(app, true) }

func down0230(app core.App) error { return hideOwn(app, false) }

func hideOwn(app core.App, hidden bool) error {
	return common.ChangeCollection(app, "members", func(col *core.Collection) {
		for _, name := range []string{"muted", "archived", "ownAfter", "mentions"} {
			col.Fields.GetByName(name).SetHidden(hidden)
		}
	})
}
