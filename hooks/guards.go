package hooks

import (
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindGuards checks every body before anything is done with it: numbers are
// integers, ids and server-owned fields are not the client's to set, and a
// status moves by its verbs only, for superusers too.
func bindGuards(i *services.Instance) {
	for name := range collections.RulesOf(i.Domain) {
		i.App.OnRecordCreateRequest(name).BindFunc(func(e *core.RecordRequestEvent) error {
			if err := guard(e, true); err != nil {
				return err
			}
			return e.Next()
		})
		i.App.OnRecordUpdateRequest(name).BindFunc(func(e *core.RecordRequestEvent) error {
			if err := guard(e, false); err != nil {
				return err
			}
			return e.Next()
		})
	}
}

func guard(e *core.RecordRequestEvent, creating bool) error {
	body, err := sentBody(e.RequestEvent)
	if err != nil {
		return err
	}
	name := e.Collection.Name
	if creating && !isEmpty(body[collections.FieldID]) && !e.HasSuperuserAuth() {
		return services.Failf(http.StatusBadRequest, services.CodeIDNotAllowed, "The server chooses ids: leave out id.")
	}
	if err := integers(name, body); err != nil {
		return err
	}
	if err := statusUntouched(e, body, creating); err != nil {
		return err
	}
	if e.HasSuperuserAuth() {
		return nil
	}
	owned := collections.ServerOwned[name]
	if !creating {
		owned = slices.Concat(owned, collections.FixedOnCreate[name])
	}
	for _, field := range owned {
		value, given := body[field]
		if !given || isEmpty(value) && creating {
			continue
		}
		if creating && field == ownerField(name) && e.Auth != nil && value == e.Auth.Id {
			continue // naming oneself is no lie
		}
		if creating || !sameValue(value, e.Record.Original().Get(field)) {
			return services.Failf(http.StatusBadRequest, services.CodeFieldReadOnly, "The server sets %s; leave it out.", field).With("field", field)
		}
	}
	return nil
}

// sentBody returns the body as the client sent it. The one in RequestInfo has
// already been through PocketBase, which turns "abc" into 0, adds up modifiers
// and drops hidden fields.
func sentBody(e *core.RequestEvent) (map[string]any, error) {
	if !strings.HasPrefix(e.Request.Header.Get("Content-Type"), "application/json") {
		info, err := e.RequestInfo() // forms carry text only, and PocketBase reads numbers out of it
		if err != nil {
			return nil, err
		}
		return info.Body, nil
	}
	body := map[string]any{}
	if err := e.BindBody(&body); err != nil {
		return nil, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The body is not valid JSON.")
	}
	return body, nil
}

// ownerField is the field in which a creator may name themselves.
func ownerField(collection string) string {
	switch collection {
	case collections.Proposals:
		return collections.FieldFreelancer
	case collections.Messages:
		return collections.MessageSender
	default:
		return collections.FieldClient
	}
}

// statusUntouched refuses to write a status through CRUD and names the verbs.
func statusUntouched(e *core.RecordRequestEvent, body map[string]any, creating bool) error {
	machine, ok := collections.Machines[e.Collection.Name]
	value, given := body[collections.FieldStatus]
	if !ok || !given || isEmpty(value) {
		return nil
	}
	stored := machine.Initial
	if !creating {
		stored = e.Record.Original().GetString(collections.FieldStatus)
	}
	if value == stored {
		return nil
	}
	routes := []string{}
	for _, verb := range machine.LegalVerbs(stored) {
		routes = append(routes, "POST /api/"+machine.Collection+"/{id}/"+verb)
	}
	return services.Failf(http.StatusBadRequest, services.CodeStatusReadOnly,
		"The status cannot be written; it changes by a command: %s.", strings.Join(routes, ", ")).With("allowed", machine.LegalVerbs(stored))
}

// integers refuses amounts that are not JSON integers.
func integers(collection string, body map[string]any) error {
	for _, field := range collections.IntegerFields[collection] {
		value, given := body[field]
		if !given || value == nil {
			continue
		}
		if err := wholeNumber(field, value); err != nil {
			return err
		}
	}
	// PocketBase's modifiers ("amount+") would go around the check.
	for key := range body {
		bare := strings.Trim(key, "+-")
		if bare != key && slices.Contains(collections.IntegerFields[collection], bare) {
			return services.Failf(http.StatusBadRequest, services.CodeNotAnInteger, "%s must be set, not added to.", bare).With("field", bare)
		}
	}
	return nil
}

func wholeNumber(field string, value any) error {
	number, ok := value.(float64)
	switch {
	case !ok || number != math.Trunc(number) || math.IsInf(number, 0):
		return services.Failf(http.StatusBadRequest, services.CodeNotAnInteger, "%s must be a whole number (amounts are in minor units, for example cents).", field).With("field", field)
	case number < 0 || number > collections.MaxAmount:
		return services.Failf(http.StatusBadRequest, services.CodeAmountOutOfRange, "%s must be from 0 to %d.", field, int64(collections.MaxAmount)).With("field", field)
	}
	return nil
}

func isEmpty(value any) bool {
	return value == nil || value == "" || value == float64(0) || value == false
}

// sameValue compares a JSON value with a stored one; the admin UI and careful
// clients send whole records back unchanged.
func sameValue(given, stored any) bool {
	if reflect.DeepEqual(given, stored) {
		return true
	}
	if text, ok := stored.(interface{ String() string }); ok {
		return given == text.String()
	}
	if number, ok := given.(float64); ok {
		switch kept := stored.(type) {
		case int:
			return number == float64(kept)
		case int64:
			return number == float64(kept)
		}
	}
	return isEmpty(given) && isEmpty(stored)
}
