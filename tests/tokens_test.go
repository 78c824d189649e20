package tests

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// forge makes a token out of valid claims by spoiling one thing.
type forge func(claims jwt.MapClaims, header map[string]any) (method jwt.SigningMethod, key any)

// guarded is a page on each instance that only its owner reads: a guest gets an
// empty list there, so only 401 shows that a token was refused.
var guarded = map[collections.Domain]string{
	collections.DomainUsers: collections.Sessions, collections.DomainProjects: collections.Contracts,
	collections.DomainPayments: collections.Payments, collections.DomainMessages: collections.Chats,
}

// TestForgedTokens tries what RFC 8725 warns of, on every instance.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	m := New(t)
	victim := m.User(collections.RoleClient)
	kid, signer := signingKey(t, filepath.Join(m.Options.DataDir, "users", "token_keys.json"))
	_, service := signingKey(t, filepath.Join(m.Options.DataDir, "payments", "service_keys.json"))
	public, _ := signer.Public().(ed25519.PublicKey)
	_, foreign, _ := ed25519.GenerateKey(rand.Reader)
	eddsa := jwt.SigningMethodEdDSA
	set := func(name string, value any) forge {
		return func(c jwt.MapClaims, _ map[string]any) (jwt.SigningMethod, any) {
			if value == nil {
				delete(c, name)
			} else {
				c[name] = value
			}
			return eddsa, signer
		}
	}
	head := func(name string, value any) forge {
		return func(_ jwt.MapClaims, h map[string]any) (jwt.SigningMethod, any) {
			h[name] = value
			return eddsa, signer
		}
	}
	hour := float64(m.Clock.Now().Add(time.Hour).Unix())
	for name, spoil := range map[string]forge{
		"signed with another key":   func(jwt.MapClaims, map[string]any) (jwt.SigningMethod, any) { return eddsa, foreign },
		"signed with a service key": func(jwt.MapClaims, map[string]any) (jwt.SigningMethod, any) { return eddsa, service },
		"not signed": func(jwt.MapClaims, map[string]any) (jwt.SigningMethod, any) {
			return jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType
		},
		"HMAC with the public key": func(jwt.MapClaims, map[string]any) (jwt.SigningMethod, any) {
			return jwt.SigningMethodHS256, []byte(public)
		},
		"HMAC with nothing":      func(jwt.MapClaims, map[string]any) (jwt.SigningMethod, any) { return jwt.SigningMethodHS512, []byte{} },
		"another issuer":         set("iss", "somebody"),
		"no issuer":              set("iss", nil),
		"another audience":       set("aud", "payments"),
		"no audience":            set("aud", nil),
		"no subject":             set("sub", nil),
		"another subject":        set("sub", "abcdefghijklmno"),
		"another id":             set("id", "abcdefghijklmno"),
		"no id":                  set("id", nil),
		"no session":             set("sid", nil),
		"no jti":                 set("jti", nil),
		"no iat":                 set("iat", nil),
		"issued in the future":   set("iat", hour),
		"not valid before later": set("nbf", hour),
		"no expiry":              set("exp", nil),
		"expiry as text":         set("exp", "tomorrow"),
		"expired":                set("exp", float64(m.Clock.Now().Add(-time.Hour).Unix())),
		"version as text":        set("ver", "5"),
		"roles as text":          set("roles", "client"),
		"typ of a service token": head("typ", "svc+jwt"),
		"typ of an id token":     head("typ", "JWT"),
		"no typ":                 head("typ", ""),
		"an unknown kid":         head("kid", "0000000000000000"),
		"a kid that is a path":   head("kid", "../../etc/passwd"),
		"a kid that is a number": head("kid", 5),
		"a key in the header":    head("jwk", map[string]any{"kty": "OKP"}),
		"an address of keys":     head("jku", "https://evil.example/keys"),
		"a certificate":          head("x5c", []string{"MII"}),
		"an address of one":      head("x5u", "https://evil.example/cert"),
		"a critical extension":   head("crit", []string{"exp"}),
		"an empty kid":           head("kid", ""),
		"one that lives on":      set("exp", float64(m.Clock.Now().Add(24*time.Hour).Unix())),
		"issued as text":         set("iat", "today"),
		"an audience in a list":  set("aud", []string{"payments", "messages"}),
		"a key of its own, and it": func(_ jwt.MapClaims, h map[string]any) (jwt.SigningMethod, any) {
			h["jwk"] = map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(foreign.Public().(ed25519.PublicKey))}
			return eddsa, foreign
		},
	} {
		claims := jwt.MapClaims{}
		if _, _, err := jwt.NewParser().ParseUnverified(victim.Token, claims); err != nil {
			t.Fatal(err)
		}
		token := jwt.NewWithClaims(eddsa, claims)
		token.Header["typ"], token.Header["kid"] = "at+jwt", kid
		method, key := spoil(claims, token.Header)
		token.Method, token.Header["alg"] = method, method.Alg()
		raw, err := token.SignedString(key)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		refusedEverywhere(t, m, name, raw)
	}
	parts := strings.Split(victim.Token, ".")
	for name, raw := range map[string]string{
		"a flipped signature": parts[0] + "." + parts[1] + "." + flip(parts[2]),
		"a changed payload":   parts[0] + "." + flip(parts[1]) + "." + parts[2],
		"no signature":        parts[0] + "." + parts[1] + ".",
		"half a token":        parts[0] + "." + parts[1],
		"no token at all":     "hello",
		"a long one":          strings.Repeat("a", 9000),
		"bearer of nothing":   "Bearer x",
		"a refresh token":     victim.Refresh,
		"two tokens":          victim.Token + "," + victim.Token,
		"a token in a token":  parts[0] + "." + victim.Token,
	} {
		refusedEverywhere(t, m, name, raw)
	}
	for domain, instance := range m.Instances {
		record, err := instance.App.FindRecordById(collections.Users, victim.ID)
		if err != nil {
			continue // no mirror yet
		}
		native, err := record.NewAuthToken()
		if err != nil {
			t.Fatal(err)
		}
		refusedEverywhere(t, m, "a native token of "+string(domain), native)
	}
}

