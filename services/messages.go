package services

import (
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// SentBefore returns the message that was stored under this clientId before, or
// nil: a retried send gets the first answer.
func (s ChatsService) SentBefore(message *core.Record, sender string) (*core.Record, error) {
	client := message.GetString(collections.MessageClientID)
	if client == "" {
		return nil, nil
	}
	// clientId <> '' is the condition of the partial index: without it SQLite would not
	// use the index, and read the whole chat.
	before, err := firstWhere(s.App, collections.Messages, "chat = {:chat} AND sender = {:sender} AND clientId = {:client} AND clientId <> ''",
		dbx.Params{"chat": message.GetString(collections.FieldChat), "sender": sender, "client": client})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return before, err
}

// NewMessage fills in what the server decides about a message being sent, and
// refuses it where it must not be said.
func (s ChatsService) NewMessage(message *core.Record, sender string) error {
	message.Set(collections.MessageSender, sender)
	message.Set(collections.MessageKind, collections.MessageKindUser)
	if err := s.checkText(message); err != nil {
		return err
	}
	chat, err := writable(s.App, message.GetString(collections.FieldChat), sender)
	if err != nil {
		return err
	}
	if err := s.checkReferences(message, chat.members); err != nil {
		return err
	}
	message.Set(collections.MessageFlag, "")
	if chat.contract == "" {
		message.Set(collections.MessageFlag, Suspicious(message.GetString(collections.MessageBody)))
	}
	return nil
}

func (s ChatsService) checkText(message *core.Record) error {
	empty := strings.TrimSpace(message.GetString(collections.MessageBody)) == ""
	if empty && len(message.GetUnsavedFiles(collections.MessageAttachments)) == 0 && len(message.GetStringSlice(collections.MessageAttachments)) == 0 {
		return badRequest(CodeInvalidInput, "A message needs a body.")
	}
	return nil
}

// writableChat is what writing into a chat needs to know of it.
type writableChat struct {
	contract string
	// members are the users in it.
	members []string
}

// writable returns a chat in which sender may write. It asks once for everything:
// whether the chat exists, who is in it, and who of them has blocked whom.
func writable(app core.App, id, sender string) (*writableChat, error) {
	var rows []struct {
		User     string `db:"user"`
		Contract string `db:"contract"`
		Blocked  bool   `db:"blocked"`
	}
	err := app.DB().NewQuery(`SELECT m.[[user]], c.contract,
		c.kind <> 'group' AND m.[[user]] <> {:sender} AND EXISTS (SELECT 1 FROM blocks b WHERE (b.[[user]] = {:sender} AND b.blocked = m.[[user]]) OR (b.[[user]] = m.[[user]] AND b.blocked = {:sender})) AS blocked
		FROM chats c JOIN members m ON m.chat = c.id WHERE c.id = {:id}`).
		Bind(dbx.Params{"id": id, "sender": sender}).All(&rows)
	if err != nil {
		return nil, err
	}
	chat, closed := &writableChat{}, false
	for _, row := range rows {
		chat.contract, closed = row.Contract, closed || row.Blocked
		chat.members = append(chat.members, row.User)
	}
	if !slices.Contains(chat.members, sender) {
		return nil, notFound()
	}
	if closed {
		return nil, forbidden(CodeBlocked, "You cannot write to each other: one of you has blocked the other.")
	}
	return chat, nil
}

// checkReferences demands that a message answers one of its own chat and
// mentions only people in it.
func (s ChatsService) checkReferences(message *core.Record, members []string) error {
	if reply := message.GetString(collections.MessageReplyTo); reply != "" {
		answered, err := s.App.FindRecordById(collections.Messages, reply)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err != nil || answered.GetString(collections.FieldChat) != message.GetString(collections.FieldChat) {
			return badRequest(CodeInvalidInput, "A message answers one of the same chat.").With("field", collections.MessageReplyTo)
		}
	}
	for _, user := range message.GetStringSlice(collections.MessageMentions) {
		if !slices.Contains(members, user) {
			return badRequest(CodeInvalidInput, "Only people in the chat can be mentioned.").With("field", collections.MessageMentions)
		}
	}
	return nil
}

// Stored does what belongs to storing a new message, in its transaction: the
// next number of the chat before insert, the search index, mentions, reports and
// delivery after it. Numbers have no gap and no double.
func (s ChatsService) Stored(tx core.App, message *core.Record, insert func() error) error {
	if message.GetInt(collections.MessageSeq) == 0 {
		if err := s.number(tx, message); err != nil {
			return err
		}
	}
	members, err := membersOf(tx, message.GetString(collections.FieldChat))
	if err != nil {
		return err
	}
	if err := s.unarchive(tx, members); err != nil {
		return err
	}
	if err := insert(); err != nil {
		return err
	}
	if _, err := searchable(tx, message); err != nil {
		return err
	}
	if err := s.mention(tx, message); err != nil {
		return err
	}
	if err := s.reportFlag(tx, message); err != nil {
		return err
	}
	if err := s.notePreview(tx, message); err != nil {
		return err
	}
	if len(message.GetStringSlice(collections.MessageMentions)) > 0 { // which counted
		if members, err = membersOf(tx, message.GetString(collections.FieldChat)); err != nil {
			return err
		}
	}
	s.announceMessage(tx, "create", message, members)
	return nil
}

func (s ChatsService) number(tx core.App, message *core.Record) error {
	chat, sender := message.GetString(collections.FieldChat), message.GetString(collections.MessageSender)
	var row struct {
		Seq    int `db:"lastSeq"`
		Change int `db:"lastChange"`
	}
	err := tx.DB().NewQuery(`UPDATE chats SET lastSeq = lastSeq + 1, lastChange = lastChange + 1, lastMessageAt = {:now} WHERE id = {:id} RETURNING lastSeq, lastChange`).
		Bind(dbx.Params{"id": chat, "now": dateTime(s.Clock.Now()).String()}).One(&row)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound()
	}
	if err != nil {
		return err
	}
	message.Set(collections.MessageSeq, row.Seq)
	message.Set(collections.MessageChange, row.Change)
	if sender == "" { // the marketplace itself
		return nil
	}
	// Whoever had read everything before has read their own message too; otherwise
	// it is counted, so that it is not taken for an unread one.
	_, err = tx.DB().NewQuery(`UPDATE members SET
		ownAfter = CASE WHEN lastReadSeq = {:seq} - 1 THEN 0 ELSE ownAfter + 1 END,
		lastReadSeq = CASE WHEN lastReadSeq = {:seq} - 1 THEN {:seq} ELSE lastReadSeq END
		WHERE chat = {:chat} AND [[user]] = {:user}`).Bind(dbx.Params{"seq": row.Seq, "chat": chat, "user": sender}).Execute()
	return err
}

