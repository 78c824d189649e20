package bench

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

// bookPeople is the number of freelancers, and of clients, of a filled ledger:
// each has a hundredth of it, so that the measured one's own history grows too.
const bookPeople = 100

// fillLedger makes payments that were funded (two entries) and released (three)
// over the last 36 months, by SQL, and counts the earnings book from them.
func fillLedger(b *testing.B, m *tests.Market, s *tests.Story, entries int) (recount time.Duration) {
	b.Helper()
	app := m.Instances[collections.DomainPayments].App
	payments := entries / 5
	params := dbx.Params{
		"n": payments, "people": bookPeople, "freelancer": s.Freelancer.ID, "client": s.Client.ID,
		"now": tests.Start.UnixMilli(), "span": int64(36 * 30 * 24 * time.Hour / time.Millisecond),
	}
	const numbers = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {:n}),
		p AS (SELECT i, printf('p%014d', i) AS id, {:now} - {:span} + i * {:span} / {:n} AS at,
			CASE i % {:people} WHEN 0 THEN {:freelancer} ELSE printf('f%014d', i % {:people}) END AS freelancer,
			CASE i / 7 % {:people} WHEN 0 THEN {:client} ELSE printf('c%014d', i / 7 % {:people}) END AS client FROM n) `
	statements := []string{
		`INSERT INTO payments (id, project, milestone, client, freelancer, amount, currency, status, version, released, fee, projectTitle)
			` + numbers + `SELECT id, printf('j%014d', i / 3), id, client, freelancer, 10000, 'EUR', 'released', 3, 10000, 1000, 'A project' FROM p`,
		`INSERT INTO ledger_account (id, name, currency, owner, protected) VALUES (1, 'world:psp', 'EUR', '', 0), (2, 'fees', 'EUR', '', 1)`,
		`INSERT INTO ledger_account (name, currency, owner, protected) ` + numbers + `SELECT DISTINCT 'user:' || freelancer || ':available', 'EUR', freelancer, 1 FROM p`,
		`INSERT INTO ledger_account (name, currency, owner, protected) ` + numbers + `SELECT 'hold:' || id, 'EUR', '', 1 FROM p`,
		`INSERT INTO ledger_tx (ref, kind, payment, at) ` + numbers + `SELECT 'fund:' || id, 'fund', id, at - 86400000 FROM p UNION ALL SELECT 'release:' || id, 'release', id, at FROM p`,
		`INSERT INTO ledger_entry (tx, account, currency, amount, at) ` + numbers + `
			SELECT t.ref, a.id, 'EUR', CASE a.id WHEN 1 THEN -10000 ELSE 10000 END, t.at FROM p JOIN ledger_tx t ON t.ref = 'fund:' || p.id JOIN ledger_account a ON a.name IN ('world:psp', 'hold:' || p.id)`,
		`INSERT INTO ledger_entry (tx, account, currency, amount, at) ` + numbers + `
			SELECT t.ref, a.id, 'EUR', CASE WHEN a.id = 2 THEN 1000 WHEN a.name = 'hold:' || p.id THEN -10000 ELSE 9000 END, t.at
			FROM p JOIN ledger_tx t ON t.ref = 'release:' || p.id JOIN ledger_account a ON a.name IN ('fees', 'hold:' || p.id, 'user:' || p.freelancer || ':available')`,
		`INSERT INTO ledger_seal (ref) SELECT ref FROM ledger_tx`,
	}
	// One transaction: the ledger demands at its end that every posting is sealed.
	err := app.RunInTransaction(func(tx core.App) error {
		for _, statement := range statements {
			if _, err := tx.DB().NewQuery(statement).Bind(params).Execute(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := services.RecountEarnings(app); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

// BenchmarkEarnings asks for summary and months over HTTP with 10,000 and with
// 1,000,000 ledger entries, in turn; ratio is the large one's p50 over the small one's.
// verify is the whole of `ledger verify` on the large one, recount of the book included.
func BenchmarkEarnings(b *testing.B) {
	sizes := []int{10_000, 1_000_000}
	people := make([]*tests.Person, len(sizes))
	var large core.App
	var recounted time.Duration
	for i, size := range sizes {
		m := tests.New(b)
		s := tests.NewStory(m)
		recounted = fillLedger(b, m, s, size)
		people[i], large = s.Freelancer, m.Instances[collections.DomainPayments].App
	}
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if report, err := services.VerifyLedger(b.Context(), large); err != nil || len(report.Problems) > 0 {
				b.Fatalf("Expected a sound ledger, got %v %v", report, err)
			}
		}
		b.ReportMetric(recounted.Seconds(), "s-to-recount")
	})
	for _, path := range []string{"summary", "monthly"} {
		b.Run(path, func(b *testing.B) {
			times := make([][]time.Duration, len(sizes))
			for b.Loop() {
				for i, person := range people { // in turn, so that a noisy moment hits both
					began := time.Now()
					person.Do(http.MethodGet, "/api/payments/api/earnings/"+path, nil).Want(b, http.StatusOK, "")
					times[i] = append(times[i], time.Since(began))
				}
			}
			for i, size := range sizes {
				b.ReportMetric(float64(median(times[i]).Microseconds())/1000, fmt.Sprintf("p50-ms-%d", size))
			}
			b.ReportMetric(float64(median(times[1]))/float64(median(times[0])), "ratio")
		})
	}
}
