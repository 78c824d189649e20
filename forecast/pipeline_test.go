package forecast

import (
	"errors"
	"math"
	"reflect"
	"testing"
)

func baseForecast(t *testing.T, h int) Forecast {
	t.Helper()
	f, err := Predict([]float64{900, 1100, 1000, 950, 1050, 1000, 980, 1020}, h, WithoutBacktest())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Where the months are what was committed, the regression must find out.
func TestLearnPipelineFindsTheWeights(t *testing.T) {
	t.Parallel()
	base := baseForecast(t, 2)
	var examples []PipelineExample
	for i := range 400 {
		due := []float64{float64(i%17) * 100, float64(i%23) * 100}
		examples = append(examples, PipelineExample{Base: base, Unit: 1000, Pipeline: Pipeline{Committed: due},
			Earned: []float64{due[0], 0.5*due[1] + 0.5*base.Mean[1]}})
	}
	m, err := LearnPipeline(examples, 2)
	if err != nil {
		t.Fatalf("Expected no error, got %v", err)
	}
	for _, c := range []struct {
		month, column int
		want          float64
	}{{0, useCommitted, 1}, {0, useHistory, 0}, {1, useCommitted, 0.5}, {1, useHistory, 0.5}} {
		if got := m.Weights[c.month][c.column]; math.Abs(got-c.want) > 0.1 {
			t.Fatalf("Expected about %.1f in month %d, column %d, got %.2f", c.want, c.month, c.column, got)
		}
	}
	for _, row := range m.Weights {
		for _, w := range row {
			if w < 0 {
				t.Fatalf("Expected no negative weight, got %v", row)
			}
		}
	}
}

func TestCombine(t *testing.T) {
	t.Parallel()
	base := baseForecast(t, 6)
	p := Pipeline{Committed: []float64{2000, 500}, Probable: []float64{300, 300, 300}, Speculative: []float64{0, 0, 400}, Overdue: 250}
	f, parts, err := DefaultPipeline().Combine(base, p)
	if err != nil {
		t.Fatalf("Expected no error, got %v", err)
	}
	checkShape(t, f, 6, true)
	for k, mean := range f.Mean {
		sum := parts.History[k] + parts.Committed[k] + parts.Probable[k] + parts.Late[k] + parts.Overdue[k] + parts.Speculative[k]
		if math.Abs(sum-mean) > 1e-9*mean {
			t.Fatalf("Expected parts that add up to %v, got %v", mean, sum)
		}
	}
	if f.Mean[0] >= base.Mean[0]+2300 {
		t.Fatalf("Expected no money counted twice, got %.0f", f.Mean[0])
	}
	if _, _, err := DefaultPipeline().Combine(base, Pipeline{Overdue: math.NaN()}); !errors.Is(err, ErrNotFinite) {
		t.Fatalf("Expected %v, got %v", ErrNotFinite, err)
	}
}

func TestWhatIf(t *testing.T) {
	t.Parallel()
	t.Run("without a client", func(t *testing.T) {
		t.Parallel()
		got := WithoutClient([]float64{100, 200, 300}, []float64{50, 400})
		if want := []float64{100, 150, 0}; !reflect.DeepEqual(got, want) {
			t.Fatalf("Expected %v, got %v", want, got)
		}
	})
	t.Run("delayed payment", func(t *testing.T) {
		t.Parallel()
		p := Pipeline{Committed: []float64{100}, Probable: []float64{80, 5}}
		got, err := p.Delayed(0, 2, 150)
		if err != nil {
			t.Fatalf("Expected no error, got %v", err)
		}
		want := Pipeline{Committed: []float64{0, 0, 100}, Probable: []float64{30, 5, 50}}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("Expected %v, got %v", want, got)
		}
		if p.Committed[0] != 100 || p.Probable[0] != 80 {
			t.Fatalf("Expected the input unchanged, got %v", p)
		}
		if _, err := p.Delayed(0, MaxHorizon, 1); !errors.Is(err, ErrHorizon) {
			t.Fatalf("Expected %v, got %v", ErrHorizon, err)
		}
	})
	t.Run("another contract", func(t *testing.T) {
		t.Parallel()
		got := Pipeline{Probable: []float64{10}}.WithContract([]float64{1, 2})
		if want := []float64{11, 2}; !reflect.DeepEqual(got.Probable, want) {
			t.Fatalf("Expected %v, got %v", want, got.Probable)
		}
	})
}

func TestWithEarned(t *testing.T) {
	t.Parallel()
	f := baseForecast(t, 3)
	half, err := f.WithEarned(800, 0.5)
	if err != nil {
		t.Fatalf("Expected no error, got %v", err)
	}
	checkShape(t, half, 3, true)
	if want := 800 + f.Mean[0]/2; math.Abs(half.Mean[0]-want) > 1e-9 {
		t.Fatalf("Expected %v, got %v", want, half.Mean[0])
	}
	if half.Lower95[0] < 800 {
		t.Fatalf("Expected at least what is paid, got %v", half.Lower95[0])
	}
	over, _ := f.WithEarned(800, 1)
	if over.Mean[0] != 800 || over.Upper95[0] != 800 {
		t.Fatalf("Expected a finished month to be known, got %v to %v", over.Mean[0], over.Upper95[0])
	}
	if _, err := f.WithEarned(math.NaN(), 0); !errors.Is(err, ErrNotFinite) {
		t.Fatalf("Expected %v, got %v", ErrNotFinite, err)
	}
}
