//go:build browser

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lancershub/lancershub/tests/process"
)

// TestBrowser drives the built web app with two people at once in Chromium, on
// phone and desktop sizes, light and dark, with axe on every page. Screenshots
// are kept in tests/output.
func TestBrowser(t *testing.T) {
	ui, chromium := browser(t)
	// Filled with the demo marketplace: a dashboard needs a past.
	data := filepath.Join(t.TempDir(), "data")
	process.MustRun(t, "demo", "--data", data)
	// A destination that cools off for days could not be paid out to here.
	p := process.Start(t, process.FreePort(t), data, nil, "--clock", "destination-hold=2s")
	scripts, err := filepath.Glob(filepath.Join(ui, "e2e", "*.test.mjs"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("Expected browser tests in %s: %v", ui, err)
	}
	drive(t, ui, p, scripts, "CHROMIUM="+chromium)
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

// drive runs browser tests against p.
func drive(t *testing.T, ui string, p *process.Process, scripts []string, env ...string) {
	t.Helper()
	output, err := filepath.Abs(filepath.Join("..", "output"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"--test", "--test-concurrency=1"}, scripts...)...)
	cmd.Dir = ui
	cmd.Env = append(append(os.Environ(), "LANCERSHUB_URL=http://"+p.Addr, "LANCERSHUB_SCREENSHOTS="+output), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("The browser tests failed: %v\n%s\n%s", err, out, p.Log())
	}
	t.Logf("%s", out)
}
