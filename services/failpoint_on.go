//go:build failpoints

package services

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// The file LANCERSHUB_FAILPOINTS names holds the place to die at, and at which
// visit: "relay-sent 2". Only this build reads it. It is read at every place, so
// that a running process can be armed, and removed before dying, so that the
// next one lives.
var (
	failpointFile = os.Getenv("LANCERSHUB_FAILPOINTS")
	failpointOnce = os.Getenv("LANCERSHUB_FAILPOINT") // a place to die at from the start, at the first visit
	visits        = map[string]int{}
	visiting      sync.Mutex
)

// failpoint kills the process, as kill -9 would, when the place is the armed one.
// The words of a place are joined by dashes.
func failpoint(words ...string) { die(strings.Join(words, "-")) }

// failpoint marks a place in the carrying out of a command, for example
// "payments/release stored".
func (cmd Command) failpoint(moment string) {
	parts := strings.Split(cmd.Route, "/")
	name := parts[0]
	if len(parts) > 1 {
		name += "/" + parts[len(parts)-1]
	}
	die(name + " " + moment)
}

func die(name string) {
	if name == failpointOnce {
		kill()
	}
	if failpointFile == "" {
		return
	}
	visiting.Lock()
	defer visiting.Unlock()
	raw, err := os.ReadFile(failpointFile)
	if err != nil {
		return
	}
	armed := string(raw)
	cut := strings.LastIndex(armed, " ")
	at, err := strconv.Atoi(armed[cut+1:])
	if err != nil || cut < 0 || armed[:cut] != name {
		return
	}
	if visits[armed]++; visits[armed] < at || os.Remove(failpointFile) != nil {
		return
	}
	kill()
}

func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