// unarchive brings a chat back to those who put it away and did not mute it.
func (s ChatsService) unarchive(tx core.App, members []memberRow) error {
	for _, row := range members {
		if !row.Archived || row.Muted {
			continue
		}
		member, err := tx.FindRecordById(collections.Members, row.ID)
		if err != nil {
			return err
		}
		member.Set(collections.MemberArchived, false)
		if err := tx.SaveNoValidate(member); err != nil {
			return err
		}
	}
	return nil
}

// change gives a message the next change number of its chat.
func change(tx core.App, message *core.Record) error {
	var number int
	err := tx.DB().NewQuery(`UPDATE chats SET lastChange = lastChange + 1 WHERE id = {:id} RETURNING lastChange`).
		Bind(dbx.Params{"id": message.GetString(collections.FieldChat)}).Row(&number)
	message.Set(collections.MessageChange, number)
	return err
}

// CheckEdit refuses an edit of what cannot be edited.
func (s ChatsService) CheckEdit(message *core.Record, user string) error {
	before := message.Original()
	if before.GetString(collections.MessageKind) != collections.MessageKindUser || !before.GetDateTime(collections.MessageDeletedAt).IsZero() {
		return forbidden(CodeEditNotAllowed, "This message cannot be edited.")
	}
	if err := s.checkText(message); err != nil {
		return err
	}
	chat, err := writable(s.App, message.GetString(collections.FieldChat), user)
	if err != nil {
		return err
	}
	if err := s.checkReferences(message, chat.members); err != nil {
		return err
	}
	if chat.contract == "" {
		if flag := Suspicious(message.GetString(collections.MessageBody)); flag != "" {
			message.Set(collections.MessageFlag, flag)
		}
	}
	return nil
}

// Changed does what belongs to changing a message, in its transaction: its
// former text is kept, it gets a change number, and its chat hears of it.
func (s ChatsService) Changed(tx core.App, message *core.Record, save func() error) error {
	before := message.Original()
	was, is := before.GetString(collections.MessageBody), message.GetString(collections.MessageBody)
	if was != is && was != "" {
		if err := s.keep(tx, message, was); err != nil {
			return err
		}
		if message.GetDateTime(collections.MessageDeletedAt).IsZero() {
			message.Set(collections.MessageEditedAt, s.Clock.Now())
		}
	}
	if was != is { // what was shown may be of another page
		message.Set(collections.MessagePreview, nil)
	}
	if err := change(tx, message); err != nil {
		return err
	}
	if err := save(); err != nil {
		return err
	}
	if was != is {
		if err := reindex(tx, message); err != nil {
			return err
		}
		if err := s.reportFlag(tx, message); err != nil {
			return err
		}
		if err := s.notePreview(tx, message); err != nil {
			return err
		}
	}
	if err := s.mentionsChanged(tx, before, message); err != nil {
		return err
	}
	members, err := membersOf(tx, message.GetString(collections.FieldChat))
	if err != nil {
		return err
	}
	s.announceMessage(tx, "update", message, members)
	return nil
}

