package payments

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0060, down0060)
}

// earningsSQL keeps what each person earned and spent, so that a dashboard costs
// the same with a thousand and with a million ledger entries. The services write
// it in the transaction of each posting; `ledger verify` compares it with the ledger.
//
//   - earnings_zone: whose months are counted, and in which time zone.
//   - earnings_now: one person's money in one currency as it stands.
//   - earnings_month: months of the whole (counterpart empty) and with each counterpart.
//   - earnings_share: projects and counterparts over all time.
//   - platform_month: what passed through the marketplace, in UTC months.
const earningsSQL = `
CREATE TABLE earnings_zone (
	user TEXT PRIMARY KEY,
	zone TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE earnings_now (
	user     TEXT NOT NULL,
	view     TEXT NOT NULL CHECK (view IN ('income', 'spend')),
	currency TEXT NOT NULL,
	held     INTEGER NOT NULL DEFAULT 0,
	disputed INTEGER NOT NULL DEFAULT 0,
	transit  INTEGER NOT NULL DEFAULT 0,
	paid_out INTEGER NOT NULL DEFAULT 0,
	total    INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (user, view, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE earnings_month (
	user        TEXT NOT NULL,
	view        TEXT NOT NULL CHECK (view IN ('income', 'spend')),
	currency    TEXT NOT NULL,
	counterpart TEXT NOT NULL,
	month       TEXT NOT NULL CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'),
	amount      INTEGER NOT NULL,
	count       INTEGER NOT NULL,
	PRIMARY KEY (user, view, currency, counterpart, month)
) STRICT, WITHOUT ROWID;

CREATE TABLE earnings_share (
	user     TEXT NOT NULL,
	view     TEXT NOT NULL CHECK (view IN ('income', 'spend')),
	currency TEXT NOT NULL,
	kind     TEXT NOT NULL CHECK (kind IN ('project', 'counterpart')),
	id       TEXT NOT NULL,
	title    TEXT NOT NULL,
	amount   INTEGER NOT NULL,
	count    INTEGER NOT NULL,
	PRIMARY KEY (user, view, currency, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_earnings_share_amount ON earnings_share (user, view, currency, kind, amount DESC);

CREATE TABLE platform_month (
	currency TEXT NOT NULL,
	month    TEXT NOT NULL,
	gross    INTEGER NOT NULL,
	fees     INTEGER NOT NULL,
	count    INTEGER NOT NULL,
	PRIMARY KEY (currency, month)
) STRICT, WITHOUT ROWID;
`

const dropEarningsSQL = `
DROP TABLE platform_month;
DROP TABLE earnings_share;
DROP TABLE earnings_month;
DROP TABLE earnings_now;
DROP TABLE earnings_zone;
`

func up0060(app core.App) error { return common.Exec(app, earningsSQL) }

func down0060(app core.App) error { return common.Exec(app, dropEarningsSQL) }
