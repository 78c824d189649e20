package services

import (
	"database/sql"
	"errors"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// ChatsService owns chats, messages and notifications. Only the messages
// instance has it.
type ChatsService struct{ *Instance }

// Opening says between whom a chat is, and what gave them the right to it.
type Opening struct {
	Project, Proposal, Contract string
	Title                       string
	Client, Freelancer          string
	Origin                      string
}

// pair is what a client and a freelancer have one direct chat for.
func (o Opening) pair() string { return o.Project + ":" + o.Client + ":" + o.Freelancer }

// OpenChat returns the direct chat of two people about a project, made if it
// does not exist: invitation, proposal and contract share it. opened tells
// whether a contract came to it, or it is new.
func (s ChatsService) OpenChat(tx core.App, o Opening) (chat *core.Record, opened bool, err error) {
	if o.Contract != "" {
		chat, err = chatOfContract(tx, o.Contract, collections.ChatDirect)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return chat, false, err
		}
	}
	pair := o.pair()
	chat, err = firstWhere(tx, collections.Chats, "pair = {:pair} AND pair <> ''", dbx.Params{"pair": pair})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, false, err
	}
	if err == nil {
		before := chat.GetString(collections.FieldContract)
		if before == "" || o.Contract == "" {
			return chat, o.Contract != "", s.widen(tx, chat, o)
		}
		pair = "" // the two have another contract about the same project
	}
	chat, err = s.makeChat(tx, map[string]any{
		collections.FieldProject: o.Project, collections.FieldContract: o.Contract, collections.FieldTitle: o.Title,
		collections.ChatKind: collections.ChatDirect, collections.ChatOrigin: o.Origin, collections.ChatProposal: o.Proposal, collections.ChatPair: pair,
	})
	if err != nil {
		return nil, false, err
	}
	return chat, true, errors.Join(
		s.join(tx, chat.Id, o.Client, collections.MemberRoleOwner),
		s.join(tx, chat.Id, o.Freelancer, collections.MemberRoleOfMember))
}

// widen notes on a chat the proposal or contract that came to it.
func (s ChatsService) widen(tx core.App, chat *core.Record, o Opening) error {
	if o.Proposal != "" {
		chat.Set(collections.ChatProposal, o.Proposal)
	}
	if o.Contract != "" {
		chat.Set(collections.FieldContract, o.Contract)
		chat.Set(collections.FieldTitle, o.Title)
	}
	return tx.SaveNoValidate(chat)
}

func (s ChatsService) makeChat(tx core.App, values map[string]any) (*core.Record, error) {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Chats)
	if err != nil {
		return nil, err
	}
	chat := core.NewRecord(col)
	chat.Load(values)
	return chat, tx.Save(chat)
}

// join makes user a member of chat, unless they are one.
func (s ChatsService) join(tx core.App, chat, user, role string) error {
	if _, err := s.Member(tx, chat, user); Code(err) != CodeNotFound {
		return err
	}
	col, err := tx.FindCachedCollectionByNameOrId(collections.Members)
	if err != nil {
		return err
	}
	member := core.NewRecord(col)
	member.Load(map[string]any{collections.FieldChat: chat, collections.FieldUser: user, collections.MemberRole: role})
	// Without validation: the person's mirror may not have arrived yet.
	return tx.SaveNoValidate(member)
}

// OpenRoom adds user to the group room of a contract, which begins with both parties.
func (s ChatsService) OpenRoom(tx core.App, news MemberNews) error {
	room, err := chatOfContract(tx, news.Contract, collections.ChatGroup)
	if errors.Is(err, sql.ErrNoRows) {
		room, err = s.makeChat(tx, map[string]any{
			collections.FieldProject: news.Project, collections.FieldContract: news.Contract, collections.FieldTitle: news.Title,
			collections.ChatKind: collections.ChatGroup, collections.ChatOrigin: collections.OriginContract,
		})
		if err == nil {
			err = errors.Join(
				s.join(tx, room.Id, news.Client, collections.MemberRoleOwner),
				s.join(tx, room.Id, news.Freelancer, collections.MemberRoleOfMember))
		}
	}
	if err != nil {
		return err
	}
	if err := s.join(tx, room.Id, news.User, collections.MemberRoleOfMember); err != nil {
		return err
	}
	return s.say(tx, room.Id, TopicMemberAdded, map[string]any{"user": news.User}, "Somebody joined.")
}

