package services

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// Account names one account of the ledger; each exists once per currency.
type Account struct {
	Name string
	// Owner is the user whose money it is, if it is somebody's.
	Owner string
	// Protected accounts never go below zero; the database refuses.
	Protected bool
}

// AccountWorld is everything outside: it goes down when money comes in.
var AccountWorld = Account{Name: "world:psp"}

// AccountFees is what the platform keeps.
var AccountFees = Account{Name: "fees", Protected: true}

// AccountHold holds the money of one payment.
func AccountHold(payment string) Account { return Account{Name: "hold:" + payment, Protected: true} }

// AccountDispute holds what a dispute locks.
func AccountDispute(dispute string) Account {
	return Account{Name: "dispute:" + dispute, Protected: true}
}

// AccountChargeback holds what of a hold a chargeback locks.
func AccountChargeback(chargeback string) Account {
	return Account{Name: prefixChargeback + chargeback, Protected: true}
}

// AccountLoss is what the platform lost to chargebacks, below zero.
var AccountLoss = Account{Name: lossAccount}

// AccountAvailable is what a user can have paid out.
func AccountAvailable(user string) Account {
	return Account{Name: "user:" + user + ":available", Owner: user, Protected: true}
}

// AccountInTransit holds a payout until its bank has it.
func AccountInTransit(payout, user string) Account {
	return Account{Name: "payout:" + payout + ":in_transit", Owner: user, Protected: true}
}

// AccountOwed keeps for the client what a provider refused for good to give back.
func AccountOwed(order string) Account { return Account{Name: "owed:" + order, Protected: true} }

// AccountElsewhere is what the operator paid to clients in another way than through
// the provider: as much of what the provider has is the operator's.
var AccountElsewhere = Account{Name: "paid_elsewhere", Protected: true}

// Entry adds Amount (minor units, never zero) to an account.
type Entry struct {
	Account Account
	Amount  int64
}

// Posting is one balanced transaction of the ledger in one currency.
type Posting struct {
	// Ref is unique and deterministic: posting the same thing twice is refused.
	Ref      string
	Kind     string
	Payment  string
	Currency string
	Entries  []Entry
}

// Kinds of postings.
const (
	KindFund    = "fund"
	KindRelease = "release"
	KindRefund  = "refund"
	// KindDispute locks a part of a hold, KindUndispute unlocks it.
	KindDispute   = "dispute"
	KindUndispute = "undispute"
	// A payout leaves available, then leaves us; or it comes back.
	KindPayout         = "payout"
	KindPayoutSettled  = "payout-settled"
	KindPayoutReversed = "payout-reversed"
	// KindPayoutElsewhere is the operator's paying somebody whose payout came back when their account was closed.
	KindPayoutElsewhere = "payout-elsewhere"
	// KindChargeback locks what is held, KindChargebackTaken is the bank's taking,
	// KindChargebackBack is what the bank gave back, KindUnchargeback unlocks, and
	// KindRecovery takes a loss back from the freelancer who had been paid.
	KindChargeback      = "chargeback"
	KindChargebackTaken = "chargeback-taken"
	KindChargebackBack  = "chargeback-reversed"
	KindUnchargeback    = "unchargeback"
	KindRecovery        = "recovery"
	// KindRefused takes back a refund that its provider refused for good, KindRefundAgain
	// lets it leave once more, KindPaidElsewhere is the operator's paying the client.
	KindRefused       = "refund-refused"
	KindRefundAgain   = "refund-again"
	KindPaidElsewhere = "refund-elsewhere"
	// KindRoll moves held money on to the payment of another milestone.
	KindRoll = "roll"
)

// Post writes a posting in tx. Entries of zero are left out (a fee of zero moves
// nothing). The database refuses what does not balance or overdraws an account.
func Post(tx core.App, at time.Time, posting Posting) error {
	_, err := execFixed(tx, `INSERT INTO ledger_tx (ref, kind, payment, at) VALUES (?, ?, ?, ?)`,
		posting.Ref, posting.Kind, posting.Payment, at.UnixMilli())
	if err != nil {
		return fmt.Errorf("failed to post %s: %w", posting.Ref, err)
	}
	if err := enter(tx, at, posting); err != nil {
		return fmt.Errorf("failed to post %s: %w", posting.Ref, err)
	}
	if _, err := execFixed(tx, `INSERT INTO ledger_seal (ref) VALUES (?)`, posting.Ref); err != nil {
		return fmt.Errorf("failed to seal %s: %w", posting.Ref, err)
	}
	if err := keepBook(tx, at, posting); err != nil {
		return err
	}
	return creditBack(tx, at, posting)
}

