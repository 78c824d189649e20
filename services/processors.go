package services

import (
	"os"
	"runtime"
	"sync"
)

// spareProcessors is how many threads more than there are processors may run Go
// code. A thread that waits for the disk keeps its place until the scheduler
// looks, up to 10 ms later (runtime.sysmon): without spare places, one fsync
// leaves half of a machine with two processors idle.
const spareProcessors = 2

// useProcessors adds the spare places, unless the operator chose with GOMAXPROCS.
var useProcessors = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spareProcessors)
	}
})
