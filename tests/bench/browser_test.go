package bench

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/tests/process"
)

// BenchmarkBrowser is what Chromium makes of the web app: the first load of the
// browse page on a slow phone and line, and scrolling through 10,000 messages.
// The conditions are those of ui/e2e/speed.mjs; medians of its runs.
func BenchmarkBrowser(b *testing.B) {
	process.Need(b, "node", "install Node.js 20 or newer")
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = process.Need(b, "chromium", "install Chromium (Debian: apt-get install chromium), or name another with CHROMIUM=path")
	}
	ui := filepath.Join("..", "..", "ui")
	if _, err := os.Stat(filepath.Join(ui, "node_modules", "playwright-core")); err != nil {
		b.Skip("Playwright is missing, so this was not measured: run npm ci in ui")
	}
	p := process.Start(b, process.FreePort(b), filepath.Join(b.TempDir(), "data"), nil, "--no-rate-limits")
	cmd := exec.CommandContext(b.Context(), "node", filepath.Join("e2e", "speed.mjs"))
	cmd.Dir, cmd.Stderr = ui, os.Stderr
	cmd.Env = append(os.Environ(), "LANCERSHUB_URL=http://"+p.Addr, "CHROMIUM="+chromium)
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("The browser measured nothing: %v\n%s", err, out)
	}
	names, measured := readMeasured(b, out)
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
			}
			b.ReportMetric(0, "ns/op")
			for unit, values := range measured[name] {
				slices.Sort(values)
				b.ReportMetric(values[len(values)/2], unit)
			}
		})
	}
}

// readMeasured reads lines of a name and pairs of value and unit.
func readMeasured(b *testing.B, out []byte) (names []string, measured map[string]map[string][]float64) {
	b.Helper()
	measured = map[string]map[string][]float64{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 3 {
			continue
		}
		if measured[fields[0]] == nil {
			names, measured[fields[0]] = append(names, fields[0]), map[string][]float64{}
		}
		for pair := range slices.Chunk(fields[1:], 2) {
			value, err := strconv.ParseFloat(pair[0], 64)
			if err != nil || len(pair) < 2 {
				b.Fatalf("Expected pairs of value and unit, got %q", lines.Text())
			}
			measured[fields[0]][pair[1]] = append(measured[fields[0]][pair[1]], value)
		}
	}
	return names, measured
}
