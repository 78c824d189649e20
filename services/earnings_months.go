package services

import (
	"maps"
	"slices"
	"time"
)

const (
	monthLayout = "2006-01"
	maxMonths   = 600
)

// Month is a month's total in minor units.
type Month struct {
	Month  string `json:"month"` // YYYY-MM
	Amount int64  `json:"amount"`
	Count  int    `json:"count"`
}

// MonthlySeries is one currency's months, without gaps.
type MonthlySeries struct {
	Currency string  `json:"currency"`
	Months   []Month `json:"months"`
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
