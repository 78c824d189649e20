package payments

import (
	"errors"
	"slices"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0072, down0072)
}

// up0072 adds chargebacks, and to payments what one locks.
func up0072(app core.App) error {
	payments, err := app.FindCollectionByNameOrId("payments")
	if err != nil {
		return err
	}
	payments.Fields.Add(
		&core.NumberField{Name: "chargedBack", OnlyInt: true, Min: number(0)},
		&core.SelectField{Name: "chargeback", Values: []string{"open", "won", "lost"}, MaxSelect: 1},
		&core.BoolField{Name: "owed", Hidden: true},
	)
	if err := app.Save(payments); err != nil {
		return err
	}
	return errors.Join(chargebacksCollection(app), disputeOutcomes(app, true), common.Exec(app, sandboxIndexesSQL))
}

// sandboxIndexesSQL: what the sandbox moved is asked for by time, and which of it
// a bank takes back.
const sandboxIndexesSQL = `
CREATE INDEX idx_sandbox_charges_at ON sandbox_charges (at);
CREATE INDEX idx_sandbox_charges_back ON sandbox_charges (at) WHERE source IN ('test_chargeback', 'test_chargeback_won');
CREATE INDEX idx_sandbox_payouts_at ON sandbox_payouts (at);
`

func chargebacksCollection(app core.App) error {
	payment, err := common.Relation(app, "payment", "payments", true)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("chargebacks")
	col.ListRule, col.ViewRule = common.Ptr(parties), common.Ptr(parties)
	if err := addParties(app, col); err != nil {
		return err
	}
	col.Fields.Add(
		payment,
		&core.TextField{Name: "project", Max: 15},
		&core.TextField{Name: "contract", Max: 15},
		&core.TextField{Name: "milestone", Max: 15},
		&core.TextField{Name: "title", Max: 140, Presentable: true},
		&core.NumberField{Name: "amount", OnlyInt: true, Required: true, Min: number(1), Max: number(maxAmount)},
		&core.TextField{Name: "currency", Required: true, Pattern: "^[A-Z]{3}$"},
		&core.NumberField{Name: "locked", OnlyInt: true, Min: number(0)},
		&core.NumberField{Name: "guarded", OnlyInt: true, Min: number(0)},
		&core.BoolField{Name: "taken"},
		&core.TextField{Name: "reason", Max: 200},
		&core.SelectField{Name: "status", Required: true, Values: []string{"open", "won", "lost"}, MaxSelect: 1},
		&core.SelectField{Name: "recovery", Values: []string{"platform", "freelancer"}, MaxSelect: 1},
		&core.TextField{Name: "recoveryReason", Max: 1000},
		&core.NumberField{Name: "recovered", OnlyInt: true, Min: number(0)},
		&core.TextField{Name: "provider", Max: 20, Hidden: true},
		&core.TextField{Name: "providerRef", Required: true, Max: 200, Hidden: true},
		&core.NumberField{Name: "tries", OnlyInt: true, Hidden: true},
		&core.NumberField{Name: "nextTryAt", OnlyInt: true, Hidden: true},
		&core.DateField{Name: "dueBy"},
		&core.DateField{Name: "closedAt"},
		&core.NumberField{Name: "version", OnlyInt: true},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_chargebacks_ref", true, "`providerRef`, `payment`", "")
	col.AddIndex("idx_chargebacks_open", false, "`nextTryAt`", "`status` = 'open'")
	col.AddIndex("idx_chargebacks_payment", false, "`payment`", "")
	col.AddIndex("idx_chargebacks_guarded", false, "`freelancer`, `currency`", "`guarded` > 0")
	return app.Save(col)
}

// disputeOutcomes adds, or takes away, the outcome of a dispute that a chargeback ends.
func disputeOutcomes(app core.App, add bool) error {
	const outcome = "charged_back"
	disputes, err := app.FindCollectionByNameOrId("disputes")
	if err != nil {
		return err
	}
	field, ok := disputes.Fields.GetByName("outcome").(*core.SelectField)
	if !ok {
		return errors.New("disputes have no outcome")
	}
	field.Values = slices.DeleteFunc(field.Values, func(value string) bool { return value == outcome })
	if add {
		field.Values = append(field.Values, outcome)
	}
	return app.Save(disputes)
}

func down0072(app core.App) error {
	return errors.Join(
		common.Exec(app, `DROP INDEX idx_sandbox_payouts_at; DROP INDEX idx_sandbox_charges_back; DROP INDEX idx_sandbox_charges_at;`),
		common.Drop(app, "chargebacks"), removeFields(app, "chargedBack", "chargeback", "owed"), disputeOutcomes(app, false))
}
