package tests

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// identities is a provider whose windows are opened by nobody: agree stands for
// the person who says yes there.
type identities struct{ *Identities }

const codeVerifier = "a-code-verifier-of-at-least-forty-three-characters"

func newIdentities(t *testing.T, m *Market) *identities {
	t.Helper()
	p := &identities{NewIdentities(t)}
	app := m.Instances[collections.DomainUsers].App
	col, err := app.FindCollectionByNameOrId(collections.Users)
	if err != nil {
		t.Fatal(err)
	}
	col.OAuth2.Providers = []core.OAuth2ProviderConfig{p.Config()}
	if err := app.Save(col); err != nil {
		t.Fatal(err)
	}
	return p
}

// agree is somebody saying yes in the provider's window.
func (p *identities) agree(code string, person map[string]any) {
	sum := sha256.Sum256([]byte(codeVerifier))
	p.grant(code, base64.RawURLEncoding.EncodeToString(sum[:]), person)
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
