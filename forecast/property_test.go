package forecast

import (
	"math"
	"testing"
	"time"
)

func TestScaleEquivariance(t *testing.T) {
	t.Parallel()
	for name, y := range map[string][]float64{
		"regular": season(30), "short": {300, 500, 400}, "sparse": {0, 900, 0, 0, 700, 0, 800, 0, 0, 0, 1200, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const factor = 1024 // exact in floating point
			big := make([]float64, len(y))
			for i, v := range y {
				big[i] = v * factor
			}
			a, _ := Predict(y, 6)
			b, _ := Predict(big, 6)
			for k := range a.Mean {
				for i, p := range [][2]float64{{a.Mean[k], b.Mean[k]}, {a.Upper80[k], b.Upper80[k]}, {a.Lower95[k], b.Lower95[k]}} {
					if math.Abs(p[0]*factor-p[1]) > 1e-6*(1+math.Abs(p[1])) {
						t.Fatalf("Expected %v for figure %d of month %d, got %v", p[0]*factor, i, k, p[1])
					}
				}
			}
		})
	}
}

func TestComponentsAddUp(t *testing.T) {
	t.Parallel()
	for _, y := range [][]float64{season(40), season(7), {0, 0, 5, 0, 9, 0, 0, 3}, {100}, nil} {
		f, err := Predict(y, 12, WithPool([][]float64{{50, 70, 60}}))
		if err != nil {
			t.Fatalf("Expected no error, got %v", err)
		}
		for k, mean := range f.Mean {
			c := f.Components
			if sum := c.Level[k] + c.Trend[k] + c.Season[k] + c.Pooled[k]; math.Abs(sum-mean) > 1e-9*(1+math.Abs(mean)) {
				t.Fatalf("Expected parts that add up to %v, got %v", mean, sum)
			}
		}
	}
}

// The season must be found, and the parts must say so.
func TestSeasonIsExplained(t *testing.T) {
	t.Parallel()
	f, _ := Predict(season(48), 12)
	if f.Components.SeasonWeight < 0.9 {
		t.Fatalf("Expected evidence for a season, got %v", f.Components.SeasonWeight)
	}
	// Months 48..59: the sine peaks at 51 and bottoms at 57.
	if s := f.Components.Season; s[3] < 150 || s[9] > -150 {
		t.Fatalf("Expected a season of about 300 up and down, got %.0f and %.0f", s[3], s[9])
	}
}

func TestSeasonByMonth(t *testing.T) {
	t.Parallel()
	y := season(48) // best at 3, 15, ... and worst at 9, 21, ...
	f, _ := Predict(y, 3, WithLastMonth(time.December), WithoutBacktest())
	s := f.Components.SeasonByMonth
	if len(s) != 12 || s[3] < 150 || s[9] > -150 {
		t.Fatalf("Expected April high and October low, got %.0f", s)
	}
	f, _ = Predict(y, 3, WithLastMonth(time.March), WithoutBacktest())
	if s := f.Components.SeasonByMonth; s[6] < 150 || s[0] > -150 {
		t.Fatalf("Expected July high and January low, got %.0f", s)
	}
	if f, _ := Predict(y, 3, WithoutBacktest()); f.Components.SeasonByMonth != nil {
		t.Fatalf("Expected no months without a calendar, got %v", f.Components.SeasonByMonth)
	}
}

func TestConstantIncomeIsPredicted(t *testing.T) {
	t.Parallel()
	y := make([]float64, 24)
	for i := range y {
		y[i] = 2500
	}
	f, _ := Predict(y, 6)
	for k, v := range f.Mean {
		if math.Abs(v-2500) > 25 {
			t.Fatalf("Expected about 2500 in month %d, got %v", k, v)
		}
	}
}

