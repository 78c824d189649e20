package messages

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0100, down0100)
}

// up0100 lets messages carry files, and keeps the list of large ones on their way.
func up0100(app core.App) error {
	if err := common.AddFields(app, "messages", common.Attachments("attachments")); err != nil {
		return err
	}
	return common.Uploads(app)
}

func down0100(app core.App) error {
	if err := common.Drop(app, "uploads"); err != nil {
		return err
	}
	return common.RemoveFields(app, "messages", "attachments")
}
