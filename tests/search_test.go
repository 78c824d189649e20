package tests

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// TestSearchProjects: words are demanded or excluded, as beginnings of words and
// without accents; only open projects are found, by what they say now.
func TestSearchProjects(t *testing.T) {
	t.Parallel()
	m := New(t)
	client, guest := m.User(collections.RoleClient), m.Guest()
	post := func(title, description string, skills []string, budget int64, publish bool) string {
		created := client.Create(collections.DomainProjects, collections.Projects, Body{"title": title, "description": description, "skills": skills, "currency": "EUR", "budgetMax": budget, "category": "design"})
		created.Want(t, http.StatusOK, "")
		if publish {
			client.Command(collections.DomainProjects, "projects/"+created.Text("id")+"/publish", "", nil).Want(t, http.StatusOK, "")
		}
		return created.Text("id")
	}
	logo := post("A logo for a café", "Simple lines", []string{"Design"}, 100_00, true)
	shop := post("A shop for teapots", "With a logo and a checkout", []string{"TypeScript", "Payments"}, 900_00, true)
	post("A secret logo", "Draft", nil, 100_00, false)
	gone := post("A logo nobody needs", "", nil, 1, true)
	client.Command(collections.DomainProjects, "projects/"+gone+"/cancel", "", nil).Want(t, http.StatusOK, "")
	search := func(query string) *Response {
		return guest.Do(http.MethodGet, "/api/projects/api/search/projects?"+query, nil)
	}
	for query, want := range map[string][]string{
		"":                         {logo, shop},
		"q=logo":                   {logo, shop},
		"q=LOGO+cafe":              {logo},
		"q=tea":                    {shop},
		"q=logo&without=teapots":   {logo},
		"q=logo&without=caf,check": {},
		"without=logo":             {},
		"q=typescript":             {shop},
		"q=secret":                 {},
		"q=needs":                  {},
		"q=logo&currency=USD":      {},
		"q=logo&currency=EUR&min=50000&category=design":     {shop},
		"q=" + url.QueryEscape(`"logo" OR NOT cafe*) -- '`): {},
		"q=logo&page=2": {},
		"sort=deadline": {},
	} {
		answer := search(query)
		answer.Want(t, http.StatusOK, "")
		found := map[string]bool{}
		for _, id := range idsOf(answer) {
			found[id] = true
		}
		same := len(found) == len(want)
		for _, id := range want {
			same = same && found[id]
		}
		if !same {
			t.Errorf("%q: expected %v, got %v", query, want, idsOf(answer))
		}
	}
	if got := idsOf(search("q=logo&sort=budget")); fmt.Sprint(got) != fmt.Sprint([]string{shop, logo}) {
		t.Errorf("Expected the highest budget first, got %v", got)
	}
	search("sort=client").Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	search("page=-1").Want(t, http.StatusBadRequest, services.CodeNotAnInteger)
	search("q=%2B%2B").Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	client.Do(http.MethodPatch, "/api/projects/api/collections/projects/records/"+logo, Body{"title": "A brand for a café"}).Want(t, http.StatusOK, "")
	if got := idsOf(search("q=logo")); len(got) != 1 || got[0] != shop {
		t.Errorf("Expected the words of today, got %v", got)
	}
}
