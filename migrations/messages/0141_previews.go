package messages

import (
	"errors"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0141, down0141)
}

// up0141 gives messages a preview of the page they link to, and keeps the list of
// those that have to be looked at.
func up0141(app core.App) error {
	return errors.Join(
		common.AddFields(app, "messages", &core.JSONField{Name: "preview", MaxSize: 4000}),
		common.Exec(app, `CREATE TABLE link_previews (message TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
			CREATE INDEX idx_link_previews_at ON link_previews (at)`))
}

func down0141(app core.App) error {
	return errors.Join(common.Exec(app, `DROP TABLE link_previews`), common.RemoveFields(app, "messages", "preview"))
}