func (s ChatsService) keep(tx core.App, message *core.Record, body string) error {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Edits)
	if err != nil {
		return err
	}
	edit := core.NewRecord(col)
	edit.Load(map[string]any{collections.EditMessage: message.Id, collections.FieldChat: message.GetString(collections.FieldChat), collections.MessageBody: body})
	return tx.SaveNoValidate(edit)
}

// messageFor loads a message of a chat that user is in.
func (s ChatsService) messageFor(tx core.App, id, user string) (message, member *core.Record, err error) {
	message, err = tx.FindRecordById(collections.Messages, id)
	if err != nil {
		return nil, nil, notFoundOr(err)
	}
	member, err = s.Member(tx, message.GetString(collections.FieldChat), user)
	return message, member, err
}

// Delete turns a message into a tombstone: its place and number stay.
func (s ChatsService) Delete(cmd Command, id string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		message, member, err := s.messageFor(tx, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		if !message.GetDateTime(collections.MessageDeletedAt).IsZero() {
			return message, nil
		}
		room, err := tx.FindRecordById(collections.Chats, message.GetString(collections.FieldChat))
		if err != nil {
			return nil, err
		}
		moderates := room.GetString(collections.ChatKind) == collections.ChatGroup && member.GetString(collections.MemberRole) == collections.MemberRoleOwner
		if message.GetString(collections.MessageKind) != collections.MessageKindUser || (message.GetString(collections.MessageSender) != cmd.Principal && !moderates) {
			return nil, forbidden(CodeEditNotAllowed, "Only your own messages can be deleted.")
		}
		message.Load(map[string]any{
			collections.MessageBody: "", collections.MessageAttachments: nil, collections.MessageReactions: nil,
			collections.MessageMentions: []string{}, collections.MessageDeletedAt: s.Clock.Now(),
		})
		return message, tx.SaveNoValidate(message)
	})
}

// Bounds of reactions.
const (
	maxReactions     = 20
	maxReactionBytes = 32
)

// isEmoji tells pictures from words: everybody in the chat sees a reaction, and it
// is neither searched nor looked at for what must not be said. A picture has no
// letters, and a symbol outside of ASCII or the frame of a key (U+20E3).
func isEmoji(text string) bool {
	if len(text) > maxReactionBytes || !utf8.ValidString(text) || strings.ContainsAny(text, " <>&\"'") {
		return false
	}
	picture := false
	for _, r := range text {
		if unicode.IsLetter(r) && r != '\u2139' || unicode.IsControl(r) || unicode.IsSpace(r) { // U+2139 is the sign of information
			return false
		}
		picture = picture || r > unicode.MaxASCII && unicode.IsSymbol(r) || strings.ContainsRune("\u2139\u203c\u2049\u20e3", r)
	}
	return picture
}

// React adds or takes back one person's reaction.
func (s ChatsService) React(cmd Command, id, emoji string, add bool) (Answer, error) {
	if add && !isEmoji(emoji) {
		return Answer{}, badRequest(CodeInvalidInput, "A reaction is one emoji.").With("field", "emoji")
	}
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		message, _, err := s.messageFor(tx, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		if !message.GetDateTime(collections.MessageDeletedAt).IsZero() {
			return nil, forbidden(CodeEditNotAllowed, "This message was deleted.")
		}
		if _, err := writable(tx, message.GetString(collections.FieldChat), cmd.Principal); err != nil {
			return nil, err
		}
		reactions := map[string][]string{}
		if err := message.UnmarshalJSONField(collections.MessageReactions, &reactions); err != nil || reactions == nil {
			reactions = map[string][]string{}
		}
		if slices.Contains(reactions[emoji], cmd.Principal) == add {
			return message, nil
		}
		if add {
			reactions[emoji] = append(reactions[emoji], cmd.Principal)
		} else {
			reactions[emoji] = slices.DeleteFunc(reactions[emoji], func(user string) bool { return user == cmd.Principal })
		}
		if len(reactions[emoji]) == 0 {
			delete(reactions, emoji)
		}
		if len(reactions) > maxReactions {
			return nil, badRequest(CodeInvalidInput, "A message takes at most %d different reactions.", maxReactions)
		}
		message.Set(collections.MessageReactions, reactions)
		return message, tx.SaveNoValidate(message)
	})
}

// tooFast is the answer to somebody who sends more than people type.
func tooFast(wait time.Duration) error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: CodeTooManyRequests, RetryAfter: wait,
		Message: "That was too fast. Wait a moment.",
	}
}
