package main

import (
	"fmt"
	"image/color"
	"math/rand/v2"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// plotErrors draws the MASE of each method as a share of the naive one, a group
// of bars for each protocol and set.
func plotErrors(results []result, file string) error {
	p := plot.New()
	p.Title.Text = "MASE as a share of repeating the last month (lower is better, cut at 1.2)"
	p.Y.Min, p.Y.Max = 0, 1.2
	p.Legend.Top = true
	shown := []string{ours, "mean", "seasonal naive"}
	var labels []string
	values := make([]plotter.Values, len(shown))
	for _, r := range results {
		if len(r.scores[ours]) == 0 {
			continue
		}
		base := mean(r.scores["naive"]).mase
		labels = append(labels, fmt.Sprintf("%s\n%s", r.set, r.protocol))
		for i, n := range shown {
			values[i] = append(values[i], min(mean(r.scores[n]).mase/base, p.Y.Max))
		}
	}
	const width = 9
	for i, v := range values {
		bars, err := plotter.NewBarChart(v, vg.Points(width))
		if err != nil {
			return fmt.Errorf("failed to draw bars: %w", err)
		}
		bars.Color = plotutil.Color(i)
		bars.LineStyle.Width = 0
		bars.Offset = vg.Points(width * (float64(i) - 1))
		p.Add(bars)
		p.Legend.Add(shown[i], bars)
	}
	p.NominalX(labels...)
	return p.Save(vg.Points(60*float64(len(labels))), 320, file)
}

// plotExample draws the forecast of a simulated freelancer with its bands.
func plotExample(file string) error {
	f := newFreelancer(rand.New(rand.NewPCG(3, 2026)))
	const n, h = 42, 12
	y := f.earned(0, n)
	fc := predict(y, h)
	p := plot.New()
	p.Title.Text = "A simulated freelancer: 42 months, the next 12, and the months that came"
	p.X.Label.Text, p.Y.Label.Text = "month", "earned"
	p.Legend.Top, p.Legend.Left = true, true
	p.Y.Min = 0
	band := func(lower, upper []float64, c color.Color) error {
		var pts plotter.XYs
		for k, v := range upper {
			pts = append(pts, plotter.XY{X: float64(n + k), Y: v})
		}
		for k := h - 1; k >= 0; k-- {
			pts = append(pts, plotter.XY{X: float64(n + k), Y: lower[k]})
		}
		poly, err := plotter.NewPolygon(pts)
		if err != nil {
			return fmt.Errorf("failed to draw a band: %w", err)
		}
		poly.Color, poly.Width = c, 0
		p.Add(poly)
		return nil
	}
	if err := band(fc.Lower95, fc.Upper95, color.NRGBA{B: 200, G: 120, A: 40}); err != nil {
		return err
	}
	if err := band(fc.Lower80, fc.Upper80, color.NRGBA{B: 200, G: 120, A: 80}); err != nil {
		return err
	}
	if err := plotutil.AddLines(p, "history", points(0, y), "forecast, 80 and 95 % bands", points(n, fc.Mean),
		"what came", points(n, f.earned(n, n+h))); err != nil {
		return fmt.Errorf("failed to draw lines: %w", err)
	}
	return p.Save(640, 300, file)
}

func points(from int, y []float64) plotter.XYs {
	out := make(plotter.XYs, len(y))
	for i, v := range y {
		out[i] = plotter.XY{X: float64(from + i), Y: v}
	}
	return out
}

// plotCoverage draws promised against observed coverage of every protocol and
// set.
func plotCoverage(results []result, file string) error {
	p := plot.New()
	p.Title.Text = "Months inside the 80 and 95 % ranges"
	p.Y.Label.Text = "observed %"
	p.Y.Min, p.Y.Max = 50, 100
	p.Legend.Top = false
	groups := map[string]plotter.XYs{}
	var labels []string
	for _, r := range results {
		if len(r.scores[ours]) == 0 {
			continue
		}
		x := float64(len(labels))
		labels = append(labels, fmt.Sprintf("%s\n%s", r.set, r.protocol))
		for _, n := range []string{ours, "naive", "mean"} {
			m := mean(r.scores[n])
			groups[n] = append(groups[n], plotter.XY{X: x, Y: 100 * m.cover80}, plotter.XY{X: x, Y: 100 * m.cover95})
		}
	}
	for _, level := range []float64{80, 95} {
		line := plotter.NewFunction(func(float64) float64 { return level })
		line.Color = color.Gray{Y: 150}
		p.Add(line)
	}
	if err := plotutil.AddScatters(p, ours, groups[ours], "naive", groups["naive"], "mean", groups["mean"]); err != nil {
		return fmt.Errorf("failed to draw coverage: %w", err)
	}
	p.NominalX(labels...)
	return p.Save(vg.Points(60*float64(len(labels))), 320, file)
}

// plotAll writes the three plots into a folder.
func plotAll(results []result, dir string) error {
	if err := plotErrors(results, filepath.Join(dir, "errors.png")); err != nil {
		return err
	}
	if err := plotCoverage(results, filepath.Join(dir, "coverage.png")); err != nil {
		return err
	}
	return plotExample(filepath.Join(dir, "example.png"))
}
