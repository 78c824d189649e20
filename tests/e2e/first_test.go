package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/tests/process"
)

// TestFirstPages: both gateways put what projects writes into the first pages,
// and the outline where it writes nothing, or does not answer.
func TestFirstPages(t *testing.T) {
	processes := process.Split(t, filepath.Join(t.TempDir(), "data"))
	doors := []door{{"the built-in gateway", "http://" + processes["gateway"].Addr}, {"nginx", "http://" + process.Nginx(t, processes, nil).Addr}}
	const written, outline = `<div class="first" lang="`, `aria-hidden="true">
        <div class="border-b`
	check := func(target, language, want string) {
		t.Helper()
		for _, one := range doors {
			got, body := answerOf(t, one.base, http.MethodGet, target, "", http.Header{"Accept-Language": {language}})
			if got.StatusCode != http.StatusOK || !strings.Contains(body, want) || strings.Contains(body, written) == strings.Contains(body, outline) || !strings.HasSuffix(strings.TrimSpace(body), "</html>") {
				t.Errorf("%s%s at %s: expected a page with %q, got %d %s", target, language, one.name, want, got.StatusCode, body)
			}
		}
	}
	check("/projects", "en-GB,en;q=0.9", written+`en"`)
	check("/projects", "ar", written+`ar"`)
	check("/", "en", written+`en"`)
	check("/projects?q=logo", "en", outline)
	check("/messages", "en", outline)
	if err := processes["projects"].Stop(); err != nil {
		t.Fatal(err)
	}
	check("/projects", "en", outline)
}
