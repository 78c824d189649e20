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

// CSV has one row for each past and predicted month; the parts of a predicted one
// add up to its amount.
func (f *EarningsForecast) CSV() [][]string {
	header := []string{collections.FieldCurrency, "month", "kind", "amount", "lower80", "upper80", "lower95", "upper95"}
	for _, part := range f.Parts.each() {
		header = append(header, part.name)
	}
	rows := [][]string{header}
	for _, month := range f.History {
		row := make([]string, len(header))
		copy(row, []string{f.Currency, month.Month, "past", decimal(month.Amount, f.Currency)})
		rows = append(rows, row)
	}
	for _, m := range f.Months {
		row := []string{f.Currency, m.Month, "forecast"}
		for _, amount := range []int64{m.Mean, m.Lower80, m.Upper80, m.Lower95, m.Upper95} {
			row = append(row, decimal(amount, f.Currency))
		}
		for _, part := range m.Parts.each() {
			row = append(row, decimal(*part.amount, f.Currency))
		}
		rows = append(rows, row)
	}
	return rows
}

// CSV has one row for each month, before and after the changes.
func (a *WhatIfAnswer) CSV() [][]string {
	rows := [][]string{{collections.FieldCurrency, "month", "before", "after", "difference"}}
	for k, before := range a.Before.Months {
		rows = append(rows, []string{
			a.Before.Currency, before.Month, decimal(before.Mean, a.Before.Currency), decimal(a.After.Months[k].Mean, a.Before.Currency),
			decimal(a.MonthDifferences[k], a.Before.Currency),
		})
	}
	return rows
}

// CSV has one row for each month of each stored forecast; the actual amount and
// the error are there once the month is over.
func (h *ForecastHistory) CSV() [][]string {
	rows := [][]string{{collections.FieldCurrency, "day", "month", "amount", "lower80", "upper80", "lower95", "upper95", "actual", "error"}}
	for _, f := range h.Forecasts {
		for _, m := range f.Months {
			row := []string{h.Currency, f.Day, m.Month}
			for _, amount := range []int64{m.Mean, m.Lower80, m.Upper80, m.Lower95, m.Upper95} {
				row = append(row, decimal(amount, h.Currency))
			}
			if m.Actual == nil {
				row = append(row, "", "")
			} else {
				row = append(row, decimal(*m.Actual, h.Currency), decimal(m.Mean-*m.Actual, h.Currency))
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// CSV has one row for each item of the pipeline.
func (p *PipelineAnswer) CSV() [][]string {
	rows := [][]string{{collections.FieldCurrency, "bucket", "month", "overdue", "kind", "item", "status", "title", "project", "amount", "expected"}}
	for _, item := range p.Items {
		rows = append(rows, []string{
			p.Currency, item.Bucket, item.Month, strconv.FormatBool(item.Overdue), item.Kind, item.Item, item.Status, cell(item.Title), item.Project,
			decimal(item.Amount, p.Currency), decimal(item.Expected, p.Currency),
		})
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
