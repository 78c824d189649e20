package common

import "github.com/pocketbase/pocketbase/core"

// auditSQL is the log of what people with power did. Each row holds the hash of the
// one before it, and the database takes rows at the end only: whoever changes one
// has to make all that follow anew, and the hash at the end then differs from the
// one that was seen before.
const auditSQL = `
CREATE TABLE audit (
	seq     INTEGER PRIMARY KEY,
	at      INTEGER NOT NULL,
	actor   TEXT NOT NULL CHECK (actor <> ''),
	action  TEXT NOT NULL CHECK (action <> ''),
	subject TEXT NOT NULL,
	details TEXT NOT NULL,
	prev    TEXT NOT NULL,
	hash    TEXT NOT NULL UNIQUE CHECK (length(hash) = 64)
) STRICT;
CREATE TRIGGER audit_chain BEFORE INSERT ON audit BEGIN
	SELECT RAISE(ABORT, 'audit: not the next row') WHERE NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit);
	SELECT RAISE(ABORT, 'audit: does not follow the last row') WHERE NEW.prev <> coalesce((SELECT hash FROM audit WHERE seq = NEW.seq - 1), '');
END;
CREATE TRIGGER audit_keep BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit: append only'); END;
CREATE TRIGGER audit_stay BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit: append only'); END;
`

// Audit creates the audit log and the view that moderators read it by.
func Audit(app core.App) error {
	if err := Exec(app, auditSQL); err != nil {
		return err
	}
	return views(app, []view{{"auditLog", `SELECT CAST(a.seq AS TEXT) AS id, ` + stamp("a.at") + ` AS at, a.actor, a.action, a.subject, a.details, a.prev, a.hash FROM audit a`}})
}

// DropAudit removes the audit log.
func DropAudit(app core.App) error {
	if err := Drop(app, "auditLog"); err != nil {
		return err
	}
	return Exec(app, `DROP TABLE audit`)
}

type view struct{ name, query string }

// messagingViews let moderators read what an instance tells and hears, and which
// commands it remembers. Stored answers and payloads stay out.
var messagingViews = []view{
	{"outboxEvents", `SELECT CAST(o.seq AS TEXT) AS id, o.id AS event, o.peer, o.topic, o.aggregate, o.version, o.state, o.tries, o.last_error AS lastError,
		` + stamp("o.created") + ` AS at FROM outbox o`},
	{"inboxEvents", `SELECT (hex(i.source || i.id)) AS id, i.source, i.id AS event, ` + stamp("i.at") + ` AS at FROM inbox i`},
	{"idempotencyKeys", `SELECT (hex(k.principal || k.route || k.key)) AS id, k.principal, k.route, k.key, k.resource, k.status, ` + stamp("k.created") + ` AS at FROM idem k`},
}

// MessagingViews creates the views of the messaging tables.
func MessagingViews(app core.App) error { return views(app, messagingViews) }

// DropMessagingViews removes them.
func DropMessagingViews(app core.App) error {
	return Drop(app, "outboxEvents", "inboxEvents", "idempotencyKeys")
}

func views(app core.App, list []view) error {
	for _, view := range list {
		col := core.NewViewCollection(view.name)
		col.ViewQuery = view.query
		if err := app.Save(col); err != nil {
			return err
		}
	}
	return nil
}

// stamp is a column of Unix milliseconds as PocketBase writes dates.
func stamp(column string) string {
	return `(strftime('%Y-%m-%d %H:%M:%fZ', ` + column + ` / 1000.0, 'unixepoch'))`
}
