package services

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Mails are written by messages, who knows what is unread, and sent by users,
// who alone knows addresses: messages emits a finished mail for a user id, and no
// address ever leaves users. The outbox keeps it while users is away.

// MailNews is a mail to be sent.
type MailNews struct {
	ID      string `json:"id"`
	User    string `json:"user"`
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
	// Unsubscribe is where one POST ends mails like this one; "" if they cannot be ended.
	Unsubscribe string `json:"unsubscribe,omitempty"`
	// Thread is the same for mails that belong together: those about one chat.
	Thread string `json:"thread,omitempty"`
	// Operator says that User is a superuser of users.
	Operator bool `json:"operator,omitempty"`
	// Until is when it is too late to send it (Unix milliseconds).
	Until int64 `json:"until"`
}

// mailBatch bounds what one sweep takes on.
const mailBatch = 200

// MailDue writes the mails that are due: about what has been unread long enough,
// outside of quiet hours, and the digests. What is written is marked in the same
// transaction, so nothing is written twice.
func (s ChatsService) MailDue(ctx context.Context) error {
	if err := s.noticeUnread(ctx); err != nil {
		return err
	}
	now := s.Clock.Now().UnixMilli()
	var users []string
	err := s.App.ConcurrentDB().NewQuery(`SELECT [[user]] FROM notifications WHERE mailAt > 0 AND mailAt <= {:now}
		UNION SELECT [[user]] FROM members WHERE mailAt > 0 AND mailAt <= {:now} LIMIT {:limit}`).
		Bind(dbx.Params{"now": now, "limit": mailBatch}).WithContext(ctx).Column(&users)
	if err != nil {
		return err
	}
	var errs []error
	for _, user := range users {
		if err := s.App.RunInTransaction(func(tx core.App) error { return s.mailTo(tx, user) }); err != nil {
			errs = append(errs, fmt.Errorf("failed to write a mail to %s: %w", user, err))
		}
	}
	return errors.Join(errs...)
}

