// Package messages holds the schema history of the messages instance.
package messages

import (
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

// List has the migrations of the messages instance, in the order of their file names.
var List core.MigrationsList

func init() {
	List.Register(up0001, down0001)
}

const signedIn = "@request.auth.id != ''"

func up0001(app core.App) error {
	steps := []struct {
		name string
		run  func(core.App) error
	}{
		{"messaging", common.Messaging},
		{"users mirror", common.MirrorUsers},
		{"chats", chatsCollection},
		{"members", membersCollection},
		{"chat rules", chatRules},
		{"messages", messagesCollection},
		{"notifications", notificationsCollection},
	}
	for _, step := range steps {
		if err := step.run(app); err != nil {
			return fmt.Errorf("failed to create %s: %w", step.name, err)
		}
	}
	return nil
}

func down0001(app core.App) error {
	col, err := app.FindCollectionByNameOrId("chats")
	if err != nil {
		return err
	}
	// The rules of chats refer back to members: clear them before members go.
	col.ListRule, col.ViewRule = nil, nil
	if err := app.Save(col); err != nil {
		return err
	}
	if err := common.Drop(app, "notifications", "messages", "members", "chats"); err != nil {
		return err
	}
	return common.DropMessaging(app)
}

func chatsCollection(app core.App) error {
	col := core.NewBaseCollection("chats")
	col.Fields.Add(
		&core.TextField{Name: "project", Max: 15},
		&core.TextField{Name: "contract", Max: 15},
		&core.TextField{Name: "title", Max: 140, Presentable: true},
		&core.NumberField{Name: "lastSeq", OnlyInt: true},
		&core.DateField{Name: "lastMessageAt"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_chats_contract", true, "`contract`", "`contract` <> ''")
	return app.Save(col)
}

func membersCollection(app core.App) error {
	chat, err := common.Relation(app, "chat", "chats", true)
	if err != nil {
		return err
	}
	user, err := common.UserRelation(app, "user", true)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("members")
	col.Fields.Add(
		chat,
		user,
		&core.SelectField{Name: "role", Values: []string{"owner", "member"}, MaxSelect: 1},
		&core.NumberField{Name: "lastReadSeq", OnlyInt: true},
		&core.BoolField{Name: "muted"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_members_chat_user", true, "`chat`, `user`", "")
	col.AddIndex("idx_members_user", false, "`user`", "")
	return app.Save(col)
}

// chatRules can only be set once members exists, because they look through it.
func chatRules(app core.App) error {
	chats, err := app.FindCollectionByNameOrId("chats")
	if err != nil {
		return err
	}
	rule := signedIn + " && members_via_chat.user ?= @request.auth.id"
	chats.ListRule, chats.ViewRule = common.Ptr(rule), common.Ptr(rule)
	if err := app.Save(chats); err != nil {
		return err
	}
	members, err := app.FindCollectionByNameOrId("members")
	if err != nil {
		return err
	}
	rule = signedIn + " && chat.members_via_chat.user ?= @request.auth.id"
	members.ListRule, members.ViewRule = common.Ptr(rule), common.Ptr(rule)
	members.UpdateRule = common.Ptr(signedIn + " && user = @request.auth.id")
	return app.Save(members)
}

func messagesCollection(app core.App) error {
	chat, err := common.Relation(app, "chat", "chats", true)
	if err != nil {
		return err
	}
	sender, err := common.UserRelation(app, "sender", false)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("messages")
	rule := signedIn + " && chat.members_via_chat.user ?= @request.auth.id"
	col.ListRule, col.ViewRule, col.CreateRule = common.Ptr(rule), common.Ptr(rule), common.Ptr(rule)
	col.Fields.Add(
		chat,
		&core.NumberField{Name: "seq", OnlyInt: true},
		sender,
		&core.SelectField{Name: "kind", Values: []string{"user", "system"}, MaxSelect: 1},
		&core.TextField{Name: "body", Max: 10000},
		&core.TextField{Name: "clientId", Max: 64},
		&core.DateField{Name: "editedAt"},
		&core.DateField{Name: "deletedAt"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_messages_seq", true, "`chat`, `seq`", "")
	col.AddIndex("idx_messages_client", true, "`chat`, `sender`, `clientId`", "`clientId` <> ''")
	return app.Save(col)
}

func notificationsCollection(app core.App) error {
	user, err := common.UserRelation(app, "user", true)
	if err != nil {
		return err
	}
	own := common.Ptr(signedIn + " && user = @request.auth.id")
	col := core.NewBaseCollection("notifications")
	col.ListRule, col.ViewRule, col.UpdateRule, col.DeleteRule = own, own, own, own
	col.Fields.Add(
		user,
		&core.TextField{Name: "kind", Required: true, Max: 60},
		&core.TextField{Name: "title", Required: true, Max: 200},
		&core.TextField{Name: "body", Max: 2000},
		&core.TextField{Name: "link", Max: 300},
		&core.DateField{Name: "readAt"},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_notifications_user", false, "`user`, `created`", "")
	col.AddIndex("idx_notifications_unread", false, "`user`", "`readAt` = ''")
	return app.Save(col)
}
