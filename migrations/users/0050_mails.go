package users

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0050, down0050)
}

// mailsSQL makes the queue of mails to people. A mail is marked before it is
// handed over, so that a crash in between costs one duplicate and no more.
const mailsSQL = `
CREATE TABLE mails (
	id         TEXT PRIMARY KEY,
	recipient  TEXT NOT NULL,
	kind       TEXT NOT NULL,
	payload    TEXT NOT NULL,
	state      TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'sending', 'sent', 'dropped')),
	tries      INTEGER NOT NULL DEFAULT 0,
	next_at    INTEGER NOT NULL DEFAULT 0,
	created    INTEGER NOT NULL,
	last_error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX idx_mails_open ON mails (next_at) WHERE state IN ('ready', 'sending');
CREATE INDEX idx_mails_created ON mails (created);
`

func up0050(app core.App) error {
	if err := common.Exec(app, mailsSQL); err != nil {
		return err
	}
	col := core.NewViewCollection("mailQueue")
	col.ViewQuery = "SELECT id, recipient, kind, state, tries, last_error, created FROM mails"
	return app.Save(col)
}

func down0050(app core.App) error {
	if err := common.Drop(app, "mailQueue"); err != nil {
		return err
	}
	return common.Exec(app, `DROP TABLE mails`)
}
