package main

import (
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/forecast"
	"github.com/lancershub/lancershub/forecast/internal/dataset"
)

func TestUnit(t *testing.T) {
	t.Parallel()
	year := make([]float64, 24)
	for i := range year {
		year[i] = float64(i % 12)
	}
	if got := unit(year); math.Abs(got-33.0/23) > 1e-9 { // 22 steps of 1, one of 11
		t.Fatalf("Expected the change over one month where years are alike, got %v", got)
	}
	if got := unit([]float64{5, 5, 5}); got != 0 {
		t.Fatalf("Expected 0 for a constant series, got %v", got)
	}
	year[12] = 24 // one month changed by 24 over a year
	if got := unit(year); got != 2 {
		t.Fatalf("Expected 2, got %v", got)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	f := forecast.Forecast{
		Mean: []float64{10, 20}, Lower80: []float64{8, 18}, Upper80: []float64{12, 22},
		Lower95: []float64{5, 15}, Upper95: []float64{15, 25},
		Total: 30, Total80: forecast.Interval{Lower: 28, Upper: 32}, Total95: forecast.Interval{Lower: 20, Upper: 50},
	}
	got := rate([]float64{11, 26}, f, 2)
	want := score{mase: 1.75, rmsse: math.Sqrt(18.5) / 2, smape: (200.0/21 + 1200.0/46) / 2,
		msis: (10 + 10 + 40) / 4.0, cover80: 0.5, cover95: 0.5, total80: 0, total95: 1, totalErr: 1.75}
	if math.Abs(got.smape-want.smape) > 1e-9 {
		t.Fatalf("Expected sMAPE %v, got %v", want.smape, got.smape)
	}
	got.smape = want.smape
	if got != want {
		t.Fatalf("Expected %+v, got %+v", want, got)
	}
}

func TestRunBeatsNaiveOnASeason(t *testing.T) {
	t.Parallel()
	var series []dataset.Series
	for i := range 5 {
		y := make([]float64, 42)
		for k := range y {
			y[k] = 100 + 30*math.Sin(2*math.Pi*float64(k+i)/12) + 3*math.Cos(float64(k*k))
		}
		series = append(series, dataset.Series{Set: "s", Train: y[:36], Test: y[36:]})
	}
	r := run(protocol{24, 6}, "s", series, append([]method{{ours, predict}}, baselines...), io.Discard)
	if a, b := mean(r.scores[ours]).mase, mean(r.scores["naive"]).mase; a >= b {
		t.Fatalf("Expected less than %v, got %v", b, a)
	}
	if p := r.pValue("naive", ours); p > 0.05 {
		t.Fatalf("Expected a small p, got %v", p)
	}
}

// A pipeline must not know what is signed later.
func TestSimulatedPipelineDoesNotLookAhead(t *testing.T) {
	t.Parallel()
	f := newFreelancer(rand.New(rand.NewPCG(1, 2)))
	before := f.pipeline(30)
	kept := f.payments[:0:0]
	for _, p := range f.payments {
		if p.known < 30 {
			kept = append(kept, p)
		}
	}
	f.payments = kept
	if after := f.pipeline(30); !reflect.DeepEqual(before, after) {
		t.Fatalf("Expected %v, got %v", before, after)
	}
}

func TestComparePipelines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := comparePipelines(&out); err != nil {
		t.Fatalf("Expected no error, got %v", err)
	}
	if !strings.Contains(out.String(), "learned regression") {
		t.Fatalf("Expected a table, got %q", out.String())
	}
}

func TestReplaceResults(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(file, []byte("a\n"+resultsBegin+"old\n"+resultsEnd+"\nb\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := replaceResults(file, "new"); err != nil {
		t.Fatalf("Expected no error, got %v", err)
	}
	got, _ := os.ReadFile(file)
	if want := "a\n" + resultsBegin + "new\n" + resultsEnd + "\nb\n"; string(got) != want {
		t.Fatalf("Expected %q, got %q", want, got)
	}
	if err := replaceResults(file+"x", "new"); err == nil {
		t.Fatal("Expected an error for a missing file, got none")
	}
}
