package services

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"time"

	"github.com/pocketbase/pocketbase/core"
)

// Command identifies one request to do something. With a Key, its effect
// happens once and its answer is kept.
type Command struct {
	// Principal is who asks: a user id.
	Principal string
	// Route names the command and what it applies to, for example "proposals/abc/accept".
	Route string
	// Key is the client's Idempotency-Key, or "".
	Key string
	// Fingerprint is the hash of the body: the same key with another body is refused.
	Fingerprint string
}

// Answer is what a command answered, byte for byte.
type Answer struct {
	Status int
	Body   []byte
	// Replayed tells that the command had been carried out before.
	Replayed bool
}

// keyPattern bounds what a client may choose as a key.
var keyPattern = regexp.MustCompile(`^[\x21-\x7e]{1,200}$`)

// idemKeep is how long an answer is kept for replay.
const idemKeep = 30 * 24 * time.Hour

// NewCommand checks the key and hashes the body. Objects are hashed with their
// keys sorted, so two spellings of one body are one body.
func NewCommand(principal, route, key string, keyRequired bool, body any) (Command, error) {
	if key == "" && keyRequired {
		return Command{}, KeyRequired()
	}
	if key != "" && !keyPattern.MatchString(key) {
		return Command{}, badRequest(CodeKeyInvalid, "An Idempotency-Key has 1 to 200 printable ASCII characters without spaces.")
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return Command{}, badRequest(CodeInvalidInput, "The body cannot be read.")
	}
	sum := sha256.Sum256(raw)
	return Command{Principal: principal, Route: route, Key: key, Fingerprint: hex.EncodeToString(sum[:])}, nil
}

// KeyRequired refuses a command that would happen twice if its answer were lost.
func KeyRequired() error {
	return badRequest(CodeKeyRequired, "This command moves money: send an Idempotency-Key header with a value of your own, and the same one when you retry.")
}

type idemRow struct {
	Fingerprint string `db:"fingerprint"`
	Resource    string `db:"resource"`
	Status      int    `db:"status"`
	Body        []byte `db:"body"`
	LockedUntil int64  `db:"locked_until"`
}

// find returns the stored row of the command, nil if there is none, or
// idempotency_key_reused if it was made with another body.
func (cmd Command) find(app core.App) (*idemRow, error) {
	if cmd.Key == "" {
		return nil, nil
	}
	var row idemRow
	err := rowFixed(app, `SELECT fingerprint, resource, status, body, locked_until FROM idem WHERE principal = ? AND route = ? AND key = ?`,
		[]any{cmd.Principal, cmd.Route, cmd.Key}, &row.Fingerprint, &row.Resource, &row.Status, &row.Body, &row.LockedUntil)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if row.Fingerprint != cmd.Fingerprint && !planted("a key fits any body") {
		return nil, Failf(http.StatusUnprocessableEntity, CodeKeyReused, "This Idempotency-Key was used with another body. Use a new key for a new request.")
	}
	return &row, nil
}

// Replay returns the stored answer of a command that was carried out, or nil.
func Replay(app core.App, cmd Command) (*Answer, error) {
	row, err := cmd.find(app)
	if err != nil || row == nil || row.Status == 0 || planted("keys are not looked up") {
		return nil, err
	}
	return &Answer{Status: row.Status, Body: row.Body, Replayed: true}, nil
}

// Once carries a command out in one transaction: fn's effect and the answer made
// of what fn returns are committed together or not at all. If it was carried out
// before, the stored answer is returned. A refused command stores nothing.
func Once(app core.App, clock Clock, cmd Command, fn func(tx core.App) (any, error)) (Answer, error) {
	var answer Answer
	err := inTurn(app, 0, func(tx core.App) error {
		stored, err := Replay(tx, cmd)
		if err != nil {
			return err
		}
		if stored != nil {
			answer = *stored
			return nil
		}
		cmd.failpoint("begun")
		value, err := fn(tx)
		if err != nil {
			return err
		}
		if answer, err = answerOf(http.StatusOK, value); err != nil {
			return err
		}
		if err := cmd.store(tx, clock, answer); err != nil {
			return err
		}
		cmd.failpoint("stored")
		return nil
	})
	if err == nil {
		cmd.failpoint("committed")
	}
	return answer, err
}

// answerOf encodes value as the answer's body.
func answerOf(status int, value any) (Answer, error) {
	body, err := json.Marshal(value)
	return Answer{Status: status, Body: body}, err
}

// claim records that work for the command began and which resource carries it.
func (cmd Command) claim(tx core.App, clock Clock, resource string, lockedUntil time.Time) error {
	if cmd.Key == "" {
		return nil
	}
	_, err := execFixed(tx, `INSERT INTO idem (principal, route, key, fingerprint, resource, locked_until, created) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		cmd.Principal, cmd.Route, cmd.Key, cmd.Fingerprint, resource, lockedUntil.UnixMilli(), clock.Now().UnixMilli())
	return err
}

// store records the answer in the transaction of the effect.
func (cmd Command) store(tx core.App, clock Clock, answer Answer) error {
	if cmd.Key == "" {
		return nil
	}
	_, err := execFixed(tx, `INSERT INTO idem (principal, route, key, fingerprint, status, body, created) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (principal, route, key) DO UPDATE SET status = excluded.status, body = excluded.body, locked_until = 0`,
		cmd.Principal, cmd.Route, cmd.Key, cmd.Fingerprint, answer.Status, answer.Body, clock.Now().UnixMilli())
	return err
}

// replayed returns the stored answer, or none.
func replayed(stored *Answer) Answer {
	if stored == nil {
		return Answer{}
	}
	return *stored
}
