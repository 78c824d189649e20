package forecast

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

// Histories that are pure season must teach a prior that expects one.
func TestLearnFindsTheSeason(t *testing.T) {
	t.Parallel()
	var examples []Example
	for i := range 40 {
		y := season(40 + i)[i:]
		examples = append(examples, Example{History: y[:24], Future: y[24:30], Weight: 1, Fold: i})
	}
	table := Learn(24, false, examples)
	var with float64
	for i, c := range table.Components {
		if grid[c].season > 0 {
			with += table.Weights[i]
		}
	}
	if with < 5.0/6 { // the share of seasonal components in the grid
		t.Fatalf("Expected more than %.2f of the prior with a season, got %.2f", 5.0/6, with)
	}
	if err := table.check(); err != nil {
		t.Fatalf("Expected a valid table, got %v", err)
	}
}

func TestLearnWithoutExamplesIsUniform(t *testing.T) {
	t.Parallel()
	table := Learn(12, true, []Example{{History: []float64{1, math.NaN()}}})
	if len(table.Components) != GridSize() || table.Month[0] != plainLevels {
		t.Fatalf("Expected a uniform table, got %d components", len(table.Components))
	}
}

func TestEmbeddedTablesAreValid(t *testing.T) {
	t.Parallel()
	tables, err := ReadTables(bytes.NewReader(embedded))
	if err != nil {
		t.Fatalf("Expected valid tables, got %v", err)
	}
	if tables.Source == "" {
		t.Fatal("Expected a source, got none")
	}
	for _, n := range []int{3, 6, 9, 12, 17, 24, 40, 60, 90} {
		for _, sparse := range []bool{false, true} {
			b := tables.at(n, sparse)
			if err := b.check(); err != nil {
				t.Fatalf("Expected a valid table for %d months, got %v", n, err)
			}
			var sum float64
			for _, w := range b.Weights {
				sum += w
			}
			if math.Abs(sum-1) > 1e-3 || len(b.Components) > keepComponents {
				t.Fatalf("Expected at most %d weights that add up to 1, got %d and %v", keepComponents, len(b.Components), sum)
			}
		}
	}
}

func TestReadTablesRejects(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"no JSON":        "x",
		"another grid":   `{"grid":7}`,
		"no components":  `{"grid":576,"tables":[{"months":6}]}`,
		"wrong order":    `{"grid":576,"tables":[{"months":6,"components":[1],"weights":[1],"month":[[0.9,0.1,0.2,0.3]],"total":[[0.1,0.2,0.8,0.9]]}]}`,
		"unknown number": `{"grid":576,"tables":[{"months":6,"components":[576],"weights":[1],"month":[[0.1,0.2,0.8,0.9]],"total":[[0.1,0.2,0.8,0.9]]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := ReadTables(strings.NewReader(raw)); err == nil {
				t.Fatal("Expected an error, got none")
			}
		})
	}
}

// Learned tables survive the file and change the forecast.
func TestTablesRoundTrip(t *testing.T) {
	t.Parallel()
	table := flatTable(24, false)
	table.Month = []Levels{{0.01, 0.2, 0.8, 0.99}}
	raw, err := json.Marshal(&Tables{Grid: GridSize(), Tables: []Table{table}})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := ReadTables(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("Expected no error, got %v", err)
	}
	a, _ := Predict(season(24), 3, WithTables(tables), WithoutBacktest())
	b, _ := Predict(season(24), 3, WithTables(&Tables{}), WithoutBacktest())
	if a.Mean[0] != b.Mean[0] || a.Upper80[0] >= b.Upper80[0] {
		t.Fatalf("Expected the same middle and a narrower range, got %v %v and %v %v", a.Mean[0], a.Upper80[0], b.Mean[0], b.Upper80[0])
	}
}

func TestLearnPipelineErrors(t *testing.T) {
	t.Parallel()
	if _, err := LearnPipeline(nil, 6); !errors.Is(err, ErrNoExamples) {
		t.Fatalf("Expected %v, got %v", ErrNoExamples, err)
	}
	if _, err := LearnPipeline(nil, 0); !errors.Is(err, ErrHorizon) {
		t.Fatalf("Expected %v, got %v", ErrHorizon, err)
	}
}
