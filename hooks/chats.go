package hooks

import (
	"net/http"
	"strconv"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

func bindChats(i *services.Instance) error {
	chats := services.ChatsService{Instance: i}
	chats.HandleEvents()
	i.App.OnRecordCreateRequest(collections.Messages).BindFunc(func(e *core.RecordRequestEvent) error {
		user, err := requireUser(e.RequestEvent)
		if err != nil {
			return err
		}
		before, err := chats.NewMessage(e.Record, user.Id)
		if err != nil {
			return err
		}
		if before != nil {
			return e.JSON(http.StatusOK, before) // a retry of what was sent
		}
		return e.Next()
	})
	i.App.OnRecordCreateExecute(collections.Messages).BindFunc(func(e *core.RecordEvent) error {
		if e.Record.GetInt(collections.MessageSeq) == 0 {
			if err := chats.Number(e.App, e.Record); err != nil {
				return err
			}
		}
		return e.Next()
	})
	onServe(i, func(e *core.ServeEvent) {
		command(e, collections.Chats, "read", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
			return chats.Read(c.Command, c.ID, int(c.Body.Seq))
		})
		command(e, collections.Chats, "typing", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
			return services.Answer{Status: http.StatusOK, Body: []byte("{}")}, chats.Typing(c.ID, c.Principal)
		})
		e.Router.GET("/api/chats/{id}/messages", messagesAfter(chats))
	})
	return nil
}

// messagesAfter is GET /api/chats/{id}/messages?after=SEQ: what came since, in order.
func messagesAfter(chats services.ChatsService) func(e *core.RequestEvent) error {
	return func(e *core.RequestEvent) error {
		user, err := requireUser(e)
		if err != nil {
			return err
		}
		after, limit := 0, 200
		for name, target := range map[string]*int{"after": &after, "limit": &limit} {
			if given := e.Request.URL.Query().Get(name); given != "" {
				number, err := strconv.Atoi(given)
				if err != nil || number < 0 {
					return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "%s must be a whole number from 0.", name)
				}
				*target = number
			}
		}
		items, err := chats.After(e.Request.PathValue("id"), user.Id, after, min(max(limit, 1), 500))
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, map[string]any{"items": items})
	}
}
