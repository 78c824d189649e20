package tests

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/hooks"
	"github.com/lancershub/lancershub/services"
)

// TestSavedSearches: what can be saved, and how much.
func TestSavedSearches(t *testing.T) {
	t.Parallel()
	m := New(t)
	maker := m.User(collections.RoleFreelancer)
	for name, scenario := range map[string]struct {
		body   Body
		status int
		code   string
	}{
		"everything":                {Body{"name": " Shops ", "words": "shop teapot", "without": "logo", "category": "development", "currency": "EUR", "min": 50_000}, 200, ""},
		"every new project":         {Body{"name": "All"}, 200, ""},
		"no name":                   {Body{"name": "  ", "words": "shop"}, 400, services.CodeInvalidInput},
		"a currency nobody knows":   {Body{"name": "Shops", "currency": "XXX"}, 400, services.CodeUnknownCurrency},
		"a budget without currency": {Body{"name": "Shops", "min": 5}, 400, services.CodeInvalidInput},
		"half a cent":               {Body{"name": "Shops", "currency": "EUR", "min": 0.5}, 400, services.CodeNotAnInteger},
		"no word among the words":   {Body{"name": "Shops", "words": "++"}, 400, services.CodeInvalidInput},
		"in somebody else's name":   {Body{"name": "Shops", "user": m.User(collections.RoleFreelancer).ID}, 400, services.CodeFieldReadOnly},
	} {
		if answer := maker.Create(collections.DomainProjects, collections.Searches, scenario.body); answer.Status != scenario.status || answer.Code() != scenario.code {
			t.Errorf("%s: expected %d %q, got %d %s", name, scenario.status, scenario.code, answer.Status, answer.Raw)
		}
	}
	for n := 2; n < services.MaxSearches; n++ {
		maker.save(Body{})
	}
	maker.Create(collections.DomainProjects, collections.Searches, Body{"name": "One more"}).Want(t, http.StatusConflict, services.CodeTooManySearches)
	if got := maker.List(collections.DomainProjects, collections.Searches, "").Number("totalItems"); got != services.MaxSearches {
		t.Errorf("Expected %d searches, got %d", services.MaxSearches, got)
	}
}

// save saves a search and returns its id.
func (p *Person) save(body Body) string {
	p.tb.Helper()
	if body["name"] == nil {
		body["name"] = "A search"
	}
	made := p.Create(collections.DomainProjects, collections.Searches, body)
	made.Want(p.tb, http.StatusOK, "")
	return made.Text("id")
}

// post publishes a project about a shop for teapots, changed by body.
func (p *Person) post(body Body) string {
	p.tb.Helper()
	fields := Body{"title": "A shop for teapots", "description": "With a checkout", "category": "development", "skills": []string{"TypeScript"}, "currency": "EUR", "budgetMax": 90_000}
	for field, value := range body {
		fields[field] = value
	}
	made := p.Create(collections.DomainProjects, collections.Projects, fields)
	made.Want(p.tb, http.StatusOK, "")
	p.publish(made.Text("id"))
	return made.Text("id")
}

func (p *Person) publish(project string) {
	p.tb.Helper()
	p.Command(collections.DomainProjects, "projects/"+project+"/publish", Key(), nil).Want(p.tb, http.StatusOK, "")
}

// told is how often a person heard of a project for one of their searches.
func (p *Person) told(project string) int64 {
	p.tb.Helper()
	list := p.List(collections.DomainMessages, collections.Notifications, "?perPage=200&filter="+url.QueryEscape("kind = 'search.matched'"))
	list.Want(p.tb, http.StatusOK, "")
	items, _ := list.JSON["items"].([]any)
	count := int64(0)
	for _, item := range items {
		one := &Response{JSON: item.(map[string]any)}
		if one.Object("params").Text("project") == project {
			count += one.Number("count")
		}
	}
	return count
}

// alert does what the instance does in the background.
func (m *Market) alert() {
	m.tb.Helper()
	if err := (services.ProjectsService{Instance: m.Instances[collections.DomainProjects]}).AlertSearches(context.Background()); err != nil {
		m.tb.Fatalf("Failed to tell saved searches: %v", err)
	}
	m.Deliver()
}

// TestAlertsMatchAsTheBrowsePageDoes: whoever saved a search hears of a project if
// and only if the search would find it.
func TestAlertsMatchAsTheBrowsePageDoes(t *testing.T) {
	t.Parallel()
	m := New(t)
	client := m.User(collections.RoleClient)
	for range 3 { // others, which are found as well or not
		client.post(Body{"title": "A logo for a café", "description": "", "category": "design"})
	}
	m.alert()
	searches := []Body{
		{"words": "shop"}, {"words": "TEA ty"}, {"words": "logo"}, {"words": "shop", "without": "checkout"}, {"without": "logo"},
		{"category": "development"}, {"category": "design"}, {"currency": "EUR"}, {"currency": "USD"},
		{"currency": "EUR", "min": 90_000}, {"currency": "EUR", "min": 90_001}, {"words": `"shop" OR NOT tea*) -- '`}, {},
	}
	makers := make([]*Person, len(searches))
	for n, search := range searches {
		makers[n] = m.User(collections.RoleFreelancer)
		makers[n].save(search)
	}
	project := client.post(nil)
	m.alert()
	for n, search := range searches {
		query := url.Values{}
		for field, value := range search {
			switch text, ok := value.(string); {
			case ok:
				query.Set(map[string]string{"words": "q"}[field]+map[bool]string{true: "", false: field}[field == "words"], text)
			default:
				if number, ok := value.(int); ok {
					query.Set(field, strconv.Itoa(number))
				}
			}
		}
		found := int64(0)
		for _, id := range idsOf(m.Guest().Do(http.MethodGet, "/api/projects/api/search/projects?"+query.Encode(), nil)) {
			if id == project {
				found++
			}
		}
		if got := makers[n].told(project); got != found {
			t.Errorf("%v: the browse page finds it %d times, but it was told %d times", search, found, got)
		}
	}
}

