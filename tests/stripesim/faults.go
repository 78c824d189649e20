package stripesim

import (
	"math/rand/v2"
	"net/http"
)

// Fault is a way in which an answer goes wrong.
type Fault int

// Faults. Before means that nothing was done, After that it was.
const (
	None Fault = iota
	ResetBefore
	ResetAfter
	ErrorBefore
	ErrorAfter
	Busy
	TooMany
	Garbage
	faults
	// Missing and Refused are definite answers, and so not drawn by Chance: that there is no such
	// object (a key of another account says so of everything), and that the request makes no sense.
	// RefusedAfter says so of something that was done.
	Missing
	Refused
	RefusedAfter
)

// Break decides on the fault of each request from now on; nil means none.
func (s *Server) Break(fault func(r Request) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// Next breaks the next request that method and path prefix match, once.
func (s *Server) Next(fault Fault, matches func(r Request) bool) {
	done := false
	s.Break(func(r Request) Fault {
		if done || !matches(r) {
			return None
		}
		done = true
		return fault
	})
}

// Late is called when a request was carried out, before it is answered; nil means never.
func (s *Server) Late(wait func(r Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = wait
}

// Chance returns faults for share of all requests, drawn from seed.
func Chance(seed uint64, share float64) func(r Request) Fault {
	random := rand.New(rand.NewPCG(seed, 2))
	return func(Request) Fault {
		if random.Float64() >= share {
			return None
		}
		return Fault(1 + random.IntN(int(faults)-1))
	}
}

// before answers, or hangs up, without anything having been done.
func (f Fault) before(w http.ResponseWriter) bool {
	switch f {
	case ResetBefore:
		hangUp(w)
	case ErrorBefore:
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(encode(failure("api_error", "", "Unavailable.")))
	case Busy:
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write(encode(failure("invalid_request_error", "idempotency_key_in_use", "There is currently another in-progress request using this key.")))
	case Missing:
		status, object := missing("it")
		w.WriteHeader(status)
		_, _ = w.Write(encode(object))
	case Refused:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(encode(failure("invalid_request_error", "parameter_invalid_empty", "A parameter is wrong.")))
	case TooMany:
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write(encode(failure("invalid_request_error", "rate_limit", "Too many requests.")))
	default:
		return false
	}
	return true
}

// after loses or spoils the answer about what was done.
func (f Fault) after(w http.ResponseWriter) bool {
	switch f {
	case ResetAfter:
		hangUp(w)
	case ErrorAfter:
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write(encode(failure("api_error", "", "An error occurred.")))
	case RefusedAfter:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(encode(failure("invalid_request_error", "payment_intent_unexpected_state", "It is in another state.")))
	case Garbage:
		_, _ = w.Write([]byte("<html>a proxy in between"))
	default:
		return false
	}
	return true
}

func hangUp(w http.ResponseWriter) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			_ = conn.Close()
		}
	}
}
