package forecast

import "math"

// levelSpec describes how the level of a component moves, in variances relative
// to the unit of the component's own scale.
type levelSpec struct {
	noise float64 // independent noise of a month
	walk  float64 // random walk: variance of one step
	ar    float64 // slow deviation: variance ...
	rho   float64 // ... and autocorrelation, Rho^|i-j|
}

// trendSpec describes how the slope moves.
type trendSpec struct {
	fixed  float64 // standard deviation of a slope that never changes
	local  float64 // standard deviation of the steps of a local slope ...
	damped float64 // ... that decays by this factor a month
}

// component is one regression of the family: z = beta + u with beta flat and
// u ~ N(0, s2 V), on amounts or on their logarithms.
type component struct {
	level  levelSpec
	trend  trendSpec
	season float64 // variance of the twelve calendar effects, which sum to zero
	log    bool
}

// The grid. Its members contain the plain mean (noise only), the random walk,
// simple exponential smoothing (noise + walk), damped Holt (+ local slope),
// linear trend, and seasonal dummies with ridge shrinkage; with log, all
// multiplicative variants. See Harvey (1989), Forecasting, Structural Time
// Series Models and the Kalman Filter, ch. 2 and 4.
var (
	levelSpecs = []levelSpec{
		{noise: 1},
		{noise: 1, walk: 0.01},
		{noise: 1, walk: 0.04},
		{noise: 1, walk: 0.15},
		{noise: 1, walk: 0.5},
		{noise: 1, walk: 2},
		{noise: 0.05, walk: 1},
		{noise: 1, ar: 0.5, rho: 0.8},
		{noise: 0.5, ar: 1, rho: 0.5},
		{noise: 0.2, ar: 1, rho: 0.9},
		{noise: 0.5, walk: 0.1, ar: 1, rho: 0.6},
		{noise: 0.1, walk: 0.5, ar: 1, rho: 0.3},
	}
	trendSpecs = []trendSpec{
		{},
		{fixed: 0.03},
		{fixed: 0.15},
		{local: 0.15, damped: 0.9},
	}
	seasonSpecs = []float64{0, 0.1, 0.5, 2, 8, 50}
)

// grid is the family in a fixed order: the learned tables refer to its indexes.
var grid = buildGrid()

func buildGrid() []component {
	var g []component
	for _, log := range []bool{false, true} {
		for _, s := range seasonSpecs {
			for _, t := range trendSpecs {
				for _, l := range levelSpecs {
					g = append(g, component{level: l, trend: t, season: s, log: log})
				}
			}
		}
	}
	return g
}

// levelCov returns the covariance of the level part (without the noise of a
// month) between months i and j, 0-based.
func (c component) levelCov(i, j int) float64 {
	v := c.level.walk * float64(min(i, j)+1)
	if c.level.ar > 0 {
		v += c.level.ar * math.Pow(c.level.rho, math.Abs(float64(i-j)))
	}
	return v
}

// fixedTrendCov returns the covariance of a constant slope relative to month
// n-1, the last one of the history: it vanishes there, so that level and trend
// separate.
func (c component) fixedTrendCov(i, j, n int) float64 {
	return c.trend.fixed * c.trend.fixed * float64(i-n+1) * float64(j-n+1)
}

// seasonCov is the covariance of twelve effects that sum to zero.
func (c component) seasonCov(i, j int) float64 {
	if (i-j)%period == 0 {
		return c.season * (period - 1) / period
	}
	return -c.season / period
}
