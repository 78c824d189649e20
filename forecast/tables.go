package forecast

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
)

// keepComponents bounds the components of one table: beyond them the prior mass
// is noise, and time and memory grow with every one.
const keepComponents = 150

// Levels are the nominal probabilities at which the lower 95, lower 80, upper 80
// and upper 95 % bounds are read so that the ranges cover what they promise.
type Levels [4]float64

var plainLevels = Levels{0.025, 0.1, 0.9, 0.975}

// Table is what other histories of one length teach: which components to expect
// and how far the nominal probabilities are off.
type Table struct {
	// Months is the length of the histories the table was learned from, Sparse
	// says whether they were sparse ones.
	Months int  `json:"months"`
	Sparse bool `json:"sparse"`
	// Components and Weights are the prior: indexes into the grid and
	// probabilities that add up to one.
	Components []int     `json:"components"`
	Weights    []float64 `json:"weights"`
	// Month and Total hold the levels of the months ahead and of the totals over
	// 1, 2, ... months.
	Month []Levels `json:"month"`
	Total []Levels `json:"total"`
}

// Tables are the learned priors of Predict; make them with Learn or ReadTables.
type Tables struct {
	// Source says in words which histories taught the figures.
	Source string  `json:"source"`
	Grid   int     `json:"grid"` // number of components, a guard against a changed grid
	Tables []Table `json:"tables"`

	blends sync.Map // blendKey -> Table
}

//go:embed tables.json
var embedded []byte

// defaultTables are the embedded figures, parsed at the first forecast.
var defaultTables = sync.OnceValue(func() *Tables {
	t, err := parseTables(embedded)
	if err != nil {
		panic(err) // a broken build: the file is pinned by a test
	}
	return t
})

// ReadTables reads tables in the JSON form of the command forecast/train. It
// returns an error for tables of another grid or with figures out of range.
func ReadTables(r io.Reader) (*Tables, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("failed to read tables: %w", err)
	}
	return parseTables(raw)
}

func parseTables(raw []byte) (*Tables, error) {
	var t Tables
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, fmt.Errorf("failed to parse tables: %w", err)
	}
	if t.Grid != len(grid) {
		return nil, fmt.Errorf("failed to use tables: expected %d components, got %d", len(grid), t.Grid)
	}
	for _, b := range t.Tables {
		if err := b.check(); err != nil {
			return nil, fmt.Errorf("failed to use table of %d months: %w", b.Months, err)
		}
	}
	return &t, nil
}

func (b Table) check() error {
	if b.Months < 1 || len(b.Components) == 0 || len(b.Components) != len(b.Weights) || len(b.Month) == 0 || len(b.Total) == 0 {
		return fmt.Errorf("incomplete")
	}
	for i, c := range b.Components {
		if c < 0 || c >= len(grid) || !(b.Weights[i] > 0) {
			return fmt.Errorf("component %d is out of range", c)
		}
	}
	for _, l := range slices.Concat(b.Month, b.Total) {
		if !(0 < l[0] && l[0] <= l[1] && l[1] < l[2] && l[2] <= l[3] && l[3] < 1) {
			return fmt.Errorf("levels %v are out of order", l)
		}
	}
	return nil
}

type blendKey struct {
	n      int
	sparse bool
}

// at returns the table for n months of history: the two learned lengths around n
// mixed in proportion to the distance of the logarithms.
func (t *Tables) at(n int, sparse bool) Table {
	key := blendKey{n, sparse}
	if b, ok := t.blends.Load(key); ok {
		return b.(Table)
	}
	var lo, hi *Table
	for i := range t.Tables {
		b := &t.Tables[i]
		if b.Sparse != sparse {
			continue
		}
		if b.Months <= n && (lo == nil || b.Months > lo.Months) {
			lo = b
		}
		if b.Months >= n && (hi == nil || b.Months < hi.Months) {
			hi = b
		}
	}
	var out Table
	switch {
	case lo == nil && hi == nil:
		out = flatTable(n, sparse)
	case lo == nil || lo == hi:
		out = *hi
	case hi == nil:
		out = *lo
	default:
		share := math.Log(float64(n)/float64(lo.Months)) / math.Log(float64(hi.Months)/float64(lo.Months))
		out = blend(*lo, *hi, share)
	}
	b, _ := t.blends.LoadOrStore(key, out)
	return b.(Table)
}

// flatTable knows nothing: every component alike, nominal levels.
func flatTable(n int, sparse bool) Table {
	t := Table{Months: n, Sparse: sparse, Month: []Levels{plainLevels}, Total: []Levels{plainLevels}}
	for i := range grid {
		t.Components = append(t.Components, i)
		t.Weights = append(t.Weights, 1/float64(len(grid)))
	}
	return t
}

// blend mixes (1-share) a + share b.
func blend(a, b Table, share float64) Table {
	w := make([]float64, len(grid))
	for i, c := range a.Components {
		w[c] += (1 - share) * a.Weights[i]
	}
	for i, c := range b.Components {
		w[c] += share * b.Weights[i]
	}
	out := Table{Months: a.Months, Sparse: a.Sparse}
	out.Components, out.Weights = strongest(w)
	mix := func(x, y []Levels) []Levels {
		m := make([]Levels, max(len(x), len(y)))
		for k := range m {
			p, q := levelsAt(x, k), levelsAt(y, k)
			for i := range p {
				m[k][i] = (1-share)*p[i] + share*q[i]
			}
		}
		return m
	}
	out.Month, out.Total = mix(a.Month, b.Month), mix(a.Total, b.Total)
	return out
}

// strongest returns the keepComponents largest weights, normalised and in the
// order of the grid.
func strongest(w []float64) (components []int, weights []float64) {
	cut := 0.0
	if len(w) > keepComponents {
		sorted := slices.Sorted(slices.Values(w))
		cut = sorted[len(w)-keepComponents]
	}
	var sum float64
	for i, v := range w {
		if v > 0 && v >= cut && len(components) < keepComponents {
			components, weights = append(components, i), append(weights, v)
			sum += v
		}
	}
	for i := range weights {
		weights[i] /= sum
	}
	return components, weights
}

// levelsAt returns the levels of month k ahead, the last learned ones beyond.
func levelsAt(l []Levels, k int) Levels {
	return l[min(k, len(l)-1)]
}

// GridSize is the number of components that tables refer to.
func GridSize() int { return len(grid) }
