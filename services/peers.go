package services

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/lancershub/lancershub/collections"
)

// Paths of the routes between instances. The gateway does not reach them.
const (
	InternalPrefix    = "/api/internal/"
	InternalKeys      = InternalPrefix + "keys"
	InternalEvents    = InternalPrefix + "events"
	InternalTogether  = InternalEvents + "/together"
	InternalEligible  = InternalPrefix + "eligibility"
	InternalRecollect = InternalPrefix + "recollect"
	InternalExport    = InternalPrefix + "export"
	InternalObstacles = InternalPrefix + "obstacles"
	InternalReserve   = InternalPrefix + "reservations/"
	InternalPayments  = InternalPrefix + "payments/"
	InternalMilestone = InternalPrefix + "milestones/"
	PublicKeysPath    = "/.well-known/jwks.json"
	HealthPath        = "/healthz"
	ReadyPath         = "/readyz"
	ReadyAllPath      = "/readyz/all"
	maxPeerAnswerSize = 1 << 20
	// backgroundPatience is how many times longer work in the background waits for a peer than people do.
	backgroundPatience = 4
)

// Peer is another instance, reached over HTTP: in this process or across the
// network, which nothing but its client's transport knows.
type Peer struct {
	Domain  collections.Domain
	base    string
	client  *http.Client
	breaker *gobreaker.CircuitBreaker[[]byte]
	token   func() (string, error)
	// patience bounds questions whose asker sets no bound: nothing waits for ever
	// for a peer that takes a question and never answers.
	patience time.Duration
}

// newPeer returns a peer whose breaker opens after five failures in a row and
// tries again after two seconds, so that a dead peer costs a request nothing.
func newPeer(domain collections.Domain, base string, client *http.Client, patience time.Duration, token func() (string, error)) *Peer {
	return &Peer{Domain: domain, base: base, client: client, token: token, patience: patience,
		breaker: gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
			Name:        string(domain),
			Timeout:     2 * time.Second,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 5 },
			// A "no" is an answer; only silence and 5xx count against the peer.
			IsSuccessful: func(err error) bool { return err == nil || isRefusal(err) || errors.Is(err, context.Canceled) },
		})}
}

// Tap puts something between the instance and its peer: tests do, to lose answers.
func (p *Peer) Tap(between func(http.RoundTripper) http.RoundTripper) {
	client := *p.client
	if client.Transport == nil {
		client.Transport = http.DefaultTransport
	}
	client.Transport = between(client.Transport)
	p.client = &client
}

// isRefusal tells a peer's own "no" from a failure to get an answer.
func isRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status < http.StatusInternalServerError
}

// userTokenHeader carries the access token of the person on whose behalf a peer
// is asked, so that the peer can judge it on its own. Background work has none.
const userTokenHeader = "Lancershub-User-Token" //nolint:gosec // the name of a header, not a token

// RequestHeader carries a word of the asker's that the answer repeats: what does not
// repeat it does not come from the peer, or not in answer to this question, whatever
// its status says. A proxy in between that says 200 must not lose an event, and one
// that says {} must not make a reservation.
const RequestHeader = "Lancershub-Request"

type userTokenKey struct{}

// WithUserToken notes in ctx on whose behalf peers are asked.
func WithUserToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, userTokenKey{}, token)
}

// Call asks the peer and decodes its answer into out (unless nil). A 4xx of the
// peer comes back as its *Error. Everything else that goes wrong is
// peer_unavailable: silence is not a "no", and never a "yes". Call does not
// retry; whoever holds the idempotency key does.
func (p *Peer) Call(ctx context.Context, method, path string, in, out any) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.patience)
		defer cancel()
	}
	raw, err := p.breaker.Execute(func() ([]byte, error) {
		raw, err := p.call(ctx, method, path, in)
		if err != nil && errors.Is(ctx.Err(), context.Canceled) {
			err = fmt.Errorf("%w: %w", context.Canceled, err) // http gives the cause, which may look like silence of the peer
		}
		return raw, err
	})
	if errors.Is(err, gobreaker.ErrTooManyRequests) {
		// The first question after a silence is under way. One asked beside it must not
		// fail, because that would end the first one, too, and so on.
		raw, err = p.call(ctx, method, path, in)
	}
	if err != nil {
		if isRefusal(err) {
			return err
		}
		return p.unavailable(err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return p.unavailable(fmt.Errorf("failed to decode the answer: %w", err))
	}
	return nil
}

// Deliver hands the peer an event, past the breaker: an event that one peer
// cannot apply must not make questions to that peer fail.
func (p *Peer) Deliver(ctx context.Context, event Event) error {
	_, err := p.call(ctx, http.MethodPost, InternalEvents, event)
	return err
}

// DeliverTogether hands the peer several events, of which it applies all or none.
func (p *Peer) DeliverTogether(ctx context.Context, events []Event) error {
	_, err := p.call(ctx, http.MethodPost, InternalTogether, events)
	return err
}

// request makes a request with this instance's token and that of the person in whose name it is made.
func (p *Peer) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, body)
	if err != nil {
		return nil, err
	}
	token, err := p.token()
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(RequestHeader, randomToken(12))
	if user, ok := ctx.Value(userTokenKey{}).(string); ok {
		req.Header.Set(userTokenHeader, user)
	}
	return req, nil
}

func (p *Peer) call(ctx context.Context, method, path string, in any) ([]byte, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := p.request(ctx, method, path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // read to the end below
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxPeerAnswerSize))
	if err != nil {
		return nil, err
	}
	if err := answers(res, req); err != nil {
		return nil, fmt.Errorf("%w: %.200s", err, raw)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return nil, refusal(res.StatusCode, raw)
	}
	return raw, nil
}

// answers fails unless res is the peer's answer to req.
func answers(res *http.Response, req *http.Request) error {
	if planted("whoever answers is the peer") || res.Header.Get(RequestHeader) == req.Header.Get(RequestHeader) {
		return nil
	}
	return fmt.Errorf("something else than the peer answered %d", res.StatusCode)
}

// refusal turns a peer's error answer into an *Error. An answer that is not in
// the form our instances use is garbage from something in between, not a "no".
func refusal(status int, raw []byte) error {
	var answer struct {
		Message string         `json:"message"`
		Data    map[string]any `json:"data"`
	}
	code, ok := "", false
	if json.Unmarshal(raw, &answer) == nil {
		code, ok = answer.Data["code"].(string)
	}
	// A peer that refuses our service token is misconfigured; that is no answer to the question.
	if !ok || status == http.StatusUnauthorized || status == http.StatusTooManyRequests {
		return fmt.Errorf("peer answered %d: %.200s", status, raw)
	}
	delete(answer.Data, "code")
	return &Error{Status: status, Code: code, Message: answer.Message, Data: answer.Data}
}

func (p *Peer) unavailable(cause error) error {
	return fmt.Errorf("%w: %w", &Error{
		Status: http.StatusServiceUnavailable, Code: CodePeerUnavailable, RetryAfter: 2 * time.Second,
		Message: fmt.Sprintf("The %s service does not answer, so nothing was decided. Retry with the same Idempotency-Key.", p.Domain),
		Data:    map[string]any{"peer": string(p.Domain)},
	}, cause)
}

// Get fetches a page of the peer without a service token: health checks use it.
func (p *Peer) Get(ctx context.Context, path string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	res, err := p.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close() //nolint:errcheck // read to the end below
	body, err = io.ReadAll(io.LimitReader(res.Body, maxPeerAnswerSize))
	return res.StatusCode, body, err
}
