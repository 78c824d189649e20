// Package fuzz throws what a fuzzer makes up at a real marketplace: amounts, keys,
// tokens, webhooks, filters, events, commands and cursors. `make fuzz` runs each
// target for a while; `go test` only repeats what is known.
package fuzz

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

func TestMain(m *testing.M) {
	code := m.Run()
	tests.Cleanup()
	os.Exit(code)
}

// ground is what a marketplace under fuzz reports to: the target, and while an
// input is tried, that input's own test (a target may not be used meanwhile).
type ground struct {
	testing.TB
	now testing.TB
}

func (g *ground) Helper()                           { g.now.Helper() }
func (g *ground) Error(args ...any)                 { g.now.Helper(); g.now.Error(args...) }
func (g *ground) Errorf(format string, args ...any) { g.now.Helper(); g.now.Errorf(format, args...) }
func (g *ground) Fatal(args ...any)                 { g.now.Helper(); g.now.Fatal(args...) }
func (g *ground) Fatalf(format string, args ...any) { g.now.Helper(); g.now.Fatalf(format, args...) }
func (g *ground) Context() context.Context          { return g.now.Context() }

// on returns what reports to f.
func on(f *testing.F) *ground {
	f.Helper()
	return &ground{f, f}
}

const (
	users    = collections.DomainUsers
	projects = collections.DomainProjects
	payments = collections.DomainPayments
	messages = collections.DomainMessages
)

// request is one request to one instance, past the network: what a client library
// would not send (a header with a line break) arrives all the same.
type request struct {
	domain       collections.Domain
	method, path string
	query        string
	token        string
	key          string
	body         string
	headers      map[string]string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    []byte
	json   map[string]any
}

func (a answer) code() string {
	data, _ := a.json["data"].(map[string]any)
	code, _ := data["code"].(string)
	return code
}

func (a answer) number(field string) int64 {
	number, _ := a.json[field].(float64)
	return int64(number)
}

// ask sends a request. Whatever it holds, the answer is never our fault, and a
// refusal has a stable code.
func ask(tb testing.TB, m *tests.Market, r request) answer {
	tb.Helper()
	req := (&http.Request{
		Method: r.method, URL: &url.URL{Path: r.path, RawQuery: r.query}, Header: http.Header{"Content-Type": {"application/json"}},
		Host: "market.example", RemoteAddr: "127.0.0.1:1", Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(tb.Context())
	if r.body != "" {
		sent := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(r.body))
		req.Body, req.ContentLength = sent.Body, sent.ContentLength
	}
	for name, value := range map[string]string{"Authorization": r.token, "Idempotency-Key": r.key} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	for name, value := range r.headers {
		req.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	m.Instances[r.domain].Handler().ServeHTTP(recorder, req)
	got := answer{status: recorder.Code, header: recorder.Header(), raw: recorder.Body.Bytes()}
	_ = json.Unmarshal(got.raw, &got.json) // not every answer is an object
	if got.status >= http.StatusInternalServerError {
		tb.Errorf("Expected no answer to be our fault, got %d: %s", got.status, got.raw)
	}
	if got.status >= http.StatusBadRequest && got.code() == "" {
		tb.Errorf("Expected a refusal with a code, got %d: %s", got.status, got.raw)
	}
	return got
}

// records is the path of a collection's records.
func records(collection string) string { return "/api/collections/" + collection + "/records" }

// funded is a story with so much money held that a fuzzer does not use it up soon.
func funded(m *tests.Market) *tests.Story {
	s := tests.NewStory(m)
	s.Amount = 1_000_000_000
	return s.Publish().Propose().Hire().Fund()
}

// sound fails unless the ledger adds up.
func sound(tb testing.TB, m *tests.Market) {
	tb.Helper()
	app := m.Instances[payments].App
	report, err := services.VerifyLedger(tb.Context(), app)
	if err != nil {
		tb.Fatal(err)
	}
	more, err := services.MoneyProblems(app)
	if err != nil {
		tb.Fatal(err)
	}
	if problems := append(report.Problems, more...); len(problems) > 0 {
		tb.Errorf("Expected the ledger to add up, got %q", problems)
	}
}

// signingKey reads the key that an instance signs with.
func signingKey(tb testing.TB, m *tests.Market, domain collections.Domain, file string) (kid string, key ed25519.PrivateKey) {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(m.Options.DataDir, string(domain), file))
	if err != nil {
		tb.Fatal(err)
	}
	var keys []struct {
		KID  string `json:"kid"`
		Seed []byte `json:"seed"`
	}
	if err := json.Unmarshal(raw, &keys); err != nil || len(keys) == 0 {
		tb.Fatalf("The keys cannot be read: %v", err)
	}
	return keys[0].KID, ed25519.NewKeyFromSeed(keys[0].Seed)
}

// signed is a compact token over claims as they are.
func signed(tb testing.TB, claims jwt.MapClaims, typ, kid string, key ed25519.PrivateKey) string {
	tb.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["typ"], token.Header["kid"] = typ, kid
	raw, err := token.SignedString(key)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}
