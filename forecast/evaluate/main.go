// Command evaluate measures the forecasts on development series by rolling
// origins, beside the methods a dashboard would use.
//
//	go run ./forecast/evaluate -data DIR
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/lancershub/lancershub/forecast"
	"github.com/lancershub/lancershub/forecast/internal/dataset"
)

// ours is the name of the method under test.
const ours = "Predict"

func main() {
	data := flag.String("data", "", "folder with *_monthly.csv.gz")
	only := flag.String("only", "", "run one part: pipeline")
	step := flag.Int("step", 1, "use every step-th series")
	flag.Parse()
	if err := evaluate(*data, *only, *step, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func evaluate(data, only string, step int, out, progress io.Writer) error {
	if only == "pipeline" {
		return comparePipelines(out)
	}
	all, err := dataset.Load(data)
	if err != nil {
		return err
	}
	methods := append([]method{{ours, predict}}, baselines...)
	for _, p := range protocols {
		for _, set := range sets(all) {
			r := run(p, set, pick(all, set, step), methods, progress)
			r.table(out)
		}
	}
	return comparePipelines(out)
}

func predict(y []float64, h int) forecast.Forecast {
	f, err := forecast.Predict(y, h, forecast.WithoutBacktest())
	if err != nil {
		panic(err) // the series were checked by the loader
	}
	return f
}

// sets lists the names of the sets in order.
func sets(all []dataset.Series) []string {
	var out []string
	for _, s := range all {
		if len(out) == 0 || out[len(out)-1] != s.Set {
			out = append(out, s.Set)
		}
	}
	return out
}

// pick returns every step-th series of a set.
func pick(all []dataset.Series, set string, step int) []dataset.Series {
	var out []dataset.Series
	i := 0
	for _, s := range all {
		if s.Set == set {
			if i%step == 0 {
				out = append(out, s)
			}
			i++
		}
	}
	return out
}
