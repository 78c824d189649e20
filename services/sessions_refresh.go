package services

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Refresh exchanges a refresh token for a new one and an access token. A token
// that was used before ends the whole session: one of its two users is a thief.
func (s Sessions) Refresh(refresh string) (*Grant, error) {
	invalid := Failf(http.StatusUnauthorized, CodeRefreshInvalid, "Your session has ended: sign in again.")
	id, secret, ok := strings.Cut(refresh, ".")
	if !ok || id == "" || secret == "" {
		return nil, invalid
	}
	if err := s.Throttle.Check("refresh:" + id); err != nil {
		return nil, err
	}
	session, err := s.App.FindRecordById(collections.Sessions, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, invalid
	}
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	user, err := s.App.FindRecordById(collections.Users, session.GetString(collections.FieldUser))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if err != nil || !s.alive(session, now) || user.GetString(collections.FieldStatus) != collections.UserStatusActive {
		return nil, invalid
	}
	next := randomToken(32)
	rotated, err := s.rotate(session.Id, hashToken(secret), hashToken(next), now)
	if err != nil {
		return nil, err
	}
	if rotated {
		return s.grant(session, user, next)
	}
	graced, err := s.grace(session.Id, hashToken(secret), now)
	if err != nil {
		return nil, err
	}
	if graced {
		return s.grant(session, user, "")
	}
	return nil, s.notCurrent(session, hashToken(secret), invalid)
}

// alive tells whether a session can still be refreshed.
func (s Sessions) alive(session *core.Record, now time.Time) bool {
	return session.GetDateTime(collections.SessionRevokedAt).IsZero() &&
		now.Before(session.GetDateTime(collections.SessionExpiresAt).Time()) &&
		now.Before(session.GetDateTime(collections.SessionIdleExpiresAt).Time())
}

// Alive fails unless the session behind an access token is alive.
func (s Sessions) Alive(sid string) error {
	session, err := s.App.FindRecordById(collections.Sessions, sid)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err != nil || !s.alive(session, s.Clock.Now()) {
		return Failf(http.StatusUnauthorized, CodeTokenRevoked, "This session has ended: sign in again.")
	}
	return nil
}

// rotate replaces the current token in one conditional UPDATE: of two
// concurrent refreshes one wins.
func (s Sessions) rotate(id, current, next string, now time.Time) (bool, error) {
	result, err := s.App.NonconcurrentDB().Update(collections.Sessions, dbx.Params{
		collections.SessionTokenHash: next, collections.SessionPreviousHash: current, collections.SessionGraceUsed: false,
		collections.SessionRotatedAt: dateTime(now).String(), collections.SessionIdleExpiresAt: dateTime(now.Add(sessionIdle)).String(),
	}, dbx.HashExp{collections.FieldID: id, collections.SessionTokenHash: current, collections.SessionRevokedAt: ""}).Execute()
	return oneRow(result, err)
}

// grace accepts the token just replaced, once.
func (s Sessions) grace(id, previous string, now time.Time) (bool, error) {
	result, err := s.App.NonconcurrentDB().Update(collections.Sessions, dbx.Params{collections.SessionGraceUsed: true}, dbx.And(
		dbx.HashExp{collections.FieldID: id, collections.SessionPreviousHash: previous, collections.SessionGraceUsed: false, collections.SessionRevokedAt: ""},
		dbx.NewExp(collections.SessionRotatedAt+" > {:since}", dbx.Params{"since": dateTime(now.Add(-refreshGrace)).String()}),
	)).Execute()
	return oneRow(result, err)
}

// notCurrent decides about a token that is neither current nor in its grace. A
// wrong guess is counted; a token that was once ours was stolen or replayed.
func (s Sessions) notCurrent(session *core.Record, hash string, invalid error) error {
	if session.GetString(collections.SessionPreviousHash) != hash && session.GetString(collections.SessionTokenHash) != hash {
		// Only the last two tokens are known, so an older one cannot be told from a
		// guess. Guessing 256 bits is hopeless; treat both as reuse.
		s.Throttle.Failed("refresh:" + session.Id)
	}
	if err := s.End(session.Id, "reuse"); err != nil {
		return errors.Join(invalid, err)
	}
	return Failf(http.StatusUnauthorized, CodeRefreshReused, "This refresh token was used before, so the session was ended for your safety: sign in again.")
}

func hashToken(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// oneRow tells whether a statement changed exactly one row.
func oneRow(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	rows, err := result.RowsAffected()
	return rows == 1, err
}
