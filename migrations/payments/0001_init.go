// Package payments holds the schema history of the payments instance.
package payments

import (
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

// List has the migrations of the payments instance, in the order of their file names.
var List core.MigrationsList

func init() {
	List.Register(up0001, down0001)
}

const (
	signedIn  = "@request.auth.id != ''"
	parties   = signedIn + " && (client = @request.auth.id || freelancer = @request.auth.id)"
	maxAmount = 1_000_000_000_000
)

// providerSQL: what the sandbox provider was asked to do, by idempotency key.
// It stands for the provider's own records, so it survives a restart as theirs would.
const providerSQL = `
CREATE TABLE sandbox_charges (
	key      TEXT PRIMARY KEY,
	amount   INTEGER NOT NULL,
	currency TEXT NOT NULL,
	source   TEXT NOT NULL,
	outcome  TEXT NOT NULL,
	at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

func up0001(app core.App) error {
	steps := []struct {
		name string
		run  func(core.App) error
	}{
		{"messaging", common.Messaging},
		{"users mirror", common.MirrorUsers},
		{"payments", paymentsCollection},
		{"timeline", common.Timeline},
		{"provider", func(app core.App) error { return common.Exec(app, providerSQL) }},
		{"ledger", func(app core.App) error { return common.Exec(app, ledgerSQL) }},
		{"ledger views", ledgerViews},
	}
	for _, step := range steps {
		if err := step.run(app); err != nil {
			return fmt.Errorf("failed to create %s: %w", step.name, err)
		}
	}
	return nil
}

func down0001(app core.App) error {
	if err := common.Drop(app, "ledgerBalances", "ledgerEntries", "timeline", "payments"); err != nil {
		return err
	}
	if err := common.Exec(app, dropLedgerSQL+`DROP TABLE sandbox_charges;`); err != nil {
		return err
	}
	return common.DropMessaging(app)
}

func paymentsCollection(app core.App) error {
	client, err := common.UserRelation(app, "client", true)
	if err != nil {
		return err
	}
	freelancer, err := common.UserRelation(app, "freelancer", false)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("payments")
	col.ListRule, col.ViewRule = common.Ptr(parties), common.Ptr(parties)
	col.CreateRule = common.Ptr(signedIn + " && @request.auth.roles:each ?= 'client'")
	col.Fields.Add(
		&core.TextField{Name: "project", Required: true, Max: 15},
		&core.TextField{Name: "contract", Max: 15},
		&core.TextField{Name: "milestone", Required: true, Max: 15},
		client,
		freelancer,
		&core.NumberField{Name: "amount", OnlyInt: true, Required: true, Min: number(1), Max: number(maxAmount)},
		&core.TextField{Name: "currency", Required: true, Pattern: "^[A-Z]{3}$"},
		&core.NumberField{Name: "fee", OnlyInt: true, Min: number(0)},
		&core.NumberField{Name: "released", OnlyInt: true, Min: number(0)},
		&core.NumberField{Name: "refunded", OnlyInt: true, Min: number(0)},
		&core.JSONField{Name: "feePlan", MaxSize: 2000},
		&core.TextField{Name: "title", Max: 140},
		&core.TextField{Name: "projectTitle", Max: 140},
		&core.TextField{Name: "source", Max: 60, Hidden: true},
		&core.TextField{Name: "askedFreelancer", Max: 60, Hidden: true},
		&core.SelectField{Name: "status", Required: true, Values: []string{"pending", "held", "released", "refunded", "split", "disputed", "failed"}, MaxSelect: 1},
		&core.NumberField{Name: "version", OnlyInt: true},
		&core.TextField{Name: "failure", Max: 60},
		&core.TextField{Name: "reason", Max: 1000},
		&core.NumberField{Name: "decideBy", OnlyInt: true, Hidden: true},
		&core.NumberField{Name: "lockedUntil", OnlyInt: true, Hidden: true},
		&core.DateField{Name: "heldAt"},
		&core.DateField{Name: "settledAt"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_payments_live", true, "`milestone`", "`status` IN ('held', 'disputed')")
	col.AddIndex("idx_payments_pending", false, "`lockedUntil`", "`status` = 'pending'")
	col.AddIndex("idx_payments_client", false, "`client`, `created`", "")
	col.AddIndex("idx_payments_freelancer", false, "`freelancer`, `created`", "")
	col.AddIndex("idx_payments_project", false, "`project`", "")
	return app.Save(col)
}

func number(v float64) *float64 { return &v }
