package common

import "github.com/pocketbase/pocketbase/core"

// pausesSQL remembers what keeps the deadlines of a record (subject) still: each
// dispute and each chargeback by its name, until it is over. One that is over while
// another is open must not let them run on.
const pausesSQL = `
CREATE TABLE deadline_pauses (
	subject TEXT NOT NULL,
	cause   TEXT NOT NULL,
	reason  TEXT NOT NULL,
	PRIMARY KEY (subject, cause)
) STRICT, WITHOUT ROWID;
`

// Pauses creates the table of what keeps deadlines still.
func Pauses(app core.App) error { return Exec(app, pausesSQL) }

// DropPauses removes it.
func DropPauses(app core.App) error { return Exec(app, `DROP TABLE deadline_pauses`) }
