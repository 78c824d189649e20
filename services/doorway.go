package services

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"golang.org/x/sync/semaphore"
)

// To fund a milestone takes three transactions with questions to others in
// between, to release it takes one. Were all in one line for the writer, funding
// would take three times as long as releasing under load, and whoever comes next
// would come before those who have begun. So who begins something waits at a door
// that lets a few in at a time, and who has begun finds a short line inside.

// doorWidth is how many may be at their first transaction at a time: one works, one
// is ready. More inside only make the line longer for those who have begun.
const doorWidth = 2

const doorKey = "lancershubDoor"

// inTurn runs the first transaction of a command when it is its turn: first come,
// first served.
func inTurn(app core.App, fn func(tx core.App) error) error {
	door, ok := app.Store().GetOrSet(doorKey, func() any { return semaphore.NewWeighted(doorWidth) }).(*semaphore.Weighted)
	if app.IsTransactional() || !ok {
		return app.RunInTransaction(fn)
	}
	atDoors.Add(1)
	err := door.Acquire(context.Background(), 1)
	atDoors.Add(-1)
	if err != nil {
		return err // never: nothing ends this context
	}
	defer door.Release(1)
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
