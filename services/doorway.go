package services

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pocketbase/pocketbase/core"
)

// To fund a milestone takes three transactions with questions to others in
// between, to release it takes one. Were all in one line for the writer, funding
// would take three times as long as releasing under load, and whoever comes next
// would come before those who have begun. So who begins something waits at a door
// that lets a few in at a time, and who has begun finds a short line inside.

// doorWidth is how many may be at their first transaction at a time: one works, one
// is ready. More inside only make the line longer for those who have begun.
const doorWidth = 2

// headStart is how much earlier than they came those are let in who will have more to
// do inside, so that under load nobody's answer takes much longer than another's.
const headStart = 20 * time.Millisecond

// door lets in by due time: who comes, when they came, less their head start.
type door struct {
	mu     sync.Mutex
	inside int
	line   []waiter // by due
}

type waiter struct {
	due time.Time
	let chan struct{}
}

// enter returns when it is the turn of who is due then.
func (d *door) enter(due time.Time) {
	d.mu.Lock()
	if d.inside < doorWidth {
		d.inside++
		d.mu.Unlock()
		return
	}
	own := waiter{due, make(chan struct{})}
	at, _ := slices.BinarySearchFunc(d.line, due, func(w waiter, due time.Time) int {
		if w.due.After(due) {
			return 1
		}
		return -1 // among equals, first come, first served
	})
	d.line = slices.Insert(d.line, at, own)
	atDoors.Add(1)
	d.mu.Unlock()
	<-own.let
}

// leave lets the next one in.
func (d *door) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.line) == 0 {
		d.inside--
		return
	}
	close(d.line[0].let)
	d.line = slices.Delete(d.line, 0, 1)
	atDoors.Add(-1)
}

const doorKey = "lancershubDoor"

// inTurn runs the first transaction of a command when it is its turn: first come,
// first served, but for the head start of who has more to do after it.
func inTurn(app core.App, ahead time.Duration, fn func(tx core.App) error) error {
	d, ok := app.Store().GetOrSet(doorKey, func() any { return &door{} }).(*door)
	if app.IsTransactional() || !ok {
		return app.RunInTransaction(fn)
	}
	d.enter(time.Now().Add(-ahead))
	defer d.leave()
	return app.RunInTransaction(fn)
}

// atDoors counts who waits at a door, of whatever instance in this process: they
// share its processors.
var atDoors atomic.Int32

// crowd is from how many on people come first.
const crowd = 4

func crowded() bool { return atDoors.Load() >= crowd }

const (
	// courtesy is how long what nobody waits for lets people go first, so that they
	// have the processors for themselves while many come at once. What has piled up
	// then goes together and costs less.
	courtesy = 2 * time.Second
	// lookAgain is how often it looks whether they are gone.
	lookAgain = 10 * time.Millisecond
)

// giveWay returns when no people wait any more, or courtesy has passed since began.
func giveWay(ctx context.Context, began time.Time) {
	if !crowded() {
		return
	}
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for crowded() && time.Since(began) < courtesy {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}
