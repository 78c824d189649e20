package forecast

import "math"

const (
	// evidence is the power of the marginal likelihood in a weight: below 1
	// because every component is wrong; Gruenwald (2012), The safe Bayesian.
	evidence = 0.6
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

// newMixture weighs the components of a table by prior x likelihood^evidence and
// keeps the best. Bayesian model averaging: Hoeting et al. (1999), Statistical
// Science 14, 382-417.
func newMixture(s scaled, horizon int, t Table) mixture {
	logs := logSeries(s)
	all := make([]member, 0, len(t.Components))
	best := math.Inf(-1)
	for i, c := range t.Components {
		m, ok := newMember(c, s, logs, horizon)
		if !ok {
			continue
		}
		m.weight += math.Log(t.Weights[i])
		best = math.Max(best, m.weight)
		all = append(all, m)
	}
	mix := mixture{t: studentTable(len(s.z)), h: horizon, members: prune(all, best)}
	for i := range mix.members {
		m := &mix.members[i]
		m.at = make([]float64, horizon)
		for k := range horizon {
			m.at[k] = m.s.forecast(k, m.z)
		}
	}
	return mix
}

// newMember fits component i of the grid; its weight is the log of its evidence.
// It reports false for a logarithm that does not exist.
func newMember(i int, s scaled, logs []float64, horizon int) (member, bool) {
	m := member{c: grid[i], z: s.z}
	var jacobian float64
	if m.c.log {
		if logs == nil {
			return m, false
		}
		m.z = logs
		for _, v := range logs {
			jacobian += v
		}
	}
	n := float64(len(s.z))
	m.s = solvedFor(i, len(s.z), horizon)
	// One pseudo-observation makes n degrees of freedom of the n-1 residuals.
	q := m.s.quadratic(m.z) + scalePrior*scalePrior
	m.scale = math.Sqrt(q / n)
	m.weight = evidence * (-0.5*m.s.logDet - 0.5*n*math.Log(q) - jacobian)
	return m, true
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

// location returns the weighted location of month k, in units. It is the point
// forecast of a sparse history: the mean of the wide distribution after its floor
// at zero would be too high, its median too low.
func (m mixture) location(k int) float64 {
	var v float64
	for i := range m.members {
		b := &m.members[i]
		x := b.at[k]
		if b.c.log {
			x = math.Exp(x)
		}
		v += b.weight * x
	}
	return v
}
