package demo

import (
	"math/rand/v2"
	"time"
)

// season is how much work there is in a month compared with an average one:
// August and December are quiet, spring and autumn are not.
var season = map[time.Month]float64{
	time.January: 0.88, time.February: 0.95, time.March: 1.07, time.April: 1.00, time.May: 1.06, time.June: 1.02,
	time.July: 0.86, time.August: 0.58, time.September: 1.12, time.October: 1.17, time.November: 1.10, time.December: 0.62,
}

// calendar divides the time the demo covers into months; the last one is the
// current month. Nothing but the last hours depends on the time of day, so two
// loads on one day give the same data.
type calendar struct {
	// now is the present; day is its first moment in UTC.
	now, day time.Time
	months   int
}

func newCalendar(now time.Time, months int) calendar {
	now = now.UTC()
	return calendar{now: now, day: now.Truncate(24 * time.Hour), months: months}
}

// month returns the first moment of month m; the months before 0 exist as well.
func (c calendar) month(m int) time.Time {
	return time.Date(c.day.Year(), c.day.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, m-c.months+1, 0)
}

// growth is how large the marketplace is in month m, from a quarter in the first to 1.
func (c calendar) growth(m int) float64 {
	return 0.25 + 0.75*float64(m+1)/float64(c.months)
}

// demand is how much work is begun in month m.
func (c calendar) demand(m int) float64 { return c.growth(m) * season[c.month(m).Month()] }

// past tells whether something planned for t has happened by the start of today.
func (c calendar) past(t time.Time) bool { return !t.IsZero() && t.Before(c.day) }

// ago returns a working moment that many days before today.
func (c calendar) ago(r *rand.Rand, days int) time.Time {
	return moment(r, c.day.AddDate(0, 0, -days))
}

// moment returns a time during the working hours of day.
func moment(r *rand.Rand, day time.Time) time.Time {
	day = day.Truncate(24 * time.Hour)
	return day.Add(7*time.Hour + time.Duration(r.IntN(10*3600))*time.Second)
}

// later returns a working moment least to most days after t, never on a weekend.
func later(r *rand.Rand, t time.Time, least, most int) time.Time {
	return moment(r, weekday(t.AddDate(0, 0, least+r.IntN(most-least+1))))
}

// on returns a working moment on about that day of the month that begins at first.
func on(r *rand.Rand, first time.Time, least, most int) time.Time {
	return later(r, first, least-1, most-1)
}

// weekday moves Saturdays and Sundays to the Monday after.
func weekday(t time.Time) time.Time {
	switch t.Weekday() {
	case time.Saturday:
		return t.AddDate(0, 0, 2)
	case time.Sunday:
		return t.AddDate(0, 0, 1)
	default:
		return t
	}
}

// minutes returns a duration of least to most minutes.
func minutes(r *rand.Rand, least, most int) time.Duration {
	return time.Duration(least*60+r.IntN((most-least)*60)) * time.Second
}

// pick returns one of list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// weighted returns an index of weights, each as likely as its weight.
func weighted(r *rand.Rand, weights []float64) int {
	total := 0.0
	for _, weight := range weights {
		total += weight
	}
	at := r.Float64() * total
	for i, weight := range weights {
		if at -= weight; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}
