package tests

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// action is something to try. run returns what is wrong, or "".
type action struct {
	name string
	// rule is the API rule that decides.
	rule    func(collections.Rules) string
	run     func(w *world, r resource, name string) string
	changes bool
}

func listRule(r collections.Rules) string   { return r.List }
func viewRule(r collections.Rules) string   { return r.View }
func createRule(r collections.Rules) string { return r.Create }
func updateRule(r collections.Rules) string { return r.Update }
func deleteRule(r collections.Rules) string { return r.Delete }

// actions are tried in this order: what changes comes last.
var actions = []action{
	{"view", viewRule, view, false},
	{"list", listRule, listing(""), false},
	{"filter", listRule, listing("filter"), false},
	{"sort", listRule, listing("sort=-created&filter"), false},
	{"expand", listRule, listing("expand=client,freelancer,project,contract,proposal,chat,user,sender,message,payment,dispute,destination,blocked,members_via_chat,messages_via_chat&filter"), false},
	{"file", viewRule, file, false},
	{"protected file", viewRule, protectedFile, false},
	{"update", updateRule, change, true},
	{"delete", deleteRule, erase, true},
}

// refused says what is wrong with a refusal: it must have a code, and must not
// tell a record that exists from one that does not.
func refused(answer *Response, rule, name string) string {
	if strings.Contains(string(answer.Raw), "Unsupported collection type") {
		return "" // nobody writes to a view, whatever its rules
	}
	want := http.StatusNotFound
	switch {
	case dead(name):
		want = http.StatusUnauthorized
	case rule == collections.Nobody:
		want = http.StatusForbidden
	}
	onlySuperusers := strings.Contains(string(answer.Raw), "Only superusers")
	if answer.Status != want || answer.Code() == "" || (want == http.StatusForbidden) != onlySuperusers {
		return fmt.Sprintf("expected a refusal with %d, got %d: %.200s", want, answer.Status, answer.Raw)
	}
	return ""
}

func view(w *world, r resource, name string) string {
	answer := w.people[name].Do(http.MethodGet, r.path()+"/"+r.id, nil)
	if !r.may(r.rules().View, name) {
		return refused(answer, r.rules().View, name)
	}
	if answer.Status != http.StatusOK || answer.Text("id") != r.id {
		return fmt.Sprintf("expected to see it, got %d: %.200s", answer.Status, answer.Raw)
	}
	return ""
}

// listing looks for the record in a list: of all, or of those with its id.
func listing(query string) func(w *world, r resource, name string) string {
	return func(w *world, r resource, name string) string {
		full := "?perPage=500"
		if query != "" {
			full += "&" + query + "=" + url.QueryEscape(`id="`+r.id+`"`)
		}
		answer := w.people[name].Do(http.MethodGet, r.path()+full, nil)
		if dead(name) || r.rules().List == collections.Nobody {
			return refused(answer, r.rules().List, name)
		}
		if answer.Status != http.StatusOK {
			return fmt.Sprintf("expected a list, got %d: %.200s", answer.Status, answer.Raw)
		}
		may := r.may(r.rules().List, name)
		if found := slices.Contains(idsOf(answer), r.id); found != may {
			return fmt.Sprintf("expected to find it: %v, found: %v", may, found)
		}
		return w.leaks(r.domain, name, answer.JSON)
	}
}

// leaks looks through what was expanded for records that name may not see.
func (w *world) leaks(domain collections.Domain, name string, value any) string {
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			if wrong := w.leaks(domain, name, one); wrong != "" {
				return wrong
			}
		}
	case map[string]any:
		id, _ := value["id"].(string)
		if r, known := w.byID[string(domain)+id]; known && !r.may(r.rules().View, name) && r.rules().View != collections.Nobody {
			return "it expands to " + r.name + ", which is not theirs"
		}
		for _, one := range value {
			if wrong := w.leaks(domain, name, one); wrong != "" {
				return wrong
			}
		}
	}
	return ""
}

func file(w *world, r resource, name string) string {
	stored, open := w.files[string(r.domain)+r.id]
	if !open {
		stored = "secret.png"
	}
	answer := w.people[name].Do(http.MethodGet, services.Prefix(r.domain)+"/api/files/"+r.collection+"/"+r.id+"/"+stored, nil)
	return fileAnswer(answer, open && !dead(name), http.StatusOK, name)
}

// fileAnswer demands the status of a file that is given, or the answer of one that is not there.
func fileAnswer(answer *Response, given bool, status int, name string) string {
	switch {
	case given && answer.Status != status:
		return fmt.Sprintf("expected the file (%d), got %d: %.200s", status, answer.Status, answer.Raw)
	case !given && answer.Status != http.StatusNotFound && (!dead(name) || answer.Status != http.StatusUnauthorized):
		return fmt.Sprintf("expected no file, got %d: %.200s", answer.Status, answer.Raw)
	}
	return ""
}

// protectedFile asks for a file that is there with a token of one's own: who may
// view the record is sent on to the storage, for everybody else there is none.
func protectedFile(w *world, r resource, name string) string {
	stored, there := w.protected[string(r.domain)+r.id]
	if !there {
		return "" // records of this kind have none
	}
	one := w.people[name]
	token := one.Do(http.MethodPost, services.Prefix(r.domain)+"/api/files/token", Body{}).Text("token")
	answer := one.Do(http.MethodGet, services.Prefix(r.domain)+"/api/files/"+r.collection+"/"+r.id+"/"+stored+"?token="+url.QueryEscape(token), nil)
	return fileAnswer(answer, r.may(r.rules().View, name), http.StatusTemporaryRedirect, name)
}

func change(w *world, r resource, name string) string {
	if r.change == nil {
		return "" // tested where it is at home
	}
	answer := w.people[name].Do(http.MethodPatch, r.path()+"/"+r.id, r.change)
	if !within(r.update, name) {
		return refused(answer, r.rules().Update, name)
	}
	if answer.Status != http.StatusOK {
		return fmt.Sprintf("expected to change it, got %d: %.200s", answer.Status, answer.Raw)
	}
	return ""
}

func erase(w *world, r resource, name string) string {
	if within(w.removers[r.name], name) {
		return "" // last of all: afterwards there is nothing to try
	}
	return refused(w.people[name].Do(http.MethodDelete, r.path()+"/"+r.id, nil), r.rules().Delete, name)
}

// creating tries to create a record of a collection.
func creating(w *world, c creation, name string) string {
	rule := createRule(collections.RulesOf(c.domain)[c.collection])
	answer := w.people[name].Create(c.domain, c.collection, c.body(w, name), "Idempotency-Key", Key())
	code, known := c.others[name]
	switch {
	case dead(name) || rule == collections.Nobody:
		return refused(answer, rule, name)
	case slices.Contains(c.may, name):
		if answer.Status != http.StatusOK {
			return fmt.Sprintf("expected to create it, got %d: %.200s", answer.Status, answer.Raw)
		}
		return ""
	case name == guest:
		code = services.CodeAuthRequired
	case !known:
		code = services.CodeRoleRequired
	}
	if answer.Status < 400 || answer.Code() != code {
		return fmt.Sprintf("expected to be refused with %s, got %d: %.200s", code, answer.Status, answer.Raw)
	}
	return ""
}
