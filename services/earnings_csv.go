package services

import (
	"strconv"
	"strings"

	"github.com/lancershub/lancershub/collections"
)

// Table is an answer that can be read as a table: a header, then rows.
type Table interface {
	// CSV returns the header and the rows. Amounts are decimal numbers of whole
	// currency units, as spreadsheets expect them.
	CSV() [][]string
}

// CSV has one row for each figure, project and counterpart.
func (s *EarningsSummary) CSV() [][]string {
	rows := [][]string{{collections.FieldCurrency, "figure", "id", "title", "amount", "count"}}
	for _, c := range s.Currencies {
		for _, figure := range []struct {
			name   string
			amount int64
		}{
			{"held", c.Held}, {"disputed", c.Disputed}, {"clearing", c.Clearing}, {"available", c.Available}, {"in transit", c.InTransit},
			{"paid out", c.PaidOut}, {"total", c.Total}, {"this month", c.ThisMonth}, {"last month", c.LastMonth}, {"this year", c.ThisYear},
		} {
			rows = append(rows, []string{c.Currency, figure.name, "", "", decimal(figure.amount, c.Currency), ""})
		}
		rows = append(rows, shareRows(c.Currency, shareProject, c.ByProject)...)
		rows = append(rows, shareRows(c.Currency, shareCounterpart, c.ByCounterpart)...)
	}
	return rows
}

func shareRows(currency, kind string, shares []Share) [][]string {
	rows := make([][]string, len(shares))
	for i, share := range shares {
		rows[i] = []string{currency, kind, share.ID, cell(share.Title), decimal(share.Amount, currency), strconv.FormatInt(share.Count, 10)}
	}
	return rows
}

// CSV has one row for each currency and month.
func (m *EarningsMonths) CSV() [][]string {
	rows := [][]string{{collections.FieldCurrency, "month", "amount", "count"}}
	for _, series := range m.Series {
		for _, month := range series.Months {
			rows = append(rows, []string{series.Currency, month.Month, decimal(month.Amount, series.Currency), strconv.Itoa(month.Count)})
		}
	}
	return rows
}

// CSV has one row for each past and predicted month.
func (f *EarningsForecast) CSV() [][]string {
	rows := [][]string{{collections.FieldCurrency, "month", "kind", "amount", "lower80", "upper80", "lower95", "upper95"}}
	for _, month := range f.History {
		rows = append(rows, []string{f.Currency, month.Month, "past", decimal(month.Amount, f.Currency), "", "", "", ""})
	}
	for _, m := range f.Months {
		row := []string{f.Currency, m.Month, "forecast"}
		for _, amount := range []int64{m.Mean, m.Lower80, m.Upper80, m.Lower95, m.Upper95} {
			row = append(row, decimal(amount, f.Currency))
		}
		rows = append(rows, row)
	}
	return rows
}

// decimal writes minor units as whole units with the currency's decimals.
func decimal(amount int64, currency string) string {
	sign := ""
	if amount < 0 {
		sign = "-"
	}
	digits := strings.TrimPrefix(strconv.FormatInt(amount, 10), "-")
	decimals := currencies[currency]
	if decimals == 0 {
		return sign + digits
	}
	for len(digits) <= decimals {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:]
}

// cell keeps a text that somebody else wrote from being a formula in a
// spreadsheet (OWASP, CSV injection).
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
