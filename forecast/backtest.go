package forecast

// backtestOrigins is the number of past dates at which the method is tried.
const backtestOrigins = 3

// Score is the accuracy of one method over the backtest.
type Score struct {
	// MASE is the mean absolute error divided by the mean absolute yearly
	// change of the history (monthly change if that is zero): Hyndman and
	// Koehler (2006), International Journal of Forecasting 22, 679-688.
	MASE float64 `json:"mase"`
	// SMAPE is the symmetric percentage error, 0 to 200, of Makridakis (1993).
	SMAPE float64 `json:"smape"`
}

// Backtest is a rolling-origin evaluation on the own history: at several past
// dates the method saw the months before and was compared with those after.
// Tashman (2000), International Journal of Forecasting 16, 437-450.
type Backtest struct {
	// Origins is the number of dates and Months that of scored months; both
	// are 0 when the history is too short, and then nothing else is set.
	Origins int `json:"origins"`
	Months  int `json:"months"`
	// Unit is the amount that a MASE of 1 stands for: MASE times Unit is the mean
	// absolute error in the unit of the series.
	Unit float64 `json:"unit"`
	// Own is the score of the forecast, Naive repeats the last month, and
	// SeasonalNaive the same month of the year before (the last one if the
	// history was shorter).
	Own           Score `json:"own"`
	Naive         Score `json:"naive"`
	SeasonalNaive Score `json:"seasonalNaive"`
	// Coverage80 and Coverage95 are the shares of months inside the ranges.
	Coverage80 float64 `json:"coverage80"`
	Coverage95 float64 `json:"coverage95"`
}

// backtest scores predict at the last origins that leave minHistory months. A
// history that is short for the horizon is scored over fewer months ahead.
func backtest(y []float64, horizon int, o options) Backtest {
	var b Backtest
	unit := maseUnit(y)
	horizon = min(horizon, max(1, (len(y)-minHistory)/2))
	for k := range backtestOrigins {
		end := len(y) - horizon - k*max(1, horizon/2)
		if end < minHistory || unit == 0 {
			break
		}
		truth := y[end : end+horizon]
		f := predict(y[:end], horizon, o)
		b.Origins++
		b.Months += horizon
		b.Own.add(truth, f.Mean, unit)
		b.Naive.add(truth, naive(y[:end], horizon), unit)
		b.SeasonalNaive.add(truth, seasonalNaive(y[:end], horizon), unit)
		b.Coverage80 += hits(truth, f.Lower80, f.Upper80)
		b.Coverage95 += hits(truth, f.Lower95, f.Upper95)
	}
	if b.Months > 0 {
		n := float64(b.Months)
		b.Unit = unit
		b.Own.divide(n)
		b.Naive.divide(n)
		b.SeasonalNaive.divide(n)
		b.Coverage80 /= n
		b.Coverage95 /= n
	}
	return b
}

func (s *Score) add(truth, guess []float64, unit float64) {
	for i := range truth {
		s.MASE += absError(truth[i], guess[i], unit)
		s.SMAPE += symmetric(truth[i], guess[i])
	}
}

func (s *Score) divide(n float64) {
	s.MASE /= n
	s.SMAPE /= n
}

func hits(truth, lower, upper []float64) float64 {
	var n float64
	for i, v := range truth {
		if lower[i] <= v && v <= upper[i] {
			n++
		}
	}
	return n
}

// naive repeats the last month.
func naive(y []float64, horizon int) []float64 {
	out := make([]float64, horizon)
	for k := range out {
		out[k] = y[len(y)-1]
	}
	return out
}

// seasonalNaive repeats the month of a year before, or the last month while
// there is no full year.
func seasonalNaive(y []float64, horizon int) []float64 {
	if len(y) < period {
		return naive(y, horizon)
	}
	out := make([]float64, horizon)
	for k := range out {
		out[k] = y[len(y)-period+k%period]
	}
	return out
}
