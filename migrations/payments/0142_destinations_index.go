package payments

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0142, down0142)
}

// up0142 finds the destinations of one freelancer, also those of the past.
func up0142(app core.App) error {
	return common.ChangeCollection(app, "payoutDestinations", func(col *core.Collection) {
		col.AddIndex("idx_destinations_freelancer", false, "`freelancer`", "")
	})
}

func down0142(app core.App) error {
	return common.ChangeCollection(app, "payoutDestinations", func(col *core.Collection) { col.RemoveIndex("idx_destinations_freelancer") })
}
