package forecast

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Example is a past history of one freelancer and the months that followed it.
type Example struct {
	History, Future []float64
	// Weight is its share in the learning, 1 for one of many alike.
	Weight float64
	// Fold, 0 or 1, keeps histories of one freelancer together: the levels are
	// learned on the fold that the prior has not seen.
	Fold int
}

// learning constants, chosen by the score on histories that were not learned
// from (see forecast/README.md).
const (
	learnSteps = 60
	learnRate  = 0.1
	// floorDensity keeps single surprising months from dominating.
	floorDensity = 1e-4
)

// shrinkage returns how strongly the log prior is pulled towards uniform: the
// effects of level, trend, season and logarithm, and (twice that) each
// component's own deviation. Two years of history tell level from season and the
// windows are many, so that little is needed; with exactly one year a season is
// hardly known, from five years on the windows are few, and sparse ones always
// are: there a strong pull scored better on histories that were left out.
func shrinkage(months int, sparse bool) (effect, own float64) {
	s := 1.0
	switch {
	case sparse:
	case months == 24:
		s = 0.1
	case months == 6:
		s = 0.3
	}
	return s, 2 * s
}

// window is an example seen by every component.
type window struct {
	weight   float64
	evidence []float64   // log weight of each component, before the prior
	density  [][]float32 // of each future month under each component
}

// Learn makes the table for histories of one length (in months) from examples
// of that length. The prior over components maximises the mean log predictive
// density of the months that followed (a logarithmic score, Good 1952; a
// discriminative form of empirical Bayes) with ridge shrinkage to uniform, by
// Adam (Kingma and Ba 2015); the levels are split-conformal. Examples with
// other lengths, without income or without future are ignored; without any
// usable example the table is uniform.
func Learn(months int, sparse bool, examples []Example) Table {
	var fold [2][]window
	var used [2][]Example
	for _, e := range examples {
		if len(e.History) != months || len(e.Future) == 0 || checkFinite(e.History) != nil || checkFinite(e.Future) != nil {
			continue
		}
		s := newScaled(e.History)
		if s.unit == 0 || (s.zeros > sparseShare) != sparse {
			continue
		}
		fold[e.Fold&1] = append(fold[e.Fold&1], newWindow(s, e))
		used[e.Fold&1] = append(used[e.Fold&1], e)
	}
	all := append(append([]window{}, fold[0]...), fold[1]...)
	if len(all) == 0 {
		return flatTable(months, sparse)
	}
	effect, own := shrinkage(months, sparse)
	out := flatTable(months, sparse)
	out.Components, out.Weights = strongest(learnPrior(all, effect, own))
	var ranks ranks
	for i := range fold {
		if len(fold[1-i]) == 0 {
			continue
		}
		half := flatTable(months, sparse)
		half.Components, half.Weights = strongest(learnPrior(fold[1-i], effect, own))
		for _, e := range used[i] {
			ranks.add(e, half)
		}
	}
	out.Month, out.Total = ranks.levels(sparse)
	return out
}

// newWindow computes evidence and densities of all components.
func newWindow(s scaled, e Example) window {
	n, h := len(s.z), min(len(e.Future), learnHorizon)
	w := window{weight: e.Weight, evidence: make([]float64, len(grid)), density: make([][]float32, h)}
	for k := range w.density {
		w.density[k] = make([]float32, len(grid))
	}
	logs := logSeries(s)
	t := distuv.StudentsT{Sigma: 1, Nu: float64(n)}
	for i := range grid {
		m, ok := newMember(i, s, logs, h)
		if !ok {
			w.evidence[i] = math.Inf(-1)
			continue
		}
		w.evidence[i] = m.weight
		for k := range h {
			v, at, sd := e.Future[k]/s.unit, m.s.forecast(k, m.z), m.scale*m.s.sd[k]
			var p float64
			switch {
			case v <= 0 && m.c.log: // impossible
			case v <= 0 && s.nonNegative: // forecasts are cut at zero: a Tobit density
				p = t.CDF(-at / sd)
			case m.c.log:
				p = t.Prob((math.Log(v)-at)/sd) / sd / v
			default:
				p = t.Prob((v-at)/sd) / sd
			}
			w.density[k][i] = float32(p)
		}
	}
	return w
}

