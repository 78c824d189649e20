package hooks

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"
	"github.com/pocketbase/pocketbase/tools/picker"
	"github.com/pocketbase/pocketbase/tools/router"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// errorCodes is the one place where errors become HTTP: services' errors keep
// their status and code, and PocketBase's own get a code, so that every error
// has one. It runs around everything else.
func errorCodes(i *services.Instance) *hook.Handler[*core.RequestEvent] {
	return &hook.Handler[*core.RequestEvent]{
		Id:       "lancershubErrorCodes",
		Priority: -100_000,
		Func: func(e *core.RequestEvent) error {
			err := checkFields(e.Request.URL)
			if err == nil {
				err = e.Next()
			}
			if err == nil {
				return nil
			}
			return toAPIError(i, e, err)
		},
	}
}

// checkFields refuses a choice of fields that cannot be read, before anything is
// done: PocketBase notices when it writes the answer, and calls it its own fault.
func checkFields(asked *url.URL) error {
	if !strings.Contains(asked.RawQuery, "fields=") {
		return nil
	}
	if _, err := picker.Pick(nil, asked.Query().Get("fields")); err != nil {
		return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The choice of fields cannot be read: %v.", err).With("field", "fields")
	}
	return nil
}

// codeOfStatus is the code of an error that has none of its own.
var codeOfStatus = map[int]string{
	http.StatusBadRequest:            services.CodeInvalidInput,
	http.StatusUnauthorized:          services.CodeAuthRequired,
	http.StatusForbidden:             services.CodeForbidden,
	http.StatusNotFound:              services.CodeNotFound,
	http.StatusRequestEntityTooLarge: services.CodeBodyTooLarge,
	http.StatusTooManyRequests:       services.CodeTooManyRequests,
}

func toAPIError(i *services.Instance, e *core.RequestEvent, err error) error {
	var ours *services.Error
	if errors.As(err, &ours) {
		services.SetRetryAfter(e.Response.Header(), ours)
		return apiError(ours)
	}
	if e.Written() {
		// Answered: a second factor is asked for, or nobody has the address that a code is
		// asked for, which is not to be told, nor written down.
		return err
	}
	var theirs *router.ApiError
	if !errors.As(err, &theirs) {
		if errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "database or disk is full") {
			return apiError(services.Failf(http.StatusServiceUnavailable, services.CodeStorageFull, "The disk of the server is full; nothing was stored."))
		}
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return apiError(services.Failf(http.StatusRequestEntityTooLarge, services.CodeBodyTooLarge, "The body is too large."))
		}
		i.Logger.Error("a request failed", "path", e.Request.URL.Path, "error", err)
		return apiError(services.Failf(http.StatusInternalServerError, services.CodeInternal, "Something went wrong on our side."))
	}
	if _, has := theirs.Data["code"].(string); has {
		return theirs
	}
	if cause, ok := theirs.RawData().(error); ok && errors.As(cause, &ours) {
		services.SetRetryAfter(e.Response.Header(), ours)
		return apiError(ours)
	}
	if uploadFailed(theirs) {
		i.Files.Failed()
		return apiError(services.StorageUnavailable())
	}
	if refused := createRefused(e, theirs); refused != nil {
		return apiError(refused)
	}
	if theirs.Data == nil {
		theirs.Data = map[string]any{}
	}
	if code, ok := codeOfStatus[theirs.Status]; ok {
		theirs.Data["code"] = code
	} else {
		theirs.Data["code"] = services.CodeInternal
	}
	return theirs
}

// uploadFailed recognises a record whose files could not be stored, which
// PocketBase answers with a bare 400.
func uploadFailed(err *router.ApiError) bool {
	cause, _ := err.RawData().(error)
	return cause != nil && strings.Contains(cause.Error(), "failed to upload all files")
}

// apiError puts an error in PocketBase's shape.
func apiError(err *services.Error) error {
	data, _ := err.Body()["data"].(map[string]any)
	return &router.ApiError{Status: err.Status, Message: err.Message, Data: data}
}

// createRefused recognises a create that a collection's rule refused, which
// PocketBase answers with a bare 400, and says who may create there.
func createRefused(e *core.RequestEvent, err *router.ApiError) *services.Error {
	cause, _ := err.RawData().(error)
	if err.Status != http.StatusBadRequest || cause == nil || !strings.HasPrefix(cause.Error(), "create rule failure") {
		return nil
	}
	name := e.Request.PathValue("collection")
	hint, ok := collections.CreateHint[name]
	if !ok {
		hint = "You may not create this."
	}
	if e.Auth == nil {
		return services.Failf(http.StatusUnauthorized, services.CodeAuthRequired, "Sign in first.")
	}
	if name == collections.Messages {
		return services.Failf(http.StatusNotFound, services.CodeNotFound, "The requested resource wasn't found.")
	}
	return services.Failf(http.StatusForbidden, services.CodeRoleRequired, "%s", hint)
}
