//go:build browser

package e2e

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lancershub/lancershub/tests/process"
)

// tour is a script that drives Chromium, and the marketplace it drives it through:
// one of its own, in which nobody else puts a project between two looks at a list.
type tour struct {
	script string
	// start starts the marketplace, and returns what else the script has to know.
	start func(t *testing.T) (p *process.Process, env []string)
}

// atOnce is how many tours there are at a time. One leaves half of two processors
// to itself, waiting for a page or for a clock; with three, each would wait for the others.
const atOnce = 2

// TestBrowser drives the built web app in Chromium, often with two people at once, on
// phone and desktop sizes, light and dark, with axe on every page. Screenshots
// are kept in tests/output.
func TestBrowser(t *testing.T) {
	ui, chromium := browser(t)
	process.Binary(t) // here, where a failure to build it ends the test
	tours := []tour{{filepath.Join(ui, "e2e", "pay", "pay.test.mjs"), payTour}}
	scripts, err := filepath.Glob(filepath.Join(ui, "e2e", "*.test.mjs"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("Expected browser tests in %s: %v", ui, err)
	}
	start := onDemoData(t)
	for _, script := range scripts {
		tours = append(tours, tour{script, start})
	}
	// Long scripts first: none is left alone at the end. But before them one that
	// needs no demo data, while the others' are made.
	slices.SortStableFunc(tours, func(a, b tour) int { return cmp.Compare(length(t, b.script), length(t, a.script)) })
	tours = slices.Insert(tours, 0, tour{filepath.Join(ui, "e2e", "signin", "signin.test.mjs"), signInTour})
	queue := make(chan tour, len(tours))
	for _, one := range tours {
		queue <- one
	}
	close(queue)
	var lanes sync.WaitGroup
	for range atOnce {
		lanes.Go(func() {
			for one := range queue {
				t.Run(strings.TrimSuffix(filepath.Base(one.script), ".test.mjs"), func(t *testing.T) {
					p, env := one.start(t)
					drive(t, ui, p, one.script, append(env, "CHROMIUM="+chromium)...)
				})
			}
		})
	}
	lanes.Wait()
}

// onDemoData returns what starts a marketplace on a copy of the demo data, which
// are made once, when first needed: a dashboard needs a past.
func onDemoData(t *testing.T) func(t *testing.T) (*process.Process, []string) {
	t.Helper()
	filled := filepath.Join(t.TempDir(), "data")
	fill := sync.OnceValues(func() (string, error) { return process.Run(t, "demo", "--data", filled) })
	return func(t *testing.T) (*process.Process, []string) {
		t.Helper()
		if out, err := fill(); err != nil {
			t.Fatalf("lancershub demo: %v\n%s", err, out)
		}
		data := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(data, os.DirFS(filled)); err != nil {
			t.Fatal(err)
		}
		// A destination that cools off for days could not be paid out to here.
		return process.Start(t, process.FreePort(t), data, nil, "--clock", "destination-hold=2s"), nil
	}
}

func length(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// browser checks for what the browser tests need, and returns the folder of the web app and Chromium.
func browser(t *testing.T) (ui, chromium string) {
	t.Helper()
	process.Need(t, "node", "install Node.js 20 or newer")
	chromium = os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = process.Need(t, "chromium", "install Chromium (Debian: apt-get install chromium), or name another with CHROMIUM=path")
	}
	ui, err := filepath.Abs(filepath.Join("..", "..", "ui"))
	if err != nil {
		t.Fatal(err)
	}
	process.NeedFile(t, filepath.Join(ui, "node_modules", "playwright-core"), "Playwright", "run npm ci in ui")
	return ui, chromium
}

// drive runs a script against p, and shows how far it is.
func drive(t *testing.T, ui string, p *process.Process, script string, env ...string) {
	t.Helper()
	output, err := filepath.Abs(filepath.Join("..", "output"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", script)
	cmd.Dir = ui
	cmd.Env = append(append(os.Environ(), "NO_COLOR=1", "LANCERSHUB_URL=http://"+p.Addr, "LANCERSHUB_SCREENSHOTS="+output), env...)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s failed: %v\n%s", filepath.Base(script), err, p.Log())
	}
}
