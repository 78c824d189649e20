package projects

import "github.com/lancershub/lancershub/migrations/common"

func init() {
	List.Register(common.Pauses, common.DropPauses)
}
