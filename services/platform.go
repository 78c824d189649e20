package services

import (
	"strconv"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/forecast"
)

// platformHorizon is how many months of GMV are predicted.
const platformHorizon = 3

// PlatformTotals is what passed through the marketplace, for moderators: one
// series per currency, never mixed. Months are UTC months.
type PlatformTotals struct {
	Currencies []PlatformCurrency `json:"currencies"`
}

// PlatformCurrency is one currency of it. Amounts are minor units.
type PlatformCurrency struct {
	Currency string `json:"currency"`
	// GMV is what clients spent, Fees the part of it that the platform kept.
	GMV  int64 `json:"gmv"`
	Fees int64 `json:"fees"`
	// TakeRate is fees as a share of GMV, DisputeRate disputed payments as a share
	// of those held, both in percent.
	TakeRate    float64         `json:"takeRatePercent"`
	Held        int64           `json:"paymentsHeld"`
	Disputed    int64           `json:"paymentsDisputed"`
	DisputeRate float64         `json:"disputeRatePercent"`
	Months      []PlatformMonth `json:"months"`
	// Forecast is of GMV, from the current month on; nil without a complete month.
	Forecast *PlatformForecast `json:"forecast"`
}

// PlatformMonth is one month. Held and disputed are payments by when they were held.
type PlatformMonth struct {
	Month       string  `json:"month"`
	GMV         int64   `json:"gmv"`
	Fees        int64   `json:"fees"`
	TakeRate    float64 `json:"takeRatePercent"`
	Held        int64   `json:"paymentsHeld"`
	Disputed    int64   `json:"paymentsDisputed"`
	DisputeRate float64 `json:"disputeRatePercent"`
}

// PlatformForecast predicts GMV; its total's ranges come from joint paths.
type PlatformForecast struct {
	Months  []ForecastMonth `json:"months"`
	Total   int64           `json:"total"`
	Total80 [2]int64        `json:"total80"`
	Total95 [2]int64        `json:"total95"`
	Method  string          `json:"method"`
}

// platformSQL joins what was posted by month with how many payments were held, and
// how many of these somebody disputed.
const platformSQL = `SELECT currency, month, sum(gross) AS gross, sum(fees) AS fees, sum(held) AS held, sum(disputed) AS disputed FROM (
		SELECT currency, month, gross, fees, 0 AS held, 0 AS disputed FROM platform_month
		UNION ALL SELECT p.currency, substr(p.heldAt, 1, 7), 0, 0, count(*), sum(EXISTS (SELECT 1 FROM disputes d WHERE d.payment = p.id))
		FROM payments p WHERE p.status NOT IN ('pending', 'failed') AND p.heldAt <> '' GROUP BY 1, 2)
	WHERE month BETWEEN {:from} AND {:to} GROUP BY currency, month ORDER BY currency, month`

// PlatformTotals adds up the months from..to (2006-01; "" leaves an end open).
// The forecast follows the last complete month and takes all of history.
func (s *PaymentsService) PlatformTotals(from, to string) (*PlatformTotals, error) {
	for _, month := range []string{from, to} {
		if _, err := time.Parse(monthLayout, month); month != "" && err != nil {
			return nil, badRequest(CodeInvalidInput, "A month is written like 2026-01.")
		}
	}
	var rows []struct {
		Currency string `db:"currency"`
		Month    string `db:"month"`
		Gross    int64  `db:"gross"`
		Fees     int64  `db:"fees"`
		Held     int64  `db:"held"`
		Disputed int64  `db:"disputed"`
	}
	err := s.App.ConcurrentDB().NewQuery(platformSQL).Bind(dbx.Params{"from": from, "to": orElse(to, "9999-12")}).All(&rows)
	if err != nil {
		return nil, err
	}
	totals := &PlatformTotals{Currencies: []PlatformCurrency{}}
	for _, row := range rows {
		if n := len(totals.Currencies); n == 0 || totals.Currencies[n-1].Currency != row.Currency {
			totals.Currencies = append(totals.Currencies, PlatformCurrency{Currency: row.Currency, Months: []PlatformMonth{}})
		}
		c := &totals.Currencies[len(totals.Currencies)-1]
		c.Months = append(c.Months, PlatformMonth{
			Month: row.Month, GMV: row.Gross, Fees: row.Fees, TakeRate: percent(row.Fees, row.Gross),
			Held: row.Held, Disputed: row.Disputed, DisputeRate: percent(row.Disputed, row.Held),
		})
		c.GMV, c.Fees, c.Held, c.Disputed = c.GMV+row.Gross, c.Fees+row.Fees, c.Held+row.Held, c.Disputed+row.Disputed
	}
	for n := range totals.Currencies {
		c := &totals.Currencies[n]
		c.TakeRate, c.DisputeRate = percent(c.Fees, c.GMV), percent(c.Disputed, c.Held)
		if c.Forecast, err = s.forecastGMV(c.Currency); err != nil {
			return nil, err
		}
	}
	return totals, nil
}

