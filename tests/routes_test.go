package tests

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// Nonsense: whatever the route, it is refused by a stable code, and nothing comes
// of it. The routes are those of the routers; a new one is tried without being
// named here.

// nonsense are bodies that no command takes.
var nonsense = []string{
	`{`, `[]`, `"text"`, `5`, `true`, `{"no such field":1}`, `{"reason":5,"note":[],"amount":{}}`, `{"amount":"1"}`, `{"amount":-1}`, `{"amount":1e300}`,
	`{"amount":1.5}`, `{"amount":9007199254740993}`, `{"seq":-1,"version":-1}`, `{"toFreelancer":[]}`, `{"deliverables":[1]}`, `{"size":-5,"target":{}}`,
	`{"channels":5}`, `{"changes":5,"horizon":"x"}`, `{"clientId":[],"subscriptions":{}}`, `{"identity":{},"password":[]}`, `{"title":{},"amount":[],"body":7,"blocked":{}}`,
	`{"reason":"` + strings.Repeat("x", 1001) + `"}`, `{"note":"` + strings.Repeat("x", 5001) + `"}`, strings.Repeat(`[`, 20_000), "\x00\xff",
}

// strange are ids that nothing has.
var strange = []string{"doesnotexist123", "%00", "x'%20OR%201=1--", "..%2f..%2f", "%F0%28%8C%28", strings.Repeat("x", 3000), "null"}

// questionable are values that no question takes, and the names of what can be asked.
var (
	questionable = []string{"-1", "99999999999999999999", "%00", "'", "%F0%28%8C%28", "a%5B%5D%7B%7D(", strings.Repeat("y", 4000)}
	askable      = []string{
		"page", "perPage", "limit", "before", "after", "changed", "from", "to", "at", "currency", "horizon", "view", "format", "q", "without", "min", "sort", "filter",
		"fields", "expand", "amount", "proposal", "token", "category", "chat", "skipTotal", "thumb", "download", "refreshToken", "id", "role",
	}
)

// mayDo are routes that do, or answer, something whatever else is sent, and why.
var mayDo = map[string]string{
	"POST /api/auth/sign-out":                             "signs out whoever asks; who is signed out already is told the same",
	"POST /api/files/token":                               "gives a token for a minute, and stores nothing",
	"POST /api/collections/{collection}/auth-refresh":     "says that the session is alive",
	"POST /api/collections/{collection}/request-otp":      "answers the same whatever the address is",
	"POST /api/collections/{collection}/auth-with-oauth2": "asks a provider",
	"POST /api/oauth2-redirect":                           "leads back to where somebody came from",
	"GET /api/realtime":                                   "a stream, which does not end",
}

// param is a part of a path that is filled in.
var param = regexp.MustCompile(`\{[^}]+\}`)

// try is one request of the table.
type try struct {
	route Route
	who   string
	path  string
	body  string
	kind  string
}

// nonsensical says what is wrong with an answer to nonsense, or "".
func (w *world) nonsensical(one try) string {
	headers := []string{"Idempotency-Key", Key()}
	if one.kind != "" {
		headers = append(headers, "Content-Type", one.kind)
	}
	answer, err := w.people[one.who].Try(one.route.Method, services.Prefix(one.route.Domain)+one.path, one.body, headers...)
	if err != nil {
		return err.Error()
	}
	_, does := mayDo[one.route.Method+" "+one.route.Path]
	switch {
	case answer.Status >= 500 && answer.Code() != services.CodePeerUnavailable:
		return fmt.Sprintf("%d %s", answer.Status, answer.Raw)
	case answer.Status >= 400 && answer.Code() == "" && one.route.Method != http.MethodHead && !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html"):
		return fmt.Sprintf("%d without a code: %.200s", answer.Status, answer.Raw)
	case answer.Status < 400 && one.route.Method != http.MethodGet && one.route.Method != http.MethodHead && one.route.Method != http.MethodOptions && !does:
		return fmt.Sprintf("%d %.200s", answer.Status, answer.Raw)
	}
	return ""
}