// enter opens the accounts that are new and writes the entries, in two statements
// however many there are: this is done while the only writer is held.
func enter(tx core.App, at time.Time, posting Posting) error {
	var accounts, entries [][]any
	for _, entry := range posting.Entries {
		if entry.Amount != 0 {
			accounts = append(accounts, []any{entry.Account.Name, entry.Account.Owner, entry.Account.Protected})
			entries = append(entries, []any{entry.Account.Name, entry.Amount})
		}
	}
	accountRows, err := json.Marshal(accounts)
	if err != nil {
		return err
	}
	entryRows, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	_, err = execFixed(tx, `INSERT INTO ledger_account (name, currency, owner, protected)
		SELECT value ->> 0, ?, value ->> 1, value ->> 2 FROM json_each(?) WHERE true ON CONFLICT (name, currency) DO NOTHING`,
		posting.Currency, string(accountRows))
	if err != nil {
		return fmt.Errorf("failed to open accounts: %w", err)
	}
	_, err = execFixed(tx, `INSERT INTO ledger_entry (tx, account, currency, amount, at)
		SELECT ?, a.id, a.currency, e.value ->> 1, ? FROM json_each(?) e
		CROSS JOIN ledger_account a ON a.name = e.value ->> 0 AND a.currency = ? ORDER BY e.key`,
		posting.Ref, at.UnixMilli(), string(entryRows), posting.Currency)
	return err
}

// Balance returns the balance of an account in minor units; 0 if it has no entry.
func Balance(app core.App, account Account, currency string) (int64, error) {
	var amount int64
	err := app.DB().NewQuery(`SELECT b.amount FROM ledger_balance b JOIN ledger_account a ON a.id = b.account
		WHERE a.name = {:name} AND a.currency = {:currency}`).
		Bind(dbx.Params{"name": account.Name, "currency": currency}).Row(&amount)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return amount, err
}

// LedgerReport is the result of replaying the ledger.
type LedgerReport struct {
	Transactions int `json:"transactions"`
	Entries      int `json:"entries"`
	// Problems has a sentence for everything that does not add up.
	Problems []string `json:"problems"`
}

// VerifyLedger replays all entries and compares: every currency sums to zero,
// every transaction balances and is sealed, every balance is the sum of its
// entries, no protected account is below zero, every payment's holds are what
// its record says, the earnings book is what a recount makes of it, and the audit
// log's chain is unbroken. It takes seconds for a million entries and ends with
// ctx: an instance that stops closes its database.
func VerifyLedger(ctx context.Context, app core.App) (*LedgerReport, error) {
	report := &LedgerReport{Problems: []string{}}
	// One after the other: connections share their cache of pages, and two that read
	// everything at once take each other's (four million reads more for a million entries).
	err := inSnapshot(ctx, app, func(db dbx.Builder) error {
		if err := report.check(db); err != nil {
			return err
		}
		return report.replay(db)
	})
	if err != nil {
		return report, err
	}
	log, err := VerifyAudit(ctx, app, nil)
	if err == nil {
		report.Problems = append(report.Problems, log.Problems...)
	}
	return report, err
}

// replay reads all entries once: for the sums of the ledger and for the earnings book.
func (report *LedgerReport) replay(db dbx.Builder) error {
	sums := newReplay()
	book, err := verifyEarnings(db, sums.add)
	if err != nil {
		return fmt.Errorf("failed to recount earnings: %w", err)
	}
	problems, err := sums.problems(db)
	if err != nil {
		return fmt.Errorf("failed to replay: %w", err)
	}
	report.Entries = sums.entries
	report.Problems = append(append(report.Problems, problems...), book...)
	return nil
}

// check runs the checks in SQL.
func (report *LedgerReport) check(db dbx.Builder) error {
	if err := db.Select("count(*)").From("ledger_tx").Row(&report.Transactions); err != nil {
		return err
	}
	for _, check := range ledgerChecks {
		var rows []struct {
			Subject string `db:"subject"`
		}
		if err := db.NewQuery(check.sql).All(&rows); err != nil {
			return fmt.Errorf("failed to check %q: %w", check.problem, err)
		}
		for _, row := range rows {
			report.Problems = append(report.Problems, strings.TrimPrefix(check.problem+": "+row.Subject, ": "))
		}
	}
	return nil
}

