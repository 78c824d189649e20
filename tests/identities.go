package tests

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	html "html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/pocketbase/pocketbase/core"
)

// Identities is an OpenID Connect provider on loopback (authorization code with PKCE).
type Identities struct {
	*httptest.Server
	// people are those who can be chosen in the provider's window.
	people []map[string]any
	mu     sync.Mutex
	codes  map[string]grant
	tokens map[string]map[string]any
}

type grant struct {
	challenge string
	person    map[string]any
}

const (
	oidcClient = "lancershub"
	oidcSecret = "between the two of us"
)

// NewIdentities starts a provider that knows people.
func NewIdentities(tb testing.TB, people ...map[string]any) *Identities {
	tb.Helper()
	p := &Identities{people: people, codes: map[string]grant{}, tokens: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		person, ok := p.tokens[r.Header.Get("Authorization")]
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(person)
	})
	p.Server = httptest.NewServer(mux)
	tb.Cleanup(p.Close)
	return p
}

// Config is how an operator enters the provider.
func (p *Identities) Config() core.OAuth2ProviderConfig {
	return core.OAuth2ProviderConfig{
		Name: "oidc", ClientId: oidcClient, ClientSecret: oidcSecret, DisplayName: "Guild",
		AuthURL: p.URL + "/authorize", TokenURL: p.URL + "/token", UserInfoURL: p.URL + "/userinfo",
	}
}

var window = html.Must(html.New("").Parse(`<!doctype html><html lang="en"><title>Guild</title><h1>Who are you?</h1>{{range .}}<p><a href="{{.Back}}">{{.Name}}</a></p>{{end}}</html>`))

// authorize is the provider's window: each person is a link back with a code of theirs.
func (p *Identities) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	type choice struct{ Name, Back string }
	p.mu.Lock()
	defer p.mu.Unlock()
	choices := make([]choice, 0, len(p.people))
	for _, person := range p.people {
		code := rand.Text()
		p.codes[code] = grant{asked.Get("code_challenge"), person}
		name, _ := person["name"].(string)
		choices = append(choices, choice{name, asked.Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {asked.Get("state")}}.Encode()})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = window.Execute(w, choices)
}

// token exchanges a code for a token (RFC 6749, section 4.1.3, and RFC 7636, section 4.6).
func (p *Identities) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	code := r.PostFormValue("code")
	granted, known := p.codes[code]
	delete(p.codes, code)
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if id != oidcClient || secret != oidcSecret && secret != "between+the+two+of+us" || !known || base64.RawURLEncoding.EncodeToString(sum[:]) != granted.challenge {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	p.tokens["Bearer token-"+code] = granted.person
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "token-" + code, "token_type": "Bearer", "expires_in": 60})
}

// grant makes code good for person, once, to whoever has the verifier behind challenge.
func (p *Identities) grant(code, challenge string, person map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[code] = grant{challenge, person}
}

// Set changes what the provider says of person.
func (p *Identities) Set(person map[string]any, claim string, value any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	person[claim] = value
}
