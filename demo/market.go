package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// market is the marketplace being filled, used by HTTP requests as its people
// would: every rule, check and event of a real request applies. The requests go
// straight to the instances' handlers, which saves a tenth of the time.
type market struct {
	*services.Marketplace
	clock    *services.SetClock
	sessions services.Sessions
	// requests numbers the Idempotency-Keys.
	requests int
	// night is when forecasts are made next.
	night time.Time
}

// object is a JSON object.
type object map[string]any

func newMarket(m *services.Marketplace, clock *services.SetClock) *market {
	return &market{
		Marketplace: m, clock: clock,
		sessions: services.Sessions{Instance: m.Instances[collections.DomainUsers]},
	}
}

// refused is an answer that is not a yes.
type refused struct {
	status int
	code   string
	body   []byte
}

func (r *refused) Error() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// send sends a request as one (nil for a guest) to a path of a domain and decodes
// the answer into out (unless nil). Every request has its own Idempotency-Key.
func (m *market) send(ctx context.Context, one *person, method string, domain collections.Domain, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return m.sendBody(ctx, one, method, domain, path, "application/json", body, out)
}

// sendBody is send with a body of any kind.
func (m *market) sendBody(ctx context.Context, one *person, method string, domain collections.Domain, path, kind string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.RequestURI, req.RemoteAddr, req.Host = path, "127.0.0.1:0", m.Addr // links to the storage are for this host
	req.Header.Set("Content-Type", kind)
	if one != nil {
		// Access tokens live for minutes; the next step may be weeks later.
		// Prepared and never stored: the token works until it expires and cannot
		// be renewed. People of the demo act on days years apart.
		grant, err := m.sessions.Prepare(one.record, services.Device{})
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", grant.Access)
	}
	if domain == collections.DomainPayments {
		m.requests++
		req.Header.Set("Idempotency-Key", fmt.Sprintf("demo-%d", m.requests))
	}
	res := &response{header: http.Header{}, status: http.StatusOK}
	m.Instances[domain].Handler().ServeHTTP(res, req)
	if res.status >= http.StatusBadRequest {
		var answer struct{ Data struct{ Code string } }
		_ = json.Unmarshal(res.Bytes(), &answer) // without a code it is no answer we know
		return &refused{res.status, answer.Data.Code, res.Bytes()}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(res.Bytes(), out)
}

// response collects an answer.
type response struct {
	bytes.Buffer
	header http.Header
	status int
}

func (r *response) Header() http.Header    { return r.header }
func (r *response) WriteHeader(status int) { r.status = status }

// create creates a record and returns its id.
func (m *market) create(ctx context.Context, one *person, domain collections.Domain, collection string, fields object) (string, error) {
	var answer struct{ ID string }
	err := m.send(ctx, one, http.MethodPost, domain, "/api/collections/"+collection+"/records", fields, &answer)
	if err != nil {
		return "", fmt.Errorf("failed to create one of %s: %w", collection, err)
	}
	return answer.ID, nil
}

// command carries out a command on a record.
func (m *market) command(ctx context.Context, one *person, domain collections.Domain, collection, id, verb string, body object, out any) error {
	if err := m.send(ctx, one, http.MethodPost, domain, "/api/"+collection+"/"+id+"/"+verb, body, out); err != nil {
		return fmt.Errorf("failed to %s one of %s: %w", verb, collection, err)
	}
	return nil
}
