package forecast

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"time"
)

// season is a growing monthly series with a yearly pattern and mild noise.
func season(n int) []float64 {
	y := make([]float64, n)
	for i := range y {
		y[i] = 1000 + 10*float64(i) + 300*math.Sin(2*math.Pi*float64(i)/12) + 40*math.Sin(float64(i*i))
	}
	return y
}

func checkShape(t *testing.T, f Forecast, h int, nonNegative bool) {
	t.Helper()
	for _, s := range [][]float64{f.Mean, f.Lower80, f.Upper80, f.Lower95, f.Upper95,
		f.Components.Level, f.Components.Trend, f.Components.Season, f.Components.Pooled} {
		if len(s) != h {
			t.Fatalf("Expected %d months, got %d", h, len(s))
		}
	}
	for k := range h {
		row := []float64{f.Lower95[k], f.Lower80[k], f.Mean[k], f.Upper80[k], f.Upper95[k]}
		checkRow(t, row, nonNegative)
	}
	checkRow(t, []float64{f.Total95.Lower, f.Total80.Lower, f.Total, f.Total80.Upper, f.Total95.Upper}, nonNegative)
}

func checkRow(t *testing.T, row []float64, nonNegative bool) {
	t.Helper()
	for i, v := range row {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("Expected finite amounts, got %v", row)
		}
		if i > 0 && v < row[i-1] {
			t.Fatalf("Expected ordered amounts, got %v", row)
		}
		if nonNegative && v < 0 {
			t.Fatalf("Expected no negative amount, got %v", row)
		}
	}
}

func TestPredictErrors(t *testing.T) {
	t.Parallel()
	scenarios := []struct {
		name    string
		y       []float64
		horizon int
		opts    []Option
		want    error
	}{
		{"NaN", []float64{1, math.NaN()}, 3, nil, ErrNotFinite},
		{"infinity", []float64{1, math.Inf(-1)}, 3, nil, ErrNotFinite},
		{"horizon 0", []float64{1, 2}, 0, nil, ErrHorizon},
		{"horizon too large", []float64{1, 2}, MaxHorizon + 1, nil, ErrHorizon},
		{"month 13", []float64{1, 2}, 3, []Option{WithLastMonth(time.Month(13))}, ErrMonth},
		{"NaN in the pool", nil, 3, []Option{WithPool([][]float64{{math.NaN()}})}, ErrNotFinite},
	}
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Predict(s.y, s.horizon, s.opts...); !errors.Is(err, s.want) {
				t.Fatalf("Expected %v, got %v", s.want, err)
			}
		})
	}
}

func TestPredictShapes(t *testing.T) {
	t.Parallel()
	scenarios := map[string][]float64{
		"empty":         {},
		"one month":     {500},
		"two months":    {500, 700},
		"three months":  {500, 700, 0},
		"constant":      {5, 5, 5, 5, 5, 5, 5, 5},
		"all zero":      make([]float64, 24),
		"one project":   {0, 0, 0, 0, 9000, 0, 0, 0, 0, 0, 0, 0},
		"two years":     season(24),
		"five years":    season(60),
		"huge":          {1e308, 1e308, 1.7e308, 1e308},
		"tiny":          {5e-324, 0, 5e-324, 5e-324},
		"lost a client": {4000, 4100, 3900, 4000, 4050, 800, 700, 900},
	}
	for name, y := range scenarios {
		for _, h := range []int{1, 6, 12} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f, err := Predict(y, h)
				if err != nil {
					t.Fatalf("Expected no error, got %v", err)
				}
				checkShape(t, f, h, true)
			})
		}
	}
}

func TestPredictIsDeterministic(t *testing.T) {
	t.Parallel()
	a, _ := Predict(season(30), 6)
	b, _ := Predict(season(30), 6)
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("Expected equal forecasts, got %+v and %+v", a, b)
	}
}

func TestTotalIsNarrowerThanSumOfBounds(t *testing.T) {
	t.Parallel()
	f, _ := Predict(season(36), 6)
	var width float64
	for k := range f.Mean {
		width += f.Upper80[k] - f.Lower80[k]
	}
	if got := f.Total80.Upper - f.Total80.Lower; got >= width {
		t.Fatalf("Expected less than %.0f, got %.0f", width, got)
	}
}

func TestColdStartUsesPeers(t *testing.T) {
	t.Parallel()
	f, err := Predict(nil, 3, WithPool([][]float64{{100, 200}, {400}, {900, 1000, 1100}}))
	if err != nil || f.Method != MethodPeers {
		t.Fatalf("Expected %q, got %q (%v)", MethodPeers, f.Method, err)
	}
	if f.Mean[0] != 400 {
		t.Fatalf("Expected the peers' median 400, got %v", f.Mean[0])
	}
}
