package payments

import (
	"errors"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0070, down0070)
}

// refundsSQL: provider_refunds is what providers are asked to give back, one row
// for each posting that says so, until they have. sandbox_refunds is what the
// sandbox was asked for, by idempotency key. What was given back before there were
// such orders is taken over: with the sandbox it was as good as done.
const refundsSQL = `
CREATE TABLE provider_refunds (
	id         TEXT PRIMARY KEY,
	payment    TEXT NOT NULL,
	charge     TEXT NOT NULL,
	charge_ref TEXT NOT NULL DEFAULT '',
	provider   TEXT NOT NULL,
	amount     INTEGER NOT NULL CHECK (amount > 0),
	currency   TEXT NOT NULL,
	ref        TEXT NOT NULL DEFAULT '',
	attempt    INTEGER NOT NULL DEFAULT 1,
	tries      INTEGER NOT NULL DEFAULT 0,
	next_at    INTEGER NOT NULL DEFAULT 0,
	state      TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'sent', 'done', 'failed')),
	last_error TEXT NOT NULL DEFAULT '',
	created    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_provider_refunds_due ON provider_refunds (next_at) WHERE state IN ('ready', 'sent');
CREATE INDEX idx_provider_refunds_payment ON provider_refunds (payment);

CREATE TABLE sandbox_refunds (
	key      TEXT PRIMARY KEY,
	payment  TEXT NOT NULL,
	charge   TEXT NOT NULL,
	amount   INTEGER NOT NULL,
	currency TEXT NOT NULL,
	at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_sandbox_refunds_at ON sandbox_refunds (at);

INSERT INTO sandbox_refunds (key, payment, charge, amount, currency, at)
	SELECT t.ref || ':1', t.payment, t.payment AS charge, e.amount, e.currency, t.at FROM ledger_tx t
	JOIN ledger_entry e ON e.tx = t.ref JOIN ledger_account a ON a.id = e.account
	WHERE t.kind = 'refund' AND a.name = 'world:psp';
INSERT INTO provider_refunds (id, payment, charge, provider, amount, currency, state, created)
	SELECT substr(key, 1, length(key) - 2), payment, charge, 'sandbox', amount, currency, 'done', at FROM sandbox_refunds;
`

// up0070 adds what is between us and a payment provider: which one took a
// payment, what it calls it, where its client confirms it, and what it is asked
// to give back.
func up0070(app core.App) error {
	payments, err := app.FindCollectionByNameOrId("payments")
	if err != nil {
		return err
	}
	payments.Fields.Add(
		&core.TextField{Name: "provider", Max: 20, Hidden: true},
		&core.TextField{Name: "providerRef", Max: 200, Hidden: true},
		&core.TextField{Name: "confirmUrl", Max: 4000, Hidden: true},
		&core.NumberField{Name: "tries", OnlyInt: true, Hidden: true},
		&core.NumberField{Name: "nextTryAt", OnlyInt: true, Hidden: true},
	)
	return errors.Join(app.Save(payments), common.Exec(app, refundsSQL))
}

func down0070(app core.App) error {
	return errors.Join(
		removeFields(app, "provider", "providerRef", "confirmUrl", "tries", "nextTryAt"),
		common.Exec(app, `DROP TABLE sandbox_refunds; DROP TABLE provider_refunds;`))
}
