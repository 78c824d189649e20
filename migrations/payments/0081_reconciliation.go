package payments

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0081, down0081)
}

// reconciliationSQL keeps what each reconciliation found: findings is what nobody
// can explain, waiting what explains itself by something under way. Both are JSON lists.
const reconciliationSQL = `
CREATE TABLE reconciliation (
	seq          INTEGER PRIMARY KEY AUTOINCREMENT,
	at           INTEGER NOT NULL,
	took_ms      INTEGER NOT NULL,
	occasion     TEXT NOT NULL,
	transactions INTEGER NOT NULL,
	entries      INTEGER NOT NULL,
	unexplained  INTEGER NOT NULL,
	findings     TEXT NOT NULL,
	waiting      TEXT NOT NULL
) STRICT;
CREATE INDEX idx_reconciliation_at ON reconciliation (at);
`

// moderatorViews let moderators read in the admin UI what is behind the money;
// nobody else reads them, and nobody writes. Stored answers and payloads stay out.
var moderatorViews = []struct{ name, query string }{
	{"reconciliations", `SELECT CAST(r.seq AS TEXT) AS id, ` + stamp("r.at") + ` AS at, r.occasion, r.unexplained, r.transactions, r.entries, r.took_ms AS tookMs,
		r.findings, r.waiting FROM reconciliation r`},
	{"ledgerTransactions", `SELECT t.ref AS id, t.kind, t.payment, ` + stamp("t.at") + ` AS at FROM ledger_tx t`},
	{"outboxEvents", `SELECT CAST(o.seq AS TEXT) AS id, o.id AS event, o.peer, o.topic, o.aggregate, o.version, o.state, o.tries, o.last_error AS lastError,
		` + stamp("o.created") + ` AS at FROM outbox o`},
	{"inboxEvents", `SELECT (hex(i.source || i.id)) AS id, i.source, i.id AS event, ` + stamp("i.at") + ` AS at FROM inbox i`},
	{"idempotencyKeys", `SELECT (hex(k.principal || k.route || k.key)) AS id, k.principal, k.route, k.key, k.resource, k.status, ` + stamp("k.created") + ` AS at FROM idem k`},
	{"platformMonths", `SELECT (p.currency || p.month) AS id, p.currency, p.month, p.gross AS gmv, p.fees, p.count,
		(CASE WHEN p.gross > 0 THEN round(100.0 * p.fees / p.gross, 2) ELSE 0 END) AS takeRatePercent FROM platform_month p`},
}

// stamp is a column of Unix milliseconds as PocketBase writes dates.
func stamp(column string) string {
	return `(strftime('%Y-%m-%d %H:%M:%fZ', ` + column + ` / 1000.0, 'unixepoch'))`
}

func up0081(app core.App) error {
	if err := common.Exec(app, reconciliationSQL); err != nil {
		return err
	}
	for _, view := range moderatorViews {
		col := core.NewViewCollection(view.name)
		col.ViewQuery = view.query
		if err := app.Save(col); err != nil {
			return err
		}
	}
	return nil
}

func down0081(app core.App) error {
	for _, view := range moderatorViews {
		if err := common.Drop(app, view.name); err != nil {
			return err
		}
	}
	return common.Exec(app, `DROP TABLE reconciliation`)
}
