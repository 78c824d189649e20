package services

import (
	"cmp"
	"math"
	"slices"

	"github.com/lancershub/lancershub/forecast"
)

// ForecastParts say where a predicted amount comes from. In minor units they add
// up to it exactly.
type ForecastParts struct {
	// Earned is there already: known, not predicted.
	Earned int64 `json:"earned"`
	// Level, Trend, Season and Pooled are expected work that no contract names yet:
	// the usual level, growth or decline, the time of the year, and what
	// experience with others adds.
	Level  int64 `json:"level"`
	Trend  int64 `json:"trend"`
	Season int64 `json:"season"`
	Pooled int64 `json:"pooled"`
	// Committed, Probable and Speculative come from the pipeline on time, Late one
	// or two months late, Overdue from what should have come before.
	Committed   int64 `json:"committed"`
	Probable    int64 `json:"probable"`
	Late        int64 `json:"late"`
	Overdue     int64 `json:"overdue"`
	Speculative int64 `json:"speculative"`
}

// each lists the parts with their names, in the order of the struct.
func (p *ForecastParts) each() []namedPart {
	return []namedPart{
		{"earned", &p.Earned}, {"level", &p.Level}, {"trend", &p.Trend}, {"season", &p.Season}, {"pooled", &p.Pooled},
		{"committed", &p.Committed}, {"probable", &p.Probable}, {"late", &p.Late}, {"overdue", &p.Overdue}, {"speculative", &p.Speculative},
	}
}

type namedPart struct {
	name   string
	amount *int64
}

func (p *ForecastParts) add(other ForecastParts) {
	theirs := other.each()
	for i, part := range p.each() {
		*part.amount += *theirs[i].amount
	}
}

// history is what no contract names.
func (p *ForecastParts) history() int64 { return p.Level + p.Trend + p.Season + p.Pooled }

// partsOf splits month k of a combined forecast. The parts of the history forecast
// keep their proportions; under a year of history nobody can tell a season, so
// what looks like one counts as experience.
func partsOf(whole forecast.Forecast, parts forecast.Parts, k int, earned float64, months int, total int64) ForecastParts {
	c := whole.Components
	level, trend, season, pooled := c.Level[k], c.Trend[k], c.Season[k], c.Pooled[k]
	if months < 12 {
		season, pooled = 0, pooled+season
	}
	if mean := whole.Mean[k]; mean != 0 {
		share := parts.History[k] / mean
		level, trend, season, pooled = share*level, share*trend, share*season, share*pooled
	} else {
		level, trend, season, pooled = 0, 0, 0, parts.History[k]
	}
	var p ForecastParts
	apportion([]float64{
		earned, level, trend, season, pooled, parts.Committed[k], parts.Probable[k], parts.Late[k], parts.Overdue[k], parts.Speculative[k],
	}, total, p.each())
	return p
}

// apportion rounds amounts to whole numbers that add up to total: each is rounded
// down, and the units that are missing go to the largest remainders (Hamilton's
// method). What floating point could not hold goes to the largest part.
func apportion(amounts []float64, total int64, into []namedPart) {
	rest := total
	order := make([]int, len(amounts))
	remainder := make([]float64, len(amounts))
	largest := 0
	for i, v := range amounts {
		down := minor(math.Floor(v))
		*into[i].amount = down
		rest -= down
		order[i], remainder[i] = i, v-math.Floor(v)
		if math.Abs(v) > math.Abs(amounts[largest]) {
			largest = i
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainder[b], remainder[a]) })
	if rest < 0 || rest > int64(len(order)) {
		*into[largest].amount += rest
		return
	}
	for _, i := range order[:rest] {
		*into[i].amount++
	}
}
