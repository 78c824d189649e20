package projects

import (
	"errors"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0090, down0090)
}

// sealedReviewsSQL: what was written before it may be read is in a raw table,
// which no API rule, filter, sort, expand or subscription reaches. reputation
// counts what is published, as it is published.
const sealedReviewsSQL = `
CREATE TABLE sealed_reviews (
	review     TEXT PRIMARY KEY,
	rating     INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
	categories TEXT NOT NULL,
	body       TEXT NOT NULL,
	at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reputation (
	person    TEXT PRIMARY KEY,
	reviews   INTEGER NOT NULL DEFAULT 0 CHECK (reviews >= 0),
	stars     INTEGER NOT NULL DEFAULT 0 CHECK (stars BETWEEN reviews AND reviews * 5),
	completed INTEGER NOT NULL DEFAULT 0 CHECK (completed >= 0),
	version   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO reputation (person, completed, version)
SELECT person, count(*), 0 FROM (
	SELECT client AS person FROM contracts WHERE status = 'completed'
	UNION ALL SELECT freelancer FROM contracts WHERE status = 'completed'
) GROUP BY person;
`

func up0090(app core.App) error {
	col := core.NewBaseCollection("reviews")
	for _, name := range []string{"author", "subject", "client", "freelancer"} {
		field, err := common.UserRelation(app, name, true)
		if err != nil {
			return err
		}
		col.Fields.Add(field)
	}
	const readers = "status = 'published' || status = 'replied' || (@request.auth.id != '' && (client = @request.auth.id || freelancer = @request.auth.id))"
	col.ListRule, col.ViewRule = common.Ptr(readers), common.Ptr(readers)
	col.CreateRule = common.Ptr("@request.auth.id != ''")
	col.Fields.Add(
		// Text and not relations: everybody reads a published review, and nobody
		// should look through it into the contract.
		&core.TextField{Name: "contract", Required: true, Max: 15},
		&core.TextField{Name: "project", Required: true, Max: 15},
		&core.TextField{Name: "title", Max: 140, Presentable: true},
		&core.SelectField{Name: "status", Required: true, Values: []string{"open", "sealed", "published", "replied", "expired"}, MaxSelect: 1},
		&core.NumberField{Name: "version", OnlyInt: true},
		&core.NumberField{Name: "rating", OnlyInt: true, Min: number(0), Max: number(5)},
		&core.JSONField{Name: "categories", MaxSize: 500},
		&core.TextField{Name: "body", Max: 4000},
		&core.DateField{Name: "publishedAt"},
		&core.TextField{Name: "reply", Max: 2000},
		&core.DateField{Name: "repliedAt"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_reviews_author", true, "`contract`, `author`", "")
	col.AddIndex("idx_reviews_subject", false, "`subject`, `publishedAt`", "")
	return errors.Join(app.Save(col), common.Exec(app, sealedReviewsSQL))
}

func down0090(app core.App) error {
	return errors.Join(common.Drop(app, "reviews"), common.Exec(app, `DROP TABLE sealed_reviews; DROP TABLE reputation`))
}
