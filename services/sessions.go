package services

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Lifetimes of a session.
const (
	sessionAbsolute = 30 * 24 * time.Hour
	sessionIdle     = 7 * 24 * time.Hour
	// refreshGrace lets one concurrent refresh with the token just replaced pass:
	// two tabs of one browser wake up at the same moment.
	refreshGrace = 10 * time.Second
)

// LongAgo is when a cookie ends that is taken back.
var LongAgo = time.Unix(0, 0)

// Sessions signs people in, keeps them signed in, and signs them out. Only the
// users instance has it.
type Sessions struct{ *Instance }

// Device describes where a session was started.
type Device struct{ UserAgent, IP string }

// Grant is what a sign-in or refresh gives: an access token and, unless it is
// the answer to a concurrent refresh, a refresh token.
type Grant struct {
	Session *core.Record
	User    *core.Record
	Access  string
	Refresh string
	Expires time.Time
}

// Prepare makes a session for user, who has just proved who they are, and its
// tokens. Nothing is stored before Save: a second factor may still be missing.
func (s Sessions) Prepare(user *core.Record, device Device) (*Grant, error) {
	col, err := s.App.FindCachedCollectionByNameOrId(collections.Sessions)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	session := core.NewRecord(col)
	session.Id = core.GenerateDefaultRandomId()
	secret := randomToken(32)
	session.Load(map[string]any{
		collections.FieldUser:            user.Id,
		collections.SessionTokenHash:     hashToken(secret),
		collections.SessionAuthAt:        now,
		collections.SessionRotatedAt:     now,
		collections.SessionExpiresAt:     now.Add(sessionAbsolute),
		collections.SessionUserAgent:     truncate(device.UserAgent, 300),
		collections.SessionIP:            device.IP,
		collections.SessionGraceUsed:     false,
		collections.SessionIdleExpiresAt: now.Add(sessionIdle),
	})
	return s.grant(session, user, secret)
}

// Save stores a prepared session. Until then its tokens are worth nothing that
// lasts: the refresh token is unknown.
func (s Sessions) Save(grant *Grant) error { return s.App.Save(grant.Session) }

// grant makes the access token of a session.
func (s Sessions) grant(session, user *core.Record, secret string) (*Grant, error) {
	now := s.Clock.Now()
	expires := now.Add(AccessTokenLife)
	access, err := s.TokenKeys.sign(typAccess, AccessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: Issuer, Subject: user.Id, Audience: jwt.ClaimStrings{Audience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires), ID: randomToken(12),
		},
		SessionID: session.Id, Roles: user.GetStringSlice(collections.UserRoles), Ver: user.GetInt(collections.UserVer),
		Name: user.GetString(collections.UserName), Verified: user.Verified(),
		AuthTime: session.GetDateTime(collections.SessionAuthAt).Time().Unix(),
		RecordID: user.Id, Type: core.TokenTypeAuth, CollectionID: user.Collection().Id, Refreshable: true,
	})
	if err != nil {
		return nil, err
	}
	grant := &Grant{Session: session, User: user, Access: access, Expires: expires}
	if secret != "" {
		grant.Refresh = session.Id + "." + secret
	}
	return grant, nil
}

// End revokes a session here and, by event, on every peer.
func (s Sessions) End(sid, reason string) error {
	return s.App.RunInTransaction(func(tx core.App) error { return s.end(tx, sid, reason) })
}

// SessionRevoked is the payload of session.revoked.
type SessionRevoked struct {
	Session string `json:"session"`
	User    string `json:"user"`
	// Expires is when the last access token of the session is dead (Unix milliseconds).
	Expires int64 `json:"expires"`
}

func (s Sessions) end(tx core.App, sid, reason string) error {
	now := s.Clock.Now()
	result, err := tx.DB().Update(collections.Sessions, dbx.Params{
		collections.SessionRevokedAt: dateTime(now).String(), collections.SessionRevokedReason: reason,
	}, dbx.HashExp{collections.FieldID: sid, collections.SessionRevokedAt: ""}).Execute()
	if changed, err := oneRow(result, err); err != nil || !changed {
		return err
	}
	session, err := tx.FindRecordById(collections.Sessions, sid)
	if err != nil {
		return err
	}
	expires := now.Add(AccessTokenLife + clockLeeway).UnixMilli()
	if err := s.Revoked.add(tx, sid, expires); err != nil {
		return err
	}
	return s.Emit(tx, TopicSessionRevoked, collections.Sessions, sid, 1,
		SessionRevoked{Session: sid, User: session.GetString(collections.FieldUser), Expires: expires})
}

// EndAll revokes every live session of a user, in tx, except one ("" for none).
func (s Sessions) EndAll(tx core.App, user, except, reason string) error {
	var ids []string
	err := tx.DB().Select(collections.FieldID).From(collections.Sessions).
		Where(dbx.HashExp{collections.FieldUser: user, collections.SessionRevokedAt: ""}).Column(&ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id == except {
			continue
		}
		if err := s.end(tx, id, reason); err != nil {
			return err
		}
	}
	return nil
}

// EndOwn ends one session of user: the present one, or the one named.
func (s Sessions) EndOwn(user, present string, named any) error {
	id, _ := named.(string)
	if id == "" {
		return s.End(present, "signed out")
	}
	session, err := s.App.FindRecordById(collections.Sessions, id)
	if err != nil {
		return notFoundOr(err)
	}
	if session.GetString(collections.FieldUser) != user {
		return notFound()
	}
	return s.End(id, "signed out")
}

// Prune deletes sessions that ended more than a month ago.
func (s Sessions) Prune() error {
	cutoff := dateTime(s.Clock.Now().Add(-sessionAbsolute)).String()
	_, err := s.App.NonconcurrentDB().Delete(collections.Sessions, dbx.NewExp("expiresAt < {:cutoff}", dbx.Params{"cutoff": cutoff})).Execute()
	return err
}
