package payments

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0003, down0003)
}

// up0003 adds disputes, their evidence, and to payments what is locked by one.
func up0003(app core.App) error {
	payments, err := app.FindCollectionByNameOrId("payments")
	if err != nil {
		return err
	}
	payments.Fields.Add(&core.NumberField{Name: "disputed", OnlyInt: true, Min: number(0)})
	if err := app.Save(payments); err != nil {
		return err
	}
	disputes, err := disputesCollection(app)
	if err != nil {
		return err
	}
	return evidenceCollection(app, disputes.Id)
}

func disputesCollection(app core.App) (*core.Collection, error) {
	payment, err := common.Relation(app, "payment", "payments", true)
	if err != nil {
		return nil, err
	}
	col := core.NewBaseCollection("disputes")
	col.ListRule, col.ViewRule = common.Ptr(parties), common.Ptr(parties)
	if err := addParties(app, col); err != nil {
		return nil, err
	}
	col.Fields.Add(
		payment,
		&core.TextField{Name: "project", Max: 15},
		&core.TextField{Name: "contract", Max: 15},
		&core.TextField{Name: "milestone", Max: 15},
		&core.TextField{Name: "title", Max: 140, Presentable: true},
		&core.TextField{Name: "openedBy", Required: true, Max: 15},
		&core.NumberField{Name: "amount", OnlyInt: true, Required: true, Min: number(1), Max: number(maxAmount)},
		&core.TextField{Name: "currency", Required: true, Pattern: "^[A-Z]{3}$"},
		&core.SelectField{Name: "category", Values: []string{"not_delivered", "not_as_described", "late", "unpaid", "other"}, MaxSelect: 1},
		&core.TextField{Name: "reason", Max: 5000},
		&core.TextField{Name: "answer", Max: 5000},
		&core.NumberField{Name: "clientPosition", OnlyInt: true, Min: number(0)},
		&core.NumberField{Name: "freelancerPosition", OnlyInt: true, Min: number(0)},
		&core.SelectField{Name: "status", Required: true, Values: []string{"open", "answered", "negotiating", "in_review", "closed"}, MaxSelect: 1},
		&core.SelectField{Name: "outcome", Values: []string{"agreed", "defaulted", "small_claim", "ruled", "withdrawn"}, MaxSelect: 1},
		&core.NumberField{Name: "toFreelancer", OnlyInt: true, Min: number(0)},
		&core.TextField{Name: "decision", Max: 1000},
		&core.SelectField{Name: "ruling", Values: []string{"client", "freelancer", "split"}, MaxSelect: 1},
		&core.NumberField{Name: "rulingToFreelancer", OnlyInt: true, Min: number(0)},
		&core.TextField{Name: "rulingReason", Max: 1000},
		&core.DateField{Name: "closedAt"},
		&core.NumberField{Name: "version", OnlyInt: true},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_disputes_live", true, "`payment`", "`status` <> 'closed'")
	col.AddIndex("idx_disputes_status", false, "`status`, `created`", "")
	col.AddIndex("idx_disputes_contract", false, "`contract`", "")
	return col, app.Save(col)
}

func evidenceCollection(app core.App, disputes string) error {
	col := core.NewBaseCollection("evidence")
	col.ListRule, col.ViewRule = common.Ptr(parties), common.Ptr(parties)
	if err := addParties(app, col); err != nil {
		return err
	}
	col.Fields.Add(
		&core.RelationField{Name: "dispute", CollectionId: disputes, MaxSelect: 1, Required: true},
		&core.SelectField{Name: "kind", Required: true, Values: []string{"contract", "messages"}, MaxSelect: 1, Presentable: true},
		&core.JSONField{Name: "content", MaxSize: 1 << 20},
		&core.TextField{Name: "sha256", Max: 64},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_evidence_dispute", true, "`dispute`, `kind`", "")
	return app.Save(col)
}

// addParties adds client and freelancer.
func addParties(app core.App, col *core.Collection) error {
	for _, name := range []string{"client", "freelancer"} {
		field, err := common.UserRelation(app, name, true)
		if err != nil {
			return err
		}
		col.Fields.Add(field)
	}
	return nil
}

func down0003(app core.App) error {
	if err := common.Drop(app, "evidence", "disputes"); err != nil {
		return err
	}
	return removeFields(app, "disputed")
}

func removeFields(app core.App, names ...string) error {
	col, err := app.FindCollectionByNameOrId("payments")
	if err != nil {
		return err
	}
	for _, name := range names {
		col.Fields.RemoveByName(name)
	}
	return app.Save(col)
}
