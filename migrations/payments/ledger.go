package payments

import (
	"github.com/pocketbase/pocketbase/core"
)

// ledgerSQL is the double-entry ledger, guarded by the database itself.
//
//   - ledger_tx and ledger_seal refer to each other; the reference of the
//     transaction is checked at commit, so an unsealed transaction cannot be committed.
//   - sealing demands at least two entries, a zero sum per currency and no
//     protected account below zero.
//   - a sealed transaction takes no further entries, and nothing is ever
//     edited or deleted: a mistake is corrected by a reversing transaction.
//
// Amounts are integers in minor units. A positive entry adds to the account.
// world:psp goes down when money comes in, so all balances of a currency sum to zero.
const ledgerSQL = `
CREATE TABLE ledger_account (
	id        INTEGER PRIMARY KEY,
	name      TEXT NOT NULL,
	currency  TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
	owner     TEXT NOT NULL DEFAULT '',
	protected INTEGER NOT NULL CHECK (protected IN (0, 1)),
	UNIQUE (name, currency)
) STRICT;
CREATE INDEX idx_ledger_account_owner ON ledger_account (owner) WHERE owner <> '';

CREATE TABLE ledger_tx (
	ref     TEXT PRIMARY KEY REFERENCES ledger_seal (ref) DEFERRABLE INITIALLY DEFERRED,
	kind    TEXT NOT NULL,
	payment TEXT NOT NULL DEFAULT '',
	at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_ledger_tx_payment ON ledger_tx (payment);

CREATE TABLE ledger_seal (
	ref TEXT PRIMARY KEY REFERENCES ledger_tx (ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_entry (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	tx       TEXT NOT NULL REFERENCES ledger_tx (ref),
	account  INTEGER NOT NULL REFERENCES ledger_account (id),
	currency TEXT NOT NULL,
	amount   INTEGER NOT NULL CHECK (amount <> 0),
	at       INTEGER NOT NULL
) STRICT;
CREATE INDEX idx_ledger_entry_tx ON ledger_entry (tx);
CREATE INDEX idx_ledger_entry_account ON ledger_entry (account, at);

CREATE TABLE ledger_balance (
	account INTEGER PRIMARY KEY REFERENCES ledger_account (id),
	amount  INTEGER NOT NULL
) STRICT;

CREATE TRIGGER ledger_entry_guard BEFORE INSERT ON ledger_entry BEGIN
	SELECT RAISE(ABORT, 'ledger: late entry') WHERE EXISTS (SELECT 1 FROM ledger_seal WHERE ref = NEW.tx);
	SELECT RAISE(ABORT, 'ledger: cross-currency entry') WHERE NOT EXISTS (SELECT 1 FROM ledger_account WHERE id = NEW.account AND currency = NEW.currency);
END;
CREATE TRIGGER ledger_entry_balance AFTER INSERT ON ledger_entry BEGIN
	INSERT INTO ledger_balance (account, amount) VALUES (NEW.account, NEW.amount)
	ON CONFLICT (account) DO UPDATE SET amount = amount + excluded.amount;
END;
CREATE TRIGGER ledger_seal_guard BEFORE INSERT ON ledger_seal BEGIN
	SELECT RAISE(ABORT, 'ledger: fewer than two entries') WHERE (SELECT count(*) FROM ledger_entry WHERE tx = NEW.ref) < 2;
	SELECT RAISE(ABORT, 'ledger: unbalanced') WHERE EXISTS (SELECT 1 FROM ledger_entry WHERE tx = NEW.ref GROUP BY currency HAVING sum(amount) <> 0);
	SELECT RAISE(ABORT, 'ledger: overdrawn') WHERE EXISTS (
		SELECT 1 FROM ledger_entry e JOIN ledger_account a ON a.id = e.account JOIN ledger_balance b ON b.account = a.id
		WHERE e.tx = NEW.ref AND a.protected = 1 AND b.amount < 0);
END;
CREATE TRIGGER ledger_entry_keep BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'ledger: append only'); END;
CREATE TRIGGER ledger_entry_stay BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'ledger: append only'); END;
CREATE TRIGGER ledger_tx_keep BEFORE UPDATE ON ledger_tx BEGIN SELECT RAISE(ABORT, 'ledger: append only'); END;
CREATE TRIGGER ledger_tx_stay BEFORE DELETE ON ledger_tx BEGIN SELECT RAISE(ABORT, 'ledger: append only'); END;
CREATE TRIGGER ledger_seal_keep BEFORE UPDATE ON ledger_seal BEGIN SELECT RAISE(ABORT, 'ledger: append only'); END;
CREATE TRIGGER ledger_seal_stay BEFORE DELETE ON ledger_seal BEGIN SELECT RAISE(ABORT, 'ledger: append only'); END;
CREATE TRIGGER ledger_account_keep BEFORE UPDATE ON ledger_account BEGIN SELECT RAISE(ABORT, 'ledger: append only'); END;
CREATE TRIGGER ledger_account_stay BEFORE DELETE ON ledger_account BEGIN SELECT RAISE(ABORT, 'ledger: append only'); END;
CREATE TRIGGER ledger_balance_stay BEFORE DELETE ON ledger_balance BEGIN SELECT RAISE(ABORT, 'ledger: append only'); END;
`

const dropLedgerSQL = `
DROP TABLE ledger_balance;
DROP TABLE ledger_entry;
DROP TABLE ledger_seal;
DROP TABLE ledger_tx;
DROP TABLE ledger_account;
`

// ledgerViews lets moderators read the ledger in the admin UI; nobody else, and nobody writes.
func ledgerViews(app core.App) error {
	entries := core.NewViewCollection("ledgerEntries")
	entries.ViewQuery = `SELECT CAST(e.id AS TEXT) AS id, e.tx, t.kind, t.payment, a.name AS account, e.currency, e.amount,
		strftime('%Y-%m-%d %H:%M:%fZ', e.at / 1000.0, 'unixepoch') AS at
		FROM ledger_entry e JOIN ledger_tx t ON t.ref = e.tx JOIN ledger_account a ON a.id = e.account`
	if err := app.Save(entries); err != nil {
		return err
	}
	balances := core.NewViewCollection("ledgerBalances")
	balances.ViewQuery = `SELECT CAST(a.id AS TEXT) AS id, a.name AS account, a.currency, a.owner, b.amount
		FROM ledger_account a JOIN ledger_balance b ON b.account = a.id`
	return app.Save(balances)
}
