//go:build faults

package faults

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// seedOf is LANCERSHUB_SEED, or a new one; it is logged, so that a failure can be repeated.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("LANCERSHUB_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed: LANCERSHUB_SEED=%d", seed)
	return seed
}
