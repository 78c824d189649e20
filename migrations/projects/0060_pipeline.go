package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0060, down0060)
}

// pipelineSQL remembers, for each proposal and milestone, how often payments was
// told of it and the last thing it was told, so that it hears of changes only.
const pipelineSQL = `
CREATE TABLE pipeline_told (
	item    TEXT PRIMARY KEY,
	version INTEGER NOT NULL,
	sha     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

func up0060(app core.App) error { return common.Exec(app, pipelineSQL) }

func down0060(app core.App) error { return common.Exec(app, `DROP TABLE pipeline_told`) }
