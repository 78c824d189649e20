package services

import (
	"io"
	"net/http"

	"github.com/pocketbase/pocketbase/core"
)

// Nothing leaves an instance before what it may speak of is on disk: no answer,
// no realtime event, no event to a peer, no mail, no call to a provider. The
// rule is kept where bytes go out and not where commits are made, so a new
// command cannot forget it ("external synchrony": Nightingale et al., Rethink
// the Sync, OSDI 2006). Reads keep it too: what somebody has seen stays true.

// Synced returns when everything this instance has committed so far survives a
// power cut. It costs nothing when nothing was committed since the last time.
func (i *Instance) Synced() error {
	if i.wal == nil || planted("nobody waits for the disk") {
		return nil
	}
	return i.wal.Wait()
}

// guardOutward holds back mail until what it tells of is on disk.
func (i *Instance) guardOutward() {
	i.App.OnMailerSend().BindFunc(func(e *core.MailerEvent) error {
		if err := i.Synced(); err != nil {
			return err
		}
		return e.Next()
	})
}

// Outward returns a transport for calls to others (peers, payment providers)
// that sends nothing before what this instance committed is on disk. A question
// (GET, HEAD) tells nothing and need not wait.
func (i *Instance) Outward(transport http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			if err := i.Synced(); err != nil {
				return nil, err
			}
		}
		return transport.RoundTrip(req)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// syncedHandler holds back every byte of an answer, the status line included,
// until what was committed before it was written is on disk.
func (i *Instance) syncedHandler(next http.Handler) http.Handler {
	if i.wal == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &syncedWriter{ResponseWriter: w, instance: i}
		next.ServeHTTP(answer, r)
		_ = answer.send() // an answer without a body
	})
}

// syncedWriter keeps the status until there is something to send with it, so
// that an answer of one piece waits once.
type syncedWriter struct {
	http.ResponseWriter
	instance *Instance
	status   int
	sent     bool
	failed   error
}

// WriteHeader implements http.ResponseWriter.
func (w *syncedWriter) WriteHeader(status int) {
	if status < http.StatusOK {
		w.ResponseWriter.WriteHeader(status) // says nothing about what was done
		return
	}
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *syncedWriter) Write(p []byte) (int, error) {
	if err := w.send(); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom implements io.ReaderFrom, so that files still go the short way.
func (w *syncedWriter) ReadFrom(r io.Reader) (int64, error) {
	if err := w.send(); err != nil {
		return 0, err
	}
	return io.Copy(w.ResponseWriter, r)
}

// FlushError is what http.ResponseController calls.
func (w *syncedWriter) FlushError() error {
	if err := w.send(); err != nil {
		return err
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush implements http.Flusher.
func (w *syncedWriter) Flush() { _ = w.FlushError() }

// Unwrap lets http.ResponseController find the deadlines.
func (w *syncedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// send waits for the disk and sends the status. When the disk fails, the answer
// becomes a 503: what was done may be lost, so it must not be acknowledged.
func (w *syncedWriter) send() error {
	if w.failed != nil {
		return w.failed
	}
	w.failed = w.instance.Synced()
	if w.failed != nil {
		w.instance.Logger.Error("nothing is acknowledged any more", "error", w.failed)
		if !w.sent {
			w.Header().Del("Content-Length")
			writeError(w.ResponseWriter, Failf(http.StatusServiceUnavailable, CodeStorageFailed, "The disk does not keep what it is given. Ask again with the same Idempotency-Key once the operator has restarted the service."))
		}
		return w.failed
	}
	if !w.sent {
		w.sent = true
		if w.status != 0 {
			w.ResponseWriter.WriteHeader(w.status)
		}
	}
	return nil
}
