package messages

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0110, down0110)
}

// up0110 lets moderators read what people with power did and what passes between the instances.
func up0110(app core.App) error {
	if err := common.Audit(app); err != nil {
		return err
	}
	return common.MessagingViews(app)
}

func down0110(app core.App) error {
	if err := common.DropMessagingViews(app); err != nil {
		return err
	}
	return common.DropAudit(app)
}
