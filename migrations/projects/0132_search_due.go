package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0132, down0132)
}

// up0132 finds the next project for the saved searches without reading all that wait.
func up0132(app core.App) error {
	return common.Exec(app, `CREATE INDEX idx_search_due_queued ON search_due (queued, project)`)
}

func down0132(app core.App) error { return common.Exec(app, `DROP INDEX idx_search_due_queued`) }
