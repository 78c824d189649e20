package users

import "github.com/lancershub/lancershub/migrations/common"

func init() {
	List.Register(common.Alerts, common.DropAlerts)
}
