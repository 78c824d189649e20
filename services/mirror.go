package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// UserSnapshot is what the peers know of a user. No secret and no e-mail.
type UserSnapshot struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Avatar   string   `json:"avatar"`
	Roles    []string `json:"roles"`
	Status   string   `json:"status"`
	Verified bool     `json:"verified"`
	Timezone string   `json:"timezone"`
	Language string   `json:"language"`
	Ver      int      `json:"ver"`
	Rev      int      `json:"rev"`
}

// snapshot reads the snapshot of a record of the users instance.
func snapshot(user *core.Record) UserSnapshot {
	avatar := ""
	if file := user.GetString(collections.UserAvatar); file != "" {
		avatar = Prefix(collections.DomainUsers) + "/api/files/" + user.BaseFilesPath() + "/" + file
	}
	return UserSnapshot{
		ID: user.Id, Name: user.GetString(collections.UserName), Avatar: avatar,
		Roles: user.GetStringSlice(collections.UserRoles), Status: user.GetString(collections.FieldStatus),
		Verified: user.Verified(), Timezone: user.GetString(collections.UserTimezone), Language: user.GetString(collections.UserLanguage),
		Ver: user.GetInt(collections.UserVer), Rev: user.GetInt(collections.UserRev),
	}
}

// SaveMirror writes what is known of a user, unless something newer is known.
// It is one transaction: the user's first request and the event that announces
// them arrive at the same moment.
func SaveMirror(app core.App, user UserSnapshot) (record *core.Record, err error) {
	err = app.RunInTransaction(func(tx core.App) error {
		record, err = saveMirror(tx, user)
		return err
	})
	return record, err
}

func saveMirror(app core.App, user UserSnapshot) (*core.Record, error) {
	record, err := app.FindRecordById(collections.Users, user.ID)
	if errors.Is(err, sql.ErrNoRows) {
		col, err := app.FindCachedCollectionByNameOrId(collections.Users)
		if err != nil {
			return nil, err
		}
		record = core.NewRecord(col)
		record.Id = user.ID
		// No password: nobody signs in here, an empty hash matches nothing, and a
		// random one would cost a bcrypt while the writer is held.
		record.RefreshTokenKey()
	} else if err != nil {
		return nil, err
	} else if record.GetInt(collections.UserRev) >= user.Rev {
		return record, nil
	}
	record.Load(map[string]any{
		collections.UserName: user.Name, collections.UserAvatar: user.Avatar, collections.UserRoles: user.Roles,
		collections.FieldStatus: user.Status, collections.UserTimezone: user.Timezone,
		collections.UserVer: user.Ver, collections.UserRev: user.Rev,
	})
	if record.Collection().Fields.GetByName(collections.UserLanguage) != nil { // only messages writes mails
		record.Set(collections.UserLanguage, user.Language)
	}
	record.SetVerified(user.Verified)
	if err := app.SaveNoValidate(record); err != nil {
		return nil, fmt.Errorf("failed to mirror user %s: %w", user.ID, err)
	}
	return record, nil
}

// Authenticate returns the user behind a verified access token: the record
// itself on users, its mirror on the peers, written from the token when it is
// seen first. It fails with token_revoked when the session was ended.
func (i *Instance) Authenticate(claims *AccessClaims) (*core.Record, error) {
	record := &core.Record{}
	// With a context of its own: PocketBase gives a question without one half a minute,
	// and two goroutines that wait for it to be over, at every request.
	err := i.App.RecordQuery(collections.Users).WithContext(context.Background()).
		AndWhere(dbx.HashExp{collections.Users + "." + collections.FieldID: claims.Subject}).Limit(1).One(record)
	if errors.Is(err, sql.ErrNoRows) && i.Domain != collections.DomainUsers {
		record, err = SaveMirror(i.App, UserSnapshot{
			ID: claims.Subject, Name: claims.Name, Roles: claims.Roles, Status: collections.UserStatusActive,
			Verified: claims.Verified, Ver: claims.Ver,
		})
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil, Failf(http.StatusUnauthorized, CodeTokenRevoked, "This account no longer exists.")
	}
	if err != nil {
		return nil, err
	}
	if claims.Ver < record.GetInt(collections.UserVer) || i.Revoked.Has(claims.SessionID) ||
		record.GetString(collections.FieldStatus) != collections.UserStatusActive {
		return nil, Failf(http.StatusUnauthorized, CodeTokenRevoked, "This session has ended: sign in again.")
	}
	return record, nil
}

// Revocations are the sessions ended before their tokens expired.
type Revocations struct {
	clock Clock
	mu    sync.RWMutex
	until map[string]int64
}

func newRevocations(clock Clock) *Revocations {
	return &Revocations{clock: clock, until: map[string]int64{}}
}

func (r *Revocations) load(app core.App) error {
	var rows []struct {
		SID     string `db:"sid"`
		Expires int64  `db:"expires_at"`
	}
	if err := app.DB().Select("sid", "expires_at").From("revoked").All(&rows); err != nil {
		return fmt.Errorf("failed to load revoked sessions: %w", err)
	}
	for _, row := range rows {
		r.until[row.SID] = row.Expires
	}
	return nil
}

// Has tells whether the session was ended.
func (r *Revocations) Has(sid string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, ok := r.until[sid]
	return ok
}

// add records in tx that sid is ended until expires (Unix milliseconds), when
// the last token of it is dead anyway.
func (r *Revocations) add(tx core.App, sid string, expires int64) error {
	_, err := tx.DB().NewQuery(`INSERT INTO revoked (sid, expires_at) VALUES ({:sid}, {:expires}) ON CONFLICT DO NOTHING`).
		Bind(dbx.Params{"sid": sid, "expires": expires}).Execute()
	if err != nil {
		return err
	}
	// Denying a session a moment before its revocation commits does no harm; the reverse would.
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until[sid] = expires
	return nil
}

// prune forgets sessions whose tokens have expired.
func (r *Revocations) prune(app core.App) error {
	now := r.clock.Now().UnixMilli()
	if _, err := app.NonconcurrentDB().Delete("revoked", dbx.NewExp("expires_at < {:now}", dbx.Params{"now": now})).Execute(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for sid, expires := range r.until {
		if expires < now {
			delete(r.until, sid)
		}
	}
	return nil
}
