package tests

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
)

// TestFirstPage: the page of open projects comes with the projects in it, in the
// visitor's language, with what everybody may see and nothing that ends an element.
func TestFirstPage(t *testing.T) {
	t.Parallel()
	m := New(t)
	client := m.User(collections.RoleClient)
	const title = `Shelves </script><script>alert("1")</script>`
	post := func(title string, publish bool) string {
		created := client.Create(collections.DomainProjects, collections.Projects, Body{"title": title, "description": strings.Repeat("ä", 500), "skills": []string{"<b>Wood"}, "currency": "EUR", "budgetMax": 100_00})
		created.Want(t, http.StatusOK, "")
		if publish {
			client.Command(collections.DomainProjects, "projects/"+created.Text("id")+"/publish", "", nil).Want(t, http.StatusOK, "")
		}
		return created.Text("id")
	}
	open, draft := post(title, true), post("A secret", false)
	page := func(path, language string) string {
		t.Helper()
		answer := m.Guest().Do(http.MethodGet, path, nil, "Accept-Language", language)
		answer.Want(t, http.StatusOK, "")
		return string(answer.Raw)
	}
	shown := page("/projects", "de-AT, en;q=0.5")
	for _, want := range []string{"the web app", "<h1>Open</h1>", `<a href="/` + open + `">Shelves &lt;/script&gt;`, "<i>&lt;b&gt;Wood</i>", `id="first-list">`, `"totalItems":1`, strings.Repeat("ä", 400)} {
		if !strings.Contains(shown, want) {
			t.Errorf("Expected %q in %s", want, shown)
		}
	}
	for _, hidden := range []string{draft, "A secret", "outline", "<script>alert", "ä</"} {
		if strings.Contains(shown, hidden) {
			t.Errorf("Expected no %q in %s", hidden, shown)
		}
	}
	if strings.Count(shown, "</script>") != 1 {
		t.Errorf("Expected one script to end, got %s", shown)
	}
	if arabic := page("/projects", "ar"); !strings.Contains(arabic, "مفتوحة") {
		t.Errorf("Expected the Arabic page, got %s", arabic)
	}
	for _, path := range []string{"/projects?q=shelves", "/messages", "/"} { // "/" has no template here
		if other := page(path, "en"); !strings.Contains(other, "outline") || strings.Contains(other, "Open") {
			t.Errorf("%s: expected the outline, got %s", path, other)
		}
	}
}
