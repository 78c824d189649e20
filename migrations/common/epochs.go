package common

import "github.com/pocketbase/pocketbase/core"

// Epochs creates the table of restores. A row that is not settled means: this
// instance was restored from a backup and has not yet heard from all its peers
// what it forgot.
func Epochs(app core.App) error {
	return Exec(app, `
CREATE TABLE epochs (
	number   INTEGER PRIMARY KEY,
	at       INTEGER NOT NULL,
	taken_at INTEGER NOT NULL,
	heard    TEXT NOT NULL DEFAULT '',
	findings TEXT NOT NULL DEFAULT '',
	settled  INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1))
) STRICT;
`)
}

// DropEpochs removes the table.
func DropEpochs(app core.App) error { return Exec(app, `DROP TABLE epochs`) }
