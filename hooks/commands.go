package hooks

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// commandBody is what a command's body may hold; every field is optional.
type commandBody struct {
	Reason string
	Note   string
	Amount int64
	Seq    int64
	// Version is that of the record the command was decided on.
	Version int
	// ToFreelancer is a position in a dispute, nil if none was said.
	ToFreelancer *int64
	Category     string
	// Rest says what happens with what is not approved.
	Rest string
	raw  map[string]any
	// Freelancer and User name whom a chat is opened with.
	Freelancer, User string
	Emoji            string
	Kind             string
	// Deliverables are the files that are handed in.
	Deliverables []string
}

// call is one command as it arrived.
type call struct {
	services.Command
	ID   string
	Body commandBody
}

// command registers POST /api/<collection>/{id}/<verb>. Money commands demand an
// Idempotency-Key; the others take one.
func command(e *core.ServeEvent, collection, verb string, money bool, run func(e *core.RequestEvent, c call) (services.Answer, error)) {
	e.Router.POST("/api/"+collection+"/{id}/"+verb, func(e *core.RequestEvent) error {
		user, err := requireUser(e)
		if err != nil {
			return err
		}
		body, err := readCommand(e)
		if err != nil {
			return err
		}
		id := e.Request.PathValue("id")
		cmd, err := services.NewCommand(user.Id, collection+"/"+id+"/"+verb, idempotencyKey(e), money, body.raw)
		if err != nil {
			return err
		}
		answer, err := run(e, call{Command: cmd, ID: id, Body: body})
		if err != nil {
			return err
		}
		return writeAnswer(e, answer)
	})
}

// creation reads a record that a person creates through the collection's own route,
// so that the SDK's create() works, as a command with its Idempotency-Key; with
// money it must have one. fields are the only ones that the body may have.
func creation(e *core.RecordRequestEvent, money bool, fields ...string) (cmd services.Command, body map[string]any, err error) {
	user, err := requireUser(e.RequestEvent)
	if err != nil {
		return cmd, nil, err
	}
	if body, err = sentBody(e.RequestEvent, e.Collection); err != nil {
		return cmd, nil, err
	}
	for name := range body {
		if !slices.Contains(fields, name) {
			return cmd, nil, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "There is no field %q to set.", name).With("field", name)
		}
	}
	cmd, err = services.NewCommand(user.Id, e.Collection.Name, idempotencyKey(e.RequestEvent), money, body)
	return cmd, body, err
}

func idempotencyKey(e *core.RequestEvent) string {
	return strings.TrimSpace(e.Request.Header.Get("Idempotency-Key"))
}

// writeAnswer sends a command's answer byte for byte.
func writeAnswer(e *core.RequestEvent, answer services.Answer) error {
	if answer.Replayed {
		e.Response.Header().Set("Idempotency-Replayed", "true")
	}
	return e.Blob(answer.Status, "application/json", answer.Body)
}

// readCommand reads the body of a command and refuses what does not belong in one.
func readCommand(e *core.RequestEvent) (commandBody, error) {
	raw, err := sentBody(e, nil)
	if err != nil {
		return commandBody{}, err
	}
	body := commandBody{raw: raw}
	for name, value := range raw {
		var ok bool
		switch name {
		case "reason":
			body.Reason, ok = value.(string)
		case "note":
			body.Note, ok = value.(string)
		case "freelancer":
			body.Freelancer, ok = value.(string)
		case "user":
			body.User, ok = value.(string)
		case "emoji":
			body.Emoji, ok = value.(string)
		case "kind":
			body.Kind, ok = value.(string)
		case "amount":
			if err := wholeNumber(name, value); err != nil {
				return body, err
			}
			number, _ := value.(float64)
			if number == 0 {
				return body, services.Failf(http.StatusBadRequest, services.CodeAmountOutOfRange, "amount must be at least 1; leave it out to mean all of it.").With("field", name)
			}
			body.Amount, ok = int64(number), true
		case collections.Deliverables:
			body.Deliverables, ok = textList(value)
		case "rest":
			body.Rest, ok = value.(string)
		case "category":
			body.Category, ok = value.(string)
		case "seq", "toFreelancer", collections.FieldVersion:
			if err := wholeNumber(name, value); err != nil {
				return body, err
			}
			number, _ := value.(float64)
			switch ok = true; name {
			case "seq":
				body.Seq = int64(number)
			case collections.FieldVersion:
				body.Version = int(number)
			default:
				wanted := int64(number)
				body.ToFreelancer = &wanted
			}
		}
		if !ok {
			return body, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "This command does not take %q like that.", name).With("field", name)
		}
	}
	if utf8.RuneCountInString(body.Reason) > 1000 || utf8.RuneCountInString(body.Note) > 5000 {
		return body, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "A reason has at most 1000 characters, a note at most 5000.")
	}
	return body, nil
}

// textList reads a list of at most a hundred texts.
func textList(value any) ([]string, bool) {
	list, ok := value.([]any)
	if !ok || len(list) > 100 {
		return nil, false
	}
	found := make([]string, len(list))
	for n, item := range list {
		if found[n], ok = item.(string); !ok {
			return nil, false
		}
	}
	return found, true
}

// text returns a field of a body that is text, or "".
func text(body map[string]any, field string) string {
	value, _ := body[field].(string)
	return value
}
