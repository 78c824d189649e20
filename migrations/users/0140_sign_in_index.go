package users

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0140, down0140)
}

// up0140 finds an account by its e-mail address without reading all of them.
// PocketBase's own index leaves out empty addresses, which keeps SQLite from using
// it where the address is a parameter, that is at every sign-in.
func up0140(app core.App) error {
	return common.ChangeCollection(app, "users", func(col *core.Collection) {
		col.AddIndex("idx_users_sign_in", false, "`email`", "")
	})
}

func down0140(app core.App) error {
	return common.ChangeCollection(app, "users", func(col *core.Collection) { col.RemoveIndex("idx_users_sign_in") })
}
