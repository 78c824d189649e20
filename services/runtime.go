package services

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

const (
	// spareProcessors is how many threads more than there are processors may run Go
	// code. A thread that waits for the disk keeps its place until the scheduler
	// looks, up to 10 ms later (runtime.sysmon): without spare places, one fsync
	// leaves half of a machine with two processors idle.
	spareProcessors = 2
	// garbagePercent is how much the heap may grow, in percent of what is in use,
	// before it is cleaned. What is in use is small (some 30 MB), so Go's own 100 has
	// the collector run many times a second under load, for a seventh of the cost of a
	// payment. Four times as rarely, and 32 clients at once take some 50 MB more.
	garbagePercent = 400
)

// tuneRuntime sets what Go leaves to the program. An operator's GOMAXPROCS and GOGC stand.
var tuneRuntime = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spareProcessors)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
})
