package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0250, down0250)
}

// up0250 keeps with a proposal the fee plan it was sent under, which becomes its contract's.
func up0250(app core.App) error {
	return common.AddFields(app, "proposals", &core.JSONField{Name: "feePlan", MaxSize: 2_000})
}

func down0250(app core.App) error { return common.RemoveFields(app, "proposals", "feePlan") }
