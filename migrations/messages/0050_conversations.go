package messages

import (
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0050, down0050)
}

// fillSQL gives what was stored before the new fields their values: every chat
// so far belonged to a contract, and its messages never changed.
const fillSQL = `
UPDATE chats SET kind = 'direct', origin = 'contract', lastChange = lastSeq,
	pair = coalesce(project || ':' || (SELECT user FROM members WHERE chat = chats.id AND role = 'owner')
		|| ':' || (SELECT user FROM members WHERE chat = chats.id AND role = 'member'), '');
UPDATE messages SET change = seq;
UPDATE members SET ownAfter = (SELECT count(*) FROM messages
	WHERE chat = members.chat AND seq > members.lastReadSeq AND sender = members.user);
`

// up0050 adds what a conversation needs beside its texts: changes in order,
// answers, mentions, reactions, former texts, rooms, blocking and reports.
func up0050(app core.App) error {
	for _, step := range []struct {
		name string
		run  func(core.App) error
	}{
		{"chats", widenChats},
		{"members", widenMembers},
		{"messages", widenMessages},
		{"values", func(app core.App) error { return common.Exec(app, fillSQL) }},
		{"indexes", conversationIndexes},
		{"edits", editsCollection},
		{"blocks", blocksCollection},
		{"reports", reportsCollection},
	} {
		if err := step.run(app); err != nil {
			return fmt.Errorf("failed to widen %s: %w", step.name, err)
		}
	}
	return nil
}

func down0050(app core.App) error {
	if err := common.Drop(app, "reports", "blocks", "edits"); err != nil {
		return err
	}
	for _, narrow := range []struct {
		collection      string
		fields, indexes []string
	}{
		{"messages", []string{"change", "replyTo", "mentions", "reactions", "topic", "params", "flag"}, []string{"idx_messages_change", "idx_messages_reply"}},
		{"members", []string{"archived", "ownAfter", "mentions", "mailedSeq"}, nil},
		{"chats", []string{"kind", "origin", "proposal", "pair", "lastChange"}, []string{"idx_chats_contract", "idx_chats_room", "idx_chats_pair", "idx_chats_latest"}},
	} {
		col, err := app.FindCollectionByNameOrId(narrow.collection)
		if err != nil {
			return err
		}
		for _, index := range narrow.indexes {
			col.RemoveIndex(index)
		}
		for _, field := range narrow.fields {
			col.Fields.RemoveByName(field)
		}
		switch narrow.collection {
		case "messages":
			col.UpdateRule = nil
		case "chats":
			col.AddIndex("idx_chats_contract", true, "`contract`", "`contract` <> ''")
		}
		if err := app.Save(col); err != nil {
			return err
		}
	}
	return nil
}

func widenChats(app core.App) error {
	col, err := app.FindCollectionByNameOrId("chats")
	if err != nil {
		return err
	}
	col.Fields.Add(
		&core.SelectField{Name: "kind", Values: []string{"direct", "group"}, MaxSelect: 1},
		&core.SelectField{Name: "origin", Values: []string{"invitation", "proposal", "contract"}, MaxSelect: 1},
		&core.TextField{Name: "proposal", Max: 15},
		// project:client:freelancer of a direct chat, so that there is one.
		&core.TextField{Name: "pair", Max: 50, Hidden: true},
		&core.NumberField{Name: "lastChange", OnlyInt: true},
	)
	return app.Save(col)
}

func widenMembers(app core.App) error {
	col, err := app.FindCollectionByNameOrId("members")
	if err != nil {
		return err
	}
	col.Fields.Add(
		&core.BoolField{Name: "archived"},
		&core.NumberField{Name: "ownAfter", OnlyInt: true},
		&core.NumberField{Name: "mentions", OnlyInt: true},
		&core.NumberField{Name: "mailedSeq", OnlyInt: true, Hidden: true},
	)
	return app.Save(col)
}

