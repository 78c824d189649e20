package main

import (
	"fmt"
	"io"
)

// table writes the averages of one result as Markdown.
func (r result) table(out io.Writer) {
	fmt.Fprintf(out, "\n### %s, %s: %d series\n\n", r.protocol, r.set, len(r.scores[ours]))
	fmt.Fprintln(out, "| method | MASE | sMAPE | RMSSE | cover 80/95 % | MSIS | total error | total cover 80/95 % | ms | p against Predict |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, n := range r.names {
		m := mean(r.scores[n])
		p, smape := "", "-" // a percentage of zero months says nothing
		if n != ours {
			p = fmt.Sprintf("%.2g", r.pValue(n, ours))
		}
		if !r.sparse {
			smape = fmt.Sprintf("%.2f", m.smape)
		}
		fmt.Fprintf(out, "| %s | %.3f | %s | %.3f | %.1f / %.1f | %.2f | %.3f | %.1f / %.1f | %.2f | %s |\n",
			n, m.mase, smape, m.rmsse, 100*m.cover80, 100*m.cover95, m.msis, m.totalErr, 100*m.total80, 100*m.total95, m.ms, p)
	}
}

// summary writes one line for each protocol and set: the error as a share of the
// naive methods', which other sets of series can be compared with.
func summary(out io.Writer, results []result) {
	fmt.Fprint(out, "\n### Summary\n\n")
	fmt.Fprintln(out, "| protocol | series | MASE | of naive | of seasonal naive | of mean | cover 80/95 % | MSIS | of the best baseline's | p against naive |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, r := range results {
		m := mean(r.scores[ours])
		best := 0.0
		for _, n := range r.names[1:] {
			if v := mean(r.scores[n]).msis; best == 0 || v < best {
				best = v
			}
		}
		of := func(n string) string { return fmt.Sprintf("%.0f %%", 100*m.mase/mean(r.scores[n]).mase) }
		fmt.Fprintf(out, "| %s | %s | %.3f | %s | %s | %s | %.1f / %.1f | %.2f | %.0f %% | %.2g |\n", r.protocol, r.set, m.mase,
			of("naive"), of("seasonal naive"), of("mean"), 100*m.cover80, 100*m.cover95, m.msis, 100*m.msis/best, r.pValue("naive", ours))
	}
}
