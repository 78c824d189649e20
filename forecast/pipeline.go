package forecast

import (
	"fmt"
	"math"
)

// Pipeline is what contracts promise at one date, in the unit of the series.
// Slices count months ahead (element 0 is the first forecast month) and may be
// shorter than the horizon: missing months are 0.
type Pipeline struct {
	// Committed is money held in escrow or approved, in the month it is due.
	Committed []float64
	// Probable is what active contracts bring at their own pace.
	Probable []float64
	// Speculative is what open proposals bring, times one's own win rate.
	Speculative []float64
	// Overdue was due before the first forecast month and is not paid.
	Overdue float64
}

// The regressors of one month, all divided by the unit of the history.
const (
	useHistory = iota // the forecast of the history alone
	useCommitted
	useProbable
	useLate1 // committed and probable of one month earlier: paid late
	useLate2 // ... and of two months earlier
	useOverdue
	useSpeculative
	regressors
)

// PipelineModel holds non-negative weights of the regressors for each month
// ahead, and how much wider or narrower than the history's the ranges are.
type PipelineModel struct {
	// Weights has a row for each month ahead; later months use the last row.
	// The columns are history, committed, probable, late by one month, late by
	// two, overdue, speculative.
	Weights [][]float64
	// Width80 and Width95 multiply the half-widths of the history forecast,
	// month by month; TotalWidth80 and TotalWidth95 those of its total over
	// 1, 2, ... months.
	Width80, Width95, TotalWidth80, TotalWidth95 []float64
}

// DefaultPipeline is the model before a marketplace has taught its own: what is
// promised next month is nearly all of it, and the history takes over within half
// a year. It is also what LearnPipeline shrinks to.
func DefaultPipeline() *PipelineModel {
	m := &PipelineModel{}
	for k := range 6 {
		far := float64(k) / 5
		m.Weights = append(m.Weights, []float64{
			0.15 + 0.85*far, // the history already contains the usual contracts ...
			0.90 - 0.75*far, // ... so that these fade as it grows: no money twice
			0.75 - 0.65*far,
			0.10 - 0.07*far,
			0.05 - 0.03*far,
			0.30 * math.Pow(0.5, float64(k)),
			0.60 - 0.50*far,
		})
		w := 1 + 0.3*far // nobody has shown yet how well these weights fit here
		m.Width80, m.Width95 = append(m.Width80, w), append(m.Width95, w)
		m.TotalWidth80, m.TotalWidth95 = append(m.TotalWidth80, w), append(m.TotalWidth95, w)
	}
	return m
}

// Parts say where the amounts of a combined forecast come from; they add up to
// Forecast.Mean month by month, up to rounding.
type Parts struct {
	// History is expected work that no contract names yet, Committed, Probable
	// and Speculative what the pipeline brings on time, Late what it brings one
	// or two months late, Overdue what is still expected of overdue items.
	History, Committed, Probable, Late, Overdue, Speculative []float64
}

// Combine merges the forecast of a history with a pipeline. A weighted sum with
// learned weights counts no money twice: a plain sum would, since the history
// already contains the usual contracts (Bates and Granger 1969, Operational
// Research Quarterly 20, 451-468, on combining by regression: Granger and
// Ramanathan 1984, Journal of Forecasting 3, 197-204). The ranges are those of
// the history, moved and scaled; Method, Components and Backtest stay those of
// the history forecast. ErrNotFinite is returned for unusable amounts.
func (m *PipelineModel) Combine(base Forecast, p Pipeline) (Forecast, Parts, error) {
	if err := p.check(); err != nil {
		return Forecast{}, Parts{}, err
	}
	h := len(base.Mean)
	f := newForecast(h)
	f.Method, f.Components, f.Backtest = base.Method, base.Components, base.Backtest
	row := func() []float64 { return make([]float64, h) }
	parts := Parts{row(), row(), row(), row(), row(), row()}
	floor := base.nonNegative() && p.nonNegative()
	alone := base.Method == MethodNone
	for k := range h {
		x, w := p.regressors(k, base.Mean[k]), m.Weights[min(k, len(m.Weights)-1)]
		if alone {
			w = aloneWeights
		}
		parts.History[k] = small(w[useHistory] * x[useHistory])
		parts.Committed[k] = small(w[useCommitted] * x[useCommitted])
		parts.Probable[k] = small(w[useProbable] * x[useProbable])
		parts.Late[k] = small(w[useLate1]*x[useLate1] + w[useLate2]*x[useLate2])
		parts.Overdue[k] = small(w[useOverdue] * x[useOverdue])
		parts.Speculative[k] = small(w[useSpeculative] * x[useSpeculative])
		f.Mean[k] = limit(parts.History[k] + parts.Committed[k] + parts.Probable[k] + parts.Late[k] + parts.Overdue[k] + parts.Speculative[k])
		f.Total = limit(f.Total + f.Mean[k])
		i80 := widen(f.Mean[k], base.Mean[k], Interval{base.Lower80[k], base.Upper80[k]}, at(m.Width80, k), floor)
		i95 := widen(f.Mean[k], base.Mean[k], Interval{base.Lower95[k], base.Upper95[k]}, at(m.Width95, k), floor)
		f.Lower80[k], f.Upper80[k] = i80.Lower, i80.Upper
		f.Lower95[k], f.Upper95[k] = min(i95.Lower, i80.Lower), max(i95.Upper, i80.Upper)
	}
	if alone {
		f.rangesAlone(p)
		return f, parts, nil
	}
	f.Total80 = widen(f.Total, base.Total, base.Total80, at(m.TotalWidth80, h-1), floor)
	f.Total95 = widen(f.Total, base.Total, base.Total95, at(m.TotalWidth95, h-1), floor)
	f.Total95 = Interval{min(f.Total95.Lower, f.Total80.Lower), max(f.Total95.Upper, f.Total80.Upper)}
	return f, parts, nil
}

