package forecast

import (
	"math"
	"slices"
)

// peerMonths is the number of months of the own history that weigh as much as
// the peers: with one month of three the peers still carry most of the answer.
const peerMonths = 2.0

// coldSpread holds the quantiles (2.5, 10, 90 and 97.5 %) of a month relative to
// the mean of the one or two months before it, when there are no peers. They are
// rounded from the strongly seasonal tourism series (0.22, 0.46, 2.3, 4.5), the
// lower two moved towards the client books' (0, 0): a first month says little.
var coldSpread = [4]float64{0, 0.3, 2.3, 4.5}

// predictCold answers for under three months of history, and for a history
// without any income: the peers' distribution of monthly amounts, moved towards
// the own mean by the weight n/(n+peerMonths) of empirical Bayes shrinkage
// (Efron and Morris 1973, JASA 68).
func predictCold(y []float64, horizon int, o options) Forecast {
	own, n := meanOf(y), float64(len(y))
	pool := poolAmounts(o.pool, horizon)
	f := newForecast(horizon)
	switch {
	case len(pool) > 0:
		f.Method = MethodPeers
		w := n / (n + peerMonths)
		f.fillCold(pool, func(v float64) float64 { return w*own + (1-w)*v })
	case own != 0:
		f.Method = MethodEarly
		f.fillCold([]float64{1}, func(v float64) float64 { return v * own })
		f.spreadCold(own)
	default:
		f.Method = MethodNone
	}
	f.coldTotals(horizon)
	for k := range horizon {
		if f.Method == MethodEarly {
			f.Components.Level[k] = f.Mean[k]
		} else {
			f.Components.Pooled[k] = f.Mean[k]
		}
	}
	return f
}

// poolAmounts returns the peers' mean months over their first horizon months,
// ascending: one number for a peer, so that long histories do not dominate.
func poolAmounts(pool [][]float64, horizon int) []float64 {
	var out []float64
	for _, h := range pool {
		if len(h) > 0 {
			out = append(out, meanOf(h[:min(len(h), horizon)]))
		}
	}
	slices.Sort(out)
	return out
}

func (f *Forecast) fillCold(pool []float64, move func(float64) float64) {
	for k := range f.Mean {
		f.Lower95[k], f.Lower80[k] = move(sorted(pool, 0.025)), move(sorted(pool, 0.1))
		f.Mean[k] = move(sorted(pool, 0.5))
		f.Upper80[k], f.Upper95[k] = move(sorted(pool, 0.9)), move(sorted(pool, 0.975))
	}
}

func (f *Forecast) spreadCold(own float64) {
	for k := range f.Mean {
		q := [4]float64{}
		for i, r := range coldSpread {
			q[i] = clamp(own*r, -math.MaxFloat64, math.MaxFloat64)
		}
		if own < 0 {
			q[0], q[1], q[2], q[3] = q[3], q[2], q[1], q[0]
		}
		f.Lower95[k], f.Lower80[k], f.Upper80[k], f.Upper95[k] = q[0], q[1], q[2], q[3]
	}
}

// coldTotals treats the months of a prior as one unknown level: fully dependent.
func (f *Forecast) coldTotals(horizon int) {
	h := float64(horizon)
	times := func(v float64) float64 { return clamp(v*h, -math.MaxFloat64, math.MaxFloat64) }
	f.Total = times(f.Mean[0])
	f.Total80 = Interval{times(f.Lower80[0]), times(f.Upper80[0])}
	f.Total95 = Interval{times(f.Lower95[0]), times(f.Upper95[0])}
}

// meanOf returns the mean without overflow, 0 for no values.
func meanOf(y []float64) float64 {
	var m float64
	for i, v := range y {
		m += v/float64(i+1) - m/float64(i+1)
	}
	return m
}