// say adds a system message: what happened, for people in body, for programs in topic and params.
func (s ChatsService) say(tx core.App, chat, topic string, params any, body string) error {
	return s.post(tx, map[string]any{
		collections.FieldChat: chat, collections.MessageKind: collections.MessageKindSystem,
		collections.MessageTopic: topic, collections.MessageParams: params, collections.MessageBody: truncate(body, 5000),
	})
}

func (s ChatsService) post(tx core.App, values map[string]any) error {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Messages)
	if err != nil {
		return err
	}
	message := core.NewRecord(col)
	message.Load(values)
	return tx.SaveNoValidate(message)
}

func chatOfContract(tx core.App, contract, kind string) (*core.Record, error) {
	return tx.FindFirstRecordByFilter(collections.Chats, "contract = {:contract} && kind = {:kind}",
		dbx.Params{collections.FieldContract: contract, collections.ChatKind: kind})
}

// sayInContract adds a system message to the chat of a contract, if it has one.
func (s ChatsService) sayInContract(tx core.App, contract, topic string, params any, body string) error {
	if contract == "" {
		return nil
	}
	chat, err := chatOfContract(tx, contract, collections.ChatDirect)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.say(tx, chat.Id, topic, params, strings.TrimSpace(body))
}

// Member returns the membership of user in chat. Without one the chat does not exist for them.
func (s ChatsService) Member(app core.App, chat, user string) (*core.Record, error) {
	member, err := app.FindFirstRecordByFilter(collections.Members, "chat = {:chat} && user = {:user}", dbx.Params{"chat": chat, "user": user})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound()
	}
	return member, err
}

// Leave takes a person out of a group room. A direct chat cannot be left, only archived.
func (s ChatsService) Leave(cmd Command, chat string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		member, err := s.Member(tx, chat, cmd.Principal)
		if err != nil {
			return nil, err
		}
		room, err := tx.FindRecordById(collections.Chats, chat)
		if err != nil {
			return nil, err
		}
		if room.GetString(collections.ChatKind) != collections.ChatGroup {
			return nil, conflict(CodeConflict, "A chat of two cannot be left: archive it, or block the other person.")
		}
		if err := s.say(tx, chat, TopicMemberLeft, map[string]any{"user": cmd.Principal}, "Somebody left."); err != nil {
			return nil, err
		}
		return struct{}{}, tx.Delete(member)
	})
}

// memberRow is what delivering a message needs to know of a member.
type memberRow struct {
	ID          string `db:"id"`
	User        string `db:"user"`
	LastReadSeq int    `db:"lastReadSeq"`
	OwnAfter    int    `db:"ownAfter"`
	Mentions    int    `db:"mentions"`
	Archived    bool   `db:"archived"`
	Muted       bool   `db:"muted"`
}

func membersOf(app core.App, chat string) ([]memberRow, error) {
	var rows []memberRow
	err := app.DB().NewQuery("SELECT id, [[user]], lastReadSeq, ownAfter, mentions, archived, muted FROM members WHERE chat = {:chat}").
		Bind(dbx.Params{"chat": chat}).All(&rows)
	return rows, err
}

func usersOf(rows []memberRow) []string {
	users := make([]string, 0, len(rows))
	for _, row := range rows {
		users = append(users, row.User)
	}
	return users
}

// blocked tells whether one of two people has blocked the other.
func blocked(app core.App, one, other string) (bool, error) {
	var n int
	err := app.DB().NewQuery(`SELECT count(*) FROM blocks WHERE ([[user]] = {:one} AND blocked = {:other}) OR ([[user]] = {:other} AND blocked = {:one})`).
		Bind(dbx.Params{"one": one, "other": other}).Row(&n)
	return n > 0, err
}

// NewBlock fills in whose block it is.
func (s ChatsService) NewBlock(block *core.Record, user string) error {
	block.Set(collections.FieldUser, user)
	if block.GetString(collections.BlockBlocked) == user {
		return badRequest(CodeInvalidInput, "You cannot block yourself.")
	}
	return nil
}
