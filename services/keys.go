package services

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Keyring is a set of Ed25519 signing keys kept in one file. The newest signs;
// the older ones are still published until nothing they signed can be valid.
type Keyring struct {
	mu   sync.RWMutex
	path string
	keys []signingKey
}

type signingKey struct {
	ID      string    `json:"kid"`
	Seed    []byte    `json:"seed"`
	Created time.Time `json:"created"`
}

func (k signingKey) private() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.Seed) }

// KeyLife is how long a key signs before it is replaced.
const KeyLife = 90 * 24 * time.Hour

// keyOverlap is how long a replaced key stays published: longer than any token lives.
const keyOverlap = time.Hour

// OpenKeyring reads the keyring at path, or makes one with a fresh key that only
// the owner of the data folder can read.
func OpenKeyring(path string, now time.Time) (*Keyring, error) {
	ring := &Keyring{path: path}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ring, ring.Rotate(now)
	}
	if err != nil {
		return nil, fmt.Errorf("failed to read keys: %w", err)
	}
	if err := json.Unmarshal(raw, &ring.keys); err != nil || len(ring.keys) == 0 {
		return nil, fmt.Errorf("failed to read keys: %s is damaged; restore it from a backup, or delete it to make new keys (everyone signs in again)", path)
	}
	return ring, nil
}

// Rotate adds a new signing key and forgets those replaced more than an hour ago.
func (r *Keyring) Rotate(now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("failed to make a key: %w", err)
	}
	sum := sha256.Sum256(public)
	kept := []signingKey{{ID: hex.EncodeToString(sum[:8]), Seed: private.Seed(), Created: now}}
	for i, key := range r.keys {
		replaced := now
		if i > 0 {
			replaced = r.keys[i-1].Created
		}
		if now.Sub(replaced) < keyOverlap {
			kept = append(kept, key)
		}
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	if err := writeSecret(r.path, raw); err != nil {
		return fmt.Errorf("failed to store keys: %w", err)
	}
	r.keys = kept
	return nil
}

// RotateIfOlder rotates when the signing key is older than age.
func (r *Keyring) RotateIfOlder(now time.Time, age time.Duration) error {
	if now.Sub(r.current().Created) < age {
		return nil
	}
	return r.Rotate(now)
}

// current returns the key that signs.
func (r *Keyring) current() signingKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keys[0]
}

// JWKS returns the public keys as a JSON Web Key Set (RFC 7517, RFC 8037).
func (r *Keyring) JWKS() map[string]any {
	r.mu.RLock()
	defer r.mu.RUnlock()
	keys := []map[string]string{}
	for _, key := range r.keys {
		public, _ := key.private().Public().(ed25519.PublicKey)
		keys = append(keys, map[string]string{
			"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.ID,
			"x": base64.RawURLEncoding.EncodeToString(public),
		})
	}
	return map[string]any{"keys": keys}
}

// writeSecret replaces the file at path, readable by its owner only, so that a
// crash leaves either the old content or the new.
func writeSecret(path string, content []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".secret-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) //nolint:errcheck // gone after the rename, and harmless before it
	_, err = temp.Write(content)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// randomToken returns n random bytes as unpadded base64url.
func randomToken(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw)
}
