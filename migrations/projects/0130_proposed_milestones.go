package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0130, down0130)
}

// up0130 lets a proposal say in which milestones the work would be done and paid:
// [{title, amount, dueAt}]. They are a part of the offer, read and changed with
// it, and become records when it is accepted.
func up0130(app core.App) error {
	return common.AddFields(app, "proposals", &core.JSONField{Name: "milestones", MaxSize: 20_000})
}

func down0130(app core.App) error { return common.RemoveFields(app, "proposals", "milestones") }
