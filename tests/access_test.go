package tests

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// The role matrix: every principal, every kind of record in every state, every
// action. What may be done is in access_table_test.go; all else must be refused,
// and refused as if the record did not exist.

// The principals: everyone who is not a superuser. The last three hold a token
// that is no longer good: they are told so, and nothing else.
const (
	guest      = "guest"
	theClient  = "client"
	freelancer = "freelancer"
	loser      = "freelancer who was not chosen"
	stranger   = "stranger with both roles"
	otherHirer = "stranger who hires"
	otherMaker = "stranger who works"
	suspended  = "suspended client"
	expired    = "client whose token expired"
	signedOut  = "client who signed out"
)

var principals = []string{guest, theClient, freelancer, loser, stranger, otherHirer, otherMaker, suspended, expired, signedOut}

// dead tells whether a principal's token is no longer good.
func dead(name string) bool { return name == suspended || name == expired || name == signedOut }

// resource is one record and who may do what with it. Everyone else must not
// even learn that it exists. The strangers with one role may do what the
// stranger with both may.
type resource struct {
	name       string
	domain     collections.Domain
	collection string
	id         string
	read       []string
	// update has who may change it by CRUD, with a change that is legal.
	update []string
	change Body
}

func (r resource) rules() collections.Rules { return collections.RulesOf(r.domain)[r.collection] }

func (r resource) path() string {
	return services.Prefix(r.domain) + "/api/collections/" + r.collection + "/records"
}

// within tells whether name is one of those whom a list of the table names.
func within(list []string, name string) bool {
	asStranger := name == otherHirer || name == otherMaker
	return !dead(name) && (slices.Contains(list, name) || asStranger && slices.Contains(list, stranger))
}

// may tells whether the table lets name read the record by an action of that rule.
func (r resource) may(rule, name string) bool {
	return rule != collections.Nobody && within(r.read, name)
}

// TestRoleMatrix tries everything as everyone.
func TestRoleMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cells := 0
	try := func(name, what, action, wrong string) {
		cells++
		if wrong != "" {
			t.Errorf("%s, %s, %s: %s", name, what, action, wrong)
		}
	}
	for _, action := range actions {
		for cell, wrong := range w.tryAll(action, w.resources) {
			try(cell.name, cell.resource, action.name, wrong)
		}
	}
	for key, wrong := range w.hearing(t) {
		cells += len(principals)
		for _, one := range wrong {
			t.Errorf("%s: %s", key, one)
		}
	}
	for _, c := range allCreations() {
		for _, name := range principals {
			try(name, string(c.domain)+"/"+c.collection, "create", creating(w, c, name))
		}
	}
	for _, r := range w.resources {
		for _, name := range w.removers[r.name] {
			answer := w.people[name].Do(http.MethodDelete, r.path()+"/"+r.id, nil)
			if answer.Status != http.StatusNoContent {
				t.Errorf("%s, %s: expected to delete it, got %d: %s", name, r.name, answer.Status, answer.Raw)
			}
		}
	}
	t.Logf("%d cells: %d principals, %d records", cells, len(principals), len(w.resources))
	if cells < 2880 {
		t.Errorf("Expected at least 2,880 cells, there are %d", cells)
	}
}

// cell is one principal and one record.
type cell struct{ name, resource string }

// tryAll tries an action on records as everyone and says what is wrong, by cell.
// Reading is done side by side: PocketBase puts off the answer to a search that
// finds nothing.
func (w *world) tryAll(action action, all []resource) map[cell]string {
	wrong := map[cell]string{}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(1)
	if !action.changes {
		group.SetLimit(64)
	}
	for _, r := range all {
		for _, name := range principals {
			group.Go(func() error {
				got := action.run(w, r, name)
				mu.Lock()
				defer mu.Unlock()
				wrong[cell{name, r.name}] = got
				return nil
			})
		}
	}
	_ = group.Wait()
	return wrong
}

