package messages

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0210, down0210)
}

// up0210 notes up to which of the searchable messages the full-text index goes:
// they are indexed some at a time, after they were sent.
func up0210(app core.App) error {
	return common.Exec(app, `
CREATE TABLE search_upto (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	n   INTEGER NOT NULL
) STRICT;
INSERT INTO search_upto (one, n) SELECT 1, coalesce(max(n), 0) FROM searchable;`)
}

// down0210 indexes what is left: the version before does it as messages are sent.
func down0210(app core.App) error {
	return common.Exec(app, `
INSERT INTO search (rowid, chat, body) SELECT s.n, m.chat, m.body FROM searchable s JOIN messages m ON m.id = s.message
	WHERE s.n > (SELECT n FROM search_upto) AND m.deletedAt = '' AND m.body <> '';
DROP TABLE search_upto;`)
}
