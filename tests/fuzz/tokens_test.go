package fuzz

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

// FuzzTokens: on every instance a token is believed only if our key signed it and
// every claim is what it must be. signer 0 signs with our key, 1 with another, 2
// puts signature behind it as it is, 3 sends header alone as the whole token.
func FuzzTokens(f *testing.F) {
	g := on(f)
	const header, claims = `{"alg":"EdDSA","typ":"at+jwt","kid":"KID"}`,
		`{"iss":"lancershub/users","aud":"lancershub","sub":"SUB","id":"SUB","jti":"x","sid":"SID","iat":NOW,"exp":LATER,"roles":["client"],"ver":1,"type":"auth","collectionId":"COL"}`
	for _, h := range []string{header, `{"alg":"none","typ":"at+jwt","kid":"KID"}`, `{"alg":"HS256","typ":"at+jwt","kid":"KID"}`, `{"alg":"EdDSA","typ":"JWT","kid":"KID"}`, `{"alg":"EdDSA","typ":"at+jwt","kid":["KID"]}`, `{}`, ``} {
		f.Add(h, claims, "", uint8(0))
	}
	for _, c := range []string{
		strings.Replace(claims, `"SUB"`, `"somebody"`, 1), strings.Replace(claims, "LATER", "1e400", 1), strings.Replace(claims, `"lancershub"`, `["x","lancershub"]`, 1),
		strings.Replace(claims, "NOW", "LATER", 1), strings.Replace(claims, `["client"]`, `5`, 1), strings.Replace(claims, `"SID"`, `null`, 1), `{"sub":"SUB"}`, `[]`, ``,
	} {
		f.Add(header, c, "", uint8(0))
	}
	f.Add(header, claims, "AAAA", uint8(2))
	f.Add(header, claims, "", uint8(1))
	f.Add("Bearer x.y.z", "", "", uint8(3))
	m := tests.New(g)
	victim := m.User(collections.RoleClient)
	m.Deliver()
	kid, ours := signingKey(f, m, users, "token_keys.json")
	theirs := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	now := m.Clock.Now().Unix()
	signedIn := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(victim.Token, signedIn); err != nil {
		f.Fatal(err)
	}
	sid, _ := signedIn["sid"].(string)
	col, _ := signedIn["collectionId"].(string)
	fill := strings.NewReplacer("KID", kid, "SUB", victim.ID, "SID", sid, "COL", col, "NOW", strconv.FormatInt(now, 10), "LATER", strconv.FormatInt(now+600, 10))
	f.Fuzz(func(t *testing.T, header, claims, signature string, signer uint8) {
		g.now = t
		header, claims = fill.Replace(header), fill.Replace(claims)
		encode := base64.RawURLEncoding.EncodeToString
		raw := encode([]byte(header)) + "." + encode([]byte(claims))
		switch signer % 4 {
		case 0:
			raw += "." + encode(ed25519.Sign(ours, []byte(raw)))
		case 1:
			raw += "." + encode(ed25519.Sign(theirs, []byte(raw)))
		case 2:
			raw += "." + signature
		case 3:
			raw = header
		}
		for _, domain := range collections.Domains {
			got := ask(t, m, request{domain: domain, method: http.MethodGet, path: records(guarded[domain]), token: raw})
			if got.status == http.StatusUnauthorized || strings.TrimSpace(raw) == "" {
				continue
			}
			if got.status != http.StatusOK || signer%4 != 0 || !believable(header, claims, kid, now) {
				if total := got.number("totalItems"); got.status == http.StatusOK && isGuest(raw) && total == 0 {
					continue // no token at all: a guest, who sees nothing
				}
				t.Errorf("Expected %s not to believe %s . %s, got %d: %s", domain, header, claims, got.status, got.raw)
			}
		}
	})
}

// guarded is a page on each instance that only its owner reads.
var guarded = map[collections.Domain]string{
	users: collections.Sessions, projects: collections.Contracts, payments: collections.Payments, messages: collections.Chats,
}

// isGuest says that nothing is left of a header that is a scheme and no token.
func isGuest(raw string) bool {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(raw, "Bearer "), "bearer ")) == ""
}

// believable says independently of the library what a token must say.
func believable(header, claims, kid string, now int64) bool {
	var h, c map[string]any
	if json.Unmarshal([]byte(header), &h) != nil || json.Unmarshal([]byte(claims), &c) != nil {
		return false
	}
	text := func(in map[string]any, name string) string { value, _ := in[name].(string); return value }
	number := func(name string) float64 { value, _ := c[name].(float64); return value }
	audience := text(c, "aud") == services.Audience
	if list, ok := c["aud"].([]any); ok {
		for _, one := range list {
			audience = audience || one == services.Audience
		}
	}
	const leeway = 31
	return text(h, "alg") == "EdDSA" && text(h, "typ") == "at+jwt" && text(h, "kid") == kid && audience && text(c, "iss") == services.Issuer &&
		text(c, "sub") != "" && text(c, "id") == text(c, "sub") && text(c, "jti") != "" && text(c, "sid") != "" &&
		number("iat") <= float64(now+leeway) && number("exp") >= float64(now-leeway) && number("nbf") <= float64(now+leeway)
}
