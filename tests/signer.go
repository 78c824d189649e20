package tests

import (
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// Signer signs access tokens as the users instance does, with the key in its
// data folder: for runs longer than a token lives, and for crowds larger than
// anybody wants to sign in one by one.
type Signer struct {
	kid string
	key ed25519.PrivateKey
}

// NewSigner reads the signing key of the marketplace in data.
func NewSigner(tb testing.TB, data string) *Signer {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(data, string(collections.DomainUsers), "token_keys.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var keys []struct {
		KID  string `json:"kid"`
		Seed []byte `json:"seed"`
	}
	if err := json.Unmarshal(raw, &keys); err != nil || len(keys) == 0 {
		tb.Fatalf("The keys cannot be read: %v", err)
	}
	return &Signer{keys[0].KID, ed25519.NewKeyFromSeed(keys[0].Seed)}
}

// Keep gives p tokens like the one they have, a new one before each dies, for
// somebody else if change says so: instances take none that lives longer than
// AccessTokenLife.
func (s *Signer) Keep(tb testing.TB, p *Person, change func(claims *services.AccessClaims)) {
	tb.Helper()
	claims := &services.AccessClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(p.Token, claims); err != nil {
		tb.Fatal(err)
	}
	if change != nil {
		change(claims)
	}
	var mu sync.Mutex
	var signed string
	var until time.Time
	p.renew = func() string {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.After(until) {
			claims.IssuedAt, claims.ExpiresAt = jwt.NewNumericDate(now), jwt.NewNumericDate(now.Add(services.AccessTokenLife))
			token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
			token.Header["typ"], token.Header["kid"] = "at+jwt", s.kid
			var err error
			if signed, err = token.SignedString(s.key); err != nil {
				tb.Error(err)
			}
			until = now.Add(services.AccessTokenLife / 2)
		}
		return signed
	}
	p.Token = p.renew()
}