// A lost big client must lower the forecast towards the new level at once.
func TestLostClientLowersTheLevel(t *testing.T) {
	t.Parallel()
	y := []float64{4000, 4100, 3900, 4050, 4000, 3950, 4100, 4000, 3900, 4000, 4100, 4000, 1000, 900, 1100, 1000}
	f, _ := Predict(y, 3)
	if f.Mean[0] > 2000 {
		t.Fatalf("Expected less than 2000, got %.0f", f.Mean[0])
	}
	if f.Upper95[0] < f.Mean[0]*1.05 {
		t.Fatalf("Expected an honest upper bound, got %.0f for %.0f", f.Upper95[0], f.Mean[0])
	}
}

func TestNegativeMonthsAreAllowed(t *testing.T) {
	t.Parallel()
	f, err := Predict([]float64{100, -50, 80, 60, -20, 90, 70, 30}, 6)
	if err != nil {
		t.Fatalf("Expected no error, got %v", err)
	}
	checkShape(t, f, 6, false)
}

func TestAllZeroHistoryIsLabelled(t *testing.T) {
	t.Parallel()
	f, _ := Predict(make([]float64, 10), 3)
	if f.Method != MethodNone {
		t.Fatalf("Expected %q, got %q", MethodNone, f.Method)
	}
}

func TestBacktestCompares(t *testing.T) {
	t.Parallel()
	f, _ := Predict(season(48), 6)
	b := f.Backtest
	if b.Origins == 0 || b.Months != b.Origins*6 {
		t.Fatalf("Expected origins of six months, got %+v", b)
	}
	if b.Own.MASE >= b.Naive.MASE {
		t.Fatalf("Expected less than naive %.2f, got %.2f", b.Naive.MASE, b.Own.MASE)
	}
	if f, _ := Predict(season(48), 6, WithoutBacktest()); f.Backtest != (Backtest{}) {
		t.Fatalf("Expected no backtest, got %+v", f.Backtest)
	}
}

// The backtest at an origin must not see what came later.
func TestBacktestDoesNotLookAhead(t *testing.T) {
	t.Parallel()
	y := season(30)
	a := predict(y[:24], 6, options{tables: defaultTables()})
	b := predict(append([]float64{}, y[:24]...), 6, options{tables: defaultTables()})
	for k := range a.Mean {
		if a.Mean[k] != b.Mean[k] {
			t.Fatalf("Expected %v, got %v", a.Mean[k], b.Mean[k])
		}
	}
}

func FuzzPredict(f *testing.F) {
	f.Add(uint64(1), 24, 6, 0.0, 1.0, false)
	f.Add(uint64(2), 3, 1, 0.9, 1e300, false)
	f.Add(uint64(3), 13, 12, 0.3, 1e-300, true)
	f.Add(uint64(4), 0, 3, 0.0, 1.0, false)
	f.Fuzz(func(t *testing.T, seed uint64, n, h int, zeros, scale float64, negative bool) {
		n, h = (n%40+40)%40, 1+(h%18+18)%18
		if math.IsNaN(scale) || math.IsInf(scale, 0) {
			scale = 1
		}
		y := make([]float64, n)
		for i := range y {
			// xorshift: any pattern of zeros, magnitudes and signs
			seed ^= seed << 13
			seed ^= seed >> 7
			seed ^= seed << 17
			u := float64(seed>>11) / (1 << 53)
			if u >= zeros {
				y[i] = scale * math.Exp(20*(u-0.5))
				if negative && seed&1 == 1 {
					y[i] = -y[i]
				}
			}
			if math.IsInf(y[i], 0) || math.IsNaN(y[i]) {
				y[i] = math.MaxFloat64
			}
		}
		got, err := Predict(y, h)
		if err != nil {
			t.Fatalf("Expected no error, got %v", err)
		}
		nonNegative := true
		for _, v := range y {
			nonNegative = nonNegative && v >= 0
		}
		checkShape(t, got, h, nonNegative)
		for _, s := range []float64{got.Backtest.Own.MASE, got.Backtest.Naive.MASE, got.Backtest.Own.SMAPE, got.Backtest.Coverage80} {
			if math.IsNaN(s) || math.IsInf(s, 0) {
				t.Fatalf("Expected finite scores, got %+v", got.Backtest)
			}
		}
	})
}
