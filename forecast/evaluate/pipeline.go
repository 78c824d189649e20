package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/lancershub/lancershub/forecast"
)

// way is one use of the pipeline: the monthly middles, and a range of the total
// where the way has one.
type way struct {
	name    string
	combine func(e forecast.PipelineExample) (forecast.Forecast, error)
}

// simple combines by a function of history and what is due, without a range.
func simple(name string, f func(history, due float64) float64) way {
	return way{name, func(e forecast.PipelineExample) (forecast.Forecast, error) {
		out := forecast.Forecast{Mean: make([]float64, len(e.Base.Mean))}
		for k, m := range e.Base.Mean {
			out.Mean[k] = f(m, e.Pipeline.Committed[k]+e.Pipeline.Probable[k])
			out.Total += out.Mean[k]
		}
		return out, nil
	}}
}

// comparePipelines writes the errors of the ways to combine history and
// pipeline, in units of the mean month, on freelancers that did not teach.
func comparePipelines(out io.Writer) error {
	r := rand.New(rand.NewPCG(7, 2026))
	var learn, test []forecast.PipelineExample
	for i := range 2 * simLearners {
		e := newFreelancer(r).examples()
		if i < simLearners {
			learn = append(learn, e...)
		} else {
			test = append(test, e...)
		}
	}
	model, err := forecast.LearnPipeline(learn, simHorizon)
	if err != nil {
		return fmt.Errorf("failed to learn the pipeline: %w", err)
	}
	by := func(m *forecast.PipelineModel) func(forecast.PipelineExample) (forecast.Forecast, error) {
		return func(e forecast.PipelineExample) (forecast.Forecast, error) {
			f, _, err := m.Combine(e.Base, e.Pipeline)
			return f, err
		}
	}
	ways := []way{
		{"history alone", func(e forecast.PipelineExample) (forecast.Forecast, error) { return e.Base, nil }},
		simple("pipeline alone", func(_, due float64) float64 { return due }),
		simple("adding", func(history, due float64) float64 { return history + due }),
		simple("maximum", math.Max),
		{"default weights", by(forecast.DefaultPipeline())},
		{"learned regression", by(model)},
	}
	fmt.Fprintf(out, "\n### Pipeline, simulated: %d forecasts of %d months\n\n", len(test), simHorizon)
	fmt.Fprintln(out, "| way | error month 1 | month 3 | month 6 | total | bias of total | total cover 80/95 % |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- |")
	for _, w := range ways {
		var abs [simHorizon]float64
		var total, bias, c80, c95 float64
		n := float64(len(test))
		for _, e := range test {
			f, err := w.combine(e)
			if err != nil {
				return fmt.Errorf("failed to combine: %w", err)
			}
			var sum float64
			for k, v := range e.Earned {
				abs[k] += math.Abs(v-f.Mean[k]) / e.Unit / n
				sum += v
			}
			total += math.Abs(sum-f.Total) / e.Unit / simHorizon / n
			bias += (f.Total - sum) / e.Unit / simHorizon / n
			c80 += inside(sum, f.Total80.Lower, f.Total80.Upper) / n
			c95 += inside(sum, f.Total95.Lower, f.Total95.Upper) / n
		}
		cover := "-"
		if c80 > 0.01 { // ways without a range hit a zero total at most
			cover = fmt.Sprintf("%.1f / %.1f", 100*c80, 100*c95)
		}
		fmt.Fprintf(out, "| %s | %.3f | %.3f | %.3f | %.3f | %+.3f | %s |\n", w.name, abs[0], abs[2], abs[5], total, bias, cover)
	}
	fmt.Fprintln(out, "\nLearned weights by month ahead: history, committed, probable, one month late, two late, overdue, speculative.")
	fmt.Fprintln(out)
	for k, row := range model.Weights {
		fmt.Fprintf(out, "    month %d: %.2f\n", k+1, row)
	}
	return nil
}
