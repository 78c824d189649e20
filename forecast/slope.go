package forecast

import (
	"math"
	"sync"
)

type slopeKey struct {
	t    trendSpec
	n, m int
}

var slopeCache sync.Map // slopeKey -> []float64

// localTrendCov returns the m x m covariance of the damped local slope, row by
// row, anchored at the last month of a history of n: the slope b_t has covariance
// local^2 damped^|s-t| and the trend at month t is the sum of b between the
// anchor and t (Gardner and McKenzie 1985, Management Science 31, 1237-1246).
// It returns nil for a trend without a local slope.
func (t trendSpec) localTrendCov(n, m int) []float64 {
	if t.local == 0 {
		return nil
	}
	key := slopeKey{t, n, m}
	if c, ok := slopeCache.Load(key); ok {
		return c.([]float64)
	}
	// cum[a*(m+1)+b] = sum of the slopes' covariances over s < a, t < b: any
	// block sum is four look-ups.
	w := m + 1
	cum := make([]float64, w*w)
	for a := range m {
		var row float64
		for b := range m {
			row += t.local * t.local * math.Pow(t.damped, math.Abs(float64(a-b)))
			cum[(a+1)*w+b+1] = cum[a*w+b+1] + row
		}
	}
	steps := func(i int) (from, to int, sign float64) {
		if i >= n {
			return n, i + 1, 1
		}
		return i + 1, n, -1
	}
	out := make([]float64, m*m)
	for i := range m {
		f1, t1, s1 := steps(i)
		for j := range m {
			f2, t2, s2 := steps(j)
			out[i*m+j] = s1 * s2 * (cum[t1*w+t2] - cum[f1*w+t2] - cum[t1*w+f2] + cum[f1*w+f2])
		}
	}
	c, _ := slopeCache.LoadOrStore(key, out)
	return c.([]float64)
}
