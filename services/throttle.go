package services

import (
	"math"
	"net/http"
	"sync"
	"time"
)

// Throttle limits failures per account: sign-in, one-time passwords, refresh.
// It counts in memory, because one process owns one instance.
type Throttle struct {
	clock    Clock
	mu       sync.Mutex
	failures map[string]*failureCount
}

type failureCount struct {
	count int
	until time.Time
}

const (
	throttleLimit  = 10
	throttleWindow = 15 * time.Minute
	// throttleEntries bounds the memory an attacker can make us use.
	throttleEntries = 100_000
)

// NewThrottle returns a Throttle that has seen no failure.
func NewThrottle(clock Clock) *Throttle {
	return &Throttle{clock: clock, failures: map[string]*failureCount{}}
}

// Check fails with too_many_requests when account has failed too often.
func (t *Throttle) Check(account string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	entry := t.failures[account]
	now := t.clock.Now()
	if entry == nil || now.After(entry.until) || entry.count < throttleLimit {
		return nil
	}
	wait := entry.until.Sub(now)
	return &Error{
		Status: http.StatusTooManyRequests, Code: CodeTooManyRequests, RetryAfter: wait,
		Message: "Too many failed attempts for this account. Wait a few minutes, or reset the password.",
		Data:    map[string]any{"retryAfterSeconds": math.Ceil(wait.Seconds())},
	}
}

// Failed counts a failure of account.
func (t *Throttle) Failed(account string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	entry := t.failures[account]
	if entry == nil || now.After(entry.until) {
		if len(t.failures) >= throttleEntries {
			t.prune(now)
		}
		entry = &failureCount{until: now.Add(throttleWindow)}
		t.failures[account] = entry
	}
	entry.count++
}

// Succeeded forgets the failures of account.
func (t *Throttle) Succeeded(account string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.failures, account)
}

// prune forgets what is over, and everything if that frees nothing.
func (t *Throttle) prune(now time.Time) {
	for account, entry := range t.failures {
		if now.After(entry.until) {
			delete(t.failures, account)
		}
	}
	if len(t.failures) >= throttleEntries {
		clear(t.failures)
	}
}
