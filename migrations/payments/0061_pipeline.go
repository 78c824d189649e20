package payments

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0061, down0061)
}

// pipelineSQL keeps what may become money, and what was predicted of it. Times
// are Unix milliseconds.
//
//   - pipeline_item: every version of every proposal and milestone, as projects
//     tells of it. Nothing is overwritten, so that the pipeline of any past date
//     can be looked at again.
//   - forecast_run: what was predicted, with its inputs; day and month are those of
//     the person's time zone.
//   - forecast_score: predicted months that are over, beside what came.
//   - forecast_model: how history and pipeline are combined, learned from this marketplace.
const pipelineSQL = `
CREATE TABLE pipeline_item (
	id         TEXT NOT NULL,
	version    INTEGER NOT NULL,
	kind       TEXT NOT NULL CHECK (kind IN ('proposal', 'milestone')),
	status     TEXT NOT NULL,
	title      TEXT NOT NULL,
	project    TEXT NOT NULL,
	contract   TEXT NOT NULL,
	client     TEXT NOT NULL,
	freelancer TEXT NOT NULL,
	currency   TEXT NOT NULL,
	amount     INTEGER NOT NULL,
	fee        INTEGER NOT NULL,
	position   INTEGER NOT NULL,
	days       INTEGER NOT NULL,
	due        INTEGER NOT NULL,
	created    INTEGER NOT NULL,
	at         INTEGER NOT NULL,
	PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_pipeline_item_freelancer ON pipeline_item (freelancer, id, version);
CREATE INDEX idx_pipeline_item_client ON pipeline_item (client, id, version);

CREATE TABLE forecast_run (
	user     TEXT NOT NULL,
	view     TEXT NOT NULL CHECK (view IN ('income', 'spend')),
	currency TEXT NOT NULL,
	day      TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
	at       INTEGER NOT NULL,
	inputs   TEXT NOT NULL,
	answer   TEXT NOT NULL,
	PRIMARY KEY (user, view, currency, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE forecast_score (
	user     TEXT NOT NULL,
	view     TEXT NOT NULL CHECK (view IN ('income', 'spend')),
	currency TEXT NOT NULL,
	day      TEXT NOT NULL,
	month    TEXT NOT NULL CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'),
	ahead    INTEGER NOT NULL,
	mean     INTEGER NOT NULL,
	lower80  INTEGER NOT NULL,
	upper80  INTEGER NOT NULL,
	lower95  INTEGER NOT NULL,
	upper95  INTEGER NOT NULL,
	actual   INTEGER NOT NULL,
	at       INTEGER NOT NULL,
	PRIMARY KEY (user, view, currency, day, month)
) STRICT, WITHOUT ROWID;

CREATE TABLE forecast_model (
	view     TEXT PRIMARY KEY CHECK (view IN ('income', 'spend')),
	at       INTEGER NOT NULL,
	examples INTEGER NOT NULL,
	model    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

const dropPipelineSQL = `
DROP TABLE forecast_model;
DROP TABLE forecast_score;
DROP TABLE forecast_run;
DROP TABLE pipeline_item;
`

func up0061(app core.App) error { return common.Exec(app, pipelineSQL) }

func down0061(app core.App) error { return common.Exec(app, dropPipelineSQL) }
