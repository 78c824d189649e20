package payments

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0280, down0280)
}

// up0280 remembers whether the money in this database is real.
func up0280(app core.App) error {
	return common.Exec(app, `CREATE TABLE money_kind (
		id   INTEGER PRIMARY KEY CHECK (id = 1),
		kind TEXT NOT NULL CHECK (kind IN ('test', 'real'))
	) STRICT`)
}

func down0280(app core.App) error { return common.Exec(app, `DROP TABLE money_kind`) }
