package common

import "github.com/pocketbase/pocketbase/core"

// fileTypes are what people may attach: pictures, documents, sound, film, archives.
var fileTypes = []string{
	"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "text/csv", "text/markdown",
	"application/zip", "application/x-7z-compressed", "application/gzip", "application/x-tar",
	"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.presentation",
	"audio/mpeg", "audio/ogg", "audio/wav", "video/mp4", "video/webm", "video/quicktime",
}

// Attachments is a field of up to four files of up to 8 MB, read by whoever reads the record.
func Attachments(name string) core.Field {
	return &core.FileField{Name: name, MaxSelect: 4, MaxSize: 8 << 20, MimeTypes: fileTypes, Thumbs: []string{"320x0"}, Protected: true}
}

// AddFields adds fields to a collection.
func AddFields(app core.App, collection string, fields ...core.Field) error {
	col, err := app.FindCollectionByNameOrId(collection)
	if err != nil {
		return err
	}
	col.Fields.Add(fields...)
	return app.Save(col)
}

// RemoveFields removes fields from a collection.
func RemoveFields(app core.App, collection string, names ...string) error {
	col, err := app.FindCollectionByNameOrId(collection)
	if err != nil {
		return err
	}
	for _, name := range names {
		col.Fields.RemoveByName(name)
	}
	return app.Save(col)
}

// Uploads creates the list of files on their way into the storage.
func Uploads(app core.App) error {
	user, err := UserRelation(app, "user", true)
	if err != nil {
		return err
	}
	own := Ptr("@request.auth.id != '' && user = @request.auth.id")
	col := core.NewBaseCollection("uploads")
	col.ListRule, col.ViewRule = own, own
	col.Fields.Add(
		user,
		// What it will belong to: a milestone, a chat.
		&core.TextField{Name: "target", Required: true, Max: 30},
		&core.TextField{Name: "subject", Required: true, Max: 15},
		// The record it became, under the id that was reserved for it.
		&core.TextField{Name: "record", Required: true, Max: 15},
		&core.TextField{Name: "name", Required: true, Max: 200, Presentable: true},
		&core.TextField{Name: "note", Max: 5000},
		&core.TextField{Name: "clientId", Max: 64},
		&core.NumberField{Name: "size", OnlyInt: true, Required: true},
		&core.TextField{Name: "type", Max: 120},
		&core.TextField{Name: "sha256", Max: 64},
		&core.SelectField{Name: "status", Required: true, Values: []string{"started", "stored", "failed", "cancelled"}, MaxSelect: 1},
		&core.TextField{Name: "reason", Max: 200},
		&core.TextField{Name: "bucket", Max: 80, Hidden: true},
		&core.TextField{Name: "key", Max: 400, Hidden: true},
		&core.TextField{Name: "multipart", Max: 400, Hidden: true},
		&core.DateField{Name: "expiresAt"},
	)
	col.Fields.Add(Stamps()...)
	col.AddIndex("idx_uploads_user", false, "`user`, `status`", "")
	col.AddIndex("idx_uploads_open", false, "`created`", "`status` = 'started'")
	col.AddIndex("idx_uploads_key", true, "`key`", "")
	return app.Save(col)
}
