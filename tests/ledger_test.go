package tests

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// TestTheReplayFinds changes one thing of the ledger at a time, past everything that guards it.
func TestTheReplayFinds(t *testing.T) {
	t.Parallel()
	const (
		currency    = "currency does not sum to zero: EUR"
		transaction = "transaction does not balance: fund:"
		balance     = "balance is not the sum of its entries: "
	)
	const payments = collections.DomainPayments
	for name, damage := range map[string]struct {
		sql  string
		want []string
	}{
		"another amount":                     {`UPDATE ledger_entry SET amount = amount + 1 WHERE id = 1`, []string{currency, transaction, balance + "world:psp EUR"}},
		"two amounts that cancel out":        {`UPDATE ledger_entry SET amount = amount + iif(id = 1, 1, -1) WHERE id IN (1, 3)`, []string{transaction, balance}},
		"another account":                    {`UPDATE ledger_entry SET account = (SELECT account FROM ledger_entry WHERE id = 1) WHERE id = 2`, []string{balance + "hold:", balance + "world:psp EUR"}},
		"another transaction":                {`UPDATE ledger_entry SET tx = (SELECT tx FROM ledger_entry WHERE id = 3) WHERE id = 1`, []string{transaction, "transaction does not balance: release:"}},
		"another currency":                   {`UPDATE ledger_entry SET currency = 'USD' WHERE id = 1`, []string{currency, "currency does not sum to zero: USD", transaction}},
		"an entry that is gone":              {`DELETE FROM ledger_entry WHERE id = 1`, []string{currency, transaction, balance}},
		"a late entry":                       {`INSERT INTO ledger_entry (tx, account, currency, amount, at) SELECT tx, account, currency, 5, at FROM ledger_entry WHERE id = 1`, []string{currency, transaction}},
		"an account that is gone":            {`DELETE FROM ledger_account WHERE name LIKE 'hold:%'`, []string{"held amount of a payment is not what its account holds", "earnings book differs"}},
		"a transaction that is gone":         {`DELETE FROM ledger_tx WHERE kind = 'fund'`, []string{"earnings book differs"}},
		"a transaction that is not sealed":   {`DELETE FROM ledger_seal WHERE ref LIKE 'fund:%'`, []string{"transaction is not sealed: fund:"}},
		"another balance":                    {`UPDATE ledger_balance SET amount = amount - 1 WHERE account = 1`, []string{balance}},
		"a balance that is gone":             {`DELETE FROM ledger_balance WHERE amount <> 0`, []string{balance}},
		"a protected account below zero":     {`UPDATE ledger_account SET protected = 1 WHERE name = 'world:psp'`, []string{"protected account is below zero: world:psp EUR"}},
		"a held amount that is not there":    {`UPDATE payments SET amount = amount + 1`, []string{"held amount of a payment is not what its account holds"}},
		"a fee that nobody kept":             {`UPDATE payments SET fee = fee + 1`, []string{"fee of a payment is not what was kept"}},
		"money that rolled on from nowhere":  {`UPDATE payments SET rolledFrom = id`, []string{"rolled amount of a payment is not what rolled on"}},
		"a dispute that nobody opened":       {`UPDATE payments SET disputed = 1`, []string{"payment is disputed without a dispute", "held amount of a payment is not what its account holds"}},
		"a chargeback that nobody asked for": {`UPDATE payments SET chargedBack = 1`, []string{"what is charged back of a payment is not what its chargebacks lock"}},
		"a book that says something else":    {`UPDATE earnings_now SET total = total + 1`, []string{"earnings book differs from the ledger"}},
		"a month that says something else":   {`UPDATE earnings_month SET amount = amount + 1`, []string{"earnings book differs from the ledger"}},
		"a platform that kept another part":  {`UPDATE platform_month SET fees = fees + 1`, []string{"earnings book differs from the ledger"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := New(t)
			s := Funded(m)
			releasePart(s, 10_000)
			app := m.Instances[payments].App
			verify := func() []string {
				report, err := services.VerifyLedger(t.Context(), app)
				if err != nil {
					t.Fatal(err)
				}
				return report.Problems
			}
			if problems := verify(); len(problems) != 0 {
				t.Fatalf("Expected nothing wrong before, got %q", problems)
			}
			for _, statement := range []string{
				`PRAGMA foreign_keys = OFF`, `DROP TRIGGER ledger_entry_keep`, `DROP TRIGGER ledger_entry_stay`, `DROP TRIGGER ledger_entry_guard`,
				`DROP TRIGGER ledger_tx_stay`, `DROP TRIGGER ledger_seal_stay`, `DROP TRIGGER ledger_account_stay`, `DROP TRIGGER ledger_account_keep`,
				`DROP TRIGGER ledger_balance_stay`, damage.sql,
			} {
				mustExec(t, m, payments, statement)
			}
			found := strings.Join(verify(), "\n")
			for _, want := range damage.want {
				if !strings.Contains(found, want) {
					t.Errorf("Expected %q to be found, got:\n%s", want, found)
				}
			}
		})
	}
}

// TestVerificationEndsWithItsContext: an instance that stops closes its database,
// and must not do so under a reconciliation that reads a large ledger.
func TestVerificationEndsWithItsContext(t *testing.T) {
	t.Parallel()
	m := New(t)
	Funded(m)
	app := m.Instances[payments].App
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if report, err := services.VerifyLedger(ctx, app); !errors.Is(err, context.Canceled) {
		t.Errorf("Expected the ledger not to be read any more, got %v, %v", report, err)
	}
	if report, err := services.VerifyAudit(ctx, app, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Expected the audit log not to be read any more, got %v, %v", report, err)
	}
	if report, err := services.VerifyLedger(t.Context(), app); err != nil || len(report.Problems) > 0 {
		t.Errorf("Expected a sound ledger afterwards, got %v, %v", report, err)
	}
}

// TestTheEarningsBookIsCountedAnew by the operator's command, when it says something else
// than the ledger, and at start, when a folder has none yet.
func TestTheEarningsBookIsCountedAnew(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	releasePart(s, 10_000)
	for name, count := range map[string]func() error{
		"UPDATE earnings_now SET total = total + 1": func() error { return services.RecountEarnings(m.Payments().App) },
		"DELETE FROM earnings_zone":                 m.Payments().CatchUpEarnings,
	} {
		var before, after []string
		rows := m.Payments().App.DB().NewQuery(`SELECT 'now ' || user || view || currency || held || ' ' || total AS row FROM earnings_now
			UNION ALL SELECT 'month ' || user || view || month || counterpart || amount || ' ' || count FROM earnings_month
			UNION ALL SELECT 'share ' || user || view || kind || id || amount || ' ' || title FROM earnings_share
			UNION ALL SELECT 'platform ' || month || gross || ' ' || fees FROM platform_month
			UNION ALL SELECT 'zone ' || user || zone FROM earnings_zone ORDER BY 1`)
		if err := rows.Column(&before); err != nil || len(before) < 10 {
			t.Fatalf("Expected a book with rows of all kinds, got %q, %v", before, err)
		}
		mustExec(t, m, payments, name)
		if err := count(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := rows.Column(&after); err != nil || !slices.Equal(before, after) {
			t.Errorf("%s: expected the book that was kept, got\n%q, not\n%q, %v", name, after, before, err)
		}
	}
	m.Sound()
}
