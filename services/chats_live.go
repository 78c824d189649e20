package services

import (
	"encoding/json"
	"slices"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// announceMessage tells the members of a chat of a message, and each of them how
// much is unread there now.
func (s ChatsService) announceMessage(tx core.App, action string, message *core.Record, members []memberRow) {
	news := []News{recordNews(s.App, action, message, usersOf(members)...)}
	if action == "create" {
		news = append(news, unreadNews(message.GetString(collections.FieldChat), message.GetInt(collections.MessageSeq), members...))
	}
	s.Live.Announce(tx, news...)
}

// unreadNews tells each of these members their own count of one chat.
func unreadNews(chat string, lastSeq int, members ...memberRow) News {
	return News{To: usersOf(members), Topics: []string{TopicUnread}, Personal: true, Render: func(user string, _ TopicOptions) []byte {
		at := slices.IndexFunc(members, func(member memberRow) bool { return member.User == user })
		if at < 0 {
			return nil
		}
		member := members[at]
		raw, err := json.Marshal(map[string]any{
			"chat": chat, "unread": max(0, lastSeq-member.LastReadSeq-member.OwnAfter), "mentions": member.Mentions,
			"lastSeq": lastSeq, "lastReadSeq": member.LastReadSeq,
		})
		if err != nil {
			return nil
		}
		return raw
	}}
}

// AnnounceMember tells a chat that a membership changed (somebody came, left or
// read), and the member of the chat itself and what is unread in it.
func (s ChatsService) AnnounceMember(tx core.App, action string, member *core.Record) error {
	chat, user := member.GetString(collections.FieldChat), member.GetString(collections.FieldUser)
	members, err := membersOf(tx, chat)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(usersOf(members), func(one string) bool { return one == user })
	record, err := tx.FindRecordById(collections.Chats, chat)
	if err != nil {
		return err
	}
	news := []News{recordNews(s.App, action, member, user), recordNews(s.App, action, member, others...)}
	switch action {
	case "update":
		news = append(news, unreadNews(chat, record.GetInt(collections.ChatLastSeq), memberRow{
			User: user, LastReadSeq: member.GetInt(collections.MemberLastReadSeq),
			OwnAfter: member.GetInt(collections.MemberOwnAfter), Mentions: member.GetInt(collections.MemberMentions),
		}))
	default: // the chat appears or disappears for this person
		news = append(news, recordNews(s.App, action, record, user))
	}
	s.Live.Announce(tx, news...)
	return nil
}

// AnnounceChat tells the members of a chat that its title or contract changed.
func (s ChatsService) AnnounceChat(tx core.App, action string, chat *core.Record) error {
	members, err := membersOf(tx, chat.Id)
	if err != nil {
		return err
	}
	s.Live.Announce(tx, recordNews(s.App, action, chat, usersOf(members)...))
	return nil
}

// AnnounceOwn tells people of a record of their own: a notification, a block.
func (s ChatsService) AnnounceOwn(tx core.App, action string, record *core.Record) error {
	s.Live.Announce(tx, recordNews(s.App, action, record, record.GetString(collections.FieldUser)))
	return nil
}

// Typing tells the other members who listen to "chats/ID/typing" that user is
// typing. It never touches the disk.
func (s ChatsService) Typing(chat, user string) error {
	room, err := writable(s.App, chat, user)
	if Code(err) == CodeBlocked {
		return nil
	}
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(room.members, func(member string) bool { return member == user })
	s.Live.Deliver(ephemeral(typingTopic(chat), map[string]string{"chat": chat, "user": user}, others...))
	return nil
}

// Acquaintances are the people user shares a chat with, without those between
// whom and user there is a block.
func (s ChatsService) Acquaintances(user string) ([]string, error) {
	people := []string{}
	err := s.App.DB().NewQuery(`SELECT DISTINCT other.[[user]] FROM members mine JOIN members other ON other.chat = mine.chat
		WHERE mine.[[user]] = {:user} AND other.[[user]] <> {:user}
		AND NOT EXISTS (SELECT 1 FROM blocks WHERE ([[blocks.user]] = {:user} AND blocked = other.[[user]]) OR ([[blocks.user]] = other.[[user]] AND blocked = {:user}))`).
		Bind(dbx.Params{"user": user}).Column(&people)
	return people, err
}

// Presence returns who of user's acquaintances is connected.
func (s ChatsService) Presence(user string) ([]string, error) {
	people, err := s.Acquaintances(user)
	return s.Live.Online(people), err
}

// FollowPresence tells people when an acquaintance comes or goes. It reads who
// they are and writes nothing.
func (s ChatsService) FollowPresence() {
	s.Live.onPresence = func(user string, online bool) {
		people, err := s.Acquaintances(user)
		if err != nil {
			s.Logger.Warn("failed to tell who is there", "error", err)
			return
		}
		s.Live.Deliver(ephemeral(TopicPresence, map[string]any{"user": user, "online": online}, people...))
	}
}
