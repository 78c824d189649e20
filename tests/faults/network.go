//go:build faults

package faults

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/process"
)

// asked is what one instance asks of another or tells it.
type asked struct {
	from, to collections.Domain
	what     string
}

// question tells whether somebody waits for the answer: an event can wait.
func (a asked) question() bool { return !strings.HasPrefix(a.what, "event ") }

// String implements fmt.Stringer.
func (a asked) String() string { return string(a.from) + " to " + string(a.to) + ", " + a.what }

// readAsked recognises a request between instances.
func readAsked(from, to collections.Domain, req *http.Request) asked {
	path := req.URL.Path
	what := path
	switch {
	case path == services.InternalEvents:
		var event services.Event
		if body, err := req.GetBody(); err == nil {
			_ = json.NewDecoder(body).Decode(&event)
		}
		what = "event " + event.Topic
	case path == services.InternalEligible:
		what = "may this " + req.URL.Query().Get("role") + " take part"
	case strings.HasPrefix(path, services.InternalReserve):
		what = "reserve the milestone"
	case strings.HasPrefix(path, services.InternalPayments):
		what = "what became of the payment"
	case strings.HasPrefix(path, services.InternalMilestone):
		what = "is all told of the milestone"
	}
	return asked{from, to, what}
}

// line is the network from one instance to another: a toxiproxy.
type line struct {
	proxy *toxiproxy.Proxy
	mu    sync.Mutex
	// cut is after how many bytes an answer breaks off.
	cut int
}

// lines are all of them, and what goes wrong next.
type lines struct {
	t    *testing.T
	all  map[[2]collections.Domain]*line
	mu   sync.Mutex
	seen []asked
	// plan is what is to go wrong, with what, and how often.
	plan struct {
		call  asked
		fault *lineFault
		left  int
	}
	// hits counts what went wrong.
	hits int
}

// wire puts a proxy between two instances.
func (l *lines) wire(from, to collections.Domain, target string) string {
	l.t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	between := &line{proxy: toxiproxy.NewProxy(server, string(from)+" to "+string(to), process.FreePort(l.t), target)}
	if err := between.proxy.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(between.proxy.Stop)
	l.all[[2]collections.Domain{from, to}] = between
	return "http://" + between.proxy.Listen
}

// tap looks at every request on a line and breaks those that are planned.
func (l *lines) tap(from, to collections.Domain) func(http.RoundTripper) http.RoundTripper {
	return func(ask http.RoundTripper) http.RoundTripper {
		return tripper(func(req *http.Request) (*http.Response, error) {
			call := readAsked(from, to, req)
			fault := l.next(call)
			if fault == nil {
				return ask.RoundTrip(req)
			}
			between := l.all[[2]collections.Domain{from, to}]
			between.mu.Lock()
			defer between.mu.Unlock()
			return fault.happen(between, ask, req)
		})
	}
}

// next notes a call and returns what is to go wrong with it.
func (l *lines) next(call asked) *lineFault {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, call)
	if l.plan.left == 0 || l.plan.call != call {
		return nil
	}
	l.plan.left--
	l.hits++
	return l.plan.fault
}

// plot plans a fault in the next times of a call.
func (l *lines) plot(call asked, fault *lineFault, times int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plan.call, l.plan.fault, l.plan.left, l.hits, l.seen = call, fault, times, 0, nil
}

func (l *lines) happened() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hits
}

type tripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f tripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// lineFault is one way in which a call between instances goes wrong.
type lineFault struct {
	name string
	// silent means that the asker cannot have heard the answer.
	silent bool
	happen func(l *line, ask http.RoundTripper, req *http.Request) (*http.Response, error)
}