func widenMessages(app core.App) error {
	col, err := app.FindCollectionByNameOrId("messages")
	if err != nil {
		return err
	}
	users, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return err
	}
	col.Fields.Add(
		&core.NumberField{Name: "change", OnlyInt: true},
		&core.RelationField{Name: "replyTo", CollectionId: col.Id, MaxSelect: 1},
		&core.RelationField{Name: "mentions", CollectionId: users.Id, MaxSelect: 20},
		&core.JSONField{Name: "reactions", MaxSize: 20_000},
		&core.TextField{Name: "topic", Max: 60},
		&core.JSONField{Name: "params", MaxSize: 4000},
		&core.TextField{Name: "flag", Max: 30, Hidden: true},
	)
	col.UpdateRule = common.Ptr(signedIn + " && sender = @request.auth.id && chat.members_via_chat.user ?= @request.auth.id")
	return app.Save(col)
}

func conversationIndexes(app core.App) error {
	chats, err := app.FindCollectionByNameOrId("chats")
	if err != nil {
		return err
	}
	chats.RemoveIndex("idx_chats_contract")
	chats.AddIndex("idx_chats_contract", true, "`contract`", "`contract` <> '' AND `kind` = 'direct'")
	chats.AddIndex("idx_chats_room", true, "`contract`", "`contract` <> '' AND `kind` = 'group'")
	chats.AddIndex("idx_chats_pair", true, "`pair`", "`pair` <> ''")
	chats.AddIndex("idx_chats_latest", false, "`lastMessageAt`", "")
	if err := app.Save(chats); err != nil {
		return err
	}
	messages, err := app.FindCollectionByNameOrId("messages")
	if err != nil {
		return err
	}
	messages.AddIndex("idx_messages_change", true, "`chat`, `change`", "")
	messages.AddIndex("idx_messages_reply", false, "`replyTo`", "`replyTo` <> ''")
	return app.Save(messages)
}

// editsCollection keeps the former texts of a message. Members read them until
// it is deleted; from then on only moderators do.
func editsCollection(app core.App) error {
	message, err := common.Relation(app, "message", "messages", true)
	if err != nil {
		return err
	}
	chat, err := common.Relation(app, "chat", "chats", true)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("edits")
	rule := common.Ptr(signedIn + " && chat.members_via_chat.user ?= @request.auth.id && message.deletedAt = ''")
	col.ListRule, col.ViewRule = rule, rule
	col.Fields.Add(message, chat, &core.TextField{Name: "body", Max: 10000})
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_edits_message", false, "`message`, `created`", "")
	return app.Save(col)
}

// blocksCollection says who does not want to hear from whom.
func blocksCollection(app core.App) error {
	user, err := common.UserRelation(app, "user", true)
	if err != nil {
		return err
	}
	blocked, err := common.UserRelation(app, "blocked", true)
	if err != nil {
		return err
	}
	own := common.Ptr(signedIn + " && user = @request.auth.id")
	col := core.NewBaseCollection("blocks")
	col.ListRule, col.ViewRule, col.DeleteRule = own, own, own
	col.CreateRule = common.Ptr(signedIn)
	col.Fields.Add(user, blocked)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_blocks_pair", true, "`user`, `blocked`", "")
	col.AddIndex("idx_blocks_blocked", false, "`blocked`", "")
	return app.Save(col)
}

// reportsCollection is the moderators' list of messages to look at. One without
// a reporter was made by the filter for contact details and payments elsewhere.
func reportsCollection(app core.App) error {
	message, err := common.Relation(app, "message", "messages", true)
	if err != nil {
		return err
	}
	chat, err := common.Relation(app, "chat", "chats", true)
	if err != nil {
		return err
	}
	reporter, err := common.UserRelation(app, "reporter", false)
	if err != nil {
		return err
	}
	sender, err := common.UserRelation(app, "sender", false)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("reports")
	col.Fields.Add(
		message, chat, sender, reporter,
		&core.SelectField{Name: "reason", Required: true, MaxSelect: 1, Values: []string{"spam", "scam", "harassment", "off_platform", "contact_details", "other"}, Presentable: true},
		&core.TextField{Name: "note", Max: 1000},
		// The text as it was: the message may be edited or deleted later.
		&core.TextField{Name: "excerpt", Max: 2000},
		&core.SelectField{Name: "status", Required: true, MaxSelect: 1, Values: []string{"open", "upheld", "dismissed"}},
		&core.TextField{Name: "decision", Max: 1000},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_reports_once", true, "`message`, `reporter`, `reason`", "")
	col.AddIndex("idx_reports_open", false, "`created`", "`status` = 'open'")
	return app.Save(col)
}
