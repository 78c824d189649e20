package services

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestKeyringRotates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "keys.json")
	ring, err := OpenKeyring(path, now)
	if err != nil {
		t.Fatal(err)
	}
	first := ring.current().ID
	published := func() int {
		keys, _ := ring.JWKS()["keys"].([]map[string]string)
		return len(keys)
	}
	steps := []struct {
		after      time.Duration
		signing    bool // still the first key
		published  int
		ofInterest string
	}{
		{KeyLife - time.Minute, true, 1, "not old enough"},
		{KeyLife, false, 2, "rotated, the old key still checks tokens"},
		{2*KeyLife + time.Hour, false, 2, "rotated again, the first key is forgotten"},
	}
	for _, step := range steps {
		if err := ring.RotateIfOlder(now.Add(step.after), KeyLife); err != nil {
			t.Fatal(err)
		}
		if got := ring.current().ID == first; got != step.signing {
			t.Errorf("%s: expected the first key to sign: %v, got %v", step.ofInterest, step.signing, got)
		}
		if got := published(); got != step.published {
			t.Errorf("%s: expected %d published keys, got %d", step.ofInterest, step.published, got)
		}
	}
	again, err := OpenKeyring(path, now)
	if err != nil {
		t.Fatal(err)
	}
	if again.current().ID != ring.current().ID {
		t.Error("Expected the stored keyring to sign with the same key")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("Expected keys only their owner can read, got %v", info.Mode())
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKeyring(path, now); err == nil {
		t.Error("Expected a damaged keyring to be refused, not replaced")
	}
}

func TestThrottleForgetsUnderPressure(t *testing.T) {
	t.Parallel()
	clock := NewSetClock(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))
	throttle := NewThrottle(clock)
	for range throttleLimit {
		if err := throttle.Check("a"); err != nil {
			t.Fatalf("Expected to be let through, got %v", err)
		}
		throttle.Failed("a")
	}
	if Code(throttle.Check("a")) != CodeTooManyRequests {
		t.Error("Expected too_many_requests")
	}
	if err := throttle.Check("b"); err != nil {
		t.Errorf("Expected another account to be let through, got %v", err)
	}
	throttle.Succeeded("a")
	if err := throttle.Check("a"); err != nil {
		t.Errorf("Expected success to forgive, got %v", err)
	}
	for i := range throttleEntries + 10 {
		throttle.Failed(string(rune(i)) + "x")
	}
	if len(throttle.failures) > throttleEntries {
		t.Errorf("Expected at most %d entries, got %d", throttleEntries, len(throttle.failures))
	}
}
