package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0140, down0140)
}

// up0140 finds reservations that are late without reading all of them.
func up0140(app core.App) error {
	return common.Exec(app, `CREATE INDEX idx_reservations_due ON reservations (decide_by) WHERE state = 'reserved'`)
}

func down0140(app core.App) error { return common.Exec(app, `DROP INDEX idx_reservations_due`) }
