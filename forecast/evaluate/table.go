package main

import (
	"fmt"
	"io"
)

// table writes the averages of one result as Markdown.
func (r result) table(out io.Writer) {
	if len(r.names) == 0 || len(r.scores[r.names[0]]) == 0 {
		return
	}
	fmt.Fprintf(out, "\n### %s, %s: %d series\n\n", r.protocol, r.set, len(r.scores[r.names[0]]))
	fmt.Fprintln(out, "| method | MASE | sMAPE | RMSSE | cover 80/95 % | MSIS | total err | total cover 80/95 % | ms | p against Predict |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, n := range r.names {
		m := mean(r.scores[n])
		p := ""
		if n != ours {
			p = fmt.Sprintf("%.2g", r.pValue(n, ours))
		}
		fmt.Fprintf(out, "| %s | %.3f | %.2f | %.3f | %.1f / %.1f | %.2f | %.3f | %.1f / %.1f | %.2f | %s |\n",
			n, m.mase, m.smape, m.rmsse, 100*m.cover80, 100*m.cover95, m.msis, m.totalErr, 100*m.total80, 100*m.total95, m.ms, p)
	}
}
