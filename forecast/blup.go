package forecast

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// solved is a component worked out for one length n and horizon h: everything
// that does not depend on the amounts. Best linear unbiased prediction with
// random effects, Henderson (1975), Biometrics 31, 423-447; Robinson (1991),
// Statistical Science 6, 15-32.
type solved struct {
	n, h int
	// quad is the packed lower triangle of the n x n matrix
	// R = V^-1 - ww'/d with w = V^-1 1 and d = 1'w: z'Rz is the residual quadratic
	// form after beta is integrated out, Rz the residuals' weights.
	quad []float64
	// logDet is log|V| + log d, the restricted likelihood's constant:
	// Harville (1974), Biometrika 61, 383-385.
	logDet float64
	// mean is h x n: the forecast is mean*z.
	mean []float64
	// sd is the predictive standard deviation of each month, chol the h x h lower
	// Cholesky factor of the joint predictive covariance, both for s2 = 1.
	sd   []float64
	chol []float64
}

// cov fills one element of V: months i and j of a history of n.
func (c component) cov(i, j, n, m int, local []float64) float64 {
	x := c.levelCov(i, j) + c.fixedTrendCov(i, j, n) + c.seasonCov(i, j)
	if local != nil {
		x += local[i*m+j]
	}
	if i == j {
		x += c.level.noise
	}
	return x
}

// solve computes the closed forms of component c for n months of history and h
// months ahead. It panics if the covariance is not positive definite, which the
// noise of every component excludes.
func (c component) solve(n, h int) *solved {
	m := n + h
	local := c.trend.localTrendCov(n, m)
	v := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			v.SetSym(i, j, c.cov(i, j, n, m, local))
		}
	}
	var ch mat.Cholesky
	if !ch.Factorize(v) {
		panic("forecast: component covariance is not positive definite")
	}
	var inv mat.SymDense
	if err := ch.InverseTo(&inv); err != nil {
		panic("forecast: component covariance is singular")
	}
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	one := mat.NewVecDense(n, ones)
	var w mat.VecDense
	w.MulVec(&inv, one)
	d := mat.Dot(one, &w)

	s := &solved{n: n, h: h, logDet: ch.LogDet() + math.Log(d)}
	s.quad = make([]float64, 0, n*(n+1)/2)
	for i := range n {
		for j := range i + 1 {
			s.quad = append(s.quad, inv.At(i, j)-w.AtVec(i)*w.AtVec(j)/d)
		}
	}
	c.predictors(s, &inv, &w, d, local)
	return s
}

// predictors fills the forecast matrix and the predictive covariance:
// with C the covariance of future and past months, e = 1 - Cw,
// mean = C V^-1 + e w'/d and cov = V_ff - C V^-1 C' + ee'/d.
func (c component) predictors(s *solved, inv mat.Matrix, w *mat.VecDense, d float64, local []float64) {
	n, h := s.n, s.h
	m := n + h
	cross := mat.NewDense(h, n, nil)
	for k := range h {
		for j := range n {
			cross.Set(k, j, c.cov(n+k, j, n, m, local))
		}
	}
	var gain, cvc mat.Dense
	gain.Mul(cross, inv)
	cvc.Mul(&gain, cross.T())
	var e mat.VecDense
	e.MulVec(cross, w)
	s.mean = make([]float64, h*n)
	p := mat.NewSymDense(h, nil)
	s.sd = make([]float64, h)
	for a := range h {
		ea := 1 - e.AtVec(a)
		for j := range n {
			s.mean[a*n+j] = gain.At(a, j) + ea*w.AtVec(j)/d
		}
		for b := a; b < h; b++ {
			x := c.cov(n+a, n+b, n, m, local) - cvc.At(a, b) + ea*(1-e.AtVec(b))/d
			p.SetSym(a, b, x)
		}
		s.sd[a] = math.Sqrt(p.At(a, a))
	}
	var ch mat.Cholesky
	if !ch.Factorize(p) {
		panic("forecast: predictive covariance is not positive definite")
	}
	var l mat.TriDense
	ch.LTo(&l)
	s.chol = make([]float64, h*h)
	for a := range h {
		for b := range a + 1 {
			s.chol[a*h+b] = l.At(a, b)
		}
	}
}

// quadratic returns z'Rz.
func (s *solved) quadratic(z []float64) float64 {
	var q float64
	k := 0
	for i, zi := range z {
		row := s.quad[k : k+i+1]
		var r float64
		for j, x := range row[:i] {
			r += x * z[j]
		}
		q += (2*r + row[i]*zi) * zi
		k += i + 1
	}
	return math.Max(q, 0)
}

// residual returns Rz: the covariance of an effect with the months times it is
// the effect's prediction.
func (s *solved) residual(z []float64) []float64 {
	r := make([]float64, s.n)
	k := 0
	for i := range s.n {
		for j := range i {
			r[i] += s.quad[k+j] * z[j]
			r[j] += s.quad[k+j] * z[i]
		}
		r[i] += s.quad[k+i] * z[i]
		k += i + 1
	}
	return r
}

// forecast returns the prediction of month k ahead, 0-based.
func (s *solved) forecast(k int, z []float64) float64 {
	var v float64
	for j, x := range s.mean[k*s.n : (k+1)*s.n] {
		v += x * z[j]
	}
	return v
}
