package messages

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0051, down0051)
}

// searchSQL makes the full-text index of all messages. The chat is a word of its
// own in it: "in one of my chats" is then part of the match, and a search costs
// what is in one's own chats, whatever else is stored. A message's rowid is no
// stable number in SQLite (VACUUM may change it), so searchable gives it one.
const searchSQL = `
CREATE TABLE searchable (
	n       INTEGER PRIMARY KEY,
	message TEXT NOT NULL UNIQUE
) STRICT;
CREATE VIRTUAL TABLE search USING fts5(chat, body, tokenize = 'unicode61 remove_diacritics 2', prefix = '3');
INSERT INTO searchable (message) SELECT id FROM messages WHERE kind = 'user' AND deletedAt = '' AND body <> '' ORDER BY created;
INSERT INTO search (rowid, chat, body) SELECT s.n, m.chat, m.body FROM searchable s JOIN messages m ON m.id = s.message;
`

func up0051(app core.App) error { return common.Exec(app, searchSQL) }

func down0051(app core.App) error {
	return common.Exec(app, `DROP TABLE search; DROP TABLE searchable;`)
}
