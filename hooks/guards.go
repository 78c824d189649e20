package hooks

import (
	"encoding/json"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
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
			// Else what changed since the record was read would be written back.
			e.Record.IgnoreUnchangedFields(true)
			return e.Next()
		})
	}
}

func guard(e *core.RecordRequestEvent, creating bool) error {
	body, err := sentBody(e.RequestEvent, e.Collection)
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
		return guardTerms(e, creating)
	}
	if err := ownedUntouched(e, creating); err != nil {
		return err
	}
	for _, field := range collections.ServerOwned[name] {
		// A value that the record would not even take (a hidden field) is refused
		// too: nothing a client sends is dropped in silence.
		value, given := body[field]
		if given && !isEmpty(value) && (creating && !isSelf(e, field, value) || isHidden(e.Collection, field)) {
			return readOnly(field)
		}
	}
	return nil
}

func isHidden(collection *core.Collection, name string) bool {
	field := collection.Fields.GetByName(name)
	return field != nil && field.GetHidden()
}

// ownedUntouched compares the record as it would be stored with how it was: what
// a client spelled to get there (a modifier, a form, a nested payload) does not matter.
func ownedUntouched(e *core.RecordRequestEvent, creating bool) error {
	owned := collections.ServerOwned[e.Collection.Name]
	before := e.Record.Original()
	if creating {
		before = core.NewRecord(e.Collection)
	} else {
		owned = slices.Concat(owned, collections.FixedOnCreate[e.Collection.Name])
	}
	for _, field := range owned {
		if now := e.Record.GetString(field); !sameValue(e.Record, before, field) && (!creating || !isSelf(e, field, now)) {
			return readOnly(field)
		}
	}
	return nil
}

// sameValue compares a field of two records, JSON by what it says: the admin UI sends
// back all of a record, with JSON laid out anew.
func sameValue(a, b *core.Record, name string) bool {
	if a.GetString(name) == b.GetString(name) {
		return true
	}
	if field := a.Collection().Fields.GetByName(name); field == nil || field.Type() != core.FieldTypeJSON {
		return false
	}
	var of [2]any
	return a.UnmarshalJSONField(name, &of[0]) == nil && b.UnmarshalJSONField(name, &of[1]) == nil && reflect.DeepEqual(of[0], of[1])
}

func readOnly(field string) error {
	return services.Failf(http.StatusBadRequest, services.CodeFieldReadOnly, "The server sets %s; leave it out.", field).With("field", field)
}

// isSelf tells whether creators name themselves, which is no lie.
func isSelf(e *core.RecordRequestEvent, field string, value any) bool {
	return field == ownerField(e.Collection.Name) && e.Auth != nil && value == e.Auth.Id
}

// sentBody returns the body as the client sent it. The one in RequestInfo has
// already been through PocketBase, which turns "abc" into 0, adds up modifiers
// and drops hidden fields. A body is a JSON object; only a collection with files
// takes forms, whose values are text.
func sentBody(e *core.RequestEvent, collection *core.Collection) (map[string]any, error) {
	kind, _, _ := strings.Cut(e.Request.Header.Get("Content-Type"), ";")
	if kind != "" && kind != "application/json" && e.Request.ContentLength != 0 {
		if collection == nil || !takesFiles(collection) || kind != "multipart/form-data" {
			return nil, services.Failf(http.StatusUnsupportedMediaType, services.CodeUnsupportedMedia, "Send the body as JSON, with Content-Type: application/json.")
		}
		return sentForm(e)
	}
	body := map[string]any{}
	if err := e.BindBody(&body); err != nil {
		return nil, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The body is not a JSON object.")
	}
	return body, nil
}

func takesFiles(collection *core.Collection) bool {
	return slices.ContainsFunc(collection.Fields, func(field core.Field) bool { return field.Type() == core.FieldTypeFile })
}

// sentForm returns the values of a form, without its files. The SDK puts lists
// and objects into @jsonPayload, which PocketBase merges with the rest.
func sentForm(e *core.RequestEvent) (map[string]any, error) {
	if _, err := e.RequestInfo(); err != nil { // parses the form
		return nil, err
	}
	body := map[string]any{}
	if e.Request.MultipartForm == nil {
		return body, nil
	}
	for name, values := range e.Request.MultipartForm.Value {
		if name != "@jsonPayload" {
			body[name] = formNumber(values)
			continue
		}
		for _, payload := range values {
			if err := json.Unmarshal([]byte(payload), &body); err != nil {
				return nil, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The @jsonPayload of the form is not a JSON object.")
			}
		}
	}
	return body, nil
}

// formNumber reads a lone value that is a number, because a form has only text.
func formNumber(values []string) any {
	if len(values) != 1 {
		return values
	}
	if number, err := strconv.ParseFloat(values[0], 64); err == nil {
		return number
	}
	return values[0]
}

// ownerField is the field in which a creator may name themselves.
func ownerField(collection string) string {
	switch collection {
	case collections.Proposals, collections.Payouts, collections.PayoutDestinations:
		return collections.FieldFreelancer
	case collections.Messages:
		return collections.MessageSender
	case collections.BillingDetails, collections.Searches:
		return collections.FieldUser
	default:
		return collections.FieldClient
	}
}

// statusUntouched refuses to write a status through CRUD and names the verbs.
func statusUntouched(e *core.RecordRequestEvent, body map[string]any, creating bool) error {
	machine, ok := collections.Machines[e.Collection.Name]
	if !ok {
		return nil
	}
	stored, now := machine.Initial, e.Record.GetString(collections.FieldStatus)
	if !creating {
		stored = e.Record.Original().GetString(collections.FieldStatus)
	}
	sent := body[collections.FieldStatus]
	if (now == stored || creating && now == "") && (isEmpty(sent) || sent == stored) {
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
		lowest, highest := bounds(field)
		return services.Failf(http.StatusBadRequest, services.CodeAmountOutOfRange, "%s must be from %d to %d.", field, lowest, highest).With("field", field)
	}
	return nil
}

// bounds are what a number may be at least and at most, for whoever sent another.
func bounds(field string) (lowest, highest int64) {
	switch field {
	case collections.FieldAmount:
		return 1, collections.MaxAmount
	case collections.ReviewRating, collections.ReviewCategories:
		return 1, collections.MaxRating
	}
	return 0, collections.MaxAmount
}

func isEmpty(value any) bool {
	return value == nil || value == "" || value == float64(0) || value == false
}
