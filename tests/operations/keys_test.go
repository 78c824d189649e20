package operations

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/process"
)

// TestAnOldKeyIsReplacedAtTheStart: after a long downtime nobody waits an hour for
// a new signing key, and the old one stays published for the tokens it signed.
func TestAnOldKeyIsReplacedAtTheStart(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	process.MustRun(t, "migrate", "up", "--data", data)
	path := filepath.Join(data, "users", "token_keys.json")
	keys := func() (found []map[string]any) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	old := keys()
	old[0]["created"] = time.Now().Add(-services.KeyLife - time.Hour)
	raw, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	p := process.Start(t, process.FreePort(t), data, nil)
	eventually(t, "a new key signs", func() bool { return keys()[0]["kid"] != old[0]["kid"] })
	if now := keys(); len(now) != 2 || now[1]["kid"] != old[0]["kid"] {
		t.Errorf("Expected the old key beside the new one, got %v", now)
	}
	if out := process.MustRun(t, "doctor", "--data", data, "--http", p.Addr); strings.Contains(out, "was not replaced") {
		t.Errorf("Expected doctor to be content with the key, got %s", out)
	}
}
