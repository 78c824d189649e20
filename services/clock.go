package services

import (
	"sync"
	"time"

	"github.com/pocketbase/pocketbase/tools/types"
)

// Clock tells the time. Everything that stores or compares a time asks it, so
// that tests and the demo data can live in another month.
type Clock interface {
	Now() time.Time
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the present time in UTC.
func (SystemClock) Now() time.Time { return time.Now().UTC() }

// SetClock is a clock that stands still until it is set.
type SetClock struct {
	mu  sync.RWMutex
	now time.Time
}

// NewSetClock returns a clock that shows now.
func NewSetClock(now time.Time) *SetClock { return &SetClock{now: now.UTC()} }

// Now returns the time last set.
func (c *SetClock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.now
}

// Set moves the clock to now.
func (c *SetClock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now.UTC()
}

// Advance moves the clock by d.
func (c *SetClock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// dateTime converts t to the form PocketBase stores.
func dateTime(t time.Time) types.DateTime {
	d, err := types.ParseDateTime(t)
	if err != nil {
		return types.DateTime{} // a time.Time always parses
	}
	return d
}
