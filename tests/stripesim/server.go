// Package stripesim is a stand-in for Stripe's API, for tests: it speaks enough
// of it over HTTP for the real stripe-go client, keeps a book of what it moved,
// signs webhooks, and misbehaves on demand. What it does follows Stripe's
// documentation; requests are checked against stripe-mock in tests/stripemock.
package stripesim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Object is one of Stripe's, as JSON.
type Object map[string]any

// Text returns a text field.
func (o Object) Text(name string) string {
	text, _ := o[name].(string)
	return text
}

// Number returns a number field.
func (o Object) Number(name string) int64 {
	switch n := o[name].(type) {
	case int64:
		return n
	case int:
		return int64(n)
	case float64:
		return int64(n)
	}
	return 0
}

// label returns one of the object's metadata.
func (o Object) label(name string) string {
	labels, _ := o["metadata"].(map[string]any)
	text, _ := labels[name].(string)
	return text
}

// Server is the stand-in.
type Server struct {
	// URL is the base of the API.
	URL string
	// Key is the secret key it takes, Secret what it signs webhooks with.
	Key, Secret string
	// Now is its time.
	Now func() time.Time

	mu    sync.Mutex
	kinds map[string][]Object // by kind, oldest first
	byID  map[string]Object
	keys  map[string]*stored
	fault func(r Request) Fault
	// late is called between a request and its answer.
	late     func(r Request)
	asked    []Request
	events   []Object
	count    int
	withheld bool
	server   *httptest.Server
	tb       testing.TB
}

// Request is what was asked, for deciding on faults and for counting.
type Request struct {
	Method, Path, Key string
	Form              url.Values
}

// Making tells whether a request wants something made or changed.
func (r Request) Making() bool { return r.Method == http.MethodPost }

// stored is the answer kept under an idempotency key.
type stored struct {
	print  string
	status int
	body   []byte
}

// New starts a stand-in that is stopped when the test ends.
func New(tb testing.TB, now func() time.Time) *Server {
	tb.Helper()
	s := &Server{
		Key: "sk_test_simulator", Secret: "whsec_simulator", Now: now, tb: tb,
		kinds: map[string][]Object{}, byID: map[string]Object{}, keys: map[string]*stored{},
	}
	s.server = httptest.NewServer(s)
	s.URL = s.server.URL
	tb.Cleanup(s.server.Close)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		s.write(w, http.StatusBadRequest, failure("invalid_request_error", "", "The body is no form."))
		return
	}
	if strings.HasPrefix(r.URL.Path, pagePath) {
		s.servePage(w, r, form.Get("card"))
		return
	}
	for name, values := range r.URL.Query() {
		form[name] = values
	}
	if r.Header.Get("Authorization") != "Bearer "+s.Key {
		s.write(w, http.StatusUnauthorized, failure("invalid_request_error", "", "Invalid API Key provided."))
		return
	}
	request := Request{Method: r.Method, Path: r.URL.Path, Key: r.Header.Get("Idempotency-Key"), Form: form}
	fault := s.admit(request)
	if fault.before(w) {
		return
	}
	status, body := s.answer(request)
	s.mu.Lock()
	late := s.late
	s.mu.Unlock()
	if late != nil {
		late(request)
	}
	if fault.after(w) {
		if fault == ErrorAfter && request.Key != "" {
			s.keep(request, http.StatusInternalServerError, encode(failure("api_error", "", "An error occurred.")))
		}
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_simulator")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// admit notes a request and draws its fault.
func (s *Server) admit(request Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, request)
	if s.fault == nil {
		return None
	}
	return s.fault(request)
}

// answer carries a request out once per idempotency key.
func (s *Server) answer(request Request) (int, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before := s.keys[request.Key]; request.Key != "" && before != nil {
		if before.print != request.print() {
			return http.StatusBadRequest, encode(failure("idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters they were first used with."))
		}
		return before.status, before.body
	}
	status, object := s.route(request)
	body := encode(object)
	if request.Key != "" && request.Method == http.MethodPost {
		s.keys[request.Key] = &stored{request.print(), status, body}
	}
	return status, body
}

func (s *Server) keep(request Request, status int, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[request.Key] = &stored{request.print(), status, body}
}

func (r Request) print() string { return r.Path + "?" + r.Form.Encode() }

// Asked returns the requests so far whose path begins with prefix.
func (s *Server) Asked(method, prefix string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Request
	for _, r := range s.asked {
		if r.Method == method && strings.HasPrefix(r.Path, prefix) {
			found = append(found, r)
		}
	}
	return found
}

// ForgetKeys is what Stripe does with idempotency keys after a day.
func (s *Server) ForgetKeys() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.keys)
}

func (s *Server) write(w http.ResponseWriter, status int, object Object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(object))
}

func encode(object any) []byte {
	raw, err := json.Marshal(object)
	if err != nil {
		panic(err) // made of maps, text and numbers
	}
	return raw
}

func failure(kind, code, message string) Object {
	inner := Object{"type": kind, "message": message}
	if code != "" {
		inner["code"] = code
	}
	return Object{"error": inner}
}

func missing(id string) (int, Object) {
	return http.StatusNotFound, failure("invalid_request_error", "resource_missing", "No such object: "+id)
}

// add stores a new object of a kind.
func (s *Server) add(kind, prefix string, fields Object) Object {
	s.count++
	object := Object{"id": fmt.Sprintf("%s_sim%06d", prefix, s.count), "object": kind, "created": s.Now().Unix(), "livemode": false}
	for name, value := range fields {
		object[name] = value
	}
	s.kinds[kind] = append(s.kinds[kind], object)
	s.byID[object.Text("id")] = object
	return object
}
