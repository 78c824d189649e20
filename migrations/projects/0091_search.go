package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0091, down0091)
}

// searchSQL makes the full-text index of all projects. A project's rowid is no
// stable number in SQLite (VACUUM may change it), so searchable gives it one.
const searchSQL = `
CREATE TABLE searchable (
	n       INTEGER PRIMARY KEY,
	project TEXT NOT NULL UNIQUE
) STRICT;
CREATE VIRTUAL TABLE search USING fts5(title, description, skills, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
INSERT INTO searchable (project) SELECT id FROM projects ORDER BY created;
INSERT INTO search (rowid, title, description, skills)
SELECT s.n, p.title, p.description, coalesce(p.skills, '') FROM searchable s JOIN projects p ON p.id = s.project;
`

func up0091(app core.App) error { return common.Exec(app, searchSQL) }

func down0091(app core.App) error {
	return common.Exec(app, `DROP TABLE search; DROP TABLE searchable;`)
}
