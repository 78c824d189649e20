package bench

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

// fillSQL stores held payments number from+1 to upto with what belongs to each:
// charge, idempotency row, timeline row, and a balanced, sealed posting with the
// balances it makes. They belong to a thousand clients and freelancers.
var fillSQL = []string{
	`INSERT INTO payments (id, project, contract, milestone, client, freelancer, amount, currency, title, status, version, heldAt, created, updated)
		SELECT printf('p%014d', n), printf('j%014d', n), printf('c%014d', n), printf('m%014d', n), printf('u%014d', n % 1000), printf('f%014d', n % 1000),
		5000, 'EUR', 'Milestone', 'held', 2, {:at}, {:at}, {:at} FROM numbers`,
	`INSERT INTO timeline (id, client, freelancer, kind, subject, project, verb, "from", "to", by, created, updated)
		SELECT printf('t%014d', n), printf('u%014d', n % 1000), printf('f%014d', n % 1000), 'payments', printf('p%014d', n), printf('j%014d', n),
		'hold', 'pending', 'held', printf('u%014d', n % 1000), {:at}, {:at} FROM numbers`,
	`INSERT INTO sandbox_charges (key, amount, currency, source, outcome, at) SELECT printf('p%014d', n), 5000, 'EUR', '', 'succeeded', 0 FROM numbers`,
	`INSERT INTO idem (principal, route, key, fingerprint, resource, status, body, created)
		SELECT printf('u%014d', n % 1000), 'payments/create', printf('key-%d', n), 'x', printf('p%014d', n), 200, x'7b7d', 0 FROM numbers`,
	`INSERT OR IGNORE INTO ledger_account (name, currency, owner, protected) VALUES ('world:psp', 'EUR', '', 0)`,
	`INSERT INTO ledger_account (name, currency, owner, protected) SELECT printf('hold:p%014d', n), 'EUR', '', 1 FROM numbers`,
	`INSERT INTO ledger_tx (ref, kind, payment, at) SELECT printf('fund:p%014d', n), 'fund', printf('p%014d', n), 0 FROM numbers`,
	// The entries of a posting follow each other, as they do when payments are made.
	`INSERT INTO ledger_entry (tx, account, currency, amount, at) SELECT printf('fund:p%014d', n), iif(side = 0, w.id, a.id), 'EUR', iif(side = 0, -5000, 5000), 0
		FROM numbers CROSS JOIN (SELECT 0 AS side UNION ALL SELECT 1) CROSS JOIN ledger_account w ON w.name = 'world:psp' AND w.currency = 'EUR'
		CROSS JOIN ledger_account a ON a.name = printf('hold:p%014d', n) AND a.currency = 'EUR' ORDER BY n, side`,
	`INSERT INTO ledger_seal (ref) SELECT printf('fund:p%014d', n) FROM numbers`,
	`INSERT INTO ledger_balance (account, amount) SELECT a.id, 5000 FROM numbers CROSS JOIN ledger_account a ON a.name = printf('hold:p%014d', n) AND a.currency = 'EUR'`,
	`INSERT INTO ledger_balance (account, amount) SELECT id, -5000 * (SELECT count(*) FROM numbers) FROM ledger_account WHERE name = 'world:psp' AND currency = 'EUR'
		ON CONFLICT (account) DO UPDATE SET amount = amount + excluded.amount`,
}

