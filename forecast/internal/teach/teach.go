// Package teach cuts development series into examples for forecast.Learn. The
// commands train and evaluate share it, so that the evaluation on sets that were
// left out learns exactly as the embedded tables were learned.
package teach

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/lancershub/lancershub/forecast"
	"github.com/lancershub/lancershub/forecast/internal/dataset"
)

// Lengths are the months of history that tables are learned for.
var Lengths = []int{6, 12, 24, 60}

// sparseLengths are shorter: the sparse development series have three years.
var sparseLengths = []int{6, 12, 24}

// setWeight is the share of a set of series: M1's mixed business and economic
// series resemble incomes most; tourism (strong seasons) and hospital counts
// (none) widen the view.
var setWeight = map[string]float64{"m1": 1, "tourism": 0.5, "hospital": 0.5}

const (
	origins = 5  // examples of one series and length
	future  = 18 // months after a history, fewer at the end of a series
	minimum = 3  // months that must follow
)

// Tables learns all tables from the training parts of the series.
func Tables(series []dataset.Series, progress io.Writer) *forecast.Tables {
	t := &forecast.Tables{Grid: forecast.GridSize()}
	for _, sparse := range []bool{false, true} {
		lengths := Lengths
		if sparse {
			lengths = sparseLengths
		}
		for _, n := range lengths {
			fmt.Fprintf(progress, "learning %d months, sparse %v ...", n, sparse)
			e := examples(series, n)
			table := forecast.Learn(n, sparse, e)
			round(&table)
			t.Tables = append(t.Tables, table)
			fmt.Fprintf(progress, " %d components from up to %d windows\n", len(table.Components), len(e))
		}
	}
	return t
}

// examples cuts each series at up to five dates: the last that leaves a year (or
// what the series can spare) to come, and evenly before: no single year's shock sets the levels.
func examples(series []dataset.Series, n int) []forecast.Example {
	count := map[string]float64{}
	for _, s := range series {
		count[s.Set]++
	}
	var out []forecast.Example
	for i, s := range series {
		spare := len(s.Train) - n
		if spare < minimum {
			continue
		}
		w, ok := setWeight[s.Set]
		if !ok {
			w = 1
		}
		last := len(s.Train) - min(spare, 6)
		if n >= 60 {
			last = len(s.Train) - min(spare, 12)
		}
		seen := map[int]bool{}
		for o := range origins {
			end := last - (last-n)*o/origins
			if seen[end] {
				continue
			}
			seen[end] = true
			out = append(out, forecast.Example{
				History: s.Train[end-n : end],
				Future:  s.Train[end:min(end+future, len(s.Train))],
				Weight:  w / count[s.Set] * 1000,
				Fold:    i % 2,
			})
		}
	}
	return out
}

// round keeps four significant digits: more is noise and makes the file large.
func round(t *forecast.Table) {
	for i := range t.Weights {
		t.Weights[i] = digits(t.Weights[i])
	}
	for _, rows := range [][]forecast.Levels{t.Month, t.Total} {
		for k := range rows {
			for i := range rows[k] {
				rows[k][i] = digits(rows[k][i])
			}
		}
	}
}

func digits(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil || math.IsNaN(r) {
		return v
	}
	return r
}
