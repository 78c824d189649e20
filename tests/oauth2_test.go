package tests

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// identities is an OpenID Connect provider on loopback (authorization code with
// PKCE): grant stands for the person who agreed in the provider's window.
type identities struct {
	*httptest.Server
	mu     sync.Mutex
	codes  map[string]grant
	tokens map[string]map[string]any
}

type grant struct {
	challenge string
	person    map[string]any
}

const (
	oidcClient   = "lancershub"
	oidcSecret   = "between the two of us"
	codeVerifier = "a-code-verifier-of-at-least-forty-three-characters"
)

func newIdentities(t *testing.T, m *Market) *identities {
	t.Helper()
	p := &identities{codes: map[string]grant{}, tokens: map[string]map[string]any{}}
	mux := http.NewServeMux()
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
	t.Cleanup(p.Close)
	app := m.Instances[collections.DomainUsers].App
	col, err := app.FindCollectionByNameOrId(collections.Users)
	if err != nil {
		t.Fatal(err)
	}
	col.OAuth2.Providers = []core.OAuth2ProviderConfig{{
		Name: "oidc", ClientId: oidcClient, ClientSecret: oidcSecret, DisplayName: "Guild",
		AuthURL: p.URL + "/authorize", TokenURL: p.URL + "/token", UserInfoURL: p.URL + "/userinfo",
	}}
	if err := app.Save(col); err != nil {
		t.Fatal(err)
	}
	return p
}

// token exchanges a code for a token (RFC 6749, section 4.1.3, and RFC 7636, section 4.6).
func (p *identities) token(w http.ResponseWriter, r *http.Request) {
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

// agree is somebody saying yes in the provider's window.
func (p *identities) agree(code string, person map[string]any) {
	sum := sha256.Sum256([]byte(codeVerifier))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[code] = grant{base64.RawURLEncoding.EncodeToString(sum[:]), person}
}

func withOAuth2(p *Person, code string, create Body) *Response {
	p.tb.Helper()
	return p.Do(http.MethodPost, authPath+"auth-with-oauth2?refreshToken=body", Body{
		"provider": "oidc", "code": code, "codeVerifier": codeVerifier, "redirectURL": "http://127.0.0.1/done", "createData": create,
	})
}

// TestOAuth2: people sign up and in with a provider; what they bring along is
// limited, and a session of ours begins only when all of it succeeded.
func TestOAuth2(t *testing.T) {
	t.Parallel()
	m := New(t)
	box := NewMailbox(m, collections.DomainUsers)
	provider := newIdentities(t, m)
	guest := m.Guest()
	ada := map[string]any{"sub": "ada", "name": "Ada", "email": "ada@example.com", "email_verified": true, "picture": "http://127.0.0.1:1/never"}

	methods := guest.Do(http.MethodGet, authPath+"auth-methods", nil)
	if list, _ := methods.Object("oauth2").JSON["providers"].([]any); len(list) != 1 {
		t.Errorf("Expected the provider to be offered, got %s", methods.Raw)
	}
	for name, create := range map[string]Body{
		"another e-mail":   {"roles": []string{"client"}, "email": "boss@example.com"},
		"a confirmed mail": {"roles": []string{"client"}, "verified": true},
		"a status":         {"roles": []string{"client"}, "status": "active"},
		"a rating":         {"roles": []string{"client"}, "rating": 500},
		"an id":            {"roles": []string{"client"}, "id": "chosenbysomeone"},
		"a password":       {"roles": []string{"client"}, "password": "a long password"},
	} {
		provider.agree("bad", ada)
		if answer := withOAuth2(guest, "bad", create); answer.Code() != services.CodeFieldReadOnly {
			t.Errorf("%s: expected to be refused, got %d %s", name, answer.Status, answer.Raw)
		}
	}
	provider.agree("no-role", ada)
	if answer := withOAuth2(guest, "no-role", nil); answer.Status != http.StatusBadRequest {
		t.Errorf("Expected a role to be asked for, got %d %s", answer.Status, answer.Raw)
	}
	provider.agree("first", ada)
	first := withOAuth2(guest, "first", Body{"roles": []string{"freelancer"}})
	first.Want(t, http.StatusOK, "")
	person := &Person{ID: first.Object("record").Text("id"), Token: first.Text("token"), base: m.Base(), tb: t}
	if first.Object("record").Text("name") != "Ada" || first.Object("record").JSON["verified"] != true {
		t.Errorf("Expected the provider's word, got %s", first.Raw)
	}
	for _, domain := range collections.Domains {
		person.View(domain, collections.Users, person.ID).Want(t, http.StatusOK, "")
	}
	provider.agree("second", ada)
	second := withOAuth2(guest, "second", nil)
	second.Want(t, http.StatusOK, "")
	if second.Object("record").Text("id") != person.ID {
		t.Error("Expected the same account")
	}
	if used := withOAuth2(guest, "second", nil); used.Status != http.StatusBadRequest {
		t.Errorf("Expected a code to work once, got %d", used.Status)
	}
	// With a second factor the provider is the first.
	person.Command(collections.DomainUsers, "users/"+person.ID+"/enable-mfa", "", nil).Want(t, http.StatusOK, "")
	provider.agree("third", ada)
	third := withOAuth2(guest, "third", nil)
	if third.Status != http.StatusUnauthorized || third.Text("mfaId") == "" || third.Text("token") != "" {
		t.Fatalf("Expected a second factor to be asked for, got %d %s", third.Status, third.Raw)
	}
	person.Email = "ada@example.com"
	id, right := code(t, m, box, person)
	guest.Do(http.MethodPost, authPath+"auth-with-otp", Body{"otpId": id, "password": right, "mfaId": third.Text("mfaId")}).Want(t, http.StatusOK, "")
}

// TestOAuth2EndsAPreparedAccount: who signs up with somebody else's address gets
// nothing of the account when its owner comes with a provider.
func TestOAuth2EndsAPreparedAccount(t *testing.T) {
	t.Parallel()
	m := New(t)
	provider := newIdentities(t, m)
	thief := m.User(collections.RoleClient)
	provider.agree("owner", map[string]any{"sub": "owner", "name": "Owner", "email": thief.Email, "email_verified": true})
	owner := withOAuth2(m.Guest(), "owner", nil)
	owner.Want(t, http.StatusOK, "")
	m.Deliver()
	thief.List(collections.DomainProjects, collections.Projects, "").Want(t, http.StatusUnauthorized, services.CodeTokenRevoked)
	if in := m.Guest().Do(http.MethodPost, authPath+"auth-with-password", Body{"identity": thief.Email, "password": thief.Password}); in.Status != http.StatusBadRequest {
		t.Errorf("Expected the thief's password not to work any more, got %d", in.Status)
	}
	provider.agree("unverified", map[string]any{"sub": "liar", "email": thief.Email, "email_verified": false})
	if liar := withOAuth2(m.Guest(), "unverified", Body{"roles": []string{"client"}}); liar.Status == http.StatusOK && liar.Object("record").Text("id") == owner.Object("record").Text("id") {
		t.Error("Expected an unconfirmed address to open no account")
	}
}
