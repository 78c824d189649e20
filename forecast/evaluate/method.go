package main

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/lancershub/lancershub/forecast"
)

// method is one forecaster of the comparison.
type method struct {
	name    string
	predict func(y []float64, h int) forecast.Forecast
}

// baselines are what a dashboard can do without a model. Their intervals are
// those of Hyndman and Athanasopoulos, Forecasting: Principles and Practice
// (3rd ed.), section 5.5: residual deviation times the growth with the horizon.
var baselines = []method{
	{"mean", func(y []float64, h int) forecast.Forecast {
		var m float64
		for _, v := range y {
			m += v / float64(len(y))
		}
		return gaussian(h, func(int) float64 { return m }, deviation(y, func(int) float64 { return m }, 0),
			func(int) float64 { return math.Sqrt(1 + 1/float64(len(y))) })
	}},
	{"naive", func(y []float64, h int) forecast.Forecast {
		sd := deviation(y, func(t int) float64 { return y[t-1] }, 1)
		return gaussian(h, func(int) float64 { return y[len(y)-1] }, sd,
			func(k int) float64 { return math.Sqrt(float64(k + 1)) })
	}},
	{"seasonal naive", func(y []float64, h int) forecast.Forecast {
		lag := 12
		if len(y) <= lag {
			lag = 1
		}
		sd := deviation(y, func(t int) float64 { return y[t-lag] }, lag)
		return gaussian(h, func(k int) float64 { return y[len(y)-lag+k%lag] }, sd,
			func(k int) float64 { return math.Sqrt(float64(k/lag + 1)) })
	}},
	{"drift", func(y []float64, h int) forecast.Forecast {
		n := float64(len(y) - 1)
		slope := (y[len(y)-1] - y[0]) / n
		sd := deviation(y, func(t int) float64 { return y[t-1] + slope }, 1)
		return gaussian(h, func(k int) float64 { return y[len(y)-1] + slope*float64(k+1) }, sd,
			func(k int) float64 { return math.Sqrt(float64(k+1) * (1 + float64(k+1)/n)) })
	}},
}

// deviation is the root mean square of the one-step errors from month `from` on.
func deviation(y []float64, fit func(t int) float64, from int) float64 {
	var s float64
	for t := from; t < len(y); t++ {
		e := y[t] - fit(t)
		s += e * e
	}
	return math.Sqrt(s / math.Max(1, float64(len(y)-from)))
}

// gaussian makes a forecast with normal intervals; its total is the plain sum
// and its total's interval the sum of bounds, which is what dashboards show.
func gaussian(h int, at func(int) float64, sd float64, grow func(int) float64) forecast.Forecast {
	z80, z95 := distuv.UnitNormal.Quantile(0.9), distuv.UnitNormal.Quantile(0.975)
	var f forecast.Forecast
	for k := range h {
		m, s := at(k), sd*grow(k)
		f.Mean = append(f.Mean, m)
		f.Lower80, f.Upper80 = append(f.Lower80, m-z80*s), append(f.Upper80, m+z80*s)
		f.Lower95, f.Upper95 = append(f.Lower95, m-z95*s), append(f.Upper95, m+z95*s)
		f.Total += m
		f.Total80.Lower += m - z80*s
		f.Total80.Upper += m + z80*s
		f.Total95.Lower += m - z95*s
		f.Total95.Upper += m + z95*s
	}
	return f
}
