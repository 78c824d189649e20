package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0131, down0131)
}

// alertsSQL: which published projects the saved searches have not been held
// against yet (after is the last search that was), and which project was told to
// which search. The second makes an alert happen once, whatever is repeated.
const alertsSQL = `
CREATE TABLE search_due (
	project TEXT PRIMARY KEY,
	after   TEXT NOT NULL DEFAULT '',
	queued  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE search_alerts (
	project TEXT NOT NULL,
	search  TEXT NOT NULL,
	at      INTEGER NOT NULL,
	PRIMARY KEY (project, search)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_search_alerts_search ON search_alerts (search);
`

// up0131 adds saved searches: the filters of the browse page under a name.
func up0131(app core.App) error {
	user, err := common.UserRelation(app, "user", true)
	if err != nil {
		return err
	}
	const own, freelancer = signedIn + " && user = @request.auth.id", signedIn + " && @request.auth.roles:each ?= 'freelancer'"
	col := core.NewBaseCollection("searches")
	col.ListRule, col.ViewRule = common.Ptr(own), common.Ptr(own)
	col.CreateRule, col.UpdateRule, col.DeleteRule = common.Ptr(freelancer), common.Ptr(own), common.Ptr(own)
	col.Fields.Add(
		user,
		&core.TextField{Name: "name", Required: true, Max: 80, Presentable: true},
		&core.TextField{Name: "words", Max: 200},
		&core.TextField{Name: "without", Max: 200},
		&core.TextField{Name: "category", Max: 60},
		&core.TextField{Name: "currency", Pattern: "^[A-Z]{3}$"},
		amountField("min"),
		&core.BoolField{Name: "paused"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_searches_user", false, "`user`, `created`", "")
	if err := app.Save(col); err != nil {
		return err
	}
	return common.Exec(app, alertsSQL)
}

func down0131(app core.App) error {
	if err := common.Exec(app, `DROP TABLE search_alerts; DROP TABLE search_due;`); err != nil {
		return err
	}
	return common.Drop(app, "searches")
}
