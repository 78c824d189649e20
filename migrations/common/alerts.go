package common

import "github.com/pocketbase/pocketbase/core"

// Alerts creates the list of what operators were told by mail and is not over yet:
// it is how they are told once, and once more when it is over.
func Alerts(app core.App) error {
	return Exec(app, `
CREATE TABLE alerts (
	finding TEXT PRIMARY KEY,
	message TEXT NOT NULL,
	since   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`)
}

// DropAlerts removes the table.
func DropAlerts(app core.App) error { return Exec(app, `DROP TABLE alerts`) }
