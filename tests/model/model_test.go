package model

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const steps = 60

// count is how many seeds are run: LANCERSHUB_SEEDS, else a tenth of the CI size.
func count(t *testing.T) uint64 {
	t.Helper()
	if n, err := strconv.ParseUint(os.Getenv("LANCERSHUB_SEEDS"), 10, 64); err == nil {
		return n
	}
	return 20_000
}

// TestSimulation runs the model for many seeds. LANCERSHUB_SEED repeats one.
func TestSimulation(t *testing.T) {
	t.Parallel()
	if seed, err := strconv.ParseUint(os.Getenv("LANCERSHUB_SEED"), 10, 64); err == nil && seed < 1<<40 {
		if wrong := NewWorld(seed, NoBug).Run(steps); wrong != "" {
			t.Fatalf("LANCERSHUB_SEED=%d: %s", seed, wrong)
		}
	}
	began := time.Now()
	all := count(t)
	var next atomic.Uint64
	var workers sync.WaitGroup
	var ends sync.Map
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := next.Add(1); seed <= all && !t.Failed(); seed = next.Add(1) {
				world := NewWorld(seed, NoBug)
				if wrong := world.Run(steps); wrong != "" {
					t.Errorf("LANCERSHUB_SEED=%d: %s", seed, wrong)
				}
				ends.LoadOrStore(world.payment.status+"/"+world.milestone.status, seed)
			}
		})
	}
	workers.Wait()
	reached := 0
	ends.Range(func(_, _ any) bool { reached++; return true })
	t.Logf("%d seeds in %s, %d different ends", all, time.Since(began).Round(time.Millisecond), reached)
	if reached < 6 {
		t.Errorf("Expected the seeds to reach many ends, they reached %d", reached)
	}
}

// TestTheModelNoticesBugs switches one rule of the protocol off at a time.
func TestTheModelNoticesBugs(t *testing.T) {
	t.Parallel()
	for _, bug := range []Bug{NoInbox, MarkBeforeSend, SilenceIsYes, NewKeyPerTry, NoCancel, NoCompleter} {
		found := uint64(0)
		for seed := uint64(1); seed <= 5_000 && found == 0; seed++ {
			if NewWorld(seed, bug).Run(steps) != "" {
				found = seed
			}
		}
		if found == 0 {
			t.Errorf("Expected the model to notice that %s", bug)
		}
		t.Logf("%s: noticed with seed %d", bug, found)
	}
}