// aloneWeights are the weights while there is no history to take over: what is
// promised comes in its month or late, whatever the month.
var aloneWeights = []float64{0, 0.85, 0.65, 0.10, 0.05, 0.30, 1}

// rangesAlone sets the ranges of a forecast that knows nothing but a pipeline. Nobody's
// history says how far it may be off, so they are wide on purpose: from under a
// third (95 %: nothing) of what is expected, to all that is promised, or twice it.
func (f *Forecast) rangesAlone(p Pipeline) {
	var promised float64
	for k, mean := range f.Mean {
		x := p.regressors(k, 0)
		all := x[useCommitted] + x[useProbable] + x[useLate1] + x[useLate2] + x[useOverdue] + 3*x[useSpeculative]
		promised = limit(promised + x[useCommitted] + x[useProbable] + 3*x[useSpeculative])
		f.Lower80[k], f.Upper80[k] = min(mean, 0.3*mean), max(mean, limit(all))
		f.Lower95[k], f.Upper95[k] = min(f.Lower80[k], 0), max(f.Upper80[k], limit(2*all))
	}
	promised = limit(promised + p.Overdue)
	f.Total80 = Interval{min(f.Total, 0.4*f.Total), max(f.Total, promised)}
	f.Total95 = Interval{min(f.Total80.Lower, 0.1*f.Total), max(f.Total80.Upper, limit(1.5*promised))}
}

// widen moves an interval from one middle to another and scales it.
func widen(mid, from float64, i Interval, width float64, floor bool) Interval {
	lo, hi := limit(mid-width*(from-i.Lower)), limit(mid+width*(i.Upper-from))
	if floor {
		lo = max(lo, 0)
	}
	return Interval{min(lo, mid), max(hi, mid)}
}

// small bounds one of several parts so that their sum is finite too.
func small(v float64) float64 { return clamp(v, -math.MaxFloat64/8, math.MaxFloat64/8) }

func limit(v float64) float64 { return clamp(v, -math.MaxFloat64, math.MaxFloat64) }

// at returns element k, the last one beyond the end, 0 of nothing.
func at(v []float64, k int) float64 {
	if len(v) == 0 {
		return 0
	}
	return v[min(k, len(v)-1)]
}

// month returns element k, 0 outside.
func month(v []float64, k int) float64 {
	if k < 0 || k >= len(v) {
		return 0
	}
	return v[k]
}

func (p Pipeline) regressors(k int, history float64) [regressors]float64 {
	due := func(k int) float64 { return small(month(p.Committed, k)) + small(month(p.Probable, k)) }
	return [regressors]float64{history, month(p.Committed, k), month(p.Probable, k),
		due(k - 1), due(k - 2), p.Overdue, month(p.Speculative, k)}
}

func (p Pipeline) check() error {
	for _, v := range [][]float64{p.Committed, p.Probable, p.Speculative, {p.Overdue}} {
		if err := checkFinite(v); err != nil {
			return fmt.Errorf("pipeline: %w", err)
		}
	}
	return nil
}

func (p Pipeline) nonNegative() bool {
	for _, v := range [][]float64{p.Committed, p.Probable, p.Speculative, {p.Overdue}} {
		for _, x := range v {
			if x < 0 {
				return false
			}
		}
	}
	return true
}

func (f Forecast) nonNegative() bool {
	for _, v := range f.Lower95 {
		if v < 0 {
			return false
		}
	}
	return true
}
