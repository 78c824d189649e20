package payments

import (
	"errors"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0010, down0010)
}

const (
	ownFreelancer = signedIn + " && freelancer = @request.auth.id"
	asFreelancer  = signedIn + " && @request.auth.roles:each ?= 'freelancer'"
)

// sandboxPayoutsSQL: what the sandbox was asked to pay out, by idempotency key.
const sandboxPayoutsSQL = `
CREATE TABLE sandbox_payouts (
	key         TEXT PRIMARY KEY,
	amount      INTEGER NOT NULL,
	currency    TEXT NOT NULL,
	destination TEXT NOT NULL,
	at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

func up0010(app core.App) error {
	return errors.Join(destinationsCollection(app), payoutsCollection(app), common.Exec(app, sandboxPayoutsSQL))
}

func down0010(app core.App) error {
	return errors.Join(common.Drop(app, "payouts", "payoutDestinations"), common.Exec(app, `DROP TABLE sandbox_payouts`))
}

func destinationsCollection(app core.App) error {
	freelancer, err := common.UserRelation(app, "freelancer", true)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("payoutDestinations")
	col.ListRule, col.ViewRule = common.Ptr(ownFreelancer), common.Ptr(ownFreelancer)
	col.CreateRule = common.Ptr(asFreelancer)
	col.Fields.Add(
		freelancer,
		&core.TextField{Name: "label", Required: true, Max: 60, Presentable: true},
		&core.TextField{Name: "reference", Required: true, Max: 120, Hidden: true},
		&core.TextField{Name: "hint", Max: 10},
		&core.TextField{Name: "provider", Max: 20},
		&core.SelectField{Name: "status", Required: true, Values: []string{"cooling", "active", "replaced", "removed"}, MaxSelect: 1},
		&core.NumberField{Name: "version", OnlyInt: true},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_destinations_live", true, "`freelancer`", "`status` IN ('cooling', 'active')")
	return app.Save(col)
}

func payoutsCollection(app core.App) error {
	freelancer, err := common.UserRelation(app, "freelancer", true)
	if err != nil {
		return err
	}
	destination, err := common.Relation(app, "destination", "payoutDestinations", true)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("payouts")
	col.ListRule, col.ViewRule = common.Ptr(ownFreelancer), common.Ptr(ownFreelancer)
	col.CreateRule = common.Ptr(asFreelancer)
	col.Fields.Add(
		freelancer,
		destination,
		&core.TextField{Name: "destinationLabel", Max: 60},
		&core.NumberField{Name: "amount", OnlyInt: true, Required: true, Min: number(1), Max: number(maxAmount)},
		&core.TextField{Name: "currency", Required: true, Pattern: "^[A-Z]{3}$"},
		&core.SelectField{Name: "status", Required: true, Values: []string{"requested", "sent", "settled", "failed", "returned"}, MaxSelect: 1},
		&core.NumberField{Name: "version", OnlyInt: true},
		&core.BoolField{Name: "onHold"},
		&core.SelectField{Name: "moderation", Values: []string{"hold", "release", "refuse"}, MaxSelect: 1, Hidden: true},
		&core.TextField{Name: "failure", Max: 60},
		&core.TextField{Name: "reason", Max: 1000},
		&core.TextField{Name: "providerRef", Max: 200, Hidden: true},
		&core.NumberField{Name: "tries", OnlyInt: true, Hidden: true},
		&core.NumberField{Name: "nextTryAt", OnlyInt: true, Hidden: true},
		&core.DateField{Name: "sentAt"},
		&core.DateField{Name: "settledAt"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_payouts_due", false, "`nextTryAt`", "`status` IN ('requested', 'sent')")
	col.AddIndex("idx_payouts_freelancer", false, "`freelancer`, `created`", "")
	return app.Save(col)
}
