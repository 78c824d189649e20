package forecast

import "math"

// parts returns the level at the end of the history and the season of each month
// ahead, for one component: the covariance of the part with the months of the
// history times the residual weights. The rest of the forecast is its trend.
func (b *member) parts(h int) (level float64, season []float64) {
	n := b.s.n
	m := n + b.s.h
	r := b.s.residual(b.z)
	local := b.c.trend.localTrendCov(n, m)
	season = make([]float64, h)
	for k := range h {
		for j, rj := range r {
			season[k] += b.c.seasonCov(n+k, j) * rj
		}
	}
	// From the first month ahead, take back its trend, its season and the step of
	// a slow deviation: the level now.
	level = b.at[0] - season[0]
	for j, rj := range r {
		step := b.c.levelCov(n, j) - b.c.levelCov(n-1, j) + b.c.fixedTrendCov(n, j, n)
		if local != nil {
			step += local[n*m+j]
		}
		level -= step * rj
	}
	return level, season
}

// explain splits Mean by the additive parts of the linear predictor. A
// logarithmic component multiplies: its trend is what the factor adds to the
// level, its season what the factor adds to both.
func (m mixture) explain(f *Forecast, s scaled) {
	c := &f.Components
	for i := range m.members {
		b := &m.members[i]
		if b.c.trend != (trendSpec{}) {
			c.TrendWeight += b.weight
		}
		if b.c.season > 0 {
			c.SeasonWeight += b.weight
		}
		level, season := b.parts(m.h)
		if b.c.log {
			level = math.Exp(level)
		}
		for k := range m.h {
			rest, all := b.at[k]-season[k], b.at[k]
			if b.c.log {
				rest, all = math.Exp(rest), math.Exp(all)
			}
			c.Level[k] += b.weight * level
			c.Trend[k] += b.weight * (rest - level)
			c.Season[k] += b.weight * (all - rest)
		}
	}
	// The bound keeps sums of amounts near the largest float finite.
	bound := func(v float64) float64 { return clamp(v*s.unit, -math.MaxFloat64/8, math.MaxFloat64/8) }
	for k := range m.h {
		c.Level[k], c.Trend[k], c.Season[k] = bound(c.Level[k]), bound(c.Trend[k]), bound(c.Season[k])
		c.Pooled[k] = f.Mean[k] - c.Level[k] - c.Trend[k] - c.Season[k]
	}
	c.TrendWeight, c.SeasonWeight = math.Min(c.TrendWeight, 1), math.Min(c.SeasonWeight, 1)
}
