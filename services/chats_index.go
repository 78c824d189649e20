package services

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// The full-text index of messages is written some messages at a time, after they
// were sent: a third of the pages that a message wrote were the index's, and it
// writes the same few for many messages as for one. What was sent and is not in the
// index yet is known by its number (search_upto), which a crash does not lose, and
// nobody can tell: a search begins with indexing what is left.

// indexAtOnce is how many messages are indexed in one transaction.
const indexAtOnce = 500

// searchable gives a message the number by which it is found. It is indexed later.
func searchable(tx core.App, message *core.Record) (n int64, err error) {
	if message.GetString(collections.MessageBody) == "" || message.GetString(collections.MessageKind) != collections.MessageKindUser {
		return 0, nil
	}
	err = tx.DB().NewQuery(`INSERT INTO searchable (message) VALUES ({:id}) ON CONFLICT (message) DO UPDATE SET message = message RETURNING n`).
		Bind(dbx.Params{"id": message.Id}).Row(&n)
	return n, err
}

// reindex follows a message whose text changed, if it was indexed before; else it
// will be as it is then. The chat is part of what is matched (see the migration
// that made the index).
func reindex(tx core.App, message *core.Record) error {
	_, err := tx.DB().NewQuery(`DELETE FROM search WHERE rowid = (SELECT n FROM searchable WHERE message = {:id} AND n <= (SELECT n FROM search_upto WHERE one = 1))`).
		Bind(dbx.Params{"id": message.Id}).Execute()
	if err != nil {
		return err
	}
	n, err := searchable(tx, message)
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.DB().NewQuery(`INSERT INTO search (rowid, chat, body) SELECT {:n}, {:chat}, {:body} WHERE {:n} <= (SELECT n FROM search_upto WHERE one = 1)`).
		Bind(dbx.Params{"n": n, "chat": message.GetString(collections.FieldChat), "body": message.GetString(collections.MessageBody)}).Execute()
	return err
}

// IndexMessages brings the full-text index up to what was sent.
func (s ChatsService) IndexMessages(ctx context.Context) error {
	for ctx.Err() == nil {
		var left bool
		err := s.App.ConcurrentDB().NewQuery(`SELECT EXISTS (SELECT 1 FROM searchable WHERE n > (SELECT n FROM search_upto WHERE one = 1))`).Row(&left)
		if err != nil || !left {
			return err
		}
		if err := s.App.RunInTransaction(indexNext); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// indexNext indexes the next messages as they are now. One that was deleted since has no text.
func indexNext(tx core.App) error {
	var from, upto int64
	err := tx.DB().NewQuery(`SELECT n, (SELECT max(n) FROM (SELECT n FROM searchable WHERE n > u.n ORDER BY n LIMIT {:most})) FROM search_upto u
		WHERE one = 1 AND EXISTS (SELECT 1 FROM searchable WHERE n > u.n)`).Bind(dbx.Params{"most": indexAtOnce}).Row(&from, &upto)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // somebody else did it meanwhile
	}
	if err != nil {
		return err
	}
	_, err = tx.DB().NewQuery(`INSERT INTO search (rowid, chat, body) SELECT s.n, m.chat, m.body FROM searchable s CROSS JOIN messages m
		WHERE s.n > {:from} AND s.n <= {:upto} AND m.id = s.message AND m.deletedAt = '' AND m.body <> '' ORDER BY s.n`).
		Bind(dbx.Params{"from": from, "upto": upto}).Execute()
	if err != nil {
		return err
	}
	_, err = tx.DB().NewQuery(`UPDATE search_upto SET n = {:upto} WHERE one = 1`).Bind(dbx.Params{"upto": upto}).Execute()
	return err
}
