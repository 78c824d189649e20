package forecast

import "math"

const (
	// minHistory is the number of months from which the regressions speak.
	minHistory = 3
	// period is the number of months of a season.
	period = 12
)

// scaled is a series divided by its unit, so that one set of regressions serves
// every currency and income.
type scaled struct {
	z           []float64 // amounts / unit
	unit        float64   // 0 when every month is 0
	nonNegative bool
	zeros       float64 // share of months without income
}

// newScaled divides by L: half the mean of the last 12 months plus half the mean
// of all, of absolute amounts. The division by the largest amount first keeps
// sums of huge amounts finite.
func newScaled(y []float64) scaled {
	s := scaled{nonNegative: true}
	var top float64
	for _, v := range y {
		top = math.Max(top, math.Abs(v))
		if v < 0 {
			s.nonNegative = false
		}
		if v == 0 {
			s.zeros++
		}
	}
	if top == 0 {
		return s
	}
	s.zeros /= float64(len(y))
	z := make([]float64, len(y))
	var all, last float64
	for i, v := range y {
		z[i] = v / top
		all += math.Abs(z[i])
		if i >= len(y)-period {
			last += math.Abs(z[i])
		}
	}
	l := (all/float64(len(y)) + last/float64(min(len(y), period))) / 2
	for i := range z {
		z[i] /= l
	}
	s.z = z
	s.unit = top * l
	if s.unit == 0 { // a product below the smallest float
		s.unit = math.SmallestNonzeroFloat64
	}
	return s
}

// amount returns v units as an amount, kept finite and, for a non-negative
// history, non-negative.
func (s scaled) amount(v float64) float64 {
	if s.nonNegative && !(v > 0) {
		return 0
	}
	return clamp(v*s.unit, -math.MaxFloat64, math.MaxFloat64)
}

func clamp(v, lo, hi float64) float64 {
	return math.Min(math.Max(v, lo), hi)
}
