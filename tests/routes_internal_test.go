package tests

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// TestInternalRoutesRefuseNonsense asks the routes between instances past the
// gateway: people get no answer, and a peer that talks nonsense gets a refusal.
func TestInternalRoutesRefuseNonsense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, asked := w.rows(t), 0
	for _, route := range w.market.Routes() {
		if !strings.HasPrefix(route.Path, services.InternalPrefix) || route.Path == services.InternalKeys {
			continue
		}
		instance := w.market.Instances[route.Domain]
		for _, id := range []string{strange[0], strange[1], w.main.Payment} {
			for name, token := range w.serviceTokens(t, route.Domain) {
				for _, body := range nonsense {
					req := httptest.NewRequestWithContext(t.Context(), route.Method, "/", bytes.NewReader([]byte(body)))
					path, err := url.Parse(param.ReplaceAllLiteralString(route.Path, id) + "?id=%00&role=x")
					if err != nil {
						t.Fatal(err)
					}
					req.URL = path
					req.Header.Set("Authorization", token)
					req.Header.Set("Content-Type", "application/json")
					answer := httptest.NewRecorder()
					instance.Handler().ServeHTTP(answer, req)
					asked++
					if answer.Code >= 500 || name != "a peer" && answer.Code != http.StatusUnauthorized {
						t.Errorf("%s, %s %s as %s, %.60q: %d %.200s", route.Domain, route.Method, path, name, body, answer.Code, answer.Body)
					}
				}
			}
		}
	}
	if asked < 500 {
		t.Errorf("Expected to ask more than %d times", asked)
	}
	w.wantSame(t, before)
}

// serviceTokens are what somebody may come to a domain with: nothing, a person's
// token, a peer's for another domain, and a peer's.
func (w *world) serviceTokens(t *testing.T, domain collections.Domain) map[string]string {
	t.Helper()
	peers := slices.DeleteFunc(slices.Clone(collections.Domains), func(d collections.Domain) bool { return d == domain })
	from, elsewhere := string(peers[0]), string(peers[1])
	return map[string]string{
		"nobody": "", "a person": w.main.Client.Token,
		"a peer of another": serviceToken(t, w.market, from, elsewhere, time.Minute, "svc+jwt"), "a peer": serviceToken(t, w.market, from, string(domain), time.Minute, "svc+jwt"),
	}
}
