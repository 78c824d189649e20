// Package e2e runs the journey through the official PocketBase JS SDK against
// the real binary, in every topology.
package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lancershub/lancershub/tests/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Cleanup()
	os.Exit(code)
}

func TestOneProcess(t *testing.T) {
	node(t)
	p := process.Start(t, process.FreePort(t), t.TempDir(), nil)
	runSDK(t, "http://"+p.Addr)
	if err := p.Stop(); err != nil {
		t.Errorf("Expected a graceful stop, got %v\n%s", err, p.Log())
	}
}

func TestOneProcessPerDomain(t *testing.T) {
	node(t)
	processes := process.Split(t, t.TempDir())
	runSDK(t, "http://"+processes["gateway"].Addr)
	for name, p := range processes {
		if err := p.Stop(); err != nil {
			t.Errorf("Expected %s to stop gracefully, got %v\n%s", name, err, p.Log())
		}
	}
}

// TestBehindNginx is the split topology as it is deployed: four processes, and
// nginx with the nginx.conf of the repository in front.
func TestBehindNginx(t *testing.T) {
	node(t)
	processes := process.Split(t, t.TempDir())
	n := process.Nginx(t, processes, nil)
	runSDK(t, "http://"+n.Addr)
	if t.Failed() {
		t.Log(n.Log())
	}
}

// node checks for Node and the SDK.
func node(t *testing.T) {
	t.Helper()
	process.Need(t, "node", "install Node.js 20 or newer")
	process.NeedFile(t, "node_modules/pocketbase", "The SDK", "run make e2e-install")
}

func runSDK(t *testing.T, url string) {
	t.Helper()
	scripts, err := filepath.Glob("*.test.mjs")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("Expected test scripts: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"--test"}, scripts...)...)
	cmd.Env = append(os.Environ(), "LANCERSHUB_URL="+url)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("The journey failed: %v\n%s", err, out)
	}
}
