package forecast

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
)

// floats reads any bytes as numbers: every bit pattern occurs, NaN and infinities
// included. It reads no more than most.
func floats(raw []byte, most int) []float64 {
	var out []float64
	for len(raw) >= 8 && len(out) < most {
		out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(raw)))
		raw = raw[8:]
	}
	return out
}

func bytesOf(values ...float64) []byte {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return raw
}

func repeated(n int, values ...float64) []float64 {
	var out []float64
	for len(out) < n {
		out = append(out, values...)
	}
	return out[:n]
}

// FuzzSeries takes a series bit by bit: finite input gives finite, ordered ranges
// and anything else the error that says so.
func FuzzSeries(f *testing.F) {
	for _, y := range [][]float64{
		nil, {0}, {5, 5}, repeated(24, 0), repeated(24, 100), repeated(30, 0, 900), repeated(18, 1e300, 1e-300), repeated(12, 5e-324),
		repeated(24, math.MaxFloat64), repeated(24, math.MaxFloat64, -math.MaxFloat64), repeated(13, -1), {1, math.NaN(), 2}, {math.Inf(1)},
		{0, 0, 0, 1e300, 0, 0, 0, 1, 0, 0, 0, 0, 5e-324}, season(36),
	} {
		f.Add(bytesOf(y...), uint8(6))
	}
	f.Fuzz(func(t *testing.T, raw []byte, months uint8) {
		// Few lengths and horizons: each solves its regressions once, which takes long
		// enough to starve the fuzzer.
		y, h := floats(raw, 26), []int{1, 6, 12}[months%3]
		got, err := Predict(y, h)
		if checkFinite(y) != nil {
			if !errors.Is(err, ErrNotFinite) {
				t.Fatalf("Expected %v, got %v", ErrNotFinite, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("Expected no error, got %v", err)
		}
		nonNegative := true
		for _, v := range y {
			nonNegative = nonNegative && v >= 0
		}
		checkShape(t, got, h, nonNegative)
		for k := range h {
			c := got.Components
			checkFiniteRow(t, c.Level[k], c.Trend[k], c.Season[k], c.Pooled[k])
		}
		b := got.Backtest
		checkFiniteRow(t, b.Unit, b.Own.MASE, b.Own.SMAPE, b.Naive.MASE, b.SeasonalNaive.MASE, b.Coverage80, b.Coverage95)
	})
}

func checkFiniteRow(t *testing.T, row ...float64) {
	t.Helper()
	for _, v := range row {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("Expected finite numbers, got %v", row)
		}
	}
}

// FuzzCombine merges any history with any pipeline, in the middle of a month.
func FuzzCombine(f *testing.F) {
	f.Add(bytesOf(season(20)...), bytesOf(500, 0, 300, 100, 1e9, 50), uint8(6), 250.0, 0.3)
	f.Add(bytesOf(), bytesOf(1e300, 1e300, 1e300, 1e300), uint8(12), 0.0, 0.0)
	f.Add(bytesOf(repeated(24, math.MaxFloat64)...), bytesOf(repeated(36, math.MaxFloat64)...), uint8(12), math.MaxFloat64, 1.0)
	f.Add(bytesOf(repeated(9, 0, 400)...), bytesOf(repeated(9, 5e-324)...), uint8(3), 5e-324, 0.999)
	f.Add(bytesOf(1, 2), bytesOf(-7, 3, -1e300), uint8(3), -4.0, 2.0)
	f.Fuzz(func(t *testing.T, history, promised []byte, months uint8, earned, elapsed float64) {
		y, p, h := floats(history, 26), floats(promised, 40), []int{1, 6, 12}[months%3]
		if checkFinite(y) != nil || checkFinite(p) != nil || checkFinite([]float64{earned, elapsed}) != nil {
			t.Skip("not finite: FuzzSeries looks at that")
		}
		base, err := Predict(y, h, WithoutBacktest())
		if err != nil {
			t.Fatalf("Expected no error, got %v", err)
		}
		third := len(p) / 3
		pipeline := Pipeline{Committed: p[:third], Probable: p[third : 2*third], Speculative: p[2*third:]}
		if len(p) > 0 {
			pipeline.Overdue = p[0]
		}
		left, err := base.WithEarned(0, elapsed)
		if err != nil {
			t.Fatalf("Expected no error, got %v", err)
		}
		got, parts, err := DefaultPipeline().Combine(left, pipeline)
		if err != nil {
			t.Fatalf("Expected no error, got %v", err)
		}
		if got, err = got.WithKnown(earned); err != nil {
			t.Fatalf("Expected no error, got %v", err)
		}
		nonNegative := earned >= 0
		for _, v := range append(append([]float64{}, y...), p...) {
			nonNegative = nonNegative && v >= 0
		}
		checkShape(t, got, h, nonNegative)
		for k := range h {
			checkFiniteRow(t, parts.History[k], parts.Committed[k], parts.Probable[k], parts.Late[k], parts.Overdue[k], parts.Speculative[k])
		}
	})
}
