package forecast

import "slices"

// ranks collect where the months that came fell in the predicted distributions,
// for one month ahead (row k) and for the total over k+1 months.
type ranks struct {
	month, total [][]rank
}

// rank is one such place: the predicted probability of less (of at most, for the
// upper tail), whether the amount was zero, and the weight of the example.
type rank struct {
	u      float64
	zero   bool
	weight float64
}

// minRanks is the number of outcomes below which a month borrows the levels of
// the month before it.
const minRanks = 100

// add predicts one example with the table and ranks its future.
func (r *ranks) add(e Example, t Table) {
	s := newScaled(e.History)
	h := len(e.Future)
	mix := newMixture(s, h, t)
	paths := mix.paths()
	sums := make([]float64, pathCount)
	var truth float64
	for k, v := range e.Future {
		for len(r.month) <= k {
			r.month, r.total = append(r.month, nil), append(r.total, nil)
		}
		v /= s.unit
		r.month[k] = append(r.month[k], rank{mix.cdf(k, v), v <= 0, e.Weight})
		truth += v
		below := 0
		for i := range sums {
			p := paths.values[i*h+k]
			if s.nonNegative {
				p = max(p, 0)
			}
			sums[i] += p
			if sums[i] < truth {
				below++
			}
		}
		r.total[k] = append(r.total[k], rank{(float64(below) + 0.5) / (pathCount + 1), truth <= 0, e.Weight})
	}
}

// levels returns the recalibrated levels of every month and total.
func (r *ranks) levels(sparse bool) (month, total []Levels) {
	return levelRows(r.month, sparse), levelRows(r.total, sparse)
}

// levelRows pools each month with its neighbours, for levels that move smoothly
// with the horizon.
func levelRows(rows [][]rank, sparse bool) []Levels {
	var out []Levels
	for k := range rows {
		if len(rows[k]) < minRanks {
			break
		}
		pooled := slices.Concat(rows[max(0, k-1):min(len(rows), k+2)]...)
		out = append(out, conformal(pooled, sparse))
	}
	if len(out) == 0 {
		return []Levels{plainLevels}
	}
	return out
}

// conformal returns the levels at which held-out outcomes were covered as
// promised: split conformal prediction on the probability scale (Vovk et al.
// 2005, ch. 2; Chernozhukov, Wuethrich and Zhu 2021, PNAS 118). Bounds stop at
// zero, so that a sparse history's lower tail misses less than it may; what it
// does not miss is left to the upper tail, and the range holds in 8 of 10 cases,
// not in 9. For a sparse history the lower levels are never raised above the
// nominal ones: a bound above zero would miss every empty month.
func conformal(all []rank, sparse bool) Levels {
	slices.SortFunc(all, func(a, b rank) int {
		switch {
		case a.u < b.u:
			return -1
		case a.u > b.u:
			return 1
		}
		return 0
	})
	var sum float64
	for _, r := range all {
		sum += r.weight
	}
	var out Levels
	for i, tail := range []float64{0.025, 0.1} {
		lower, missed := lowerLevel(all, tail*sum)
		if sparse && lower > tail {
			lower, missed = tail, below(all, tail)
		}
		out[i] = clamp(lower, 1e-3, 0.45)
		out[3-i] = clamp(upperLevel(all, 2*tail*sum-missed), 0.55, 1-1e-4)
	}
	out[0], out[3] = min(out[0], out[1]), max(out[3], out[2])
	return out
}

// lowerLevel returns the level that at most the weight `tail` of the outcomes
// falls below, and the weight that does.
func lowerLevel(all []rank, tail float64) (level, missed float64) {
	for _, r := range all {
		if missed+r.weight > tail || r.u >= 0.45 {
			return r.u, missed
		}
		missed += r.weight
	}
	return 0.45, missed
}

// below returns the weight of the outcomes that fall below a level.
func below(all []rank, level float64) float64 {
	var missed float64
	for _, r := range all {
		if r.u < level {
			missed += r.weight
		}
	}
	return missed
}

// upperLevel returns the level that the weight `tail` of the outcomes exceeds.
func upperLevel(all []rank, tail float64) float64 {
	var over float64
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].zero { // never above a bound, which is zero or more
			continue
		}
		if over += all[i].weight; over >= tail {
			return all[i].u
		}
	}
	return 0.55
}
