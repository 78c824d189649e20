// Package tests holds what tests share: a whole marketplace on an empty folder,
// people who use it over HTTP, and the suites that need all four instances.
package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/router"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// Start is when the clock of a test marketplace stands still.
var Start = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// Market is a marketplace under test: real instances, real databases, a real
// port. Background work is off; Drain delivers events.
type Market struct {
	*services.Marketplace
	Clock   *services.SetClock
	base    string
	deliver func() error
	tb      testing.TB

	mu      sync.Mutex
	routers map[collections.Domain]*router.Router[*core.RequestEvent]
}

// New starts a marketplace on a fresh folder and stops it when the test ends.
// change, if given, adjusts the options first.
func New(tb testing.TB, change ...func(*services.Options)) *Market {
	tb.Helper()
	clock := services.NewSetClock(Start)
	options := services.Options{
		DataDir: cloneTemplate(tb), HTTPAddr: "127.0.0.1:0", Clock: clock, Manual: true,
		NoRateLimits: true, Durability: services.DurabilityNormal, Logger: slog.New(slog.DiscardHandler),
	}
	for _, fn := range change {
		fn(&options)
	}
	m := &Market{Clock: clock, tb: tb, routers: map[collections.Domain]*router.Router[*core.RequestEvent]{}}
	marketplace, err := services.Start(context.Background(), options, m.bindAndKeep, fstest.MapFS{
		"index.html":             {Data: []byte(`the web app <!--# block name="outline" -->outline<!--# endblock --><!--# include virtual="/first/$first" stub="outline" -->`)},
		"first/projects.en.html": {Data: []byte(`<h1>Open</h1>{{range .Projects}}<a href="/{{.ID}}">{{.Title}}</a>{{.Description}}{{range .Skills}}<i>{{.}}</i>{{end}}{{end}}`)},
		"first/projects.ar.html": {Data: []byte(`<h1>مفتوحة</h1>`)},
	})
	if err != nil {
		tb.Fatalf("Failed to start the marketplace: %v", err)
	}
	m.Marketplace, m.base = marketplace, "http://"+marketplace.Addr
	m.deliver = func() error { return m.Drain(context.Background()) }
	tb.Cleanup(func() {
		if err := marketplace.Close(); err != nil {
			tb.Errorf("Failed to stop the marketplace: %v", err)
		}
	})
	if options.Manual { // otherwise somebody may be asking already
		m.recordQuestions()
	}
	return m
}

// Deliver delivers all events.
func (m *Market) Deliver() {
	m.tb.Helper()
	if err := m.deliver(); err != nil {
		m.tb.Fatalf("Failed to deliver events: %v", err)
	}
}

// Remote is a marketplace in other processes, reached at base. It delivers
// events by itself: Deliver waits until it has.
func Remote(tb testing.TB, base string) *Market {
	tb.Helper()
	m := &Market{base: base, tb: tb}
	m.deliver = func() error {
		for until := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			answer, err := m.Guest().Try(http.MethodGet, services.ReadyPath, nil)
			if err == nil && answer.Status == http.StatusOK && !bytes.Contains(noSpace(answer.Raw), []byte(`"outbox":{"ready":`)) {
				return fmt.Errorf("an answer of another form: %s", answer.Raw)
			}
			if err == nil && answer.Status == http.StatusOK && bytes.Count(noSpace(answer.Raw), []byte(`"outbox":{"ready":0,`)) == len(collections.Domains) {
				return nil
			}
			if time.Now().After(until) {
				return fmt.Errorf("events were not delivered in time: %w", errors.Join(err, errUndelivered))
			}
		}
	}
	return m
}

var errUndelivered = errors.New("the outbox is not empty")

func noSpace(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte(" "), nil) }

// Base is the address of the gateway.
func (m *Market) Base() string { return m.base }

// Payments returns the payments service of the marketplace.
func (m *Market) Payments() *services.PaymentsService {
	return services.NewPayments(m.Instances[collections.DomainPayments])
}

// Person is somebody who uses the marketplace over HTTP. The zero token is a guest.
type Person struct {
	ID, Token, Refresh, Email, Password string
	base                                string
	tb                                  testing.TB
	// renew returns a token that is still good, where Keep has given them one.
	renew func() string
}

// token is what they send.
func (p *Person) token() string {
	if p.renew != nil {
		return p.renew()
	}
	return p.Token
}

// Guest is somebody who is not signed in.
func (m *Market) Guest() *Person { return &Person{base: m.Base(), tb: m.tb} }

// At is the same person, with the same token, on another marketplace: one that
// runs on a copy of the data they signed up to.
func (p *Person) At(m *Market) *Person {
	there := *p
	there.base, there.tb = m.Base(), m.tb
	return &there
}

var people atomic.Int64

// User signs somebody up and in.
func (m *Market) User(roles ...string) *Person {
	m.tb.Helper()
	n := people.Add(1)
	p := &Person{base: m.Base(), tb: m.tb, Email: fmt.Sprintf("user%d@example.com", n), Password: "a long password"}
	created := p.Do(http.MethodPost, "/api/users/api/collections/users/records", Body{
		"email": p.Email, "password": p.Password, "passwordConfirm": p.Password, "name": fmt.Sprintf("User %d", n), "roles": roles,
	})
	created.Want(m.tb, http.StatusOK, "")
	p.ID = created.Text("id")
	p.SignIn()
	return p
}

