package forecast

import "math"

// sparseShare is the share of empty months above which a history is sparse.
const sparseShare = 0.05

// predictMixture forecasts a history of at least minHistory months.
func predictMixture(s scaled, horizon int) Forecast {
	mix := newMixture(s, horizon)
	f := newForecast(horizon)
	f.Method = MethodPooled
	if s.zeros > sparseShare {
		f.Method = MethodSparse
	}
	paths := mix.paths()
	for k := range horizon {
		f.Lower95[k] = s.amount(mix.quantile(k, 0.025))
		f.Lower80[k] = s.amount(mix.quantile(k, 0.1))
		f.Upper80[k] = s.amount(mix.quantile(k, 0.9))
		f.Upper95[k] = s.amount(mix.quantile(k, 0.975))
		if f.Method == MethodSparse {
			f.Mean[k] = s.amount(paths.mean(k, s.nonNegative))
		} else {
			f.Mean[k] = s.amount(mix.quantile(k, 0.5))
		}
		f.Mean[k] = clamp(f.Mean[k], f.Lower80[k], f.Upper80[k])
	}
	paths.totals(&f, s)
	mix.explain(&f, s)
	return f
}

// newForecast allocates the slices of a forecast.
func newForecast(h int) Forecast {
	row := func() []float64 { return make([]float64, h) }
	return Forecast{
		Mean: row(), Lower80: row(), Upper80: row(), Lower95: row(), Upper95: row(),
		Components: Components{Level: row(), Trend: row(), Season: row(), Pooled: row()},
	}
}

// explain splits Mean by the additive parts of the linear predictor. For a
// logarithmic component the parts are the successive factors' effects:
// level, level x trend - level, and the season's share of the rest.
func (m mixture) explain(f *Forecast, s scaled) {
	for i := range m.members {
		b := &m.members[i]
		if b.c.trend != (trendSpec{}) {
			f.Components.TrendWeight += b.weight
		}
		if b.c.season > 0 {
			f.Components.SeasonWeight += b.weight
		}
		level := apply(b.s.level, 0, b.z)
		for k := range m.h {
			season := apply(b.s.season, k, b.z)
			rest := b.at[k] - season
			l, r, a := level, rest, b.at[k]
			if b.c.log {
				l, r, a = math.Exp(l), math.Exp(r), math.Exp(a)
			}
			f.Components.Level[k] += b.weight * l
			f.Components.Trend[k] += b.weight * (r - l)
			f.Components.Season[k] += b.weight * (a - r)
		}
	}
	for k := range m.h {
		c := &f.Components
		bound := func(v float64) float64 { return clamp(v*s.unit, -math.MaxFloat64/8, math.MaxFloat64/8) }
		c.Level[k], c.Trend[k], c.Season[k] = bound(c.Level[k]), bound(c.Trend[k]), bound(c.Season[k])
		c.Pooled[k] = f.Mean[k] - c.Level[k] - c.Trend[k] - c.Season[k]
	}
}
