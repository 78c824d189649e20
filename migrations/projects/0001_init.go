// Package projects holds the schema history of the projects instance.
package projects

import (
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

// List has the migrations of the projects instance, in the order of their file names.
var List core.MigrationsList

func init() {
	List.Register(up0001, down0001)
}

const (
	signedIn = "@request.auth.id != ''"
	parties  = signedIn + " && (client = @request.auth.id || freelancer = @request.auth.id)"
	// maxAmount is ten billion in a currency with two decimals: far above any
	// real project and far below where float64, PocketBase's number type, loses integers.
	maxAmount = 1_000_000_000_000
)

// reservationsSQL: which payment a milestone is reserved for. One live
// reservation per milestone is what keeps two payments from funding it.
const reservationsSQL = `
CREATE TABLE reservations (
	payment   TEXT PRIMARY KEY,
	milestone TEXT NOT NULL,
	contract  TEXT NOT NULL,
	project   TEXT NOT NULL,
	state     TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'released')),
	decide_by INTEGER NOT NULL,
	created   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX idx_reservations_live ON reservations (milestone) WHERE state <> 'released';
CREATE INDEX idx_reservations_project ON reservations (project) WHERE state <> 'released';
`

func up0001(app core.App) error {
	steps := []struct {
		name string
		run  func(core.App) error
	}{
		{"messaging", common.Messaging},
		{"users mirror", common.MirrorUsers},
		{"projects", projectsCollection},
		{"proposals", proposalsCollection},
		{"contracts", contractsCollection},
		{"milestones", milestonesCollection},
		{"timeline", common.Timeline},
		{"reservations", func(app core.App) error { return common.Exec(app, reservationsSQL) }},
	}
	for _, step := range steps {
		if err := step.run(app); err != nil {
			return fmt.Errorf("failed to create %s: %w", step.name, err)
		}
	}
	return nil
}

func down0001(app core.App) error {
	if err := common.Exec(app, `DROP TABLE reservations`); err != nil {
		return err
	}
	if err := common.Drop(app, "timeline", "milestones", "contracts", "proposals", "projects"); err != nil {
		return err
	}
	return common.DropMessaging(app)
}

func projectsCollection(app core.App) error {
	client, err := common.UserRelation(app, "client", true)
	if err != nil {
		return err
	}
	freelancer, err := common.UserRelation(app, "freelancer", false)
	if err != nil {
		return err
	}
	const owner = signedIn + " && client = @request.auth.id"
	col := core.NewBaseCollection("projects")
	col.ListRule = common.Ptr("status = 'open' || (" + parties + ")")
	col.ViewRule = common.Ptr("status = 'open' || (" + parties + ")")
	col.CreateRule = common.Ptr(signedIn + " && @request.auth.roles:each ?= 'client'")
	col.UpdateRule = common.Ptr(owner + " && (status = 'draft' || status = 'open')")
	col.DeleteRule = common.Ptr(owner + " && status = 'draft'")
	col.Fields.Add(
		client,
		freelancer,
		&core.TextField{Name: "title", Required: true, Min: 3, Max: 140, Presentable: true},
		&core.TextField{Name: "description", Max: 20000},
		&core.TextField{Name: "category", Max: 60},
		&core.JSONField{Name: "skills", MaxSize: 4000},
		&core.SelectField{Name: "budgetType", Values: []string{"fixed", "hourly"}, MaxSelect: 1},
		amountField("budgetMin"),
		amountField("budgetMax"),
		&core.TextField{Name: "currency", Required: true, Pattern: "^[A-Z]{3}$"},
		&core.DateField{Name: "deadline"},
		&core.SelectField{Name: "status", Required: true, Values: []string{"draft", "open", "in_progress", "completed", "cancelled", "expired"}, MaxSelect: 1},
		&core.NumberField{Name: "version", OnlyInt: true},
		&core.NumberField{Name: "proposalCount", OnlyInt: true},
		&core.TextField{Name: "reason", Max: 1000},
		&core.DateField{Name: "publishedAt"},
		&core.DateField{Name: "closedAt"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_projects_status", false, "`status`, `publishedAt` DESC", "")
	col.AddIndex("idx_projects_client", false, "`client`, `status`", "")
	col.AddIndex("idx_projects_freelancer", false, "`freelancer`", "`freelancer` <> ''")
	return app.Save(col)
}

func proposalsCollection(app core.App) error {
	fields, err := partiesOf(app, "projects", "project")
	if err != nil {
		return err
	}
	const author = signedIn + " && freelancer = @request.auth.id"
	col := core.NewBaseCollection("proposals")
	col.ListRule, col.ViewRule = common.Ptr(parties), common.Ptr(parties)
	col.CreateRule = common.Ptr(signedIn + " && @request.auth.roles:each ?= 'freelancer'")
	col.UpdateRule = common.Ptr(author + " && status = 'submitted'")
	col.Fields.Add(fields...)
	col.Fields.Add(
		&core.TextField{Name: "projectTitle", Max: 140},
		requiredAmount("amount"),
		&core.TextField{Name: "currency", Required: true, Pattern: "^[A-Z]{3}$"},
		&core.NumberField{Name: "days", OnlyInt: true, Min: number(1), Max: number(3650)},
		&core.TextField{Name: "coverLetter", Max: 10000},
		&core.SelectField{Name: "status", Required: true, Values: []string{"submitted", "accepted", "rejected", "withdrawn", "archived"}, MaxSelect: 1},
		&core.NumberField{Name: "version", OnlyInt: true},
		&core.TextField{Name: "reason", Max: 1000},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_proposals_live", true, "`project`, `freelancer`", "`status` IN ('submitted', 'accepted')")
	col.AddIndex("idx_proposals_accepted", true, "`project`", "`status` = 'accepted'")
	col.AddIndex("idx_proposals_project", false, "`project`, `status`", "")
	col.AddIndex("idx_proposals_freelancer", false, "`freelancer`, `created`", "")
	col.AddIndex("idx_proposals_client", false, "`client`, `created`", "")
	return app.Save(col)
}

func contractsCollection(app core.App) error {
	fields, err := partiesOf(app, "projects", "project")
	if err != nil {
		return err
	}
	proposal, err := common.Relation(app, "proposal", "proposals", true)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("contracts")
	col.ListRule, col.ViewRule = common.Ptr(parties), common.Ptr(parties)
	col.Fields.Add(fields...)
	col.Fields.Add(
		proposal,
		&core.TextField{Name: "title", Max: 140, Presentable: true},
		requiredAmount("amount"),
		&core.TextField{Name: "currency", Required: true, Pattern: "^[A-Z]{3}$"},
		&core.NumberField{Name: "days", OnlyInt: true},
		&core.JSONField{Name: "feePlan", MaxSize: 2000},
		&core.SelectField{Name: "status", Required: true, Values: []string{"active", "paused", "completed", "ended"}, MaxSelect: 1},
		&core.NumberField{Name: "version", OnlyInt: true},
		&core.TextField{Name: "reason", Max: 1000},
		&core.DateField{Name: "closedAt"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_contracts_proposal", true, "`proposal`", "")
	col.AddIndex("idx_contracts_project", false, "`project`", "")
	col.AddIndex("idx_contracts_client", false, "`client`, `status`", "")
	col.AddIndex("idx_contracts_freelancer", false, "`freelancer`, `status`", "")
	return app.Save(col)
}

func milestonesCollection(app core.App) error {
	fields, err := partiesOf(app, "contracts", "contract")
	if err != nil {
		return err
	}
	project, err := common.Relation(app, "project", "projects", true)
	if err != nil {
		return err
	}
	const planner = signedIn + " && client = @request.auth.id && status = 'planned'"
	col := core.NewBaseCollection("milestones")
	col.ListRule, col.ViewRule = common.Ptr(parties), common.Ptr(parties)
	col.CreateRule = common.Ptr(signedIn + " && @request.auth.roles:each ?= 'client'")
	col.UpdateRule, col.DeleteRule = common.Ptr(planner), nil
	col.Fields.Add(fields...)
	col.Fields.Add(
		project,
		&core.NumberField{Name: "position", OnlyInt: true},
		&core.TextField{Name: "title", Required: true, Max: 140, Presentable: true},
		requiredAmount("amount"),
		&core.TextField{Name: "currency", Required: true, Pattern: "^[A-Z]{3}$"},
		&core.DateField{Name: "dueAt"},
		&core.SelectField{Name: "status", Required: true, Values: []string{"planned", "funded", "submitted", "changes_requested", "approved", "released", "cancelled"}, MaxSelect: 1},
		&core.NumberField{Name: "version", OnlyInt: true},
		&core.TextField{Name: "payment", Max: 15},
		&core.TextField{Name: "note", Max: 5000},
		&core.DateField{Name: "submittedAt"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_milestones_contract", true, "`contract`, `position`", "")
	col.AddIndex("idx_milestones_project", false, "`project`", "")
	col.AddIndex("idx_milestones_freelancer", false, "`freelancer`, `status`", "")
	col.AddIndex("idx_milestones_client", false, "`client`, `status`", "")
	return app.Save(col)
}

func partiesOf(app core.App, parent, name string) ([]core.Field, error) {
	relation, err := common.Relation(app, name, parent, true)
	if err != nil {
		return nil, err
	}
	client, err := common.UserRelation(app, "client", true)
	if err != nil {
		return nil, err
	}
	freelancer, err := common.UserRelation(app, "freelancer", true)
	if err != nil {
		return nil, err
	}
	return []core.Field{relation, client, freelancer}, nil
}

func amountField(name string) core.Field {
	return &core.NumberField{Name: name, OnlyInt: true, Min: number(0), Max: number(maxAmount)}
}

func requiredAmount(name string) core.Field {
	return &core.NumberField{Name: name, OnlyInt: true, Required: true, Min: number(1), Max: number(maxAmount)}
}

func number(v float64) *float64 { return &v }