// TestAlertsAreToldOnce: per search and project, however often it is published or
// looked at; not of one's own, not while paused, not to who left.
func TestAlertsAreToldOnce(t *testing.T) {
	t.Parallel()
	m := New(t)
	client, both := m.User(collections.RoleClient), m.User(collections.RoleClient, collections.RoleFreelancer)
	maker, paused, gone := m.User(collections.RoleFreelancer), m.User(collections.RoleFreelancer), m.User(collections.RoleFreelancer)
	maker.save(Body{"words": "teapots"})
	twice := maker.save(Body{"words": "shop"})
	off := paused.save(Body{"words": "shop", "paused": true})
	both.save(Body{"words": "shop"})
	gone.save(Body{"words": "shop"})
	deleted := maker.save(Body{"words": "checkout"})
	maker.Do(http.MethodDelete, "/api/projects/api/collections/searches/records/"+deleted, nil).Want(t, http.StatusNoContent, "")
	gone.Command(collections.DomainUsers, "users/"+gone.ID+"/close", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()

	project, own := client.post(nil), both.post(nil)
	draft := client.Create(collections.DomainProjects, collections.Projects, Body{"title": "A shop as a draft", "currency": "EUR"})
	draft.Want(t, http.StatusOK, "")
	for range 3 {
		m.alert()
	}
	if got := maker.told(project); got != 2 {
		t.Errorf("Expected one alert for each of the two searches, got %d", got)
	}
	if paused.told(project) != 0 || both.told(own) != 0 || both.told(project) != 1 || maker.told(draft.Text("id")) != 0 {
		t.Errorf("Expected no alert while paused, of one's own or of a draft, and one of another's: got %d, %d, %d, %d",
			paused.told(project), both.told(own), both.told(project), maker.told(draft.Text("id")))
	}

	m.Clock.Advance(26 * collections.Day)
	m.Tick() // reminds
	m.Clock.Advance(5 * collections.Day)
	m.Tick() // the projects expire
	for _, person := range []*Person{client, both, maker, paused} {
		person.SignIn()
	}
	client.publish(project)
	paused.Do(http.MethodPatch, "/api/projects/api/collections/searches/records/"+off, Body{"paused": false}).Want(t, http.StatusOK, "")
	maker.Do(http.MethodPatch, "/api/projects/api/collections/searches/records/"+twice, Body{"name": "Renamed"}).Want(t, http.StatusOK, "")
	m.alert()
	if maker.told(project) != 2 || paused.told(project) != 1 {
		t.Errorf("Expected nothing more for who was told, and an alert for who was not: got %d, %d", maker.told(project), paused.told(project))
	}
	m.Sound()
}

// TestAlertsAfterDowntime: a project that was published right before the end is
// told after the start, by itself and once; one that many look for, in batches.
func TestAlertsAfterDowntime(t *testing.T) {
	t.Parallel()
	var options services.Options
	m := New(t, func(o *services.Options) { options = *o })
	client, maker := m.User(collections.RoleClient), m.User(collections.RoleFreelancer)
	maker.save(Body{"words": "teapots"})
	m.crowd(450)
	project := client.post(nil)
	if got := maker.told(project); got != 0 {
		t.Fatalf("Expected nothing to be told yet, got %d", got)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		options.Manual = false // what it does by itself
		again, err := services.Start(context.Background(), options, hooks.Bind, fstest.MapFS{"index.html": {Data: []byte("the web app")}})
		if err != nil {
			t.Fatal(err)
		}
		there := &Market{Marketplace: again, Clock: m.Clock, base: "http://" + again.Addr, tb: t}
		here := maker.At(there)
		for until := time.Now().Add(60 * time.Second); here.told(project) == 0 || there.waiting() > 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("Expected an alert in time, got %d, with %d projects waiting", here.told(project), there.waiting())
			}
		}
		there.deliver = func() error { return there.Drain(context.Background()) }
		there.alert()
		if got := here.told(project); got != 1 {
			t.Errorf("Expected one alert, got %d", got)
		}
		var told int
		err = there.Instances[collections.DomainMessages].App.DB().NewQuery(`SELECT count(*) FROM notifications WHERE kind = 'search.matched'`).Row(&told)
		if err != nil || told != 451 {
			t.Errorf("Expected 451 to have heard of it, got %d %v", told, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// waiting is how many projects are still to be held against saved searches.
func (m *Market) waiting() (count int) {
	m.tb.Helper()
	if err := m.Instances[collections.DomainProjects].App.DB().NewQuery(`SELECT count(*) FROM search_due`).Row(&count); err != nil {
		m.tb.Fatal(err)
	}
	return count
}

// crowd stores that many people with a search for shops, below the services.
func (m *Market) crowd(count int) {
	m.tb.Helper()
	err := m.Instances[collections.DomainProjects].App.RunInTransaction(func(tx core.App) error {
		for n := range count {
			id := fmt.Sprintf("crowd%010d", n)
			_, err := tx.DB().Insert(collections.Users, dbx.Params{"id": id, "status": "active", "roles": `["freelancer"]`, "email": id + "@example.com", "tokenKey": id}).Execute()
			if err != nil {
				return err
			}
			_, err = tx.DB().Insert(collections.Searches, dbx.Params{"id": fmt.Sprintf("seeks%010d", n), "user": id, "name": "Shops", "words": "shop", "paused": false}).Execute()
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		m.tb.Fatal(err)
	}
}
