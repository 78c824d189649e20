package hooks

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

func bindChats(i *services.Instance) error {
	chats := services.ChatsService{Instance: i}
	chats.HandleEvents()
	chats.FollowPresence()
	bindLive(i)
	wordPace, signPace := pacers(i)
	bindMessages(i, chats, wordPace)
	bindMembers(i)
	bindAudiences(i, chats)
	if err := bindNotifications(i, chats); err != nil {
		return err
	}
	if err := errors.Join(i.Every(i.Options.SweepEvery, "index messages", chats.IndexMessages), i.AtStart("index messages", chats.IndexMessages)); err != nil {
		return err
	}
	if i.Options.LinkPreviews {
		if err := i.Every(i.Options.SweepEvery, "look at links", chats.PreviewLinks); err != nil {
			return err
		}
	}
	i.App.OnRecordCreateRequest(collections.Blocks).BindFunc(func(e *core.RecordRequestEvent) error {
		user, err := requireUser(e.RequestEvent)
		if err != nil {
			return err
		}
		if err := chats.NewBlock(e.Record, user.Id); err != nil {
			return err
		}
		return e.Next()
	})
	onServe(i, func(e *core.ServeEvent) {
		bindChatCommands(e, chats, wordPace, signPace)
		e.Router.GET("/api/chats/{id}/messages", chatMessages(chats))
		e.Router.GET("/api/chats/unread", forUser(func(_ *core.RequestEvent, user string) (any, error) { return chats.Unread(user) }))
		e.Router.GET("/api/chats/search", forUser(searchChats(chats)))
		e.Router.GET("/api/chats/presence", forUser(func(_ *core.RequestEvent, user string) (any, error) {
			online, err := chats.Presence(user)
			return map[string]any{"online": online}, err
		}))
	})
	return bindUploads(i, chats.Attachments)
}

// pacer holds somebody up who does more than people do; giveBack is for what turns
// out not to count.
type pacer func(user string) (giveBack func(), err error)

// pacers are for what everybody in a chat hears of and is stored (sending, editing,
// deleting, reacting), and for the signs of typing, which a person sends beside it.
func pacers(i *services.Instance) (words, signs pacer) {
	if i.Options.NoRateLimits {
		free := func(string) (func(), error) { return func() {}, nil }
		return free, free
	}
	pace := func(perSecond float64, atOnce int) pacer {
		limit := services.NewPace(perSecond, atOnce)
		return func(user string) (func(), error) { return limit.Check(user, i.Clock.Now()) }
	}
	return pace(services.MessagesPerSecond, services.MessagesAtOnce), pace(services.SignsPerSecond, services.SignsAtOnce)
}

// paced is a command that counts in a pace.
func paced(pace pacer, run func(c call) (services.Answer, error)) func(e *core.RequestEvent, c call) (services.Answer, error) {
	return func(_ *core.RequestEvent, c call) (services.Answer, error) {
		if _, err := pace(c.Principal); err != nil {
			return services.Answer{}, err
		}
		return run(c)
	}
}

// bindChatCommands is the table of what can be done to chats and messages.
func bindChatCommands(e *core.ServeEvent, chats services.ChatsService, words, signs pacer) {
	command(e, collections.Chats, "read", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return chats.Read(c.Command, c.ID, int(c.Body.Seq))
	})
	command(e, collections.Chats, "typing", false, paced(signs, func(c call) (services.Answer, error) {
		return services.Answer{Status: http.StatusOK, Body: []byte("{}")}, chats.Typing(c.ID, c.Principal)
	}))
	command(e, collections.Chats, "leave", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return chats.Leave(c.Command, c.ID)
	})
	command(e, collections.Messages, "delete", false, paced(words, func(c call) (services.Answer, error) {
		return chats.Delete(c.Command, c.ID)
	}))
	command(e, collections.Messages, "react", false, paced(words, func(c call) (services.Answer, error) {
		return chats.React(c.Command, c.ID, c.Body.Emoji, true)
	}))
	command(e, collections.Messages, "unreact", false, paced(words, func(c call) (services.Answer, error) {
		return chats.React(c.Command, c.ID, c.Body.Emoji, false)
	}))
	command(e, collections.Messages, "report", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return chats.Report(c.Command, c.ID, c.Body.Reason, c.Body.Note)
	})
}

// bindMessages checks what people write, and stores it with what belongs to it.
func bindMessages(i *services.Instance, chats services.ChatsService, pace pacer) {
	i.App.OnRecordCreateRequest(collections.Messages).BindFunc(func(e *core.RecordRequestEvent) error {
		user, err := requireUser(e.RequestEvent)
		if err != nil {
			return err
		}
		// Nearly every message is new: whether it was sent before is asked when it is
		// refused (the database takes no clientId twice), and ahead of an upload.
		if len(e.Record.GetUnsavedFiles(collections.MessageAttachments)) > 0 {
			if before, err := chats.SentBefore(e.Record, user.Id); err != nil || before != nil {
				return answerSent(e, before, err)
			}
		}
		giveBack, refused := pace(user.Id)
		if refused == nil {
			refused = sendNew(e, chats, user.Id)
		}
		if refused == nil {
			return nil
		}
		if before, err := chats.SentBefore(e.Record, user.Id); err == nil && before != nil {
			giveBack()
			return answerSent(e, before, nil)
		}
		return refused
	})
	i.App.OnRecordUpdateRequest(collections.Messages).BindFunc(func(e *core.RecordRequestEvent) error {
		user, err := requireUser(e.RequestEvent)
		if err != nil {
			return err
		}
		if _, err := pace(user.Id); err != nil {
			return err
		}
		if err := chats.CheckEdit(e.Record, user.Id); err != nil {
			return err
		}
		return e.Next()
	})
	i.AroundCreate(collections.Messages, chats.Stored)
	i.AroundUpdate(collections.Messages, chats.Changed)
}