// withoutTriggers runs fill while the guards of the ledger are off: they look at each
// row, and a million payments would take a quarter of an hour. VerifyLedger looks afterwards.
func withoutTriggers(tx *dbx.Tx, fill func() error) error {
	var triggers []struct {
		Name string `db:"name"`
		SQL  string `db:"sql"`
	}
	if err := tx.NewQuery(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name LIKE 'ledger%'`).All(&triggers); err != nil {
		return err
	}
	for _, trigger := range triggers {
		if _, err := tx.NewQuery(`DROP TRIGGER ` + trigger.Name).Execute(); err != nil {
			return err
		}
	}
	if err := fill(); err != nil {
		return err
	}
	for _, trigger := range triggers {
		if _, err := tx.NewQuery(trigger.SQL).Execute(); err != nil {
			return err
		}
	}
	return nil
}

// fill stores payments from+1 to upto, in batches of one transaction each.
func fill(b *testing.B, data string, from, upto int) {
	b.Helper()
	instance, err := services.OpenInstance(collections.DomainPayments, services.Options{DataDir: data, Durability: services.DurabilityOff})
	if err != nil {
		b.Fatal(err)
	}
	defer instance.Close()
	const batch = 50_000
	for ; from < upto; from += batch {
		err := instance.App.NonconcurrentDB().(*dbx.DB).Transactional(func(tx *dbx.Tx) error {
			return withoutTriggers(tx, func() error {
				numbers := fmt.Sprintf(`INSERT INTO numbers WITH RECURSIVE c(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT n FROM c`, from+1, min(from+batch, upto))
				for _, sql := range append([]string{`CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY)`, numbers}, append(fillSQL, `DROP TABLE numbers`)...) {
					if _, err := tx.NewQuery(sql).Bind(dbx.Params{"at": "2026-01-01 00:00:00.000Z"}).Execute(); err != nil {
						return fmt.Errorf("%s: %w", sql, err)
					}
				}
				return nil
			})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := services.RecountEarnings(instance.App); err != nil {
		b.Fatal(err)
	}
	if report, err := services.VerifyLedger(b.Context(), instance.App); err != nil || len(report.Problems) > 0 {
		b.Fatal(err, report)
	}
}

// BenchmarkLedgerVerify replays a ledger of a million entries.
func BenchmarkLedgerVerify(b *testing.B) {
	data := filepath.Join(b.TempDir(), "data")
	fill(b, data, 0, 500_000)
	instance, err := services.OpenInstance(collections.DomainPayments, services.Options{DataDir: data})
	if err != nil {
		b.Fatal(err)
	}
	defer instance.Close()
	entries := 0
	for b.Loop() {
		report, err := services.VerifyLedger(b.Context(), instance.App)
		if err != nil || len(report.Problems) > 0 {
			b.Fatal(err, report)
		}
		entries = report.Entries
	}
	b.ReportMetric(float64(entries), "entries")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/replay")
}

// BenchmarkStoredPayments compares what a payment costs, created, held and
// released by one client, beside a thousand stored ones and beside a million,
// in turn in one run.
func BenchmarkStoredPayments(b *testing.B) {
	const each = 120
	small, stories := hiredFolder(b, each)
	large := copyOf(b, small)
	fill(b, small, 0, 1_000)
	fill(b, large, 0, 1_000_000)
	times := map[string][]time.Duration{}
	markets := map[string]*tests.Market{}
	for name, data := range map[string]string{"1k": small, "1M": large} {
		markets[name] = tests.Remote(b, "http://"+start(b, data, services.DurabilityGroup).Addr)
	}
	for n, story := range stories {
		for _, name := range []string{"1k", "1M"} { // in turn, so that a noisy moment hits both
			s := *story
			s.Client = s.Client.At(markets[name])
			began := time.Now()
			paid := s.Client.Create(collections.DomainPayments, collections.Payments, s.PaymentBody(), "Idempotency-Key", tests.Key())
			paid.Want(b, http.StatusOK, "")
			s.Client.Command(collections.DomainPayments, "payments/"+paid.Text("id")+"/release", tests.Key(), nil).Want(b, http.StatusOK, "")
			if n >= 20 { // the first ones warm the caches
				times[name] = append(times[name], time.Since(began))
			}
		}
	}
	few, many := median(times["1k"]), median(times["1M"])
	b.ReportMetric(float64(few.Microseconds())/1000, "p50-ms-1k")
	b.ReportMetric(float64(many.Microseconds())/1000, "p50-ms-1M")
	b.ReportMetric(float64(many)/float64(few), "1M/1k")
}
