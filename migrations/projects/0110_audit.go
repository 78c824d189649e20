package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0110, down0110)
}

// hiringMonthsSQL is how many projects were published in a month, and how many of
// these led to a contract so far.
const hiringMonthsSQL = `SELECT (replace(substr(p.publishedAt, 1, 7), '-', '')) AS id, (substr(p.publishedAt, 1, 7)) AS month, count(*) AS published,
	(sum(EXISTS (SELECT 1 FROM contracts c WHERE c.project = p.id))) AS filled,
	(round(100.0 * sum(EXISTS (SELECT 1 FROM contracts c WHERE c.project = p.id)) / count(*), 2)) AS fillRatePercent
	FROM projects p WHERE p.publishedAt <> '' GROUP BY substr(p.publishedAt, 1, 7)`

// up0110 lets moderators read what people with power did, what passes between the
// instances, and how projects find their people.
func up0110(app core.App) error {
	if err := common.Audit(app); err != nil {
		return err
	}
	if err := common.MessagingViews(app); err != nil {
		return err
	}
	col := core.NewViewCollection("hiringMonths")
	col.ViewQuery = hiringMonthsSQL
	return app.Save(col)
}

func down0110(app core.App) error {
	if err := common.Drop(app, "hiringMonths"); err != nil {
		return err
	}
	if err := common.DropMessagingViews(app); err != nil {
		return err
	}
	return common.DropAudit(app)
}
