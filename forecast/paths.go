package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"
)

// pathCount is the number of simulated futures behind the totals.
const pathCount = 1000

// draws are the fixed random numbers of all simulations: the same for every
// series, so that equal input gives equal output.
type draws struct {
	normal [pathCount][MaxHorizon]float64
	// pick holds stratified uniforms in random order, for the component;
	// chi another such sequence, for the scale.
	pick, chi [pathCount]float64
}

var fixedDraws = sync.OnceValue(func() *draws {
	r := rand.New(rand.NewPCG(1963, 12))
	d := &draws{}
	for i := 0; i < pathCount; i += 2 {
		for k := range MaxHorizon { // antithetic pairs: sums stay unbiased
			d.normal[i][k] = r.NormFloat64()
			d.normal[i+1][k] = -d.normal[i][k]
		}
	}
	for _, s := range []*[pathCount]float64{&d.pick, &d.chi} {
		for i, j := range r.Perm(pathCount) {
			s[i] = (float64(j) + 0.5) / pathCount
		}
	}
	return d
})

var chiScales sync.Map // int -> []float64

// chiScale returns sqrt(df/X) for the draws' chi-squared X with df degrees.
func chiScale(df int) []float64 {
	if s, ok := chiScales.Load(df); ok {
		return s.([]float64)
	}
	dist := distuv.ChiSquared{K: float64(df)}
	out := make([]float64, pathCount)
	for i, u := range fixedDraws().chi {
		out[i] = math.Sqrt(float64(df) / dist.Quantile(u))
	}
	s, _ := chiScales.LoadOrStore(df, out)
	return s.([]float64)
}

// futures are simulated joint paths, in units, before the floor.
type futures struct {
	h      int
	values []float64 // pathCount x h
}

// paths simulates the joint distribution of the months: a component by its
// weight, then a multivariate t with its predictive covariance. Kotz and
// Nadarajah (2004), Multivariate t Distributions, ch. 1.
func (m mixture) paths() futures {
	d := fixedDraws()
	scale := chiScale(int(m.t.df))
	f := futures{h: m.h, values: make([]float64, pathCount*m.h)}
	for i := range pathCount {
		b := &m.members[m.pick(d.pick[i])]
		row := f.values[i*m.h : (i+1)*m.h]
		for k := range row {
			var e float64
			for j, l := range b.s.chol[k*b.s.h : k*b.s.h+k+1] {
				e += l * d.normal[i][j]
			}
			v := b.at[k] + b.scale*scale[i]*e
			if b.c.log {
				// A t distribution on the logarithms has no mean: the far tail is cut.
				v = math.Exp(clamp(v, b.at[k]-logCut, b.at[k]+logCut))
			}
			row[k] = v
		}
	}
	return f
}

// logCut bounds a simulated logarithm's distance from its location.
const logCut = 2.5

func (m mixture) pick(u float64) int {
	for i := range m.members {
		u -= m.members[i].weight
		if u < 0 {
			return i
		}
	}
	return len(m.members) - 1
}

// totals fills the sums over the horizon, with bounds at the given levels.
func (f futures) totals(out *Forecast, s scaled, l Levels) {
	sums := make([]float64, pathCount)
	var mean float64
	for i := range sums {
		for _, v := range f.values[i*f.h : (i+1)*f.h] {
			if s.nonNegative && v < 0 {
				v = 0
			}
			sums[i] += v
		}
		mean += sums[i] / pathCount
	}
	slices.Sort(sums)
	q := func(p float64) float64 { return s.amount(sorted(sums, p)) }
	out.Total = s.amount(mean)
	if out.Method == MethodSparse { // the floored mean is too high, see location
		out.Total = 0
		for _, v := range out.Mean {
			out.Total = clamp(out.Total+v, -math.MaxFloat64, math.MaxFloat64)
		}
	}
	out.Total80 = Interval{min(q(l[1]), out.Total), max(q(l[2]), out.Total)}
	out.Total95 = Interval{min(q(l[0]), out.Total80.Lower), max(q(l[3]), out.Total80.Upper)}
}

// sorted returns the p quantile of ascending values by linear interpolation
// between order statistics (Hyndman and Fan 1996, definition 7).
func sorted(v []float64, p float64) float64 {
	if len(v) == 0 {
		return 0
	}
	x := p * float64(len(v)-1)
	i := int(x)
	if i+1 >= len(v) {
		return v[len(v)-1]
	}
	return v[i] + (x-float64(i))*(v[i+1]-v[i])
}
