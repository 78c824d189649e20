package services

import (
	"time"

	"github.com/cenkalti/backoff/v5"
)

// pace is how long to wait between tries: exponential backoff with jitter. first is
// the wait after the first failure, most the longest one.
type pace struct{ first, most time.Duration }

// askAgain paces questions to the payment provider.
var askAgain = pace{2 * time.Second, time.Hour}

// deliverAgain paces the delivery of events.
var deliverAgain = pace{200 * time.Millisecond, time.Minute}

// after returns how long to wait when a try has failed and tries others had failed
// before it: first × 2^tries, at most most, times a random factor from 0.5 to 1.5.
func (p pace) after(tries int) time.Duration {
	policy := backoff.ExponentialBackOff{InitialInterval: p.first, Multiplier: 2, MaxInterval: p.most, RandomizationFactor: 0.5}
	policy.Reset()
	wait := policy.NextBackOff()
	for range min(tries, 30) {
		wait = policy.NextBackOff()
	}
	return wait
}