// hearing lets everyone subscribe to everything, touches every record, and says
// by record who heard what they should not have, or did not hear what they should.
func (w *world) hearing(t *testing.T) map[string][]string {
	t.Helper()
	streams := map[collections.Domain]map[string]*stream{}
	for _, domain := range collections.Domains {
		streams[domain] = map[string]*stream{}
		topics := []string{}
		for name := range collections.RulesOf(domain) {
			topics = append(topics, name+"/*")
		}
		for _, r := range w.resources {
			if r.domain == domain {
				topics = append(topics, r.collection+"/"+r.id)
			}
		}
		for _, name := range principals {
			if !dead(name) { // whoever is refused cannot even subscribe
				streams[domain][name] = listen(t, w.people[name], domain, topics...)
			}
		}
	}
	for _, r := range w.resources {
		app := w.market.Instances[r.domain].App
		if record, err := app.FindRecordById(r.collection, r.id); err == nil && !record.Collection().IsView() {
			if err := app.SaveNoValidate(record); err != nil {
				t.Fatal(err)
			}
		}
	}
	words := func(r resource) string { return `"id":"` + r.id + `"` }
	silent := func(r resource) bool { return w.silent[r.collection] || strings.HasPrefix(r.collection, "ledger") }
	wrong := map[string][]string{}
	for _, r := range w.resources {
		wrong[r.name] = nil
		for name, s := range streams[r.domain] {
			if may := within(r.read, name) && !silent(r); may && !s.heardOf(r.collection, words(r), 15*time.Second) {
				wrong[r.name] = append(wrong[r.name], name+" should have heard of a change")
			}
		}
	}
	time.Sleep(200 * time.Millisecond) // what should not come has had time to come
	for _, r := range w.resources {
		for name, s := range streams[r.domain] {
			if !within(r.read, name) && s.heardOf(r.collection, words(r), 0) {
				wrong[r.name] = append(wrong[r.name], name+" heard of a change")
			}
		}
	}
	return wrong
}

// heardOf is heard for events of a collection that begin with a record's id.
func (s *stream) heardOf(collection, words string, within time.Duration) bool {
	for until := time.Now().Add(within); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		for _, event := range s.events {
			if strings.HasPrefix(event, collection+"/") && strings.Contains(event, words) {
				s.mu.Unlock()
				return true
			}
		}
		s.mu.Unlock()
		if !time.Now().Before(until) {
			return false
		}
	}
}

// TestGoldenCollectionsAreInTheRoleMatrix fails when a collection has no row in the
// table: nobody has said who may see it.
func TestGoldenCollectionsAreInTheRoleMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := map[string]bool{}
	for _, r := range w.resources {
		known[string(r.domain)+"/"+r.collection] = true
	}
	made := map[string]bool{}
	for _, c := range allCreations() {
		made[string(c.domain)+"/"+c.collection] = true
	}
	for _, domain := range collections.Domains {
		raw, err := os.ReadFile(filepath.Join("..", "collections", "testdata", string(domain)+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var golden map[string]json.RawMessage
		if err := json.Unmarshal(raw, &golden); err != nil {
			t.Fatal(err)
		}
		for name := range golden {
			if strings.HasPrefix(name, "sql ") {
				continue
			}
			key := string(domain) + "/" + name
			if !known[key] {
				t.Errorf("%s is in the golden schema and not in the role matrix: add a record of it to resources in access_table_test.go", key)
			}
			if !made[key] {
				t.Errorf("%s is in the golden schema, and the role matrix does not say who may create one: add it to creations in access_table_test.go", key)
			}
		}
	}
}

func idsOf(list *Response) []string {
	items, _ := list.JSON["items"].([]any)
	ids := []string{}
	for _, item := range items {
		record, _ := item.(map[string]any)
		id, _ := record["id"].(string)
		ids = append(ids, id)
	}
	return ids
}
