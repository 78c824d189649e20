package forecast

import "math"

const (
	// evidence is the power of the marginal likelihood in a weight: below 1
	// because every component is wrong; Gruenwald (2012), The safe Bayesian.
	evidence = 0.5
	// scalePrior is the scale of one pseudo-observation of the noise variance.
	scalePrior = 0.1
	// keepMass is the share of the weight that the kept components carry.
	keepMass = 0.995
	// logFloor is the share of the unit that every month must exceed before
	// logarithms are taken.
	logFloor = 0.02
)

// member is a component with its weight and its parameters for one series.
type member struct {
	weight float64
	c      component
	s      *solved
	z      []float64 // the series the component sees: z or log z
	scale  float64   // sqrt of the estimated s2
	at     []float64 // location per month
}

// mixture is the posterior of one series: a mixture of Student t distributions
// with df degrees of freedom, on amounts or logarithms.
type mixture struct {
	members []member
	t       *tTable
	h       int
}

// newMixture weighs the components by prior x likelihood^evidence and keeps the
// best. Bayesian model averaging: Hoeting et al. (1999), Statistical Science 14.
func newMixture(s scaled, horizon int) mixture {
	n := len(s.z)
	logs := logSeries(s)
	var jacobian float64
	for _, v := range logs {
		jacobian += v
	}
	var all []member
	best := math.Inf(-1)
	for i, c := range grid {
		if c.log && logs == nil {
			continue
		}
		sv := solvedFor(i, n, horizon)
		m := member{c: c, s: sv, z: s.z}
		if c.log {
			m.z = logs
		}
		q := sv.quadratic(m.z) + scalePrior*scalePrior
		ll := -0.5*sv.logDet - 0.5*float64(n)*math.Log(q)
		if c.log {
			ll -= jacobian
		}
		m.weight = evidence * ll
		m.scale = math.Sqrt(q / float64(n))
		best = math.Max(best, m.weight)
		all = append(all, m)
	}
	mix := mixture{t: studentTable(n), h: horizon, members: prune(all, best)}
	for i := range mix.members {
		m := &mix.members[i]
		m.at = make([]float64, horizon)
		for k := range horizon {
			m.at[k] = m.s.forecast(k, m.z)
		}
	}
	return mix
}

// logSeries returns the logarithms, or nil if a month is too close to zero.
func logSeries(s scaled) []float64 {
	out := make([]float64, len(s.z))
	for i, v := range s.z {
		if v < logFloor {
			return nil
		}
		out[i] = math.Log(v)
	}
	return out
}

// cdf returns P(month k <= v), v in units.
func (m mixture) cdf(k int, v float64) float64 {
	lv := math.Inf(-1)
	if v > 0 {
		lv = math.Log(v)
	}
	var p float64
	for i := range m.members {
		c := &m.members[i]
		x := v
		if c.c.log {
			x = lv
		}
		p += c.weight * m.t.at((x-c.at[k])/(c.scale*c.s.sd[k]))
	}
	return p
}

// quantile returns the amount, in units, below which month k falls with
// probability p, by bisection: the distribution function is monotone.
func (m mixture) quantile(k int, p float64) float64 {
	lo, hi := -1.0, 2.0
	for i := 0; m.cdf(k, lo) > p && i < 60; i++ {
		lo *= 2
	}
	for i := 0; m.cdf(k, hi) < p && i < 60; i++ {
		hi *= 2
	}
	for range 60 {
		mid := (lo + hi) / 2
		if m.cdf(k, mid) < p {
			lo = mid
		} else {
			hi = mid
		}
		if hi-lo < 1e-5*(1+math.Abs(mid)) {
			break
		}
	}
	return (lo + hi) / 2
}
