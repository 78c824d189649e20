package services

import (
	"slices"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Read marks everything up to seq as read; 0 means all. It never moves back.
func (s ChatsService) Read(cmd Command, chat string, seq int) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		member, err := s.Member(tx, chat, cmd.Principal)
		if err != nil {
			return nil, err
		}
		var last int
		if err := tx.DB().Select(collections.ChatLastSeq).From(collections.Chats).Where(dbx.HashExp{collections.FieldID: chat}).Row(&last); err != nil {
			return nil, err
		}
		if seq == 0 || seq > last {
			seq = last
		}
		if seq <= member.GetInt(collections.MemberLastReadSeq) {
			return ShowOwn(member, cmd.Principal), nil
		}
		own, mentions, err := ahead(tx, chat, cmd.Principal, seq, last)
		if err != nil {
			return nil, err
		}
		member.Load(map[string]any{collections.MemberLastReadSeq: seq, collections.MemberOwnAfter: own, collections.MemberMentions: mentions})
		return ShowOwn(member, cmd.Principal), tx.SaveNoValidate(member)
	})
}

// ahead counts, among the messages after seq, a person's own and those that mention them.
func ahead(tx core.App, chat, user string, seq, last int) (own, mentions int, err error) {
	if seq == last {
		return 0, 0, nil
	}
	var row struct {
		Own      int `db:"own"`
		Mentions int `db:"mentioned"`
	}
	err = tx.DB().NewQuery(`SELECT coalesce(sum(sender = {:user}), 0) AS own, coalesce(sum(sender <> {:user} AND instr(mentions, {:quoted}) > 0), 0) AS mentioned
		FROM messages WHERE chat = {:chat} AND seq > {:seq}`).
		Bind(dbx.Params{"user": user, "quoted": `"` + user + `"`, "chat": chat, "seq": seq}).One(&row)
	return row.Own, row.Mentions, err
}

// mentionsChanged counts again for those whom an edited or deleted message names
// now and did not before, or the other way round, and tells them.
func (s ChatsService) mentionsChanged(tx core.App, before, after *core.Record) error {
	was, is := before.GetStringSlice(collections.MessageMentions), after.GetStringSlice(collections.MessageMentions)
	chat, sender := after.GetString(collections.FieldChat), after.GetString(collections.MessageSender)
	var last int
	for _, user := range slices.Concat(was, is) {
		added := !slices.Contains(was, user)
		if user == sender || !added && slices.Contains(is, user) {
			continue
		}
		if last == 0 {
			if err := tx.DB().Select(collections.ChatLastSeq).From(collections.Chats).Where(dbx.HashExp{collections.FieldID: chat}).Row(&last); err != nil {
				return err
			}
		}
		member, err := s.Member(tx, chat, user)
		if Code(err) == CodeNotFound {
			continue // has left
		}
		if err != nil {
			return err
		}
		read := member.GetInt(collections.MemberLastReadSeq)
		_, mentions, err := ahead(tx, chat, user, read, last)
		if err != nil {
			return err
		}
		if mentions != member.GetInt(collections.MemberMentions) {
			member.Set(collections.MemberMentions, mentions)
			if err := tx.SaveNoValidate(member); err != nil { // which tells the person's devices
				return err
			}
		}
		if added {
			if err := s.tellMention(tx, after, user); err != nil {
				return err
			}
		}
	}
	return nil
}

// UnreadChat is what is unread in one chat.
type UnreadChat struct {
	Chat        string `db:"chat" json:"chat"`
	Unread      int    `db:"unread" json:"unread"`
	Mentions    int    `db:"mentions" json:"mentions"`
	LastSeq     int    `db:"lastSeq" json:"lastSeq"`
	LastReadSeq int    `db:"lastReadSeq" json:"lastReadSeq"`
	Muted       bool   `db:"muted" json:"muted"`
}

// Unread is everything a person has not read: derived on the server, so the same
// on all devices. Total leaves out muted chats.
type Unread struct {
	Total         int          `json:"total"`
	Notifications int          `json:"notifications"`
	Chats         []UnreadChat `json:"chats"`
}

// Unread counts in two queries over the person's own rows, however much is stored.
func (s ChatsService) Unread(user string) (Unread, error) {
	unread := Unread{Chats: []UnreadChat{}}
	err := s.App.DB().NewQuery(`SELECT m.chat, c.lastSeq - m.lastReadSeq - m.ownAfter AS unread, m.mentions, c.lastSeq, m.lastReadSeq, m.muted
		FROM members m JOIN chats c ON c.id = m.chat
		WHERE m.[[user]] = {:user} AND c.lastSeq > m.lastReadSeq + m.ownAfter ORDER BY c.lastMessageAt DESC`).
		Bind(dbx.Params{"user": user}).All(&unread.Chats)
	if err != nil {
		return unread, err
	}
	for _, chat := range unread.Chats {
		if !chat.Muted {
			unread.Total += chat.Unread
		}
	}
	err = s.App.DB().Select("count(*)").From(collections.Notifications).
		Where(dbx.NewExp("[[user]] = {:user} AND readAt = ''", dbx.Params{"user": user})).Row(&unread.Notifications)
	return unread, err
}

// Window says which messages of a chat are wanted; one of the three bounds is set.
type Window struct {
	// After and Before are numbers of messages, Changed a number of a change.
	After, Before, Changed int
	By                     string
	Limit                  int
}

// Ways to ask for a window.
const (
	ByAfter   = "after"
	ByBefore  = "before"
	ByChanged = "changed"
)

// Messages returns a window of a chat, oldest first (by change: in the order of
// changes), and the number of the chat's last change.
func (s ChatsService) Messages(chat, user string, window Window) ([]*core.Record, int, error) {
	if _, err := s.Member(s.App, chat, user); err != nil {
		return nil, 0, err
	}
	var last int
	// Read first: what is told of as "last" is then in the window or can be asked for.
	if err := s.App.DB().Select(collections.ChatLastChange).From(collections.Chats).Where(dbx.HashExp{collections.FieldID: chat}).Row(&last); err != nil {
		return nil, 0, err
	}
	var where dbx.Expression
	order := "seq ASC"
	switch window.By {
	case ByBefore:
		where, order = dbx.NewExp("seq < {:n}", dbx.Params{"n": window.Before}), "seq DESC"
	case ByChanged:
		where, order = dbx.NewExp("change > {:n}", dbx.Params{"n": window.Changed}), "change ASC"
	default:
		where = dbx.NewExp("seq > {:n}", dbx.Params{"n": window.After})
	}
	items := []*core.Record{}
	err := s.App.RecordQuery(collections.Messages).AndWhere(dbx.HashExp{collections.FieldChat: chat}).AndWhere(where).OrderBy(order).Limit(int64(window.Limit)).All(&items)
	if window.By == ByBefore {
		for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
			items[i], items[j] = items[j], items[i]
		}
	}
	return items, last, err
}
