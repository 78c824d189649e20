package services

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"github.com/lancershub/lancershub/collections"
)

// Gateway is the one public door: it publishes the four domains under their
// prefixes, the key set, health, and the web app. A domain is either a handler
// in this process or a proxy to another; the routes cannot tell.
type Gateway struct {
	domains map[collections.Domain]http.Handler
	files   http.Handler
	public  http.Handler
	options Options
}

// NewGateway returns a gateway to domains that serves the storage at /s3/ and
// the files of public at /.
func NewGateway(options Options, domains map[collections.Domain]http.Handler, files http.Handler, public fs.FS) *Gateway {
	return &Gateway{domains: domains, files: files, public: gzhttp.GzipHandler(spa(public, domains[collections.DomainProjects], options.Storage.origin())), options: options}
}

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	securityHeaders(w.Header(), g.options.PublicURL)
	switch r.URL.Path {
	case PublicKeysPath:
		g.domains[collections.DomainUsers].ServeHTTP(w, r)
		return
	case HealthPath:
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
		return
	case MetricsPath:
		if g.mayWatch(r) {
			g.writeMetrics(w, r)
			return
		}
	case ReadyPath: // users asks the other three
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = ReadyAllPath, ""
		g.domains[collections.DomainUsers].ServeHTTP(w, inner)
		return
	}
	if isStorage(r.URL.Path) {
		g.files.ServeHTTP(w, r)
		return
	}
	domain, rest, ok := route(r.URL.Path)
	if !ok {
		g.public.ServeHTTP(w, r)
		return
	}
	if rest == "/_" {
		//nolint:gosec // the target is one of four constants
		http.Redirect(w, r, Prefix(domain)+"/_/", http.StatusMovedPermanently)
		return
	}
	if rest == "" || closedToPublic(rest, g.options.NoDashboards) {
		writeError(w, notFound())
		return
	}
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = rest, ""
	if raw := r.URL.EscapedPath(); raw != r.URL.Path {
		inner.URL.RawPath = strings.TrimPrefix(raw, Prefix(domain))
	}
	g.domains[domain].ServeHTTP(w, inner)
}

// route splits a public path into the domain and the path inside it.
func route(full string) (collections.Domain, string, bool) {
	for _, domain := range collections.Domains {
		prefix := Prefix(domain)
		if rest, ok := strings.CutPrefix(full, prefix); ok && (rest == "" || rest[0] == '/') {
			return domain, rest, true
		}
	}
	return "", "", false
}

// closedToPublic tells which paths inside a domain the gateway does not reach:
// the routes between instances, raw SQL, batches, metrics, and (by option) the dashboards.
func closedToPublic(inner string, noDashboards bool) bool {
	clean := path.Clean(inner) + "/"
	for _, closed := range []string{InternalPrefix, "/api/sql/", "/api/batch/", MetricsPath + "/"} {
		if strings.HasPrefix(clean, closed) {
			return true
		}
	}
	return noDashboards && strings.HasPrefix(clean, "/_/")
}

// proxyTo returns a handler that passes requests to a remote domain. Streams
// (server-sent events) are flushed as they come.
func proxyTo(domain collections.Domain, base *url.URL, trustProxy bool) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(base)
			r.Out.Host = r.In.Host
			if trustProxy {
				r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			}
			r.SetXForwarded()
		},
		// The gateway has said these; a copy of the instance's would say them twice.
		ModifyResponse: func(res *http.Response) error {
			res.Header.Del("X-Content-Type-Options")
			res.Header.Del("X-Frame-Options")
			return nil
		},
		ErrorLog: log.New(discard{}, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if errors.Is(err, context.Canceled) {
				return // the client left
			}
			writeError(w, &Error{
				Status: http.StatusServiceUnavailable, Code: CodePeerUnavailable, RetryAfter: 2 * time.Second,
				Message: "The " + string(domain) + " service does not answer at the moment.", Data: map[string]any{"peer": string(domain)},
			})
		},
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// spa serves the web app: a file if there is one, the index page otherwise,
// because the app routes itself.
func spa(public fs.FS, projects http.Handler, storageOrigin string) http.Handler {
	files := http.FileServerFS(public)
	index := readIndex(public)
	policy := "default-src 'self'; script-src 'self'" + index.scripts + "; img-src 'self' data: blob:" + storageOrigin + "; style-src 'self' 'unsafe-inline'; connect-src 'self'" + storageOrigin + "; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writeError(w, notFound())
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if strings.HasPrefix(name, "api/") || strings.HasPrefix(name, firstFolder+"/") { // templates are for the server
			writeError(w, notFound())
			return
		}
		if strings.Contains(r.URL.Path, "..") { // as the file server would
			http.Error(w, "invalid URL path", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		if info, err := fs.Stat(public, name); name == "" || name == indexFile || err != nil || info.IsDir() {
			w.Header().Set("Cache-Control", "no-cache") // it names the assets of one version
			index.serve(w, r, projects)
			return
		}
		if strings.HasPrefix(name, "assets/") { // their names carry a hash of their content
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		files.ServeHTTP(w, r)
	})
}

func securityHeaders(h http.Header, publicURL string) {
	if strings.HasPrefix(publicURL, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may have left
}

func writeError(w http.ResponseWriter, err *Error) {
	SetRetryAfter(w.Header(), err)
	writeJSON(w, err.Status, err.Body())
}

// listen opens addr and says in words what is wrong if it cannot.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, Failf(http.StatusServiceUnavailable, "address_unavailable", "cannot listen on %s: %v. Is another program using it? Choose another with --http", addr, err)
	}
	return listener, nil
}