// learnHorizon is the number of months ahead that the prior is learned for.
const learnHorizon = 12

// learnPrior returns the probabilities of all components of the grid.
func learnPrior(ws []window, effect, own float64) []float64 {
	cells := gridCells()
	effects := 0
	for _, c := range cells {
		for _, f := range c {
			effects = max(effects, f+1)
		}
	}
	param := make([]float64, effects+len(grid))
	adam := newAdam(len(param))
	theta := make([]float64, len(grid))
	for range learnSteps {
		g := scoreGradient(ws, theta)
		grad := make([]float64, len(param))
		for i, v := range g {
			grad[effects+i] = v
			for _, f := range cells[i] {
				grad[f] += v
			}
		}
		for i := range grad {
			shrink := own
			if i < effects {
				shrink = effect
			}
			grad[i] -= shrink * param[i] / float64(len(grid))
		}
		adam.step(param, grad)
		for i := range theta {
			theta[i] = param[effects+i]
			for _, f := range cells[i] {
				theta[i] += param[f]
			}
		}
	}
	return softmax(theta)
}

// gridCells lists for each component the effects it shares with others: its
// level, trend, season, logarithm, and the pairs season x trend, level x trend.
func gridCells() [][]int {
	nl, nt, ns := len(levelSpecs), len(trendSpecs), len(seasonSpecs)
	var out [][]int
	for log := range 2 {
		for s := range ns {
			for t := range nt {
				for l := range nl {
					single := nl + nt + ns + 2
					out = append(out, []int{l, nl + t, nl + nt + s, nl + nt + ns + log,
						single + s*nt + t, single + ns*nt + l*nt + t})
				}
			}
		}
	}
	return out
}

// scoreGradient is the gradient of the weighted mean log predictive density
// with respect to the log prior: responsibilities after minus before the month.
func scoreGradient(ws []window, theta []float64) []float64 {
	g := make([]float64, len(theta))
	post, num := make([]float64, len(theta)), make([]float64, len(theta))
	var total float64
	for _, w := range ws {
		total += w.weight
		for i, e := range w.evidence {
			post[i] = theta[i] + e
		}
		copy(post, softmax(post))
		for _, density := range w.density {
			var sum float64
			for i, p := range post {
				num[i] = p * float64(density[i])
				sum += num[i]
			}
			f := w.weight / float64(len(w.density)) / (sum + floorDensity)
			for i, p := range post {
				g[i] += f * (num[i] - p*sum)
			}
		}
	}
	for i := range g {
		g[i] /= total
	}
	return g
}

// softmax returns exp(v) normalised.
func softmax(v []float64) []float64 {
	best := math.Inf(-1)
	for _, x := range v {
		best = math.Max(best, x)
	}
	out := make([]float64, len(v))
	var sum float64
	for i, x := range v {
		out[i] = math.Exp(x - best)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// adam is the optimiser of Kingma and Ba (2015), for a gradient to climb.
type adam struct {
	m, v []float64
	t    int
}

func newAdam(n int) *adam {
	return &adam{m: make([]float64, n), v: make([]float64, n)}
}

func (a *adam) step(param, grad []float64) {
	const b1, b2, eps = 0.9, 0.99, 1e-6
	a.t++
	c1, c2 := 1-math.Pow(b1, float64(a.t)), 1-math.Pow(b2, float64(a.t))
	for i, g := range grad {
		a.m[i] = b1*a.m[i] + (1-b1)*g
		a.v[i] = b2*a.v[i] + (1-b2)*g*g
		param[i] += learnRate * (a.m[i] / c1) / (math.Sqrt(a.v[i]/c2) + eps)
	}
}
