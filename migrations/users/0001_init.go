// Package users holds the schema history of the users instance.
package users

import (
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

// List has the migrations of the users instance, in the order of their file names.
var List core.MigrationsList

func init() {
	List.Register(up0001, down0001)
}

func up0001(app core.App) error {
	if err := common.Messaging(app); err != nil {
		return fmt.Errorf("failed to create messaging tables: %w", err)
	}
	if err := usersCollection(app); err != nil {
		return fmt.Errorf("failed to shape users: %w", err)
	}
	if err := sessionsCollection(app); err != nil {
		return fmt.Errorf("failed to create sessions: %w", err)
	}
	return nil
}

func down0001(app core.App) error {
	if err := common.Drop(app, "sessions"); err != nil {
		return err
	}
	return common.DropMessaging(app)
}

func usersCollection(app core.App) error {
	col, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return err
	}
	const visible = "status = 'active' && (@request.auth.id != '' || roles:each ?= 'freelancer')"
	col.ListRule = common.Ptr(visible)
	col.ViewRule = common.Ptr("id = @request.auth.id || (" + visible + ")")
	col.CreateRule = common.Ptr("")
	col.UpdateRule = common.Ptr("@request.auth.id != '' && id = @request.auth.id")
	col.DeleteRule = nil
	col.AuthRule = common.Ptr("status = 'active'")
	col.ManageRule = nil
	col.OAuth2.Enabled = false
	col.OTP.Enabled = false
	col.AuthAlert.Enabled = false
	col.PasswordAuth.Enabled = true
	col.PasswordAuth.IdentityFields = []string{"email"}
	if password, ok := col.Fields.GetByName("password").(*core.PasswordField); ok {
		password.Min = 8
		password.Max = 71 // bcrypt reads at most 72 bytes
	}
	col.Fields.RemoveByName("name")
	col.Fields.RemoveByName("avatar")
	col.Fields.Add(
		&core.TextField{Name: "name", Max: 120, Presentable: true},
		&core.FileField{Name: "avatar", MaxSelect: 1, MaxSize: 2 << 20, MimeTypes: []string{"image/jpeg", "image/png", "image/webp"}, Thumbs: []string{"64x64", "256x256"}},
		&core.SelectField{Name: "roles", Values: []string{"client", "freelancer"}, MaxSelect: 2, Required: true},
		&core.TextField{Name: "headline", Max: 160},
		&core.TextField{Name: "bio", Max: 5000},
		&core.JSONField{Name: "skills", MaxSize: 4000},
		&core.NumberField{Name: "hourlyRate", OnlyInt: true, Min: number(0), Max: number(100_000_000)},
		&core.TextField{Name: "currency", Max: 3, Pattern: "^([A-Z]{3})?$"},
		&core.TextField{Name: "country", Max: 2, Pattern: "^([A-Z]{2})?$"},
		&core.TextField{Name: "timezone", Max: 64},
		&core.SelectField{Name: "status", Values: []string{"active", "suspended", "closed"}, MaxSelect: 1},
		&core.NumberField{Name: "ver", OnlyInt: true, Hidden: true},
		&core.NumberField{Name: "rev", OnlyInt: true, Hidden: true},
	)
	col.AddIndex("idx_users_status", false, "`status`", "")
	return app.Save(col)
}

func sessionsCollection(app core.App) error {
	user, err := common.UserRelation(app, "user", true)
	if err != nil {
		return err
	}
	const owner = "@request.auth.id != '' && user = @request.auth.id"
	col := core.NewBaseCollection("sessions")
	col.ListRule, col.ViewRule = common.Ptr(owner), common.Ptr(owner)
	col.Fields.Add(
		user,
		&core.TextField{Name: "tokenHash", Hidden: true, Required: true, Max: 64},
		&core.TextField{Name: "previousHash", Hidden: true, Max: 64},
		&core.BoolField{Name: "graceUsed", Hidden: true},
		&core.DateField{Name: "authAt"},
		&core.DateField{Name: "rotatedAt"},
		&core.DateField{Name: "expiresAt"},
		&core.DateField{Name: "idleExpiresAt"},
		&core.DateField{Name: "revokedAt"},
		&core.TextField{Name: "revokedReason", Max: 60},
		&core.TextField{Name: "userAgent", Max: 300},
		&core.TextField{Name: "ip", Max: 64},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_sessions_user", false, "`user`, `revokedAt`", "")
	col.AddIndex("idx_sessions_expires", false, "`expiresAt`", "")
	return app.Save(col)
}

func number(v float64) *float64 { return &v }