func flip(text string) string {
	last := byte('A')
	if text[len(text)/2] == 'A' {
		last = 'B'
	}
	return text[:len(text)/2] + string(last) + text[len(text)/2+1:]
}

func refusedEverywhere(t *testing.T, m *Market, name, token string) {
	t.Helper()
	for domain, collection := range guarded {
		p := m.Guest()
		p.Token = token
		answer := p.List(domain, collection, "")
		if answer.Status != http.StatusUnauthorized || (answer.Code() != services.CodeTokenInvalid && answer.Code() != services.CodeTokenExpired && answer.Code() != services.CodeTokenRevoked) {
			t.Errorf("%s on %s: expected 401, got %d: %s", name, domain, answer.Status, answer.Raw)
		}
	}
}

// signingKey reads the key an installation signs with.
func signingKey(t *testing.T, path string) (string, ed25519.PrivateKey) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var keys []struct {
		ID   string `json:"kid"`
		Seed []byte `json:"seed"`
	}
	if err := json.Unmarshal(raw, &keys); err != nil {
		t.Fatal(err)
	}
	return keys[0].ID, ed25519.NewKeyFromSeed(keys[0].Seed)
}

func TestTokensExpireAndSessionsEnd(t *testing.T) {
	t.Parallel()
	m := New(t)
	p := m.User(collections.RoleClient)
	m.Deliver()
	m.Clock.Advance(16 * time.Minute)
	p.List(collections.DomainPayments, collections.Payments, "").Want(t, http.StatusUnauthorized, services.CodeTokenExpired)
	refreshed := p.Do(http.MethodPost, "/api/users/api/collections/users/auth-refresh", Body{"refreshToken": p.Refresh})
	refreshed.Want(t, http.StatusOK, "")
	p.Token = refreshed.Text("token")
	p.List(collections.DomainPayments, collections.Payments, "").Want(t, http.StatusOK, "")

	// Suspended by a moderator: every instance refuses the token, and so does sign-in.
	app := m.Instances[collections.DomainUsers].App
	record, err := app.FindRecordById(collections.Users, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	record.Set(collections.FieldStatus, collections.UserStatusSuspended)
	if err := app.Save(record); err != nil {
		t.Fatal(err)
	}
	m.Deliver()
	for domain, collection := range guarded {
		p.List(domain, collection, "").Want(t, http.StatusUnauthorized, services.CodeTokenRevoked)
	}
	signIn := m.Guest().Do(http.MethodPost, "/api/users/api/collections/users/auth-with-password", Body{"identity": p.Email, "password": p.Password})
	if signIn.Status == http.StatusOK {
		t.Error("Expected a suspended user not to sign in")
	}
}

func TestANewPasswordEndsAllSessions(t *testing.T) {
	t.Parallel()
	m := New(t)
	p := m.User(collections.RoleClient)
	changed := p.Do(http.MethodPatch, "/api/users/api/collections/users/records/"+p.ID, Body{"oldPassword": p.Password, "password": "another password", "passwordConfirm": "another password"})
	changed.Want(t, http.StatusOK, "")
	m.Deliver()
	for domain, collection := range guarded {
		p.List(domain, collection, "").Want(t, http.StatusUnauthorized, services.CodeTokenRevoked)
	}
	p.Password = "another password"
	p.SignIn()
	p.List(collections.DomainMessages, collections.Chats, "").Want(t, http.StatusOK, "")
}

func TestTooManyFailedSignIns(t *testing.T) {
	t.Parallel()
	m := New(t)
	p := m.User(collections.RoleClient)
	try := func(password string) *Response {
		return m.Guest().Do(http.MethodPost, "/api/users/api/collections/users/auth-with-password", Body{"identity": strings.ToUpper(p.Email), "password": password})
	}
	for range 10 {
		if answer := try("wrong password"); answer.Status != http.StatusBadRequest {
			t.Fatalf("Expected 400, got %d: %s", answer.Status, answer.Raw)
		}
	}
	limited := try(p.Password)
	limited.Want(t, http.StatusTooManyRequests, services.CodeTooManyRequests)
	if limited.Header.Get("Retry-After") == "" {
		t.Error("Expected a Retry-After header")
	}
	m.Clock.Advance(16 * time.Minute)
	p.SignIn()
}

func TestServiceRoutesTakeServiceTokensOnly(t *testing.T) {
	t.Parallel()
	m := New(t)
	p := m.User(collections.RoleClient)
	sign := func(audience string, life time.Duration, typ string) string {
		return serviceToken(t, m, "payments", audience, life, typ)
	}
	for name, attempt := range map[string]struct {
		token  string
		status int
	}{
		"the right one":      {sign("users", time.Minute, "svc+jwt"), http.StatusOK},
		"an access token":    {p.Token, http.StatusUnauthorized},
		"none":               {"", http.StatusUnauthorized},
		"for another peer":   {sign("messages", time.Minute, "svc+jwt"), http.StatusUnauthorized},
		"one that lives on":  {sign("users", time.Hour, "svc+jwt"), http.StatusUnauthorized},
		"one of another typ": {sign("users", time.Minute, "at+jwt"), http.StatusUnauthorized},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, services.InternalEligible+"?id="+p.ID+"&role=client", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", attempt.token)
		if status := serve(m.Instances[collections.DomainUsers].Handler(), req); status != attempt.status {
			t.Errorf("%s: expected %d, got %d", name, attempt.status, status)
		}
	}
}

// serviceToken is what the instance of one domain shows to that of another.
func serviceToken(t *testing.T, m *Market, from, audience string, life time.Duration, typ string) string {
	t.Helper()
	kid, key := signingKey(t, filepath.Join(m.Options.DataDir, from, "service_keys.json"))
	now := m.Clock.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.RegisteredClaims{
		Issuer: from, Audience: jwt.ClaimStrings{audience}, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)), ID: "x",
	})
	token.Header["typ"], token.Header["kid"] = typ, kid
	raw, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestTheRefreshCookie(t *testing.T) {
	t.Parallel()
	m := New(t)
	p := m.User(collections.RoleClient)
	signedIn := m.Guest().Do(http.MethodPost, "/api/users/api/collections/users/auth-with-password", Body{"identity": p.Email, "password": p.Password})
	signedIn.Want(t, http.StatusOK, "")
	cookies := (&http.Response{Header: signedIn.Header}).Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Path != "/api/users" {
		t.Fatalf("Expected one HttpOnly, SameSite=Strict cookie for /api/users, got %v", signedIn.Header["Set-Cookie"])
	}
	if strings.Contains(string(signedIn.Raw), "refreshToken") {
		t.Error("Expected no refresh token in the body of a browser's sign-in")
	}
	refreshed := m.Guest().Do(http.MethodPost, "/api/users/api/collections/users/auth-refresh", Body{}, "Cookie", cookies[0].Name+"="+cookies[0].Value)
	refreshed.Want(t, http.StatusOK, "")
	next := (&http.Response{Header: refreshed.Header}).Cookies()
	if len(next) != 1 || next[0].Value == cookies[0].Value || refreshed.Text("token") == "" {
		t.Errorf("Expected a rotated cookie and a token, got %v", refreshed.Header["Set-Cookie"])
	}
	// Ending another session leaves the cookie of this one.
	elsewhere := p.List(collections.DomainUsers, collections.Sessions, "?filter="+url.QueryEscape("revokedAt='' && id!='"+strings.Split(next[0].Value, ".")[0]+"'")).JSON["items"].([]any)
	if len(elsewhere) != 1 {
		t.Fatalf("Expected another session, got %v", elsewhere)
	}
	here := &Person{Token: refreshed.Text("token"), base: m.Base(), tb: t}
	other := here.Do(http.MethodPost, "/api/users/api/auth/sign-out", Body{"session": elsewhere[0].(map[string]any)["id"]})
	other.Want(t, http.StatusNoContent, "")
	if got := other.Header["Set-Cookie"]; len(got) != 0 {
		t.Errorf("Expected the cookie to stay, got %v", got)
	}
	out := here.Do(http.MethodPost, "/api/users/api/auth/sign-out", Body{})
	if gone := (&http.Response{Header: out.Header}).Cookies(); out.Status != http.StatusNoContent || len(gone) != 1 || gone[0].Value != "" {
		t.Errorf("Expected the cookie to go with its session, got %d %v", out.Status, out.Header["Set-Cookie"])
	}
}
