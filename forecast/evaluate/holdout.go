package main

import (
	"fmt"
	"io"

	"github.com/lancershub/lancershub/forecast"
	"github.com/lancershub/lancershub/forecast/internal/dataset"
	"github.com/lancershub/lancershub/forecast/internal/teach"
)

// The tables that a series is forecast with. The embedded ones have seen the
// training parts of the development series, never their test parts; the other
// two have seen nothing of the series at all.
const (
	tablesEmbedded = "embedded"  // as shipped
	tablesSplit    = "split"     // learned from the other half of the series
	tablesLeaveOut = "leave-out" // learned from the other sets only
	tablesUniform  = "uniform"   // no learning at all
)

// part is a group of series and the tables that forecast them.
type part struct {
	series []dataset.Series
	tables *forecast.Tables // nil for the embedded ones
}

// parts cuts the series of one set for a mode, learning as needed. The halves of
// split alternate within a set.
func parts(mode string, all []dataset.Series, set string, cache map[string]*forecast.Tables, progress io.Writer) ([]part, error) {
	learn := func(key string, keep func(i int, s dataset.Series) bool) *forecast.Tables {
		if t, ok := cache[key]; ok {
			return t
		}
		var seen []dataset.Series
		for i, s := range all {
			if keep(i, s) {
				seen = append(seen, s)
			}
		}
		fmt.Fprintf(progress, "%s: ", key)
		cache[key] = teach.Tables(seen, progress)
		return cache[key]
	}
	var own [2][]dataset.Series
	for i, s := range all {
		if s.Set == set {
			own[i%2] = append(own[i%2], s)
		}
	}
	both := append(append([]dataset.Series{}, own[0]...), own[1]...)
	switch mode {
	case tablesEmbedded:
		return []part{{both, nil}}, nil
	case tablesUniform:
		return []part{{both, &forecast.Tables{}}}, nil
	case tablesLeaveOut:
		t := learn("without "+set, func(_ int, s dataset.Series) bool { return s.Set != set })
		return []part{{both, t}}, nil
	case tablesSplit:
		var out []part
		for half := range own {
			t := learn(fmt.Sprintf("half %d", 1-half), func(i int, _ dataset.Series) bool { return i%2 != half })
			out = append(out, part{own[half], t})
		}
		return out, nil
	}
	return nil, fmt.Errorf("unknown tables %q", mode)
}
