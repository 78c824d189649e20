package hooks

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

const (
	filesPath       = "/api/files/"
	sweepFilesEvery = 6 * time.Hour
)

// bindFiles sends downloads to the storage once the record's rule has allowed
// them, and says so when the storage is down.
func bindFiles(i *services.Instance) error {
	onServe(i, func(e *core.ServeEvent) {
		e.Router.BindFunc(func(e *core.RequestEvent) error {
			form := strings.HasPrefix(e.Request.Header.Get("Content-Type"), "multipart/form-data") // it may bring files
			if form || strings.HasPrefix(e.Request.URL.Path, filesPath) && e.Request.Method != http.MethodPost {
				if err := i.Files.Available(e.Request.Context()); err != nil {
					return err
				}
			}
			if form {
				if err := i.Files.Room(max(0, e.Request.ContentLength)); err != nil {
					return err
				}
			}
			return e.Next()
		})
	})
	i.App.OnFileDownloadRequest().BindFunc(func(e *core.FileDownloadRequestEvent) error {
		if e.FileField.Protected && !stillActive(e) {
			return services.Failf(http.StatusNotFound, services.CodeNotFound, "The requested resource wasn't found.")
		}
		way, err := i.Download(e.Request.Context(), services.FileRequest{
			Method: e.Request.Method, Host: e.Request.Host, Key: e.ServedPath, Ranged: e.Request.Header.Get("Range") != "",
			Save: slices.Contains([]string{"1", "true"}, e.Request.URL.Query().Get("download")),
		})
		if err != nil {
			return err
		}
		if way.Through {
			return through(i, e)
		}
		e.Response.Header().Set("Cache-Control", "private, no-store") // the link is for this person, now
		return e.Redirect(http.StatusTemporaryRedirect, way.Link)
	})
	return errors.Join(
		i.Every(services.SlowSweep, "make the bucket", i.KeepBucket),
		i.Every(sweepFilesEvery, "sweep files", i.SweepFiles))
}

// through lets PocketBase send the file itself.
func through(i *services.Instance, e *core.FileDownloadRequestEvent) error {
	err := e.Next()
	if err == nil || e.Written() {
		return err
	}
	i.Files.Failed()
	return errors.Join(i.Files.Available(e.Request.Context()), err)
}

// stillActive tells whether the person behind a file token may still come in: the
// token outlives their session by some minutes.
func stillActive(e *core.FileDownloadRequestEvent) bool {
	token := e.Request.URL.Query().Get("token")
	if token == "" {
		return true // the rule has allowed it to everyone
	}
	user, err := e.App.FindAuthRecordByToken(token, core.TokenTypeFile)
	return err != nil || user.Collection().Name != collections.Users || user.GetString(collections.FieldStatus) == collections.UserStatusActive
}
