// Package forecast predicts monthly earnings with an average of Bayesian
// regressions and says how wrong it may be.
//
// The package is pure: it knows numbers and no database. A series is a slice of
// monthly amounts, oldest first, in any one currency unit; the results are in
// the same unit. All functions are deterministic and safe for concurrent use.
package forecast

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// MaxHorizon is the largest number of months that Predict looks ahead.
const MaxHorizon = 36

// Stable errors of Predict; test them with errors.Is.
var (
	// ErrNotFinite reports a NaN or an infinite amount in a series.
	ErrNotFinite = errors.New("forecast: amounts must be finite numbers")
	// ErrHorizon reports a horizon outside 1..MaxHorizon.
	ErrHorizon = errors.New("forecast: horizon must be between 1 and 36 months")
	// ErrMonth reports a calendar month outside January..December.
	ErrMonth = errors.New("forecast: the month must be between January and December")
)

// Methods that a Forecast may name. They are stable: the product translates them.
const (
	// MethodPooled is the average of regressions for series with few empty months.
	MethodPooled = "pooled regressions"
	// MethodSparse is the same average with the means of a lumpy series.
	MethodSparse = "pooled regressions, sparse"
	// MethodPeers marks a prior from similar freelancers: under three months of history.
	MethodPeers = "peer prior"
	// MethodEarly marks one or two months of history without peers to compare with.
	MethodEarly = "early guess"
	// MethodNone marks a series about which nothing is known: no income, no peers.
	MethodNone = "no history"
)

// Interval is a range of amounts with Lower <= Upper.
type Interval struct {
	Lower, Upper float64
}

// Forecast is the predicted distribution of the next months.
//
// All slices have the length of the horizon; element 0 is the month after the
// last one of the history. For each month
// Lower95 <= Lower80 <= Mean <= Upper80 <= Upper95, and nothing is negative when
// no amount of the history is.
type Forecast struct {
	// Mean is the amount to show for a month: the middle of the distribution
	// for a regular income, its mean for a sparse one (whose middle is often 0).
	Mean []float64
	// Lower80 and Upper80 hold the month in 8 of 10 cases.
	Lower80, Upper80 []float64
	// Lower95 and Upper95 hold the month in 19 of 20 cases.
	Lower95, Upper95 []float64
	// Total is the expected sum over the horizon, Total80 and Total95 its ranges.
	// They come from joint paths: the sum of monthly bounds would be far too wide.
	// Total is a mean, so that it may exceed the sum of a skewed income's middles.
	Total            float64
	Total80, Total95 Interval
	// Method is one of the Method constants.
	Method string
	// Components explain Mean; they add up to it exactly, month by month.
	Components Components
	// Backtest says how wrong the same method was on this history before.
	Backtest Backtest
}

// Components split Forecast.Mean into amounts; all slices have its length and
// Level + Trend + Season + Pooled equals Mean up to rounding.
type Components struct {
	// Level is the current level of the income, the same for every month.
	Level []float64
	// Trend is what growth, decline or a return to the usual level add.
	Trend []float64
	// Season is what the time of the year adds.
	Season []float64
	// Pooled is what experience with other histories adds: the shrinkage
	// towards the middle of the distribution, or the whole of a peer prior.
	Pooled []float64
	// TrendWeight and SeasonWeight are the weights of the components that know a
	// trend and a season, 0 to 1: the evidence that there is one at all.
	TrendWeight, SeasonWeight float64
	// SeasonByMonth is what each calendar month adds to a usual one, January
	// first; nil unless WithLastMonth told the calendar.
	SeasonByMonth []float64
}

// Predict forecasts the next horizon months of the monthly series y, oldest
// first, where 0 is a month without income. It returns ErrNotFinite, ErrHorizon
// or ErrMonth for unusable input; short histories are no error: under three
// months the answer is a prior, labelled by its Method.
func Predict(y []float64, horizon int, opts ...Option) (Forecast, error) {
	o, err := readOptions(opts)
	if err != nil {
		return Forecast{}, err
	}
	if horizon < 1 || horizon > MaxHorizon {
		return Forecast{}, fmt.Errorf("%w: got %d", ErrHorizon, horizon)
	}
	if err := checkFinite(y); err != nil {
		return Forecast{}, err
	}
	f := predict(y, horizon, o)
	if !o.noBacktest {
		f.Backtest = backtest(y, horizon, o)
	}
	return f, nil
}

// predict is Predict for checked input and without the backtest.
func predict(y []float64, horizon int, o options) Forecast {
	if len(y) < minHistory || allZero(recent(y)) {
		return predictCold(y, horizon, o)
	}
	return predictPooled(y, horizon, o)
}

func allZero(y []float64) bool {
	return !slices.ContainsFunc(y, func(v float64) bool { return v != 0 })
}

func checkFinite(y []float64) error {
	for i, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: month %d", ErrNotFinite, i)
		}
	}
	return nil
}
