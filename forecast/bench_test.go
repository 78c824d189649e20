package forecast

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// BenchmarkPredict measures one warm forecast, with and without its backtest.
func BenchmarkPredict(b *testing.B) {
	for _, c := range [][2]int{{12, 3}, {24, 6}, {60, 12}, {120, 18}} {
		y := season(c[0])
		b.Run(fmt.Sprintf("%d-%d", c[0], c[1]), func(b *testing.B) { benchPredict(b, y, c[1]) })
		b.Run(fmt.Sprintf("%d-%d-no-backtest", c[0], c[1]), func(b *testing.B) { benchPredict(b, y, c[1], WithoutBacktest()) })
	}
}

func benchPredict(b *testing.B, y []float64, h int, opts ...Option) {
	b.Helper()
	if _, err := Predict(y, h, opts...); err != nil { // fill the caches
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Predict(y, h, opts...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSolve is the price of the first forecast of a length: every component
// of a table solved once.
func BenchmarkSolve(b *testing.B) {
	for _, n := range []int{24, 60} {
		table := defaultTables().at(n, false)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				for _, c := range table.Components {
					grid[c].solve(n, 12)
				}
			}
		})
	}
}

// BenchmarkNaive and BenchmarkTrendLine are what a dashboard computes instead.
func BenchmarkNaive(b *testing.B) {
	y := season(24)
	for b.Loop() {
		naive(y, 6)
	}
}

func BenchmarkTrendLine(b *testing.B) {
	y, x := season(24), make([]float64, 24)
	for i := range x {
		x[i] = float64(i)
	}
	for b.Loop() {
		stat.LinearRegression(x, y, nil, false)
	}
}
