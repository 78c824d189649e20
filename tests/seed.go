package tests

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// Seed is LANCERSHUB_SEED, or a new one; it is logged, so that a failure can be repeated.
func Seed(tb testing.TB) uint64 {
	tb.Helper()
	seed, err := strconv.ParseUint(os.Getenv("LANCERSHUB_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	tb.Logf("seed: LANCERSHUB_SEED=%d", seed)
	return seed
}
