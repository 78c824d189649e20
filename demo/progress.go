package demo

import (
	"fmt"
	"io"
	"strings"
)

// progress tells how far the loading is.
type progress struct {
	out      io.Writer
	terminal bool
	total    int
	done     int
	shown    int // per cent last shown
	width    int // of the line that is being rewritten
}

func newProgress(out io.Writer, terminal bool, total int) *progress {
	return &progress{out: out, terminal: terminal, total: total, shown: -1}
}

// step counts one step, which took place in that month.
func (p *progress) step(month string) {
	p.done++
	percent := p.done * 100 / p.total
	if percent == p.shown || !p.terminal && percent%10 != 0 {
		return
	}
	p.shown = percent
	p.phase(fmt.Sprintf("Loading demo data %3d %%  %s", percent, month))
}

// phase says what is going on: on a terminal in place, else on a line of its own.
func (p *progress) phase(text string) {
	if !p.terminal {
		fmt.Fprintln(p.out, text)
		return
	}
	fmt.Fprint(p.out, "\r"+text+strings.Repeat(" ", max(p.width-len(text), 0)))
	p.width = len(text)
}

// stop ends the line that was being rewritten.
func (p *progress) stop() {
	if p.terminal && p.width > 0 {
		p.phase("")
		fmt.Fprint(p.out, "\r")
		p.width = 0
	}
}
