package payments

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0071, down0071)
}

// eventsSQL: webhooks as they arrived. A row is stored before the provider hears
// that its webhook was taken, and carried out from here; it also remembers which
// events were seen, so that none is carried out twice.
const eventsSQL = `
CREATE TABLE provider_events (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	provider   TEXT NOT NULL,
	id         TEXT NOT NULL,
	sha        TEXT NOT NULL,
	body       BLOB NOT NULL,
	state      TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'done', 'ignored', 'parked')),
	tries      INTEGER NOT NULL DEFAULT 0,
	next_at    INTEGER NOT NULL DEFAULT 0,
	last_error TEXT NOT NULL DEFAULT '',
	at         INTEGER NOT NULL,
	UNIQUE (provider, id)
) STRICT;
CREATE INDEX idx_provider_events_due ON provider_events (next_at) WHERE state = 'ready';
CREATE INDEX idx_provider_events_at ON provider_events (at);
`

func up0071(app core.App) error { return common.Exec(app, eventsSQL) }

func down0071(app core.App) error { return common.Exec(app, `DROP TABLE provider_events`) }
