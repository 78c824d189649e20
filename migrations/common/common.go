// Package common holds what the migrations of several domains have in common:
// the messaging tables and the closed users mirror. Like every migration it is
// frozen history: change the schema by adding a migration, never by editing one.
package common

import (
	"fmt"

	"github.com/pocketbase/pocketbase/core"
)

// messagingSQL creates the raw STRICT tables behind reliable messaging between
// instances: idem (answers by idempotency key), outbox, inbox, revoked (ended
// sessions). They are no PocketBase collections on purpose: nothing but the
// services may write them, in the same transaction as the effect they record.
const messagingSQL = `
CREATE TABLE idem (
	principal    TEXT NOT NULL,
	route        TEXT NOT NULL,
	key          TEXT NOT NULL,
	fingerprint  TEXT NOT NULL,
	resource     TEXT NOT NULL DEFAULT '',
	status       INTEGER NOT NULL DEFAULT 0,
	body         BLOB,
	locked_until INTEGER NOT NULL DEFAULT 0,
	created      INTEGER NOT NULL,
	PRIMARY KEY (principal, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_idem_created ON idem (created);

CREATE TABLE outbox (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	id         TEXT NOT NULL,
	peer       TEXT NOT NULL,
	topic      TEXT NOT NULL,
	aggregate  TEXT NOT NULL,
	version    INTEGER NOT NULL,
	payload    TEXT NOT NULL,
	created    INTEGER NOT NULL,
	next_at    INTEGER NOT NULL DEFAULT 0,
	tries      INTEGER NOT NULL DEFAULT 0,
	state      TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'done', 'parked')),
	last_error TEXT NOT NULL DEFAULT '',
	UNIQUE (id, peer)
) STRICT;
CREATE INDEX idx_outbox_open ON outbox (peer, seq) WHERE state <> 'done';
CREATE INDEX idx_outbox_aggregate ON outbox (peer, aggregate, seq) WHERE state <> 'done';

CREATE TABLE inbox (
	source TEXT NOT NULL,
	id     TEXT NOT NULL,
	sha    TEXT NOT NULL,
	at     INTEGER NOT NULL,
	PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_inbox_at ON inbox (at);

CREATE TABLE revoked (
	sid        TEXT PRIMARY KEY,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

const dropMessagingSQL = `DROP TABLE revoked; DROP TABLE inbox; DROP TABLE outbox; DROP TABLE idem;`

// Messaging creates the messaging tables.
func Messaging(app core.App) error { return Exec(app, messagingSQL) }

// DropMessaging removes the messaging tables.
func DropMessaging(app core.App) error { return Exec(app, dropMessagingSQL) }

// MirrorUsers turns the users collection that every PocketBase instance is born
// with into a closed mirror of the users instance: no sign-in method, no write
// rule, no e-mail. The public sign-up it comes with would let anyone become any
// user id on this instance.
func MirrorUsers(app core.App) error {
	col, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return fmt.Errorf("failed to find users: %w", err)
	}
	col.ListRule, col.CreateRule, col.UpdateRule, col.DeleteRule = nil, nil, nil, nil
	col.AuthRule, col.ManageRule = nil, nil
	col.ViewRule = Ptr("")
	col.PasswordAuth.Enabled = false
	col.OAuth2.Enabled = false
	col.OTP.Enabled = false
	col.MFA.Enabled = false
	col.AuthAlert.Enabled = false
	if email, ok := col.Fields.GetByName("email").(*core.EmailField); ok {
		email.Required = false
		email.Hidden = true
	}
	col.Fields.RemoveByName("avatar")
	col.Fields.RemoveByName("name")
	col.Fields.Add(
		&core.TextField{Name: "name", Max: 120, Presentable: true},
		&core.TextField{Name: "avatar", Max: 500},
		&core.SelectField{Name: "roles", Values: []string{"client", "freelancer"}, MaxSelect: 2},
		&core.TextField{Name: "timezone", Max: 64, Hidden: true},
		&core.SelectField{Name: "status", Values: []string{"active", "suspended", "closed"}, MaxSelect: 1, Hidden: true},
		&core.NumberField{Name: "ver", OnlyInt: true, Hidden: true},
		&core.NumberField{Name: "rev", OnlyInt: true, Hidden: true},
	)
	return app.Save(col)
}

// Stamps returns the created and updated fields every collection has.
func Stamps() []core.Field {
	return []core.Field{
		&core.AutodateField{Name: "created", OnCreate: true},
		&core.AutodateField{Name: "updated", OnCreate: true, OnUpdate: true},
	}
}

// UserRelation returns a single relation to the users collection of the same instance.
func UserRelation(app core.App, name string, required bool) (core.Field, error) {
	return Relation(app, name, "users", required)
}

// Relation returns a single relation to collection. It never cascades: a record
// that something refers to is not deleted.
func Relation(app core.App, name, collection string, required bool) (core.Field, error) {
	col, err := app.FindCollectionByNameOrId(collection)
	if err != nil {
		return nil, fmt.Errorf("failed to find %s: %w", collection, err)
	}
	return &core.RelationField{Name: name, CollectionId: col.Id, MaxSelect: 1, Required: required}, nil
}

// Timeline creates the timeline: who moved what from where to where, and why. Both parties read it.
func Timeline(app core.App) error {
	client, err := UserRelation(app, "client", false)
	if err != nil {
		return err
	}
	freelancer, err := UserRelation(app, "freelancer", false)
	if err != nil {
		return err
	}
	const parties = "@request.auth.id != '' && (client = @request.auth.id || freelancer = @request.auth.id)"
	col := core.NewBaseCollection("timeline")
	col.ListRule, col.ViewRule = Ptr(parties), Ptr(parties)
	col.Fields.Add(
		client,
		freelancer,
		&core.TextField{Name: "kind", Required: true, Max: 30},
		&core.TextField{Name: "subject", Required: true, Max: 15},
		&core.TextField{Name: "project", Max: 15},
		&core.TextField{Name: "verb", Max: 30},
		&core.TextField{Name: "from", Max: 30},
		&core.TextField{Name: "to", Max: 30},
		&core.TextField{Name: "by", Max: 40},
		&core.TextField{Name: "reason", Max: 1000},
	)
	col.Fields.Add(Stamps()...)
	col.AddIndex("idx_timeline_subject", false, "`subject`, `created`", "")
	col.AddIndex("idx_timeline_project", false, "`project`, `created`", "")
	return app.Save(col)
}

// Drop deletes the named collections, in that order.
func Drop(app core.App, names ...string) error {
	for _, name := range names {
		col, err := app.FindCollectionByNameOrId(name)
		if err != nil {
			return fmt.Errorf("failed to find %s: %w", name, err)
		}
		if err := app.Delete(col); err != nil {
			return fmt.Errorf("failed to delete %s: %w", name, err)
		}
	}
	return nil
}

// ChangeCollection changes a collection of the schema.
func ChangeCollection(app core.App, name string, change func(col *core.Collection)) error {
	col, err := app.FindCollectionByNameOrId(name)
	if err != nil {
		return err
	}
	change(col)
	return app.Save(col)
}

// IndexParties lets the rows of a client and of a freelancer be found in each of
// the collections; rules ask for both.
func IndexParties(app core.App, names ...string) error {
	for _, name := range names {
		err := ChangeCollection(app, name, func(col *core.Collection) {
			col.AddIndex("idx_"+name+"_of_client", false, "`client`", "")
			col.AddIndex("idx_"+name+"_of_freelancer", false, "`freelancer`", "")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// DropPartyIndexes undoes IndexParties.
func DropPartyIndexes(app core.App, names ...string) error {
	for _, name := range names {
		err := ChangeCollection(app, name, func(col *core.Collection) {
			col.RemoveIndex("idx_" + name + "_of_client")
			col.RemoveIndex("idx_" + name + "_of_freelancer")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Exec runs raw SQL statements.
func Exec(app core.App, sql string) error {
	_, err := app.DB().NewQuery(sql).Execute()
	return err
}

// Ptr returns a pointer to rule, the form in which collections hold their rules.
func Ptr(rule string) *string { return &rule }
