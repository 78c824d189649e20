package services

import (
	"time"

	"github.com/cenkalti/backoff/v5"
)

// pace is how often something is tried again: exponential backoff with jitter,
// from first on, to most.
type pace struct{ first, most time.Duration }

// askAgain paces questions to the payment provider.
var askAgain = pace{2 * time.Second, time.Hour}

// deliverAgain paces the delivery of events.
var deliverAgain = pace{200 * time.Millisecond, time.Minute}

// after is how long to wait after a try that tries others had failed before:
// twice as long each time, half of it more or less by chance.
func (p pace) after(tries int) time.Duration {
	policy := backoff.ExponentialBackOff{InitialInterval: p.first, Multiplier: 2, MaxInterval: p.most, RandomizationFactor: 0.5}
	policy.Reset()
	wait := policy.NextBackOff()
	for range min(tries, 30) {
		wait = policy.NextBackOff()
	}
	return wait
}
