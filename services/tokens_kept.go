package services

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/lancershub/lancershub/collections"
)

const (
	// verifiedFor is how long a token that was found good is taken at its word: a key
	// that is withdrawn may be believed that much longer (peers ask for keys every ten
	// minutes). Whether the session has ended is asked each time all the same.
	verifiedFor = time.Minute
	// verifiedTokens bounds how many are remembered at a time.
	verifiedTokens = 4096
	// serviceTokenReuse is how long an instance calls a peer with the same token. Most
	// of its life is left then.
	serviceTokenReuse = 20 * time.Second
)

// verified remembers good tokens by their hash and what they said. Checking a
// signature takes longer than most of what people ask for.
type verified[T any] struct {
	mu   sync.RWMutex
	seen map[[sha256.Size]byte]verifiedToken[T]
}

type verifiedToken[T any] struct {
	says        T
	from, until time.Time
}

// find returns what a token says that was found good within the last minute and has not expired since.
func (v *verified[T]) find(raw string, now time.Time) (T, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	token, ok := v.seen[sha256.Sum256([]byte(raw))]
	if !ok || now.Before(token.from) || !now.Before(token.until) { // a clock that was set back proves nothing
		var nothing T
		return nothing, false
	}
	return token.says, true
}

func (v *verified[T]) keep(raw string, says T, now, expires time.Time) {
	until := now.Add(verifiedFor)
	if expires.Before(until) {
		until = expires
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.seen == nil || len(v.seen) >= verifiedTokens {
		v.seen = map[[sha256.Size]byte]verifiedToken[T]{} // those in use come back at once
	}
	v.seen[sha256.Sum256([]byte(raw))] = verifiedToken[T]{says: says, from: now, until: until}
}

// reusedToken signs the tokens with which self calls peer, one for many calls.
func reusedToken(ring *Keyring, clock Clock, self, peer collections.Domain) func() (string, error) {
	var mu sync.Mutex
	var token string
	var made time.Time
	return func() (string, error) {
		mu.Lock()
		defer mu.Unlock()
		now := clock.Now()
		if age := now.Sub(made); token != "" && age >= 0 && age < serviceTokenReuse {
			return token, nil
		}
		fresh, err := serviceToken(ring, clock, self, peer)
		if err == nil {
			token, made = fresh, now
		}
		return fresh, err
	}
}
