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
	season = b.seasons(r, h)
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

// seasons returns the calendar effects of the next h months from the residual
// weights r.
func (b *member) seasons(r []float64, h int) []float64 {
	out := make([]float64, h)
	if b.c.season == 0 {
		return out
	}
	for k := range out {
		for j, rj := range r {
			out[k] += b.c.seasonCov(b.s.n+k, j) * rj
		}
	}
	return out
}

// byMonth returns what each calendar month adds, January first, when the history
// ended with the month `last` (1 to 12). A logarithmic component's effect is
// taken at the level of the first month ahead.
func (m mixture) byMonth(s scaled, last int) []float64 {
	out := make([]float64, period)
	for i := range m.members {
		b := &m.members[i]
		effects := b.seasons(b.s.residual(b.z), period)
		for k, e := range effects {
			if b.c.log {
				e = math.Exp(b.at[0]-effects[0]) * (math.Exp(e) - 1)
			}
			// The first month ahead, k = 0, has the 0-based number `last`.
			out[(last+k)%period] += b.weight * e
		}
	}
	for i, v := range out {
		out[i] = clamp(v*s.unit, -math.MaxFloat64, math.MaxFloat64)
	}
	return out
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