// sendNew checks a message that was not sent before, and stores it.
func sendNew(e *core.RecordRequestEvent, chats services.ChatsService, sender string) error {
	if err := chats.NewMessage(e.Record, sender); err != nil {
		return err
	}
	if flag := e.Record.GetString(collections.MessageFlag); flag != "" {
		e.Record.WithCustomData(true)
		e.Record.Set("warning", flag) // in the sender's answer only
	}
	return e.Next()
}

func answerSent(e *core.RecordRequestEvent, before *core.Record, err error) error {
	if err != nil {
		return err
	}
	return e.JSON(http.StatusOK, before)
}

// bindMembers shows people what only they see of their own membership, and lets
// them choose it: PocketBase drops hidden fields from what is sent.
func bindMembers(i *services.Instance) {
	i.App.OnRecordEnrich(collections.Members).BindFunc(func(e *core.RecordEnrichEvent) error {
		if e.RequestInfo != nil && e.RequestInfo.Auth != nil {
			services.ShowOwn(e.Record, e.RequestInfo.Auth.Id)
		}
		return e.Next()
	})
	i.App.OnRecordUpdateRequest(collections.Members).BindFunc(func(e *core.RecordRequestEvent) error {
		body, err := sentBody(e.RequestEvent, e.Collection)
		if err != nil {
			return err
		}
		for _, field := range []string{collections.MemberMuted, collections.MemberArchived} {
			if value, given := body[field]; given {
				e.Record.Set(field, value)
			}
		}
		return e.Next()
	})
}

// bindAudiences tells people of every change to what is theirs.
func bindAudiences(i *services.Instance, chats services.ChatsService) {
	for collection, announce := range map[string]func(tx core.App, action string, record *core.Record) error{
		collections.Members:       chats.AnnounceMember,
		collections.Chats:         chats.AnnounceChat,
		collections.Notifications: chats.AnnounceOwn,
		collections.Blocks:        chats.AnnounceOwn,
		collections.Preferences:   chats.AnnounceOwn,
	} {
		after := func(action string) func(e *core.RecordEvent) error {
			return func(e *core.RecordEvent) error {
				if err := e.Next(); err != nil {
					return err
				}
				return announce(e.App, action, e.Record)
			}
		}
		i.App.OnRecordCreateExecute(collection).BindFunc(after("create"))
		i.App.OnRecordUpdateExecute(collection).BindFunc(after("update"))
		i.App.OnRecordDeleteExecute(collection).BindFunc(after("delete"))
	}
}

// forUser adapts a question of somebody signed in.
func forUser(ask func(e *core.RequestEvent, user string) (any, error)) func(e *core.RequestEvent) error {
	return func(e *core.RequestEvent) error {
		user, err := requireUser(e)
		if err != nil {
			return err
		}
		answer, err := ask(e, user.Id)
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, answer)
	}
}

// queryNumbers reads whole numbers from the query into their targets.
func queryNumbers(e *core.RequestEvent, targets map[string]*int) error {
	for name, target := range targets {
		given := e.Request.URL.Query().Get(name)
		if given == "" {
			continue
		}
		number, err := strconv.Atoi(given)
		if err != nil || number < 0 {
			return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "%s must be a whole number from 0.", name).With("field", name)
		}
		*target = number
	}
	return nil
}

// chatMessages is GET /api/chats/{id}/messages: ?after=SEQ what came since,
// ?before=SEQ a page of history, ?changed=CHANGE all that is new or different.
func chatMessages(chats services.ChatsService) func(e *core.RequestEvent) error {
	return forUser(func(e *core.RequestEvent, user string) (any, error) {
		window := services.Window{By: services.ByAfter, Limit: 200}
		for _, by := range []string{services.ByBefore, services.ByChanged} {
			if e.Request.URL.Query().Has(by) {
				window.By = by
			}
		}
		err := queryNumbers(e, map[string]*int{
			services.ByAfter: &window.After, services.ByBefore: &window.Before, services.ByChanged: &window.Changed, "limit": &window.Limit,
		})
		if err != nil {
			return nil, err
		}
		window.Limit = min(max(window.Limit, 1), 500)
		items, last, err := chats.Messages(e.Request.PathValue("id"), user, window)
		return map[string]any{"items": items, "lastChange": last}, err
	})
}

// searchChats is GET /api/chats/search?q=&chat=&before=&limit=.
func searchChats(chats services.ChatsService) func(e *core.RequestEvent, user string) (any, error) {
	return func(e *core.RequestEvent, user string) (any, error) {
		before, limit := 0, 20
		if err := queryNumbers(e, map[string]*int{"before": &before, "limit": &limit}); err != nil {
			return nil, err
		}
		query := e.Request.URL.Query()
		found, next, err := chats.Search(user, query.Get("q"), query.Get("chat"), int64(before), limit)
		cursor := ""
		if next > 0 {
			cursor = strconv.FormatInt(next, 10)
		}
		return map[string]any{"items": found, "next": cursor}, err
	}
}
