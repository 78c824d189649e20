package services

import (
	"slices"
	"strconv"
	"time"
)

// HiringTotals is how projects find their people, for moderators, by the UTC month
// in which a project was published.
type HiringTotals struct {
	HiringMonth
	Months []HiringMonth `json:"months"`
}

// HiringMonth is one month of it, or all of them.
type HiringMonth struct {
	Month     string `json:"month,omitempty"`
	Published int64  `json:"published"`
	// Filled is how many of these led to a contract so far, FillRate their share in percent.
	Filled   int64   `json:"filled"`
	FillRate float64 `json:"fillRatePercent"`
	// HoursToHire is the median time from publishing to the contract.
	HoursToHire float64 `json:"hoursToHireMedian"`
	hours       []float64
}

// PlatformTotals counts published projects and contracts.
func (s ProjectsService) PlatformTotals() (*HiringTotals, error) {
	var rows []struct {
		Published int64  `db:"published"`
		Hired     *int64 `db:"hired"`
	}
	err := s.App.ConcurrentDB().NewQuery(`SELECT CAST(unixepoch(p.publishedAt) AS INTEGER) AS published,
		(SELECT CAST(unixepoch(min(c.created)) AS INTEGER) FROM contracts c WHERE c.project = p.id) AS hired
		FROM projects p WHERE p.publishedAt <> '' ORDER BY p.publishedAt`).All(&rows)
	if err != nil {
		return nil, err
	}
	totals := &HiringTotals{Months: []HiringMonth{}}
	for _, row := range rows {
		month := monthOf(time.Unix(row.Published, 0).UTC())
		if n := len(totals.Months); n == 0 || totals.Months[n-1].Month != month {
			totals.Months = append(totals.Months, HiringMonth{Month: month})
		}
		for _, count := range []*HiringMonth{&totals.HiringMonth, &totals.Months[len(totals.Months)-1]} {
			count.Published++
			if row.Hired != nil {
				count.Filled++
				count.hours = append(count.hours, float64(*row.Hired-row.Published)/3600)
			}
		}
	}
	totals.finish()
	for n := range totals.Months {
		totals.Months[n].finish()
	}
	return totals, nil
}

func (m *HiringMonth) finish() {
	m.FillRate = percent(m.Filled, m.Published)
	if len(m.hours) == 0 {
		return
	}
	slices.Sort(m.hours)
	middle := len(m.hours) / 2
	if m.HoursToHire = m.hours[middle]; len(m.hours)%2 == 0 {
		m.HoursToHire = (m.hours[middle-1] + m.hours[middle]) / 2
	}
}

// CSV has one row for each month.
func (t *HiringTotals) CSV() [][]string {
	rows := [][]string{{"month", "published", "filled", "fill rate %", "median hours to hire"}}
	for _, m := range t.Months {
		rows = append(rows, []string{m.Month, strconv.FormatInt(m.Published, 10), strconv.FormatInt(m.Filled, 10), percentText(m.FillRate), percentText(m.HoursToHire)})
	}
	return rows
}

var _ Table = (*HiringTotals)(nil)
