package operations

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// TestMoveADomain walks through docs/operations.md, "A domain on its own machine":
// payments moves to another address and another data folder while people hire,
// pay and release through nginx. They notice a pause; nothing is lost.
func TestMoveADomain(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	running := process.Split(t, data)
	nginx := process.Nginx(t, running, nil)
	l := start(t, "http://"+nginx.Addr, 3)
	l.waitFor(4)

	old := running["payments"]
	if err := old.Stop(); err != nil { // 1. stop it where it is: from here on people wait
		t.Errorf("Expected a graceful stop, got %v\n%s", err, old.Log())
	}
	there := filepath.Join(t.TempDir(), "other-machine")
	moveFolder(t, filepath.Join(data, "payments"), filepath.Join(there, "payments")) // 2. move its folder
	addr := process.FreePort(t)
	running["payments"] = old.Moved(t, addr, there, old.Addr, addr) // 3. start it there
	for _, domain := range []string{"users", "projects", "messages"} {
		p := running[domain]
		if err := p.Stop(); err != nil { // 4. tell the others, one after another
			t.Errorf("Expected a graceful stop, got %v\n%s", err, p.Log())
		}
		running[domain] = p.Moved(t, p.Addr, "", old.Addr, addr)
	}
	nginx.Point(t, old.Addr, addr) // 5. tell the gateway

	l.waitFor(6)
	l.finish()
	l.market.Deliver()
	for name, p := range running {
		if name == "gateway" {
			continue // it still knows the old address; nginx is the gateway here
		}
		if err := p.Stop(); err != nil {
			t.Errorf("Expected %s to stop gracefully, got %v\n%s", name, err, p.Log())
		}
	}
	moveFolder(t, filepath.Join(there, "payments"), filepath.Join(data, "payments")) // so that the checks see all four
	for _, id := range l.acknowledged() {
		if one[int](t, data, collections.DomainPayments, `SELECT count(*) FROM payments WHERE id = ? AND status <> 'pending'`, id) != 1 {
			t.Errorf("Expected payment %s to be kept: it was acknowledged", id)
		}
	}
	tests.SoundIn(t, data)
	if t.Failed() {
		t.Log(nginx.Log())
	}
}

func moveFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
