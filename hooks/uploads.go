package hooks

import (
	"context"
	"net/http"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindUploads registers the routes of large files.
func bindUploads(i *services.Instance, uploads func() services.Uploads) error {
	onServe(i, func(e *core.ServeEvent) {
		e.Router.POST("/api/uploads", startUpload(uploads))
		e.Router.GET("/api/uploads/{id}/parts", forUser(func(e *core.RequestEvent, user string) (any, error) {
			return uploads().Parts(e.Request.Context(), e.Request.PathValue("id"), user, e.Request.Host)
		}))
		e.Router.DELETE("/api/uploads/{id}", func(e *core.RequestEvent) error {
			user, err := requireUser(e)
			if err != nil {
				return err
			}
			if err := uploads().Cancel(e.Request.Context(), e.Request.PathValue("id"), user.Id); err != nil {
				return err
			}
			return e.NoContent(http.StatusNoContent)
		})
		command(e, collections.Uploads, "complete", false, func(e *core.RequestEvent, c call) (services.Answer, error) {
			return uploads().Complete(e.Request.Context(), c.Command, c.ID)
		})
	})
	return i.Every(time.Hour, "sweep uploads", func(ctx context.Context) error { return uploads().SweepUploads(ctx) })
}

func startUpload(uploads func() services.Uploads) func(e *core.RequestEvent) error {
	return func(e *core.RequestEvent) error {
		user, err := requireUser(e)
		if err != nil {
			return err
		}
		raw, err := sentBody(e, nil)
		if err != nil {
			return err
		}
		ask, err := uploadRequest(raw)
		if err != nil {
			return err
		}
		cmd, err := services.NewCommand(user.Id, collections.Uploads+"/start", idempotencyKey(e), false, raw)
		if err != nil {
			return err
		}
		answer, err := uploads().Start(e.Request.Context(), cmd, ask)
		if err != nil {
			return err
		}
		return writeAnswer(e, answer)
	}
}

// uploadRequest reads what a client says about a file.
func uploadRequest(raw map[string]any) (services.UploadRequest, error) {
	var ask services.UploadRequest
	texts := map[string]*string{
		collections.UploadTarget: &ask.Target, collections.UploadSubject: &ask.Subject, collections.UploadName: &ask.Name,
		collections.UploadNote: &ask.Note, collections.MessageClientID: &ask.ClientID, collections.UploadSHA: &ask.SHA256,
	}
	for name, value := range raw {
		if name == collections.UploadSize {
			if err := wholeNumber(name, value); err != nil {
				return ask, err
			}
			number, _ := value.(float64)
			ask.Size = int64(number)
			continue
		}
		text, ok := value.(string)
		if texts[name] == nil || !ok {
			return ask, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "An upload does not take %q like that.", name).With("field", name)
		}
		*texts[name] = text
	}
	return ask, nil
}
