package main

import (
	"math"

	"github.com/lancershub/lancershub/forecast"
)

// score is the accuracy of one method on one series, or an average of such.
type score struct {
	mase, rmsse, smape     float64
	msis, cover80, cover95 float64
	// total80 and total95 are hits of the total's intervals, totalErr the
	// absolute error of the total divided by horizon x unit.
	total80, total95, totalErr float64
	ms                         float64
}

// unit is the mean absolute change over twelve months of the full training part,
// over one month if that is zero; 0 marks a series that cannot be scored.
func unit(y []float64) float64 {
	for _, lag := range []int{12, 1} {
		var sum float64
		for t := lag; t < len(y); t++ {
			sum += math.Abs(y[t] - y[t-lag])
		}
		if sum > 0 {
			return sum / float64(len(y)-lag)
		}
	}
	return 0
}

// rate compares a forecast with the months that came. MASE: Hyndman and Koehler
// (2006); RMSSE: the root of the mean squared error in the same unit; MSIS, the
// interval score of Gneiting and Raftery (2007) at 95 %, in the same unit.
func rate(truth []float64, f forecast.Forecast, unit float64) score {
	const alpha = 0.05
	var s score
	var sum, squares float64
	n := float64(len(truth))
	for k, y := range truth {
		e := y - f.Mean[k]
		sum += y
		squares += e * e
		s.mase += math.Abs(e) / unit / n
		if d := math.Abs(y) + math.Abs(f.Mean[k]); d > 0 {
			s.smape += 200 * math.Abs(e) / d / n
		}
		lo, hi := f.Lower95[k], f.Upper95[k]
		is := hi - lo + 2/alpha*(math.Max(0, lo-y)+math.Max(0, y-hi))
		s.msis += is / unit / n
		s.cover80 += inside(y, f.Lower80[k], f.Upper80[k]) / n
		s.cover95 += inside(y, lo, hi) / n
	}
	s.rmsse = math.Sqrt(squares/n) / unit
	s.total80 = inside(sum, f.Total80.Lower, f.Total80.Upper)
	s.total95 = inside(sum, f.Total95.Lower, f.Total95.Upper)
	s.totalErr = math.Abs(sum-f.Total) / unit / n
	return s
}

func inside(v, lo, hi float64) float64 {
	if lo <= v && v <= hi {
		return 1
	}
	return 0
}

// mean averages over series.
func mean(all []score) score {
	var m score
	n := float64(len(all))
	for _, s := range all {
		m.mase += s.mase / n
		m.rmsse += s.rmsse / n
		m.smape += s.smape / n
		m.msis += s.msis / n
		m.cover80 += s.cover80 / n
		m.cover95 += s.cover95 / n
		m.total80 += s.total80 / n
		m.total95 += s.total95 / n
		m.totalErr += s.totalErr / n
		m.ms += s.ms / n
	}
	return m
}
