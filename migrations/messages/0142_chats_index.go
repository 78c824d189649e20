package messages

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0142, down0142)
}

// up0142 finds the chats of a contract without reading all of them: the unique
// indexes are for one kind of chat each, which SQLite does not see in a question.
func up0142(app core.App) error {
	return common.ChangeCollection(app, "chats", func(col *core.Collection) { col.AddIndex("idx_chats_of_contract", false, "`contract`", "") })
}

func down0142(app core.App) error {
	return common.ChangeCollection(app, "chats", func(col *core.Collection) { col.RemoveIndex("idx_chats_of_contract") })
}
