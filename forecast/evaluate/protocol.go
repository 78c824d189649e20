package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/lancershub/lancershub/forecast/internal/dataset"
)

// protocol keeps the last window months of the training part and forecasts
// horizon months; window 0 keeps them all.
type protocol struct{ window, horizon int }

func (p protocol) String() string {
	if p.window == 0 {
		return fmt.Sprintf("full/%d", p.horizon)
	}
	return fmt.Sprintf("%d/%d", p.window, p.horizon)
}

var protocols = []protocol{{24, 6}, {12, 3}, {60, 12}, {0, 18}, {6, 3}}

// result holds the per-series scores of every method under one protocol, for
// one set of series; all methods saw the same series in the same order.
type result struct {
	protocol protocol
	set      string
	names    []string
	scores   map[string][]score
	sparse   bool // the set has over 5 % of empty months
}

// run scores the methods on the series of one set. Shorter histories than the
// window are skipped and the horizon is cut to the test part; a series whose
// unit is zero cannot be scaled and is skipped too.
func run(p protocol, set string, series []dataset.Series, methods []method, progress io.Writer) result {
	r := result{protocol: p, set: set, scores: map[string][]score{}}
	for _, m := range methods {
		r.names = append(r.names, m.name)
	}
	var zeros, months float64
	started := time.Now()
	for i, s := range series {
		u := unit(s.Train)
		if u == 0 || len(s.Train) < p.window {
			continue
		}
		y := s.Train
		if p.window > 0 {
			y = y[len(y)-p.window:]
		}
		for _, v := range s.Train {
			months++
			if v == 0 {
				zeros++
			}
		}
		h := min(p.horizon, len(s.Test))
		for _, m := range methods {
			t := time.Now()
			f := m.predict(y, h)
			sc := rate(s.Test[:h], f, u)
			sc.ms = float64(time.Since(t).Microseconds()) / 1000
			r.scores[m.name] = append(r.scores[m.name], sc)
		}
		if i%50 == 0 || i == len(series)-1 {
			fmt.Fprintf(progress, "\r%-8s %-22s %4d/%d  %4.0fs ", p, set, i+1, len(series), time.Since(started).Seconds())
		}
	}
	r.sparse = zeros > 0.05*months
	fmt.Fprintln(progress)
	return r
}

// add appends the scores of other series under the same protocol.
func (r *result) add(o result) {
	r.names, r.sparse = o.names, r.sparse || o.sparse
	if r.scores == nil {
		r.scores = map[string][]score{}
	}
	for n, s := range o.scores {
		r.scores[n] = append(r.scores[n], s...)
	}
}

// pValue is the two-sided paired t-test of the per-series MASE of two methods.
func (r result) pValue(a, b string) float64 {
	x, y := r.scores[a], r.scores[b]
	d := make([]float64, len(x))
	for i := range x {
		d[i] = x[i].mase - y[i].mase
	}
	m, sd := stat.MeanStdDev(d, nil)
	n := float64(len(d))
	if n < 2 || sd == 0 {
		return 1
	}
	t := distuv.StudentsT{Sigma: 1, Nu: n - 1}
	return 2 * t.CDF(-math.Abs(m/(sd/math.Sqrt(n))))
}
