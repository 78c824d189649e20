package payments

import (
	"errors"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0241, down0241)
}

// keptBackSQL keeps for the client what providers had refused for good to give back:
// the ledger said that it had left. It does what services does from now on, when it
// happens.
const keptBackSQL = `
INSERT INTO ledger_account (name, currency, owner, protected) SELECT 'owed:' || id, currency, '', 1 FROM provider_refunds WHERE state = 'failed';
INSERT INTO ledger_tx (ref, kind, payment, at)
	SELECT 'refund-refused:' || id || ':' || attempt, 'refund-refused', payment, CAST(strftime('%s', 'now') AS INTEGER) * 1000 FROM provider_refunds WHERE state = 'failed';
INSERT INTO ledger_entry (tx, account, currency, amount, at)
	SELECT 'refund-refused:' || r.id || ':' || r.attempt, a.id, r.currency, -r.amount, CAST(strftime('%s', 'now') AS INTEGER) * 1000
	FROM provider_refunds r JOIN ledger_account a ON a.name = 'world:psp' AND a.currency = r.currency WHERE r.state = 'failed';
INSERT INTO ledger_entry (tx, account, currency, amount, at)
	SELECT 'refund-refused:' || r.id || ':' || r.attempt, a.id, r.currency, r.amount, CAST(strftime('%s', 'now') AS INTEGER) * 1000
	FROM provider_refunds r JOIN ledger_account a ON a.name = 'owed:' || r.id AND a.currency = r.currency WHERE r.state = 'failed';
INSERT INTO ledger_seal (ref) SELECT 'refund-refused:' || id || ':' || attempt FROM provider_refunds WHERE state = 'failed';
INSERT INTO refusedRefunds (id, created, updated, refundOrder, payment, client, freelancer, project, title, amount, currency, provider, attempt, reason, state)
	SELECT lower(hex(randomblob(7))) || 'a', strftime('%Y-%m-%d %H:%M:%fZ', 'now'), strftime('%Y-%m-%d %H:%M:%fZ', 'now'), r.id, r.payment,
		coalesce(p.client, ''), coalesce(p.freelancer, ''), coalesce(p.project, ''), coalesce(p.title, ''), r.amount, r.currency, r.provider, r.attempt, r.last_error, 'open'
	FROM provider_refunds r LEFT JOIN payments p ON p.id = r.payment WHERE r.state = 'failed';
`

// up0241 shows moderators the refunds that a provider refused for good; each waits
// for what they decide.
func up0241(app core.App) error {
	col := core.NewBaseCollection("refusedRefunds")
	col.Fields.Add(
		&core.TextField{Name: "refundOrder", Required: true, Max: 100},
		&core.TextField{Name: "payment", Required: true, Max: 15},
		&core.TextField{Name: "client", Max: 15},
		&core.TextField{Name: "freelancer", Max: 15},
		&core.TextField{Name: "project", Max: 15},
		&core.TextField{Name: "title", Max: 140, Presentable: true},
		&core.NumberField{Name: "amount", OnlyInt: true, Required: true, Min: number(1), Max: number(maxAmount)},
		&core.TextField{Name: "currency", Required: true, Pattern: "^[A-Z]{3}$"},
		&core.TextField{Name: "provider", Max: 20},
		&core.NumberField{Name: "attempt", OnlyInt: true},
		&core.TextField{Name: "reason", Max: 500},
		&core.SelectField{Name: "state", Required: true, Values: []string{"open", "retried", "paid", "settled"}, MaxSelect: 1},
		&core.SelectField{Name: "decision", Values: []string{"retry", "paid"}, MaxSelect: 1},
		&core.TextField{Name: "decisionReason", Max: 1000},
		&core.DateField{Name: "closedAt"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_refused_refunds_order", true, "`refundOrder`, `attempt`", "")
	col.AddIndex("idx_refused_refunds_open", false, "`created`", "`state` = 'open'")
	if err := app.Save(col); err != nil {
		return err
	}
	return common.Exec(app, keptBackSQL)
}

func down0241(app core.App) error {
	return errors.Join(common.Drop(app, "refusedRefunds"))
}
