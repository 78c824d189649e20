package services

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/subscriptions"

	"github.com/lancershub/lancershub/collections"
)

// ChatsService owns chats, messages and notifications. Only the messages
// instance has it.
type ChatsService struct{ *Instance }

// OpenChat makes the chat of a contract with its two members, unless it exists.
func (s ChatsService) OpenChat(tx core.App, news ContractNews) (*core.Record, error) {
	chat, err := tx.FindFirstRecordByData(collections.Chats, collections.FieldContract, news.Contract)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return chat, err
	}
	chats, err := tx.FindCachedCollectionByNameOrId(collections.Chats)
	if err != nil {
		return nil, err
	}
	chat = core.NewRecord(chats)
	chat.Load(map[string]any{
		collections.FieldProject: news.Project, collections.FieldContract: news.Contract, collections.FieldTitle: news.Title,
	})
	if err := tx.Save(chat); err != nil {
		return nil, err
	}
	members, err := tx.FindCachedCollectionByNameOrId(collections.Members)
	if err != nil {
		return nil, err
	}
	for _, person := range []struct{ id, role string }{
		{news.Client, collections.MemberRoleOwner}, {news.Freelancer, collections.MemberRoleOfMember},
	} {
		member := core.NewRecord(members)
		member.Load(map[string]any{collections.FieldChat: chat.Id, collections.FieldUser: person.id, collections.MemberRole: person.role})
		if err := tx.SaveNoValidate(member); err != nil {
			return nil, err
		}
	}
	return chat, s.say(tx, chat.Id, "The contract began. This chat is for the two of you.")
}

// say adds a system message.
func (s ChatsService) say(tx core.App, chat, body string) error {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Messages)
	if err != nil {
		return err
	}
	message := core.NewRecord(col)
	message.Load(map[string]any{
		collections.FieldChat: chat, collections.MessageKind: collections.MessageKindSystem, collections.MessageBody: body,
	})
	if err := s.Number(tx, message); err != nil {
		return err
	}
	return tx.SaveNoValidate(message)
}

// sayInContract adds a system message to the chat of a contract, if it has one.
func (s ChatsService) sayInContract(tx core.App, contract, body string) error {
	chat, err := tx.FindFirstRecordByData(collections.Chats, collections.FieldContract, contract)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.say(tx, chat.Id, body)
}

// Number gives a message the next number of its chat, in the transaction that
// stores it: numbers have no gap and no double.
func (s ChatsService) Number(tx core.App, message *core.Record) error {
	chat := message.GetString(collections.FieldChat)
	result, err := tx.DB().Update(collections.Chats, dbx.Params{
		collections.ChatLastSeq:       dbx.NewExp("[[lastSeq]] + 1"),
		collections.ChatLastMessageAt: dateTime(s.Clock.Now()).String(),
	}, dbx.HashExp{collections.FieldID: chat}).Execute()
	if found, err := oneRow(result, err); err != nil {
		return err
	} else if !found {
		return notFound()
	}
	var seq int
	if err := tx.DB().Select(collections.ChatLastSeq).From(collections.Chats).Where(dbx.HashExp{collections.FieldID: chat}).Row(&seq); err != nil {
		return err
	}
	message.Set(collections.MessageSeq, seq)
	return nil
}

// NewMessage fills in what the server decides about a message being sent. If it
// is a retry (same chat, sender and clientId), the message stored before is returned.
func (s ChatsService) NewMessage(message *core.Record, sender string) (*core.Record, error) {
	if message.GetString(collections.MessageBody) == "" {
		return nil, badRequest(CodeInvalidInput, "A message needs a body.")
	}
	message.Set(collections.MessageSender, sender)
	message.Set(collections.MessageKind, collections.MessageKindUser)
	client := message.GetString(collections.MessageClientID)
	if client == "" {
		return nil, nil
	}
	before, err := s.App.FindFirstRecordByFilter(collections.Messages, "chat = {:chat} && sender = {:sender} && clientId = {:client}",
		dbx.Params{"chat": message.GetString(collections.FieldChat), "sender": sender, "client": client})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return before, err
}

// Member returns the membership of user in chat. Without one the chat does not exist for them.
func (s ChatsService) Member(app core.App, chat, user string) (*core.Record, error) {
	member, err := app.FindFirstRecordByFilter(collections.Members, "chat = {:chat} && user = {:user}", dbx.Params{"chat": chat, "user": user})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound()
	}
	return member, err
}

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
			return member, nil
		}
		member.Set(collections.MemberLastReadSeq, seq)
		return member, tx.SaveNoValidate(member)
	})
}

// After returns a chat's messages with a number above seq, oldest first.
func (s ChatsService) After(chat, user string, seq, limit int) ([]*core.Record, error) {
	if _, err := s.Member(s.App, chat, user); err != nil {
		return nil, err
	}
	return s.App.FindRecordsByFilter(collections.Messages, "chat = {:chat} && seq > {:seq}", collections.MessageSeq, limit, 0,
		dbx.Params{"chat": chat, "seq": seq})
}

// Typing tells the other members who listen to "chats/ID/typing" that user is
// typing. It never touches the disk.
func (s ChatsService) Typing(chat, user string) error {
	if _, err := s.Member(s.App, chat, user); err != nil {
		return err
	}
	members, err := s.App.FindRecordsByFilter(collections.Members, "chat = {:chat} && user != {:user}", "", 0, 0, dbx.Params{"chat": chat, "user": user})
	if err != nil {
		return err
	}
	topic := collections.Chats + "/" + chat + "/typing"
	data, err := json.Marshal(map[string]string{"chat": chat, "user": user})
	if err != nil {
		return err
	}
	for _, client := range s.App.SubscriptionsBroker().Clients() {
		_, listener := clientIdentity(client)
		if client.HasSubscription(topic) && slices.ContainsFunc(members, func(m *core.Record) bool { return m.GetString(collections.FieldUser) == listener }) {
			client.Send(subscriptions.Message{Name: topic, Data: data})
		}
	}
	return nil
}
