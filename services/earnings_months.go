package services

import (
	"maps"
	"slices"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
)

const (
	monthLayout = "2006-01"
	maxMonths   = 600
)

// Month is a month's total in minor units.
type Month struct {
	Month  string `json:"month" db:"month"` // YYYY-MM
	Amount int64  `json:"amount" db:"amount"`
	Count  int    `json:"count" db:"count"`
}

// MonthlySeries is one currency's months, without gaps.
type MonthlySeries struct {
	Currency string  `json:"currency"`
	Months   []Month `json:"months"`
}

// EarningsMonths is a person's months in all currencies.
type EarningsMonths struct {
	Perspective Perspective     `json:"perspective"`
	Timezone    string          `json:"timezone"`
	Series      []MonthlySeries `json:"series"`
}

// Monthly returns user's months from..to (YYYY-MM, both included; "" for the
// first with a movement and for the current month), one series per currency.
func (s *PaymentsService) Monthly(user string, view Perspective, from, to string) (*EarningsMonths, error) {
	zone, err := s.zoneOf(user)
	if err != nil {
		return nil, err
	}
	for _, month := range []string{from, to} {
		if _, err := time.Parse(monthLayout, month); month != "" && err != nil {
			return nil, badRequest(CodeInvalidInput, "A month is written YYYY-MM, for example 2026-03; %q is not one.", month)
		}
	}
	if to == "" {
		to = monthOf(s.Clock.Now().In(zone))
	}
	answer := &EarningsMonths{Perspective: view, Timezone: zone.String(), Series: []MonthlySeries{}}
	currencies, err := s.currencies(user, view)
	if err != nil {
		return nil, err
	}
	for _, currency := range currencies {
		rows, err := s.bookMonths(user, view, currency, "", from, to)
		if err != nil {
			return nil, err
		}
		first := from
		if first == "" {
			if len(rows) == 0 {
				continue
			}
			first = rows[0].Month
		}
		months, err := monthsBetween(first, to)
		if err != nil {
			return nil, err
		}
		answer.Series = append(answer.Series, MonthlySeries{Currency: currency, Months: fillMonths(months, rows)})
	}
	return answer, nil
}

// currencies lists those in which user ever earned or spent, sorted.
func (s *PaymentsService) currencies(user string, view Perspective) ([]string, error) {
	currencies := []string{}
	err := s.App.ConcurrentDB().NewQuery(`SELECT currency FROM earnings_now n WHERE user = {:user} AND view = {:view} AND EXISTS (
			SELECT 1 FROM earnings_month m WHERE m.user = n.user AND m.view = n.view AND m.currency = n.currency AND m.counterpart = '')
		ORDER BY currency`).Bind(dbx.Params{"user": user, "view": string(view)}).Column(&currencies)
	return currencies, err
}

// bookMonths reads the months from..to that the book has, of the whole
// (counterpart "") or of one counterpart; from "" means from the first.
func (s *PaymentsService) bookMonths(user string, view Perspective, currency, counterpart, from, to string) ([]Month, error) {
	months := []Month{}
	err := s.App.ConcurrentDB().NewQuery(`SELECT month, amount, count FROM earnings_month
		WHERE user = {:user} AND view = {:view} AND currency = {:currency} AND counterpart = {:counterpart} AND month BETWEEN {:from} AND {:to}
		ORDER BY month`).Bind(dbx.Params{
		"user": user, "view": string(view), collections.FieldCurrency: currency, "counterpart": counterpart, "from": from, "to": to,
	}).All(&months)
	return months, err
}

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

// fillMonths puts rows into months; those without a row are zero.
func fillMonths(months []string, rows []Month) []Month {
	filled := make([]Month, len(months))
	for i, month := range months {
		filled[i].Month = month
	}
	for _, row := range rows {
		if i, ok := slices.BinarySearch(months, row.Month); ok {
			filled[i] = row
		}
	}
	return filled
}

// sortedKeys returns the keys of the map, sorted.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
