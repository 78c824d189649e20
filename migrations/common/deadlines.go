package common

import "github.com/pocketbase/pocketbase/core"

// Deadlines creates the collection of everything that happens by itself unless
// somebody acts before. A record has at most one live deadline of a kind.
func Deadlines(app core.App) error {
	client, err := UserRelation(app, "client", false)
	if err != nil {
		return err
	}
	freelancer, err := UserRelation(app, "freelancer", false)
	if err != nil {
		return err
	}
	const parties = "@request.auth.id != '' && (client = @request.auth.id || freelancer = @request.auth.id)"
	col := core.NewBaseCollection("deadlines")
	col.ListRule, col.ViewRule = Ptr(parties), Ptr(parties)
	col.Fields.Add(
		&core.TextField{Name: "kind", Required: true, Max: 40, Presentable: true},
		&core.TextField{Name: "collection", Required: true, Max: 40},
		&core.TextField{Name: "subject", Required: true, Max: 15},
		&core.TextField{Name: "project", Max: 15},
		&core.TextField{Name: "title", Max: 140},
		client,
		freelancer,
		&core.DateField{Name: "dueAt"},
		&core.SelectField{Name: "favour", Values: []string{"client", "freelancer"}, MaxSelect: 1},
		&core.SelectField{Name: "status", Required: true, Values: []string{"armed", "reminded", "paused", "fired", "cancelled"}, MaxSelect: 1},
		&core.TextField{Name: "reason", Max: 300},
		&core.JSONField{Name: "reminders", MaxSize: 400},
		&core.NumberField{Name: "reminded", OnlyInt: true},
		&core.NumberField{Name: "nextAt", OnlyInt: true, Hidden: true},
		&core.NumberField{Name: "left", OnlyInt: true},
		&core.DateField{Name: "firedAt"},
		&core.NumberField{Name: "version", OnlyInt: true},
	)
	col.Fields.Add(Stamps()...)
	const live = "`status` IN ('armed', 'reminded', 'paused')"
	col.AddIndex("idx_deadlines_live", true, "`subject`, `kind`", live)
	col.AddIndex("idx_deadlines_next", false, "`nextAt`", "`nextAt` > 0")
	col.AddIndex("idx_deadlines_project", false, "`project`", live)
	return app.Save(col)
}

// DropDeadlines removes the collection.
func DropDeadlines(app core.App) error { return Drop(app, "deadlines") }
