package bench

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

// fillForecasts gives n freelancers 24 months of income with two clients, and a
// pipeline of six items in three versions each.
func fillForecasts(b *testing.B, m *tests.Market, n int) {
	b.Helper()
	const people = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {:n}),
		u AS (SELECT i, printf('f%014d', i) AS user FROM n),
		months (k, month) AS (SELECT 0, '2026-02' UNION ALL SELECT k + 1, strftime('%Y-%m', month || '-01', '-1 month') FROM months WHERE k < 23),
		items (j) AS (VALUES (0), (1), (2), (3), (4), (5)), versions (v, status) AS (VALUES (1, 'planned'), (2, 'funded'), (3, 'submitted')) `
	statements := []string{
		`INSERT INTO earnings_zone (user, zone) ` + people + `SELECT user, 'Europe/Berlin' FROM u`,
		`INSERT INTO earnings_now (user, view, currency, total) ` + people + `SELECT user, 'income', 'EUR', 2400000 FROM u`,
		`INSERT INTO earnings_month (user, view, currency, counterpart, month, amount, count) ` + people + `
			SELECT user, 'income', 'EUR', c.client, month, 60000 + abs((i * 7919 + k * 104729) % 40000) * c.share, 3 FROM u, months, (SELECT '' AS client, 2 AS share UNION ALL SELECT 'c1', 1 UNION ALL SELECT 'c2', 1) c`,
		`INSERT INTO pipeline_item (id, version, kind, status, title, project, contract, client, freelancer, currency, amount, fee, position, days, due, created, at) ` + people + `
			SELECT printf('m%06d-%d', i, j), v, CASE WHEN j < 4 THEN 'milestone' ELSE 'proposal' END, CASE WHEN j < 4 THEN CASE WHEN j < 2 THEN 'planned' ELSE status END ELSE 'submitted' END,
				'A piece of work', 'p', 'k', 'c1', user, 'EUR', 90000, 9000, j, 20, {:now} + j * 2592000000, {:now} - 7776000000, {:now} - (4 - v) * 864000000 FROM u, items, versions`,
	}
	err := m.Instances[collections.DomainPayments].App.RunInTransaction(func(tx core.App) error {
		for _, statement := range statements {
			if _, err := tx.DB().NewQuery(statement).Bind(dbx.Params{"n": n, "now": tests.Start.UnixMilli()}).Execute(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// cpuTime is what the process has computed so far.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkForecastsOfTheNight makes, stores and scores the forecasts of 10,000
// freelancers.
func BenchmarkForecastsOfTheNight(b *testing.B) {
	const people = 10_000
	m := tests.New(b)
	fillForecasts(b, m, people)
	service := m.Payments()
	for b.Loop() {
		began, busy := time.Now(), cpuTime(b)
		if err := service.RefreshForecasts(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(began).Seconds(), "s-per-10000")
		b.ReportMetric((cpuTime(b) - busy).Seconds(), "cpu-s-per-10000") // what a busy machine does not change
		m.Clock.Advance(collections.Day)
	}
}

// BenchmarkForecast asks for one forecast, and one what-if, over HTTP.
func BenchmarkForecast(b *testing.B) {
	m := tests.New(b)
	fillForecasts(b, m, 100)
	s := tests.NewStory(m)
	_, err := m.Instances[collections.DomainPayments].App.DB().NewQuery(`UPDATE earnings_month SET user = {:me} WHERE user = 'f00000000000001';
		UPDATE pipeline_item SET freelancer = {:me} WHERE freelancer = 'f00000000000001'; UPDATE earnings_now SET user = {:me} WHERE user = 'f00000000000001'`).
		Bind(dbx.Params{"me": s.Freelancer.ID}).Execute()
	if err != nil {
		b.Fatal(err)
	}
	for name, ask := range map[string]func() *tests.Response{
		"forecast": func() *tests.Response {
			return s.Freelancer.Do(http.MethodGet, "/api/payments/api/earnings/forecast?currency=EUR&horizon=12", nil)
		},
		"what-if": func() *tests.Response {
			return s.Freelancer.Do(http.MethodPost, "/api/payments/api/earnings/what-if",
				tests.Body{"currency": "EUR", "horizon": 12, "changes": []tests.Body{{"kind": services.ChangeDropClient, "client": "c1"}}})
		},
	} {
		b.Run(name, func(b *testing.B) {
			var times []time.Duration
			for b.Loop() {
				began := time.Now()
				ask().Want(b, http.StatusOK, "")
				times = append(times, time.Since(began))
			}
			b.ReportMetric(float64(median(times).Microseconds())/1000, "p50-ms")
		})
	}
}
