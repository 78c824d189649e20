package projects

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0101, down0101)
}

// up0101 adds deliverables: what a freelancer hands over for a milestone, kept
// with its checksum.
func up0101(app core.App) error {
	if err := common.Uploads(app); err != nil {
		return err
	}
	fields, err := partiesOf(app, "contracts", "contract")
	if err != nil {
		return err
	}
	project, err := common.Relation(app, "project", "projects", true)
	if err != nil {
		return err
	}
	milestone, err := common.Relation(app, "milestone", "milestones", true)
	if err != nil {
		return err
	}
	by, err := common.UserRelation(app, "by", true)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("deliverables")
	col.ListRule, col.ViewRule = common.Ptr(parties), common.Ptr(parties)
	col.Fields.Add(fields...)
	col.Fields.Add(
		project, milestone, by,
		&core.TextField{Name: "name", Required: true, Max: 200, Presentable: true},
		// The n-th file of this name for the milestone.
		&core.NumberField{Name: "version", OnlyInt: true, Required: true},
		&core.NumberField{Name: "size", OnlyInt: true, Required: true},
		&core.TextField{Name: "type", Max: 120},
		&core.TextField{Name: "sha256", Required: true, Max: 64},
		&core.TextField{Name: "note", Max: 5000},
		// When it was handed in with the milestone; empty before.
		&core.DateField{Name: "submittedAt"},
		&core.FileField{Name: "file", MaxSelect: 1, MaxSize: 4 << 30, Thumbs: []string{"320x0"}, Protected: true},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_deliverables_version", true, "`milestone`, `name`, `version`", "")
	col.AddIndex("idx_deliverables_contract", false, "`contract`, `created`", "")
	return app.Save(col)
}

func down0101(app core.App) error { return common.Drop(app, "deliverables", "uploads") }
