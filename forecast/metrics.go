package forecast

import "math"

// maseUnit is the mean absolute change over twelve months, over one month if
// that is zero or the history is shorter; 0 for a constant series.
func maseUnit(y []float64) float64 {
	for _, lag := range []int{period, 1} {
		var sum float64
		n := float64(len(y) - lag)
		for t := lag; t < len(y); t++ {
			sum += math.Abs(y[t]/n - y[t-lag]/n)
		}
		if sum > 0 {
			return math.Min(sum, math.MaxFloat64)
		}
	}
	return 0
}

// absError is |truth-guess|/unit without overflow.
func absError(truth, guess, unit float64) float64 {
	// The difference first, and halved: it is finite whatever the unit is.
	return math.Min(2*math.Abs(truth/2-guess/2)/unit, math.MaxFloat64/1e6)
}

// symmetric is 200|a-b|/(|a|+|b|), 0 when both are zero.
func symmetric(a, b float64) float64 {
	m := math.Max(math.Abs(a), math.Abs(b))
	if m == 0 {
		return 0
	}
	a, b = a/m, b/m
	return 200 * math.Abs(a-b) / (math.Abs(a) + math.Abs(b))
}
