package services

import (
	"maps"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/forecast"
)

// Perspective is the side from which money is looked at.
type Perspective string

// A freelancer sees income, a client sees spend.
const (
	PerspectiveIncome Perspective = "income"
	PerspectiveSpend  Perspective = "spend"
)

// movementRow is one release, as its freelancer (net of the fee) or its client saw it.
type movementRow struct {
	At          int64  `db:"at"`
	Amount      int64  `db:"amount"`
	Currency    string `db:"currency"`
	Project     string `db:"project"`
	Title       string `db:"title"`
	Counterpart string `db:"counterpart"`
}

// movementSQL reads a person's releases from the ledger, oldest first.
var movementSQL = map[Perspective]string{
	PerspectiveIncome: `SELECT e.at, e.amount, e.currency, p.project, p.projectTitle AS title, p.client AS counterpart
		FROM ledger_account a JOIN ledger_entry e ON e.account = a.id JOIN ledger_tx t ON t.ref = e.tx AND t.kind = 'release'
		JOIN payments p ON p.id = t.payment WHERE a.owner = {:user} ORDER BY e.at, e.id`,
	PerspectiveSpend: `SELECT e.at, -e.amount AS amount, e.currency, p.project, p.projectTitle AS title, p.freelancer AS counterpart
		FROM payments p JOIN ledger_tx t ON t.payment = p.id AND t.kind = 'release' JOIN ledger_entry e ON e.tx = t.ref
		JOIN ledger_account a ON a.id = e.account AND a.name = 'hold:' || p.id WHERE p.client = {:user} ORDER BY e.at, e.id`,
}

// Month is a month's total in minor units.
type Month struct {
	Month  string `json:"month"` // YYYY-MM
	Amount int64  `json:"amount"`
	Count  int    `json:"count"`
}

// Share is what one project or counterpart brought.
type Share struct {
	ID     string `json:"id"`
	Title  string `json:"title,omitempty"`
	Amount int64  `json:"amount"`
}

// CurrencySummary is a person's money in one currency, in minor units.
// Currencies are never added up.
type CurrencySummary struct {
	Currency string `json:"currency"`
	// Held is funded and not yet released or refunded.
	Held int64 `json:"held"`
	// Available can be paid out now; income only.
	Available     int64   `json:"available"`
	Total         int64   `json:"total"`
	ThisMonth     int64   `json:"thisMonth"`
	LastMonth     int64   `json:"lastMonth"`
	ThisYear      int64   `json:"thisYear"`
	ByProject     []Share `json:"byProject"`
	ByCounterpart []Share `json:"byCounterpart"`
}

// EarningsSummary is a person's money in all currencies.
type EarningsSummary struct {
	Perspective Perspective       `json:"perspective"`
	Timezone    string            `json:"timezone"`
	Currencies  []CurrencySummary `json:"currencies"`
}

// MonthlySeries is one currency's months, without gaps.
type MonthlySeries struct {
	Currency string  `json:"currency"`
	Months   []Month `json:"months"`
}

// ForecastMonth is the prediction for one month, in minor units.
type ForecastMonth struct {
	Month   string `json:"month"`
	Mean    int64  `json:"mean"`
	Lower80 int64  `json:"lower80"`
	Upper80 int64  `json:"upper80"`
	Lower95 int64  `json:"lower95"`
	Upper95 int64  `json:"upper95"`
}

// EarningsForecast predicts the months after the last complete one.
type EarningsForecast struct {
	Perspective Perspective     `json:"perspective"`
	Currency    string          `json:"currency"`
	History     []Month         `json:"history"`
	Months      []ForecastMonth `json:"months"`
	// Total is the sum over the months; its ranges come from joint paths, because
	// adding monthly bounds would claim far too wide a range.
	Total    int64             `json:"total"`
	Total80  [2]int64          `json:"total80"`
	Total95  [2]int64          `json:"total95"`
	Method   string            `json:"method"`
	Backtest forecast.Backtest `json:"backtest"`
}

// location returns the time zone that decides what a month is for user.
func (s *PaymentsService) location(user string) *time.Location {
	record, err := s.App.FindRecordById(collections.Users, user)
	if err != nil {
		return time.UTC
	}
	zone, err := time.LoadLocation(record.GetString(collections.UserTimezone))
	if err != nil {
		return time.UTC
	}
	return zone
}