// percent is part of whole in percent, with two decimals; 0 of nothing.
func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64((part*10_000+whole/2)/whole) / 100
}

// forecastGMV predicts the GMV of a currency from its complete months.
func (s *PaymentsService) forecastGMV(currency string) (*PlatformForecast, error) {
	now := s.Clock.Now().UTC()
	last := now.AddDate(0, 0, -now.Day())
	var rows []Month
	err := s.App.ConcurrentDB().NewQuery(`SELECT month, gross AS amount, count FROM platform_month WHERE currency = {:currency} AND month <= {:last} ORDER BY month`).
		Bind(dbx.Params{collections.FieldCurrency: currency, "last": monthOf(last)}).All(&rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	first := rows[0].Month
	if earliest := monthOf(last.AddDate(0, 0, 1-last.Day()).AddDate(0, 1-maxMonths, 0)); first < earliest {
		first = earliest
	}
	months, err := monthsBetween(first, monthOf(last))
	if err != nil {
		return nil, err
	}
	y := make([]float64, len(months))
	for n, month := range fillMonths(months, rows) {
		y[n] = float64(month.Amount)
	}
	predicted, err := forecast.Predict(y, platformHorizon, forecast.WithLastMonth(last.Month()))
	if err != nil {
		return nil, err
	}
	answer := &PlatformForecast{
		Total: minor(predicted.Total), Total80: [2]int64{minor(predicted.Total80.Lower), minor(predicted.Total80.Upper)},
		Total95: [2]int64{minor(predicted.Total95.Lower), minor(predicted.Total95.Upper)}, Method: predicted.Method,
	}
	for h := range platformHorizon {
		answer.Months = append(answer.Months, ForecastMonth{
			Month: monthOf(last.AddDate(0, 0, 1).AddDate(0, h, 0)), Mean: minor(predicted.Mean[h]),
			Lower80: minor(predicted.Lower80[h]), Upper80: minor(predicted.Upper80[h]), Lower95: minor(predicted.Lower95[h]), Upper95: minor(predicted.Upper95[h]),
		})
	}
	return answer, nil
}

// CSV has one row for each currency and month, then the predicted ones.
func (t *PlatformTotals) CSV() [][]string {
	rows := [][]string{{collections.FieldCurrency, "month", "kind", "gmv", "fees", "take rate %", "payments held", "payments disputed", "dispute rate %", "lower80", "upper80"}}
	for _, c := range t.Currencies {
		for _, m := range c.Months {
			rows = append(rows, []string{
				c.Currency, m.Month, "past", decimal(m.GMV, c.Currency), decimal(m.Fees, c.Currency), percentText(m.TakeRate),
				strconv.FormatInt(m.Held, 10), strconv.FormatInt(m.Disputed, 10), percentText(m.DisputeRate), "", "",
			})
		}
		if c.Forecast == nil {
			continue
		}
		for _, m := range c.Forecast.Months {
			rows = append(rows, []string{c.Currency, m.Month, "forecast", decimal(m.Mean, c.Currency), "", "", "", "", "", decimal(m.Lower80, c.Currency), decimal(m.Upper80, c.Currency)})
		}
	}
	return rows
}

func percentText(percent float64) string { return strconv.FormatFloat(percent, 'f', 2, 64) }
