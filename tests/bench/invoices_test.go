package bench

import (
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

// BenchmarkInvoices measures what the invoices of a settlement cost beside the
// rest of it, in one run: parts of a payment are released, then all invoices are
// thrown away and issued again, which does nothing else. Then PDFs are made.
func BenchmarkInvoices(b *testing.B) {
	m := tests.New(b)
	s := tests.NewStory(m)
	s.Amount = 1_000_000_000
	s.Publish().Propose().Hire().Fund()
	money := m.Payments()
	app := m.Instances[collections.DomainPayments].App
	var release, invoice, pdf time.Duration
	timed := func(total *time.Duration, work func() error) {
		b.Helper()
		started := time.Now()
		if err := work(); err != nil {
			b.Fatal(err)
		}
		*total += time.Since(started)
	}
	const parts = 100
	rounds := 0
	for b.Loop() {
		rounds++
		timed(&release, func() error {
			for range parts {
				cmd := services.Command{Principal: s.Client.ID, Route: "release", Key: tests.Key()}
				if _, err := money.Release(cmd, s.Payment, 1_000, "", time.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		for _, sql := range []string{`DROP TRIGGER invoices_stay`, `DELETE FROM invoices`, `CREATE TRIGGER invoices_stay BEFORE DELETE ON invoices BEGIN SELECT RAISE(ABORT, 'invoices: sealed'); END`} {
			if _, err := app.DB().NewQuery(sql).Execute(); err != nil {
				b.Fatal(err)
			}
		}
		started := time.Now()
		if err := money.CatchUpInvoices(b.Context()); err != nil {
			b.Fatal(err)
		}
		invoice += time.Since(started) / time.Duration(rounds) // all parts so far
		timed(&pdf, func() error { return money.StoreInvoices(b.Context()) })
		m.Deliver()
	}
	per := func(total time.Duration, count int) float64 {
		return float64(total.Microseconds()) / float64(count) / 1000
	}
	b.ReportMetric(per(release, rounds*parts), "release-ms")
	b.ReportMetric(per(invoice, rounds*parts), "invoice-ms")
	b.ReportMetric(per(invoice, rounds*parts)/per(release, rounds*parts), "share")
	b.ReportMetric(per(pdf, rounds*10), "pdf-ms")
}