func (s *PaymentsService) movements(user string, view Perspective) (map[string][]movementRow, error) {
	var rows []movementRow
	if err := s.App.ConcurrentDB().NewQuery(movementSQL[view]).Bind(dbx.Params{"user": user}).All(&rows); err != nil {
		return nil, err
	}
	byCurrency := map[string][]movementRow{}
	for _, row := range rows {
		byCurrency[row.Currency] = append(byCurrency[row.Currency], row)
	}
	return byCurrency, nil
}

// Summary sums up what user earned or spent.
func (s *PaymentsService) Summary(user string, view Perspective) (*EarningsSummary, error) {
	zone := s.location(user)
	byCurrency, err := s.movements(user, view)
	if err != nil {
		return nil, err
	}
	held, err := s.held(user, view)
	if err != nil {
		return nil, err
	}
	summary := &EarningsSummary{Perspective: view, Timezone: zone.String(), Currencies: []CurrencySummary{}}
	for currency := range held {
		if _, known := byCurrency[currency]; !known {
			byCurrency[currency] = nil // held, but nothing released so far
		}
	}
	for _, currency := range sortedKeys(byCurrency) {
		one := sumUp(byCurrency[currency], s.Clock.Now().In(zone))
		one.Currency, one.Held = currency, held[currency]
		if view == PerspectiveIncome {
			if one.Available, err = Balance(s.App, AccountAvailable(user), currency); err != nil {
				return nil, err
			}
		}
		summary.Currencies = append(summary.Currencies, one)
	}
	return summary, nil
}

func (s *PaymentsService) held(user string, view Perspective) (map[string]int64, error) {
	side := collections.FieldFreelancer
	if view == PerspectiveSpend {
		side = collections.FieldClient
	}
	var rows []struct {
		Currency string `db:"currency"`
		Amount   int64  `db:"amount"`
	}
	err := s.App.ConcurrentDB().Select("currency", "sum(amount - released - refunded) AS amount").From(collections.Payments).
		Where(dbx.HashExp{side: user, collections.FieldStatus: collections.PaymentHeld}).GroupBy(collections.FieldCurrency).All(&rows)
	held := map[string]int64{}
	for _, row := range rows {
		held[row.Currency] = row.Amount
	}
	return held, err
}

// sumUp sums one currency's movements as seen at now, whose location decides what a month is.
func sumUp(rows []movementRow, now time.Time) CurrencySummary {
	this, last := monthOf(now), monthOf(now.AddDate(0, 0, -now.Day()))
	projects, counterparts := map[string]*Share{}, map[string]*Share{}
	var sum CurrencySummary
	for _, row := range rows {
		at := time.UnixMilli(row.At).In(now.Location())
		sum.Total += row.Amount
		switch monthOf(at) {
		case this:
			sum.ThisMonth += row.Amount
		case last:
			sum.LastMonth += row.Amount
		}
		if at.Year() == now.Year() {
			sum.ThisYear += row.Amount
		}
		addShare(projects, row.Project, row.Title, row.Amount)
		addShare(counterparts, row.Counterpart, "", row.Amount)
	}
	sum.ByProject, sum.ByCounterpart = topShares(projects), topShares(counterparts)
	return sum
}

func addShare(shares map[string]*Share, id, title string, amount int64) {
	if shares[id] == nil {
		shares[id] = &Share{ID: id, Title: title}
	}
	shares[id].Amount += amount
}

// topShares returns the fifty largest shares.
func topShares(shares map[string]*Share) []Share {
	list := []Share{}
	for _, share := range shares {
		list = append(list, *share)
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Amount != list[j].Amount {
			return list[i].Amount > list[j].Amount
		}
		return list[i].ID < list[j].ID
	})
	return list[:min(len(list), 50)]
}

