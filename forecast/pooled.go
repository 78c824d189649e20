package forecast

const (
	// sparseShare is the share of empty months above which a history is sparse.
	sparseShare = 0.05
	// maxHistory is the number of months that are used: what is older says
	// little, and costs time with its square.
	maxHistory = 96
)

// predictPooled forecasts a history of at least minHistory months with income.
func predictPooled(y []float64, horizon int, o options) Forecast {
	y = recent(y)
	s := newScaled(y)
	f := newForecast(horizon)
	f.Method = MethodPooled
	sparse := s.zeros > sparseShare
	if sparse {
		f.Method = MethodSparse
	}
	table := o.tables.at(len(y), sparse)
	mix := newMixture(s, horizon, table)
	paths := mix.paths()
	for k := range horizon {
		l := levelsAt(table.Month, k)
		var mid float64
		if sparse {
			// A lumpy history hardly lets anything beat its plain mean: half of it
			// halves the error of choosing wrongly (Bates and Granger 1969).
			mid = (mix.location(k) + meanOf(s.z)) / 2
		} else {
			mid = mix.quantile(k, 0.5)
		}
		// A lumpy month's mean may exceed what 8 of 10 months reach: the range
		// then reaches up to it.
		f.Mean[k] = s.amount(mid)
		f.Lower80[k] = min(f.Mean[k], s.amount(mix.quantile(k, l[1])))
		f.Upper80[k] = max(f.Mean[k], s.amount(mix.quantile(k, l[2])))
		f.Lower95[k] = min(f.Lower80[k], s.amount(mix.quantile(k, l[0])))
		f.Upper95[k] = max(f.Upper80[k], s.amount(mix.quantile(k, l[3])))
	}
	paths.totals(&f, s, levelsAt(table.Total, horizon-1))
	mix.explain(&f, s)
	if o.lastMonth != 0 {
		f.Components.SeasonByMonth = mix.byMonth(s, int(o.lastMonth))
	}
	return f
}

// recent cuts a history to maxHistory months, and a long one to whole half years,
// so that the components of few lengths are kept in memory.
func recent(y []float64) []float64 {
	n := min(len(y), maxHistory)
	if n > longHistory {
		n -= n % (period / 2)
	}
	return y[len(y)-n:]
}

// longHistory is the length from which histories are cut to whole half years.
const longHistory = 60

// newForecast allocates the slices of a forecast.
func newForecast(h int) Forecast {
	row := func() []float64 { return make([]float64, h) }
	return Forecast{
		Mean: row(), Lower80: row(), Upper80: row(), Lower95: row(), Upper95: row(),
		Components: Components{Level: row(), Trend: row(), Season: row(), Pooled: row()},
	}
}
