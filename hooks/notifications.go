package hooks

import (
	"errors"
	"html/template"
	"net/http"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindNotifications serves what people want to hear of, and mails it.
func bindNotifications(i *services.Instance, chats services.ChatsService) error {
	onServe(i, func(e *core.ServeEvent) {
		e.Router.GET("/api/notifications/settings", forUser(func(e *core.RequestEvent, user string) (any, error) { return chats.Settings(e.App, user) }))
		e.Router.POST("/api/notifications/settings", prefer(chats))
		e.Router.POST("/api/notifications/read", readNotifications(chats))
		e.Router.GET(services.UnsubscribePath, unsubscribeForm(chats))
		e.Router.POST(services.UnsubscribePath, unsubscribe(chats))
	})
	return i.Every(i.Options.SweepEvery, "write mails", chats.MailDue)
}

// prefer is POST /api/notifications/settings: {channels: {kind, category or "*":
// off, app, digest or email}, quietFrom, quietTo, digestAt}; what is left out stays.
func prefer(chats services.ChatsService) func(e *core.RequestEvent) error {
	return func(e *core.RequestEvent) error {
		user, err := requireUser(e)
		if err != nil {
			return err
		}
		body, err := sentBody(e, nil)
		if err != nil {
			return err
		}
		change, err := preferenceChange(body)
		if err != nil {
			return err
		}
		cmd, err := services.NewCommand(user.Id, "notifications/settings", idempotencyKey(e), false, body)
		if err != nil {
			return err
		}
		answer, err := chats.Prefer(cmd, change)
		if err != nil {
			return err
		}
		return writeAnswer(e, answer)
	}
}

func preferenceChange(body map[string]any) (services.PreferenceChange, error) {
	change := services.PreferenceChange{}
	for field, value := range body {
		text, isText := value.(string)
		ok := isText
		switch field {
		case "quietFrom":
			change.QuietFrom = &text
		case "quietTo":
			change.QuietTo = &text
		case "digestAt":
			change.DigestAt = &text
		case collections.PreferenceLanguage:
			change.Language = &text
		case "channels":
			change.Channels, ok = texts(value)
		default:
			ok = false
		}
		if !ok {
			return change, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The settings do not take %q like that.", field).With("field", field)
		}
	}
	return change, nil
}

// texts reads an object whose values are all text.
func texts(value any) (map[string]string, bool) {
	object, ok := value.(map[string]any)
	read := map[string]string{}
	for key, one := range object {
		text, isText := one.(string)
		read[key], ok = text, ok && isText
	}
	return read, ok
}

// readNotifications is POST /api/notifications/read: all of them, at once.
func readNotifications(chats services.ChatsService) func(e *core.RequestEvent) error {
	return func(e *core.RequestEvent) error {
		user, err := requireUser(e)
		if err != nil {
			return err
		}
		body, err := sentBody(e, nil)
		if err != nil {
			return err
		}
		if len(body) > 0 {
			return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "All notifications are marked as read; there is nothing to choose.")
		}
		cmd, err := services.NewCommand(user.Id, "notifications/read", idempotencyKey(e), false, nil)
		if err != nil {
			return err
		}
		answer, err := chats.ReadNotifications(cmd)
		if err != nil {
			return err
		}
		return writeAnswer(e, answer)
	}
}

// unsubscribePage asks, or says that it is done. Programs that look into mails
// follow links, so only the button does something.
var unsubscribePage = template.Must(template.New("unsubscribe").Parse(`<!doctype html>
<html lang="{{.Language}}" dir="{{.Dir}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Site}}</title>
<style>body{font:18px/1.5 sans-serif;max-width:36em;margin:4em auto;padding:0 1em}button{font:inherit;padding:.6em 1.2em}</style></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p>
{{if .Stop}}<form method="post"><button type="submit">{{.Stop}}</button></form>{{end}}
{{if .Settings}}<p><a href="{{.Settings}}">{{.All}}</a></p>{{end}}</main></body></html>
`))

func showUnsubscribe(e *core.RequestEvent, status int, view services.UnsubscribePage) error {
	head := e.Response.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	head.Set("Referrer-Policy", "no-referrer") // the address is a secret of the person
	head.Set("Cache-Control", "no-store")
	e.Response.WriteHeader(status)
	return unsubscribePage.Execute(e.Response, view)
}

// unsubscribeForm is GET of the address in a mail.
func unsubscribeForm(chats services.ChatsService) func(e *core.RequestEvent) error {
	return answerUnsubscribe(chats.ReadUnsubscribe, chats.AskUnsubscribe)
}

// unsubscribe is POST of the same address: by the button, or by a mail program in
// one click. Nobody needs to be signed in.
func unsubscribe(chats services.ChatsService) func(e *core.RequestEvent) error {
	return answerUnsubscribe(chats.Unsubscribe, chats.DoneUnsubscribe)
}

func answerUnsubscribe(do func(token string) (services.Unsubscribing, error), say func(services.Unsubscribing) (services.UnsubscribePage, error)) func(e *core.RequestEvent) error {
	return func(e *core.RequestEvent) error {
		u, err := do(e.Request.URL.Query().Get("token"))
		var refusal *services.Error
		if errors.As(err, &refusal) {
			return showUnsubscribe(e, refusal.Status, services.RefusedUnsubscribe(e.Request.Header.Get("Accept-Language")))
		}
		if err != nil {
			return err
		}
		view, err := say(u)
		if err != nil {
			return err
		}
		return showUnsubscribe(e, http.StatusOK, view)
	}
}
