//go:build failpoints

package services

import (
	"os"
	"sync/atomic"
	"syscall"
)

// armed is the failpoint to die at: LANCERSHUB_FAILPOINT. Only this build reads it.
var (
	armed = os.Getenv("LANCERSHUB_FAILPOINT")
	fired atomic.Bool
)

// failpoint kills the process, as kill -9 would, when name is the armed one.
func failpoint(name string) {
	if name == armed && fired.CompareAndSwap(false, true) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
