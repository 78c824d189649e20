// Command evaluate measures the forecasts on development series by rolling
// origins, beside the methods a dashboard would use.
//
//	go run ./forecast/evaluate -data DIR
//	go run ./forecast/evaluate -data DIR -tables split -readme forecast/README.md
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/lancershub/lancershub/forecast"
	"github.com/lancershub/lancershub/forecast/internal/dataset"
)

// ours is the name of the method under test.
const ours = "Predict"

// settings are the flags.
type settings struct {
	data, tables, readme, only string
	step                       int
}

func main() {
	var s settings
	flag.StringVar(&s.data, "data", "", "folder with *_monthly.csv.gz")
	flag.StringVar(&s.tables, "tables", tablesEmbedded, "tables to forecast with: embedded, split, leave-out or uniform")
	flag.StringVar(&s.readme, "readme", "", "README whose results are replaced, with plots beside it")
	flag.StringVar(&s.only, "only", "", "run one part: pipeline")
	flag.IntVar(&s.step, "step", 1, "use every step-th series")
	flag.Parse()
	if err := evaluate(s, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func evaluate(s settings, out, progress io.Writer) error {
	var report bytes.Buffer
	out = io.MultiWriter(out, &report)
	if s.only == "pipeline" {
		return comparePipelines(out)
	}
	all, err := dataset.Load(s.data)
	if err != nil {
		return err
	}
	if s.step > 1 {
		all = every(all, s.step)
	}
	results, err := runAll(s.tables, all, progress)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Made by `go run ./forecast/evaluate -data DIR -tables %s`.\n", s.tables)
	summary(out, results)
	for _, r := range results {
		r.table(out)
	}
	if err := comparePipelines(out); err != nil {
		return err
	}
	if s.readme == "" {
		return nil
	}
	if err := plotAll(results, filepath.Dir(s.readme)); err != nil {
		return fmt.Errorf("failed to plot: %w", err)
	}
	return replaceResults(s.readme, report.String())
}

// runAll runs every protocol on every set.
func runAll(mode string, all []dataset.Series, progress io.Writer) ([]result, error) {
	cache := map[string]*forecast.Tables{}
	var results []result
	for _, p := range protocols {
		for _, set := range sets(all) {
			groups, err := parts(mode, all, set, cache, progress)
			if err != nil {
				return nil, err
			}
			r := result{protocol: p, set: set}
			for _, g := range groups {
				r.add(run(p, set, g.series, append([]method{{ours, predictWith(g.tables)}}, baselines...), progress))
			}
			if len(r.scores[ours]) > 0 {
				results = append(results, r)
			}
		}
	}
	return results, nil
}

// predictWith is Predict without its own backtest; nil are the embedded tables.
func predictWith(t *forecast.Tables) func([]float64, int) forecast.Forecast {
	return func(y []float64, h int) forecast.Forecast {
		f, err := forecast.Predict(y, h, forecast.WithoutBacktest(), forecast.WithTables(t))
		if err != nil {
			panic(err) // the series were checked by the loader
		}
		return f
	}
}

func predict(y []float64, h int) forecast.Forecast { return predictWith(nil)(y, h) }

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

// every keeps one series of step.
func every(all []dataset.Series, step int) []dataset.Series {
	var out []dataset.Series
	for i := 0; i < len(all); i += step {
		out = append(out, all[i])
	}
	return out
}

// The markers between which the README holds the results.
const resultsBegin, resultsEnd = "<!-- results: begin -->\n", "<!-- results: end -->"

func replaceResults(file, report string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("failed to read the README: %w", err)
	}
	before, rest, ok := strings.Cut(string(raw), resultsBegin)
	_, after, ok2 := strings.Cut(rest, resultsEnd)
	if !ok || !ok2 {
		return fmt.Errorf("no result markers in %s", file)
	}
	text := before + resultsBegin + report + "\n" + resultsEnd + after
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("failed to write the README: %w", err)
	}
	return nil
}
