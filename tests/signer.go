package tests

import (
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
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

// Like returns a token like the given one that lives for hours, for somebody
// else if change says so.
func (s *Signer) Like(tb testing.TB, token string, change func(claims *services.AccessClaims)) string {
	tb.Helper()
	claims := &services.AccessClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		tb.Fatal(err)
	}
	claims.ExpiresAt = jwt.NewNumericDate(time.Now().Add(6 * time.Hour))
	if change != nil {
		change(claims)
	}
	longer := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	longer.Header["typ"], longer.Header["kid"] = "at+jwt", s.kid
	signed, err := longer.SignedString(s.key)
	if err != nil {
		tb.Fatal(err)
	}
	return signed
}