// ledgerChecks each select what is wrong, beside what a replay finds; none selects anything in a sound ledger.
var ledgerChecks = []struct{ problem, sql string }{
	{"transaction is not sealed", `SELECT t.ref AS subject FROM ledger_tx t LEFT JOIN ledger_seal s ON s.ref = t.ref WHERE s.ref IS NULL`},
	{"protected account is below zero", `SELECT a.name || ' ' || a.currency AS subject FROM ledger_account a
		JOIN ledger_balance b ON b.account = a.id WHERE a.protected = 1 AND b.amount < 0`},
	{"", paymentChecksSQL}, // names its problems itself
	{"disputed amount is not what is locked", `SELECT d.id AS subject FROM disputes d JOIN payments p ON p.id = d.payment
		LEFT JOIN ledger_account a ON a.name = 'dispute:' || d.id AND a.currency = d.currency
		LEFT JOIN ledger_balance b ON b.account = a.id
		WHERE coalesce(b.amount, 0) <> CASE WHEN d.status = 'closed' THEN 0 ELSE d.amount END OR (d.status <> 'closed' AND p.disputed <> d.amount)`},
	{"what a chargeback locks is not what its account holds", `SELECT c.id AS subject FROM chargebacks c
		LEFT JOIN ledger_account a ON a.name = 'chargeback:' || c.id AND a.currency = c.currency
		LEFT JOIN ledger_balance b ON b.account = a.id
		WHERE coalesce(b.amount, 0) <> CASE WHEN c.status = 'open' AND NOT c.taken THEN c.locked ELSE 0 END`},
	{"the loss to chargebacks is not what the chargebacks say", `SELECT currency AS subject FROM (
		SELECT a.currency, sum(b.amount) AS amount FROM ledger_account a JOIN ledger_balance b ON b.account = a.id WHERE a.name = 'chargeback_loss' GROUP BY a.currency
		UNION ALL SELECT currency, sum(CASE WHEN taken AND status <> 'won' THEN amount - locked - recovered ELSE 0 END) FROM chargebacks GROUP BY currency)
		GROUP BY currency HAVING sum(amount) <> 0`},
	{"what is kept of a refused refund is not what its account holds", `SELECT r.id AS subject FROM provider_refunds r
		LEFT JOIN ledger_account a ON a.name = 'owed:' || r.id AND a.currency = r.currency
		LEFT JOIN ledger_balance b ON b.account = a.id
		WHERE coalesce(b.amount, 0) <> CASE WHEN r.state = 'failed' THEN r.amount ELSE 0 END`},
	{"payout in transit is not what its account holds", `SELECT p.id AS subject FROM payouts p
		LEFT JOIN ledger_account a ON a.name = 'payout:' || p.id || ':in_transit' AND a.currency = p.currency
		LEFT JOIN ledger_balance b ON b.account = a.id
		WHERE coalesce(b.amount, 0) <> CASE WHEN p.status IN ('requested', 'sent') THEN p.amount ELSE 0 END`},
}

// paymentChecksSQL compares payments with the ledger and with what moved their money,
// in one reading of the widest table there is.
const paymentChecksSQL = `WITH wrong AS MATERIALIZED (SELECT p.id,
	coalesce(b.amount, 0) <> CASE WHEN p.status IN ('pending', 'failed') THEN 0 ELSE p.amount - p.released - p.refunded - p.disputed - p.rolled - p.chargedBack END AS notHeld,
	p.rolled <> coalesce(r.total, 0) AS notRolled,
	(p.disputed > 0 OR p.status = 'disputed') AND NOT EXISTS (SELECT 1 FROM disputes d WHERE d.payment = p.id AND d.status <> 'closed') AS notDisputed,
	p.chargedBack <> coalesce(c.total, 0) AS notChargedBack,
	p.fee <> coalesce(f.total, 0) AS notFee
	FROM payments p
	LEFT JOIN ledger_account a ON a.name = 'hold:' || p.id AND a.currency = p.currency
	LEFT JOIN ledger_balance b ON b.account = a.id
	LEFT JOIN (SELECT rolledFrom, sum(amount) AS total FROM payments WHERE rolledFrom <> '' GROUP BY rolledFrom) r ON r.rolledFrom = p.id
	LEFT JOIN (SELECT payment, sum(locked) AS total FROM chargebacks WHERE status = 'open' GROUP BY payment) c ON c.payment = p.id
	LEFT JOIN (SELECT t.payment, sum(e.amount) AS total FROM ledger_tx t JOIN ledger_entry e ON e.tx = t.ref
		JOIN ledger_account a ON a.id = e.account WHERE a.name = 'fees' GROUP BY t.payment) f ON f.payment = p.id
	WHERE notHeld OR notRolled OR notDisputed OR notChargedBack OR notFee)
SELECT 'held amount of a payment is not what its account holds: ' || id AS subject FROM wrong WHERE notHeld
UNION ALL SELECT 'rolled amount of a payment is not what rolled on: ' || id FROM wrong WHERE notRolled
UNION ALL SELECT 'payment is disputed without a dispute: ' || id FROM wrong WHERE notDisputed
UNION ALL SELECT 'what is charged back of a payment is not what its chargebacks lock: ' || id FROM wrong WHERE notChargedBack
UNION ALL SELECT 'fee of a payment is not what was kept: ' || id FROM wrong WHERE notFee`