// SignIn signs in with the password and keeps the tokens.
func (p *Person) SignIn() {
	p.tb.Helper()
	answer := p.Do(http.MethodPost, "/api/users/api/collections/users/auth-with-password?refreshToken=body", Body{"identity": p.Email, "password": p.Password})
	p.keep(answer)
}

// Renew takes new tokens for the same sign-in.
func (p *Person) Renew() {
	p.tb.Helper()
	p.keep(p.Do(http.MethodPost, "/api/users/api/auth/refresh", Body{"refreshToken": p.Refresh}))
}

func (p *Person) keep(answer *Response) {
	p.tb.Helper()
	answer.Want(p.tb, http.StatusOK, "")
	p.Token = answer.Text("token")
	meta, _ := answer.JSON["meta"].(map[string]any)
	p.Refresh, _ = meta["refreshToken"].(string)
}

// Body is a JSON body.
type Body map[string]any

// Response is a decoded answer.
type Response struct {
	Status int
	Header http.Header
	Raw    []byte
	JSON   map[string]any
}

// Text returns a string field of the answer.
func (r *Response) Text(field string) string {
	value, _ := r.JSON[field].(string)
	return value
}

// Number returns a number field of the answer.
func (r *Response) Number(field string) int64 {
	value, _ := r.JSON[field].(float64)
	return int64(value)
}

// Code returns the stable code of an error answer.
func (r *Response) Code() string {
	data, _ := r.JSON["data"].(map[string]any)
	code, _ := data["code"].(string)
	return code
}

// Object returns an object field of the answer as a Response, to be asked the same way.
func (r *Response) Object(field string) *Response {
	value, _ := r.JSON[field].(map[string]any)
	return &Response{Status: r.Status, JSON: value}
}

// Want fails the test unless the answer has this status and code.
func (r *Response) Want(tb testing.TB, status int, code string) {
	tb.Helper()
	if r.Status != status || r.Code() != code {
		tb.Fatalf("Expected %d %q, got %d %q: %s", status, code, r.Status, r.Code(), r.Raw)
	}
}

// client does not follow redirects: a test wants to see them.
var client = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
}

// Do sends a request with a JSON body (nil for none; a string is sent as it is).
// headers come in pairs.
func (p *Person) Do(method, path string, body any, headers ...string) *Response {
	p.tb.Helper()
	response, err := p.Try(method, path, body, headers...)
	if err != nil {
		p.tb.Fatalf("Failed to %s %s: %v", method, path, err)
	}
	return response
}

// Try is Do that returns transport errors instead of failing the test.
func (p *Person) Try(method, path string, body any, headers ...string) (*Response, error) {
	var reader io.Reader = http.NoBody
	switch content := body.(type) {
	case nil:
	case string:
		reader = bytes.NewReader([]byte(content))
	default:
		raw, err := json.Marshal(content)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, p.base+path, reader)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token := p.token(); token != "" {
		req.Header.Set("Authorization", token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	response := &Response{Status: res.StatusCode, Header: res.Header, Raw: raw}
	_ = json.Unmarshal(raw, &response.JSON) // not every answer is an object
	return response, nil
}

// Create creates a record of a collection of domain.
func (p *Person) Create(domain collections.Domain, collection string, body Body, headers ...string) *Response {
	p.tb.Helper()
	return p.Do(http.MethodPost, services.Prefix(domain)+"/api/collections/"+collection+"/records", body, headers...)
}

// View reads one record.
func (p *Person) View(domain collections.Domain, collection, id string) *Response {
	p.tb.Helper()
	return p.Do(http.MethodGet, services.Prefix(domain)+"/api/collections/"+collection+"/records/"+id, nil)
}

// List reads a page of records; query starts with "?" or is empty.
func (p *Person) List(domain collections.Domain, collection, query string) *Response {
	p.tb.Helper()
	return p.Do(http.MethodGet, services.Prefix(domain)+"/api/collections/"+collection+"/records"+query, nil)
}

// Command sends a command with an Idempotency-Key ("" for none).
func (p *Person) Command(domain collections.Domain, path, key string, body Body) *Response {
	p.tb.Helper()
	if body == nil {
		body = Body{}
	}
	return p.Do(http.MethodPost, services.Prefix(domain)+"/api/"+path, body, "Idempotency-Key", key)
}

// Tick fires what is due on all instances and delivers what follows.
func (m *Market) Tick() {
	m.tb.Helper()
	for domain, instance := range m.Instances {
		if !collections.HasDeadlines(domain) {
			continue
		}
		if err := instance.FireDeadlines(context.Background()); err != nil {
			m.tb.Fatalf("Failed to fire deadlines: %v", err)
		}
	}
	m.Deliver()
}

// Superuser signs a moderator of domain in.
func (m *Market) Superuser(domain collections.Domain) *Person {
	m.tb.Helper()
	app := m.Instances[domain].App
	col, err := app.FindCachedCollectionByNameOrId(core.CollectionNameSuperusers)
	if err != nil {
		m.tb.Fatal(err)
	}
	record := core.NewRecord(col)
	record.SetEmail(fmt.Sprintf("moderator%d@example.com", people.Add(1)))
	record.SetPassword("a long password")
	if err := app.Save(record); err != nil {
		m.tb.Fatal(err)
	}
	token, err := record.NewAuthToken()
	if err != nil {
		m.tb.Fatal(err)
	}
	return &Person{ID: record.Id, Email: record.Email(), Token: token, base: m.Base(), tb: m.tb}
}

// Base is the address at which the person reaches the marketplace.
func (p *Person) Base() string { return p.base }