// Monthly returns user's months from..to (YYYY-MM, both included; "" for the
// first with a movement and for the current month), one series per currency.
func (s *PaymentsService) Monthly(user string, view Perspective, from, to string) ([]MonthlySeries, error) {
	zone := s.location(user)
	for _, month := range []string{from, to} {
		if _, err := time.Parse(monthLayout, month); month != "" && err != nil {
			return nil, badRequest(CodeInvalidInput, "A month is written YYYY-MM, for example 2026-03; %q is not one.", month)
		}
	}
	byCurrency, err := s.movements(user, view)
	if err != nil {
		return nil, err
	}
	if to == "" {
		to = monthOf(s.Clock.Now().In(zone))
	}
	series := []MonthlySeries{}
	for _, currency := range sortedKeys(byCurrency) {
		rows := byCurrency[currency]
		first := from
		if first == "" {
			first = monthOf(time.UnixMilli(rows[0].At).In(zone))
		}
		months, err := monthsBetween(first, to)
		if err != nil {
			return nil, err
		}
		series = append(series, MonthlySeries{Currency: currency, Months: fillMonths(months, rows, zone)})
	}
	return series, nil
}

// Forecast predicts the next horizon months in currency ("" for the one with the
// largest total). The current month is not over, so it is not part of the history.
func (s *PaymentsService) Forecast(user string, view Perspective, currency string, horizon int) (*EarningsForecast, error) {
	if horizon < 1 || horizon > 12 {
		return nil, badRequest(CodeInvalidInput, "The horizon is 1 to 12 months.")
	}
	zone := s.location(user)
	current := s.Clock.Now().In(zone)
	all, err := s.Monthly(user, view, "", monthOf(current.AddDate(0, 0, -current.Day())))
	if err != nil {
		return nil, err
	}
	answer := &EarningsForecast{Perspective: view, Currency: currency, History: []Month{}}
	largest := int64(-1)
	for _, series := range all {
		var total int64
		for _, month := range series.Months {
			total += month.Amount
		}
		if series.Currency == currency || (currency == "" && total > largest) {
			largest, answer.Currency, answer.History = total, series.Currency, series.Months
		}
	}
	y := make([]float64, len(answer.History))
	for i, month := range answer.History {
		y[i] = float64(month.Amount)
	}
	predicted, err := forecast.Predict(y, horizon, forecast.WithLastMonth(current.AddDate(0, 0, -current.Day()).Month()))
	if err != nil {
		return nil, err
	}
	answer.Method, answer.Backtest = predicted.Method, predicted.Backtest
	answer.Total = minor(predicted.Total)
	answer.Total80 = [2]int64{minor(predicted.Total80.Lower), minor(predicted.Total80.Upper)}
	answer.Total95 = [2]int64{minor(predicted.Total95.Lower), minor(predicted.Total95.Upper)}
	first := time.Date(current.Year(), current.Month(), 1, 0, 0, 0, 0, zone)
	for h := range horizon {
		answer.Months = append(answer.Months, ForecastMonth{
			Month: monthOf(first.AddDate(0, h, 0)), Mean: minor(predicted.Mean[h]),
			Lower80: minor(predicted.Lower80[h]), Upper80: minor(predicted.Upper80[h]),
			Lower95: minor(predicted.Lower95[h]), Upper95: minor(predicted.Upper95[h]),
		})
	}
	return answer, nil
}

// minor rounds a predicted amount to whole minor units, which keeps the order of bounds.
func minor(amount float64) int64 { return int64(math.Round(amount)) }

const (
	monthLayout = "2006-01"
	maxMonths   = 600
)

func monthOf(t time.Time) string { return t.Format(monthLayout) }

// monthsBetween lists the months first..last; none if last is before first.
func monthsBetween(first, last string) ([]string, error) {
	at, err := time.Parse(monthLayout, first)
	if err != nil {
		return nil, err
	}
	months := []string{}
	for ; monthOf(at) <= last; at = at.AddDate(0, 1, 0) {
		if len(months) == maxMonths {
			return nil, badRequest(CodeInvalidInput, "At most %d months can be asked for at once.", maxMonths)
		}
		months = append(months, monthOf(at))
	}
	return months, nil
}

func fillMonths(months []string, rows []movementRow, zone *time.Location) []Month {
	filled := make([]Month, len(months))
	for i, month := range months {
		filled[i].Month = month
	}
	for _, row := range rows {
		if i, ok := slices.BinarySearch(months, monthOf(time.UnixMilli(row.At).In(zone))); ok {
			filled[i].Amount += row.Amount
			filled[i].Count++
		}
	}
	return filled
}

// sortedKeys returns the keys of the map, sorted.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