// lineFaults: the first ones happen on the wire, the others to HTTP on its way.
var lineFaults = []*lineFault{
	{"the connection is refused", true, func(l *line, ask http.RoundTripper, req *http.Request) (*http.Response, error) {
		l.proxy.Stop()
		res, err := ask.RoundTrip(req)
		return res, errors.Join(err, l.proxy.Start())
	}},
	{"time runs out before anything arrives", true, toxic("upstream", "timeout", `{"timeout": 0}`)},
	{"time runs out after it was done", true, toxic("downstream", "timeout", `{"timeout": 0}`)},
	{"the connection is reset before anything arrives", true, toxic("upstream", "reset_peer", `{"timeout": 0}`)},
	{"the answer breaks off", true, func(l *line, ask http.RoundTripper, req *http.Request) (*http.Response, error) {
		l.cut = l.cut%90 + 1
		return toxic("downstream", "limit_data", `{"bytes": `+strconv.Itoa(l.cut)+`}`)(l, ask, req)
	}},
	{"it is slow", false, toxic("downstream", "latency", `{"latency": 30, "jitter": 20}`)},
	{"it comes in pieces", false, toxic("upstream", "slicer", `{"average_size": 64, "size_variation": 32, "delay": 50}`)},
	{"a proxy says 502", true, func(_ *line, _ http.RoundTripper, req *http.Request) (*http.Response, error) {
		return answered(req, http.StatusBadGateway, "<html>Bad Gateway"), nil
	}},
	{"it is done, and a proxy says 504", true, afterwards(http.StatusGatewayTimeout, "<html>Gateway Timeout")},
	{"a proxy says 200", true, func(_ *line, _ http.RoundTripper, req *http.Request) (*http.Response, error) {
		return answered(req, http.StatusOK, `{"eligible":true,"status":"failed","state":"reserved"}`), nil
	}},
	{"it is done, and a proxy says 404", true, afterwards(http.StatusNotFound, `{"data":{},"message":"Not here.","status":404}`)},
	{"it comes twice", false, func(_ *line, ask http.RoundTripper, req *http.Request) (*http.Response, error) {
		if first, err := ask.RoundTrip(again(req)); err == nil {
			_ = first.Body.Close()
		}
		return ask.RoundTrip(req)
	}},
	{"it comes twice at once", false, func(_ *line, ask http.RoundTripper, req *http.Request) (*http.Response, error) {
		done := make(chan struct{})
		other := again(req)
		go func() {
			defer close(done)
			if res, err := ask.RoundTrip(other); err == nil {
				_ = res.Body.Close()
			}
		}()
		res, err := ask.RoundTrip(req)
		<-done
		return res, err
	}},
}

// toxic lets a call pass while something is wrong with the line.
func toxic(stream, kind, attributes string) func(l *line, ask http.RoundTripper, req *http.Request) (*http.Response, error) {
	return func(l *line, ask http.RoundTripper, req *http.Request) (*http.Response, error) {
		added := `{"name": "trouble", "type": "` + kind + `", "stream": "` + stream + `", "attributes": ` + attributes + `}`
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(added)); err != nil {
			return nil, err
		}
		res, err := ask.RoundTrip(req)
		if err == nil {
			// The rest of the answer comes through the same line.
			var raw []byte
			raw, err = io.ReadAll(res.Body)
			_ = res.Body.Close()
			res.Body = io.NopCloser(strings.NewReader(string(raw)))
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return res, errors.Join(err, l.proxy.Toxics.RemoveToxic(ctx, "trouble"))
	}
}

// afterwards lets the peer do what it is asked, and answers in its place.
func afterwards(status int, body string) func(l *line, ask http.RoundTripper, req *http.Request) (*http.Response, error) {
	return func(_ *line, ask http.RoundTripper, req *http.Request) (*http.Response, error) {
		res, err := ask.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		_ = res.Body.Close()
		return answered(req, status, body), nil
	}
}

func answered(req *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Request: req, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// again is the same request once more.
func again(req *http.Request) *http.Request {
	copied := req.Clone(req.Context())
	copied.Body, _ = req.GetBody() // bytes, which can always be read again
	return copied
}

// pause is a short while that differs.
func pause(random *rand.Rand) { time.Sleep(time.Duration(1+random.IntN(10)) * time.Millisecond) }
