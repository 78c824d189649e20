package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0100, down0100)
}

// up0100 lets projects and proposals carry files.
func up0100(app core.App) error {
	if err := common.AddFields(app, "projects", common.Attachments("attachments")); err != nil {
		return err
	}
	return common.AddFields(app, "proposals", common.Attachments("samples"))
}

func down0100(app core.App) error {
	if err := common.RemoveFields(app, "proposals", "samples"); err != nil {
		return err
	}
	return common.RemoveFields(app, "projects", "attachments")
}
