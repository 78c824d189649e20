package forecast

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
