package messages

import (
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0052, down0052)
}

// up0052 makes notifications data that clients can translate and group, says
// when each is due by mail, and keeps how people want to hear of things.
func up0052(app core.App) error {
	for _, step := range []struct {
		name string
		run  func(core.App) error
	}{
		{"notifications", structureNotifications},
		{"values", func(app core.App) error {
			return common.Exec(app, `UPDATE notifications SET count = 1, at = created`)
		}},
		{"members", func(app core.App) error {
			col, err := app.FindCollectionByNameOrId("members")
			if err != nil {
				return err
			}
			col.Fields.Add(&core.NumberField{Name: "mailAt", OnlyInt: true, Hidden: true})
			col.AddIndex("idx_members_mail", false, "`mailAt`", "`mailAt` > 0")
			return app.Save(col)
		}},
		{"preferences", preferencesCollection},
	} {
		if err := step.run(app); err != nil {
			return fmt.Errorf("failed to structure %s: %w", step.name, err)
		}
	}
	return nil
}

func down0052(app core.App) error {
	if err := common.Drop(app, "preferences"); err != nil {
		return err
	}
	for _, narrow := range []struct {
		collection      string
		fields, indexes []string
	}{
		{"members", []string{"mailAt"}, []string{"idx_members_mail"}},
		{"notifications", []string{"params", "subject", "count", "at", "channel", "mailAt"}, []string{"idx_notifications_at", "idx_notifications_group", "idx_notifications_mail"}},
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
		if err := app.Save(col); err != nil {
			return err
		}
	}
	return nil
}

func structureNotifications(app core.App) error {
	col, err := app.FindCollectionByNameOrId("notifications")
	if err != nil {
		return err
	}
	col.Fields.Add(
		&core.JSONField{Name: "params", MaxSize: 4000},
		&core.TextField{Name: "subject", Max: 60},
		&core.NumberField{Name: "count", OnlyInt: true},
		// When the last of those it stands for happened.
		&core.DateField{Name: "at"},
		&core.TextField{Name: "channel", Max: 10, Hidden: true},
		// Unix milliseconds; 0 when no mail is due.
		&core.NumberField{Name: "mailAt", OnlyInt: true, Hidden: true},
	)
	col.AddIndex("idx_notifications_at", false, "`user`, `at`", "")
	col.AddIndex("idx_notifications_group", false, "`user`, `kind`, `subject`", "`readAt` = ''")
	col.AddIndex("idx_notifications_mail", false, "`mailAt`, `user`", "`mailAt` > 0")
	return app.Save(col)
}

func preferencesCollection(app core.App) error {
	user, err := common.UserRelation(app, "user", true)
	if err != nil {
		return err
	}
	own := common.Ptr(signedIn + " && user = @request.auth.id")
	col := core.NewBaseCollection("preferences")
	col.ListRule, col.ViewRule = own, own
	col.Fields.Add(
		user,
		&core.JSONField{Name: "channels", MaxSize: 8000},
		&core.TextField{Name: "quietFrom", Max: 5},
		&core.TextField{Name: "quietTo", Max: 5},
		&core.TextField{Name: "digestAt", Max: 5},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_preferences_user", true, "`user`", "")
	return app.Save(col)
}
