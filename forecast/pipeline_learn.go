package forecast

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// ErrNoExamples reports a learning set without a usable example.
var ErrNoExamples = errors.New("forecast: no usable pipeline examples")

// PipelineExample is one freelancer at one past date: the forecast of the
// history until then, the pipeline as it was known then (rebuilt from contract
// events), and the months that followed.
type PipelineExample struct {
	Base     Forecast
	Pipeline Pipeline
	Earned   []float64
	// Unit makes freelancers comparable: any typical month, above 0.
	Unit float64
}

// pipelineRidge is the number of examples that the default weights count for.
const pipelineRidge = 30.0

// pipelineCap bounds a weight: a promise is never worth more than itself, and a
// history that seems to be was the beginning of somebody's growth.
const pipelineCap = 1.1

// LearnPipeline fits a model of horizon months: for each month ahead a pooled
// regression of the earnings on the regressors with non-negative weights (Lawson
// and Hanson 1974, Solving Least Squares Problems, ch. 23, here by coordinate
// descent) a bound of pipelineCap and a ridge pull (Hoerl and Kennard 1970) towards DefaultPipeline.
// The widths are conformal: the quantile of the error over the half-width of the
// history's range (Lei et al. 2018, JASA 113, locally weighted). It returns
// ErrNoExamples or ErrHorizon.
func LearnPipeline(examples []PipelineExample, horizon int) (*PipelineModel, error) {
	if horizon < 1 || horizon > MaxHorizon {
		return nil, ErrHorizon
	}
	prior := DefaultPipeline()
	m := &PipelineModel{}
	var used []PipelineExample
	for _, e := range examples {
		if e.Unit > 0 && !math.IsInf(e.Unit, 0) && len(e.Earned) > 0 && len(e.Base.Mean) >= len(e.Earned) &&
			checkFinite(e.Earned) == nil && e.Pipeline.check() == nil {
			used = append(used, e)
		}
	}
	if len(used) == 0 {
		return nil, ErrNoExamples
	}
	for k := range horizon {
		m.Weights = append(m.Weights, fitMonth(used, k, prior.Weights[min(k, len(prior.Weights)-1)]))
	}
	m.learnWidths(used, horizon)
	return m, nil
}

// fitMonth solves the regression of month k.
func fitMonth(examples []PipelineExample, k int, prior []float64) []float64 {
	xx := mat.NewSymDense(regressors, nil)
	xy := mat.NewVecDense(regressors, nil)
	x := mat.NewVecDense(regressors, nil)
	for _, e := range examples {
		if k >= len(e.Earned) {
			continue
		}
		row := e.Pipeline.regressors(k, e.Base.Mean[k])
		for i, v := range row {
			x.SetVec(i, v/e.Unit)
		}
		xx.SymRankOne(xx, 1, x)
		xy.AddScaledVec(xy, e.Earned[k]/e.Unit, x)
	}
	w := slices.Clone(prior)
	for i := range regressors {
		xx.SetSym(i, i, xx.At(i, i)+pipelineRidge)
		xy.SetVec(i, xy.AtVec(i)+pipelineRidge*prior[i])
	}
	for range 500 {
		var moved float64
		for i := range w {
			r := xy.AtVec(i)
			for j := range w {
				if j != i {
					r -= xx.At(i, j) * w[j]
				}
			}
			next := clamp(r/xx.At(i, i), 0, pipelineCap)
			moved = math.Max(moved, math.Abs(next-w[i]))
			w[i] = next
		}
		if moved < 1e-9 {
			break
		}
	}
	return w
}

// learnWidths sets the conformal widths from the errors of the fitted weights.
func (m *PipelineModel) learnWidths(examples []PipelineExample, horizon int) {
	for k := range horizon {
		var r80, r95, t80, t95 []float64
		for _, e := range examples {
			if k >= len(e.Earned) {
				continue
			}
			var total, earned float64
			for j := range k + 1 {
				mid := m.middle(e, j)
				total, earned = total+mid, earned+e.Earned[j]
				if j == k {
					r80 = append(r80, ratio(e.Earned[j]-mid, e.Base.Mean[j], Interval{e.Base.Lower80[j], e.Base.Upper80[j]}))
					r95 = append(r95, ratio(e.Earned[j]-mid, e.Base.Mean[j], Interval{e.Base.Lower95[j], e.Base.Upper95[j]}))
				}
			}
			// The range of the base's total belongs to its whole horizon only.
			if k == len(e.Base.Mean)-1 {
				t80 = append(t80, ratio(earned-total, e.Base.Total, e.Base.Total80))
				t95 = append(t95, ratio(earned-total, e.Base.Total, e.Base.Total95))
			}
		}
		m.Width80, m.Width95 = append(m.Width80, quantileOr(r80, 0.80, m.Width80)), append(m.Width95, quantileOr(r95, 0.95, m.Width95))
		m.TotalWidth80 = append(m.TotalWidth80, quantileOr(t80, 0.80, m.Width80))
		m.TotalWidth95 = append(m.TotalWidth95, quantileOr(t95, 0.95, m.Width95))
	}
}

func (m *PipelineModel) middle(e PipelineExample, k int) float64 {
	var v float64
	row := e.Pipeline.regressors(k, e.Base.Mean[k])
	for i, x := range row {
		v += m.Weights[min(k, len(m.Weights)-1)][i] * x
	}
	return v
}

// ratio is the error over the half-width of an interval on its side.
func ratio(err, mid float64, i Interval) float64 {
	half := i.Upper - mid
	if err < 0 {
		half = mid - i.Lower
	}
	if half <= 0 {
		return math.Inf(1) // no width covers it: quantileOr leaves it out
	}
	return math.Abs(err) / half
}

// quantileOr returns the conformal p quantile (rank ceil((n+1)p)), or the last
// known width where there is nothing to learn from.
func quantileOr(v []float64, p float64, last []float64) float64 {
	v = slices.DeleteFunc(v, func(x float64) bool { return math.IsInf(x, 0) || math.IsNaN(x) })
	if len(v) == 0 {
		return at(last, len(last)-1)
	}
	slices.Sort(v)
	i := int(math.Ceil(float64(len(v)+1) * p))
	return v[min(i, len(v))-1]
}