// real are the ids that a path may name: of the table's records of its collection.
func (w *world) real(route Route) []string {
	collection := strings.Split(strings.TrimPrefix(route.Path, "/api/"), "/")[0]
	var ids []string
	for _, r := range w.resources {
		if r.domain == route.Domain && (r.collection == collection || strings.Contains(route.Path, "{collection}")) && len(ids) < 2 {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// fill puts id and, where one is asked for, a collection into a path.
func (w *world) fill(route Route, id string) string {
	collection := collections.Users
	for _, r := range w.resources {
		if r.domain == route.Domain && r.id == id {
			collection = r.collection
		}
	}
	return param.ReplaceAllStringFunc(route.Path, func(name string) string {
		if name == "{collection}" {
			return collection
		}
		return id
	})
}

// tries are all requests to a route. What PocketBase has of its own is asked by
// fewer people: who may do what with records is the role matrix's to say.
func (w *world) tries(route Route) []try {
	var all []try
	everybody, somebody := principals, []string{theClient, freelancer}
	if !route.Own {
		everybody, somebody = []string{guest}, []string{theClient}
	}
	ids, named := strange, w.real(route)
	if !param.MatchString(route.Path) {
		ids, named = []string{""}, []string{""}
	}
	body := ""
	if route.Method != http.MethodGet {
		body = `{"no such field":1}`
	}
	for n, who := range everybody {
		for m, id := range ids {
			if dead(who) && m > 0 || n > 0 && m > 3 {
				continue // refused for who they are
			}
			all = append(all, try{route, who, w.fill(route, id), body, ""})
		}
	}
	for _, id := range named {
		path := w.fill(route, id)
		for _, who := range somebody {
			all = append(all, w.bodies(route, who, path)...)
		}
		for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodTrace, "NONSENSE"} {
			if method != http.MethodHead || mayDo["GET "+route.Path] == "" {
				other := route
				other.Method = method
				all = append(all, try{other, theClient, path, "", ""})
			}
		}
	}
	return slices.DeleteFunc(all, func(one try) bool {
		_, does := mayDo[one.route.Method+" "+one.route.Path]
		return does && one.who != guest && !dead(one.who)
	})
}

// bodies are the nonsense that one person sends to one path.
func (*world) bodies(route Route, who, path string) []try {
	var all []try
	switch {
	case route.Method == http.MethodGet:
		for n, question := range askable {
			if who != theClient {
				break
			}
			all = append(all, try{route, who, path + "?" + question + "=" + questionable[(n+len(path))%len(questionable)], "", ""})
		}
	case route.Own || route.Method == http.MethodPost:
		for n, body := range nonsense {
			if !route.Own && n%4 != 0 {
				continue
			}
			all = append(all, try{route, who, path, body, ""})
		}
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x"} {
			all = append(all, try{route, who, path, "amount=1", kind})
		}
	}
	return all
}

// TestEveryRouteRefusesNonsense asks every route of every instance for nonsense, as
// everybody. Nothing of it is stored anywhere.
func TestEveryRouteRefusesNonsense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.rows(t)
	var mu sync.Mutex
	count := 0
	asking := errgroup.Group{}
	asking.SetLimit(4)
	for _, route := range w.market.Routes() {
		if strings.HasPrefix(mayDo[route.Method+" "+route.Path], "a stream") || !route.Own && route.Domain != collections.DomainUsers && !strings.Contains(route.Path, "/records") {
			continue // PocketBase's own are the same in each instance
		}
		asking.Go(func() error {
			tries := w.tries(route)
			for _, one := range tries {
				if wrong := w.nonsensical(one); wrong != "" {
					t.Errorf("%s as %s, %s %.120q %s: %s", route.Domain, one.who, one.route.Method, one.path, shortBody(one), wrong)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			count += len(tries)
			return nil
		})
	}
	_ = asking.Wait()
	t.Logf("%d requests", count)
	if count < 5_000 {
		t.Errorf("Expected more than %d requests", count)
	}
	w.wantSame(t, before)
}

func shortBody(one try) string { return fmt.Sprintf("%.60q %s", one.body, one.kind) }

// TestRoutesAreDocumented: whoever uses the API finds every command and question of
// ours in the README or in docs.
func TestRoutesAreDocumented(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var written strings.Builder
	for _, file := range append(files, "../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		written.Write(text)
	}
	for _, route := range New(t).Routes() {
		if !route.Own || strings.HasPrefix(route.Path, services.InternalPrefix) || strings.HasPrefix(route.Path, services.FirstPath) || strings.HasPrefix(route.Path, "/_/") || route.Path == services.ReadyAllPath {
			continue // between instances, and the dashboards
		}
		parts := strings.Split(strings.TrimSuffix(route.Path, "/{id}"), "/")
		word := parts[len(parts)-1]
		if !regexp.MustCompile("[`/]" + regexp.QuoteMeta(strings.Trim(word, "{}")) + "\\b").MatchString(written.String()) {
			t.Errorf("%s: %s %s is written down nowhere", route.Domain, route.Method, route.Path)
		}
	}
}
