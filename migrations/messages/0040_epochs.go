package messages

import "github.com/lancershub/lancershub/migrations/common"

func init() {
	List.Register(common.Epochs, common.DropEpochs)
}
