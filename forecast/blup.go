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
	// quad is the packed lower triangle of the n x n matrix R with
	// z'Rz = the residual quadratic form after beta is integrated out.
	quad []float64
	// logDet is log|V| + log(1'V^-1 1), the restricted likelihood's constant:
	// Harville (1974), Biometrika 61, 383-385.
	logDet float64
	// mean, trend and season are h x n: forecast and its parts are mean*z.
	// level is 1 x n, the level at the last month; the rest is the return to it.
	mean, trend, season, level []float64
	// sd is the predictive standard deviation of each month, chol the h x h lower
	// Cholesky factor of the joint predictive covariance, both for s2 = 1.
	sd   []float64
	chol []float64
}

// solve computes the closed forms of component c for n months of history and h
// months ahead. It panics if the covariance is not positive definite, which the
// noise of every component excludes.
func (c component) solve(n, h int) *solved {
	m := n + h
	local := c.localTrendCov(n, m)
	v := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			x := c.levelCov(i, j) + c.fixedTrendCov(i, j, n) + local[i*m+j] + c.seasonCov(i, j)
			if i == j {
				x += c.level.noise
			}
			v.SetSym(i, j, x)
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
	resid := mat.NewDense(n, n, nil) // R = V^-1 - ww'/d
	for i := range n {
		for j := range n {
			r := inv.At(i, j) - w.AtVec(i)*w.AtVec(j)/d
			resid.Set(i, j, r)
			if j < i {
				s.quad = append(s.quad, 2*r)
			} else if j == i {
				s.quad = append(s.quad, r)
			}
		}
	}
	c.predictors(s, &inv, resid, &w, d, local)
	return s
}

// predictors fills the forecast matrices and the predictive covariance.
func (c component) predictors(s *solved, inv, resid mat.Matrix, w *mat.VecDense, d float64, local []float64) {
	n, h := s.n, s.h
	m := n + h
	lev, tre, sea := mat.NewDense(h+1, n, nil), mat.NewDense(h, n, nil), mat.NewDense(h, n, nil)
	cov := mat.NewDense(h, n, nil)
	for k := range h {
		i := n + k
		for j := range n {
			l, t, q := c.levelCov(i, j), c.fixedTrendCov(i, j, n)+local[i*m+j], c.seasonCov(i, j)
			lev.Set(k, j, l)
			tre.Set(k, j, t)
			sea.Set(k, j, q)
			cov.Set(k, j, l+t+q)
		}
	}
	for j := range n {
		lev.Set(h, j, c.levelCov(n-1, j))
	}
	// The effect of beta: each row is w'/d.
	beta := make([]float64, n)
	for j := range n {
		beta[j] = w.AtVec(j) / d
	}
	times := func(a *mat.Dense, add bool) []float64 {
		var out mat.Dense
		out.Mul(a, resid)
		rows, _ := out.Dims()
		flat := make([]float64, 0, rows*n)
		for k := range rows {
			for j := range n {
				x := out.At(k, j)
				if add {
					x += beta[j]
				}
				flat = append(flat, x)
			}
		}
		return flat
	}
	s.mean = times(cov, true)
	s.trend = times(tre, false)
	s.season = times(sea, false)
	s.level = times(lev, true)[h*n:]

	// Predictive covariance: V_ff - C V^-1 C' + (1 - C w)(1 - C w)'/d.
	var cv, cvc mat.Dense
	cv.Mul(cov, inv)
	cvc.Mul(&cv, cov.T())
	var cw mat.VecDense
	cw.MulVec(cov, w)
	p := mat.NewSymDense(h, nil)
	for a := range h {
		for b := a; b < h; b++ {
			i, j := n+a, n+b
			x := c.levelCov(i, j) + c.fixedTrendCov(i, j, n) + local[i*m+j] + c.seasonCov(i, j)
			if a == b {
				x += c.level.noise
			}
			x += (1-cw.AtVec(a))*(1-cw.AtVec(b))/d - cvc.At(a, b)
			p.SetSym(a, b, x)
		}
	}
	s.sd = make([]float64, h)
	for a := range h {
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
		for b := 0; b <= a; b++ {
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
		for j, x := range row {
			r += x * z[j]
		}
		q += r * zi
		k += i + 1
	}
	return math.Max(q, 0)
}

// apply returns row k of the matrix a (rows of length n) times z.
func apply(a []float64, k int, z []float64) float64 {
	var s float64
	for j, x := range a[k*len(z) : (k+1)*len(z)] {
		s += x * z[j]
	}
	return s
}