// noticeUnread looks for messages that have been unread long enough and says
// when a mail about them is due. Somebody who was told once and has not looked
// since is not told again.
func (s ChatsService) noticeUnread(ctx context.Context) error {
	now := s.Clock.Now()
	var rows []struct {
		ID   string `db:"id"`
		User string `db:"user"`
	}
	// CROSS JOIN begins with the chats in which something happened lately, by their index.
	err := s.App.ConcurrentDB().NewQuery(`SELECT m.id, m.[[user]] FROM chats c CROSS JOIN members m ON m.chat = c.id
		WHERE c.lastMessageAt > {:since} AND c.lastSeq > m.lastReadSeq + m.ownAfter AND m.mailedSeq <= m.lastReadSeq AND m.mailAt = 0 AND m.muted = FALSE
		AND (SELECT created FROM messages WHERE chat = c.id AND seq > m.lastReadSeq AND kind = 'user' AND sender <> m.[[user]] AND deletedAt = ''
			ORDER BY seq LIMIT 1) <= {:before}
		LIMIT {:limit}`).Bind(dbx.Params{
		"since": dateTime(now.Add(-7 * collections.Day)).String(), "before": dateTime(now.Add(-s.Options.MailAfter)).String(), "limit": 5 * mailBatch,
	}).WithContext(ctx).All(&rows)
	if err != nil || len(rows) == 0 {
		return err
	}
	return s.App.RunInTransaction(func(tx core.App) error {
		for _, row := range rows {
			w, err := s.wishesOf(tx, row.User)
			if err != nil {
				return err
			}
			w.after = 0 // they have waited already
			// Past the record's hooks: nobody sees the field, so nobody needs to hear of it.
			_, err = tx.DB().NewQuery(`UPDATE members SET mailAt = {:at}, mailedSeq = (SELECT lastSeq FROM chats WHERE id = members.chat) WHERE id = {:id}`).
				Bind(dbx.Params{"at": w.mailAt(TopicMessages, now), "id": row.ID}).Execute()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// mailItem is one thing a mail tells of.
type mailItem struct {
	kind, title, body, link string
	thread                  string
}

// mailTo writes what is due for one person: one mail for what they want to hear
// of soon, one for the digest.
func (s ChatsService) mailTo(tx core.App, user string) error {
	w, err := s.wishesOf(tx, user)
	if err != nil {
		return err
	}
	due := map[string][]mailItem{}
	for _, collect := range []func(core.App, string, wishes, map[string][]mailItem) error{s.dueNotifications, s.dueChats} {
		if err := collect(tx, user, w, due); err != nil {
			return err
		}
	}
	for _, channel := range []string{ChannelEmail, ChannelDigest} {
		items := due[channel]
		if len(items) == 0 {
			continue
		}
		mail, err := s.writeMail(user, channel, w.language(), items)
		if err != nil {
			return err
		}
		if err := s.Emit(tx, TopicMail, "mails", mail.ID, 1, mail); err != nil {
			return err
		}
	}
	return nil
}

// dueNotifications takes the notifications that are due and still unread. What
// somebody has chosen meanwhile counts.
func (s ChatsService) dueNotifications(tx core.App, user string, w wishes, due map[string][]mailItem) error {
	now := s.Clock.Now()
	records := []*core.Record{}
	err := tx.RecordQuery(collections.Notifications).AndWhere(dbx.NewExp("[[user]] = {:user} AND mailAt > 0 AND mailAt <= {:now}",
		dbx.Params{"user": user, "now": now.UnixMilli()})).OrderBy("at").Limit(mailBatch).All(&records)
	if err != nil {
		return err
	}
	for _, record := range records {
		kind := record.GetString(collections.NotificationKind)
		channel, mailAt := w.channel(kind), int64(0)
		switch {
		case !record.GetDateTime(collections.NotificationReadAt).IsZero(), channel == ChannelOff, channel == ChannelApp:
		case channel == ChannelEmail && !noticeKinds[kind].required && w.audible(now).After(now):
			mailAt = w.audible(now).UnixMilli()
		default:
			params := map[string]any{}
			_ = record.UnmarshalJSONField(collections.NotificationParams, &params) // only notify writes them
			title, body := w.language().notice(kind, params, record.GetInt(collections.NotificationCount))
			due[channel] = append(due[channel], mailItem{kind: kind, title: title, body: body, link: record.GetString(collections.NotificationLink)})
		}
		if err := setMailAt(tx, collections.Notifications, record.Id, mailAt); err != nil {
			return err
		}
	}
	return nil
}

// dueChats takes the chats about whose unread messages a mail is due.
func (s ChatsService) dueChats(tx core.App, user string, w wishes, due map[string][]mailItem) error {
	now := s.Clock.Now()
	members := []*core.Record{}
	err := tx.RecordQuery(collections.Members).AndWhere(dbx.NewExp("[[user]] = {:user} AND mailAt > 0 AND mailAt <= {:now}",
		dbx.Params{"user": user, "now": now.UnixMilli()})).Limit(mailBatch).All(&members)
	if err != nil {
		return err
	}
	for _, member := range members {
		channel, mailAt := w.channel(TopicMessages), int64(0)
		switch {
		case member.GetBool(collections.MemberMuted), channel == ChannelOff, channel == ChannelApp:
		case channel == ChannelEmail && w.audible(now).After(now):
			mailAt = w.audible(now).UnixMilli()
		default:
			item, err := s.unreadItem(tx, member, w.language())
			if err != nil {
				return err
			}
			if item != nil {
				due[channel] = append(due[channel], *item)
			}
		}
		if err := setMailAt(tx, collections.Members, member.Id, mailAt); err != nil {
			return err
		}
	}
	return nil
}

func setMailAt(tx core.App, table, id string, at int64) error {
	_, err := tx.DB().Update(table, dbx.Params{collections.NotificationMailAt: at}, dbx.HashExp{collections.FieldID: id}).Execute()
	return err
}

// unreadItem tells of the unread messages of one chat, nil when there are none any more.
func (s ChatsService) unreadItem(tx core.App, member *core.Record, language mailLanguage) (*mailItem, error) {
	chat, err := tx.FindRecordById(collections.Chats, member.GetString(collections.FieldChat))
	if err != nil {
		return nil, err
	}
	unread := []*core.Record{}
	err = tx.RecordQuery(collections.Messages).AndWhere(dbx.NewExp("chat = {:chat} AND seq > {:seq} AND kind = 'user' AND sender <> {:user} AND deletedAt = ''",
		dbx.Params{"chat": chat.Id, "seq": member.GetInt(collections.MemberLastReadSeq), "user": member.GetString(collections.FieldUser)})).
		OrderBy("seq").Limit(100).All(&unread)
	if err != nil || len(unread) == 0 {
		return nil, err
	}
	from := language.somebody
	if sender, err := tx.FindRecordById(collections.Users, unread[0].GetString(collections.MessageSender)); err == nil {
		from = sender.GetString(collections.UserName)
	}
	words := strings.TrimSpace(unread[0].GetString(collections.MessageBody))
	if words == "" {
		words = language.file
	}
	params := map[string]any{"chat": chat.Id, "title": chat.GetString(collections.FieldTitle), "note": from + ": " + truncate(words, 300)}
	title, body := language.notice(TopicMessages, params, len(unread))
	return &mailItem{kind: TopicMessages, title: title, body: body, link: fill(noticeKinds[TopicMessages].link, params, len(unread)), thread: "chat." + chat.Id}, nil
}
