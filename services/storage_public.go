package services

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/storage"
)

// The storage under the origin of the marketplace: /s3/<bucket>/<key>, for signed
// requests only (storage.Proxy). With one S3 server the gateway passes them to
// it. Where each process has its embedded one, the gateway passes them to the
// domain whose bucket it is, and that one to its own server.

// publicStorage returns the handler of /s3/ in this process.
func (m *Marketplace) publicStorage() (http.Handler, error) {
	at := m.Options.Storage.Endpoint
	if m.stores != nil && m.stores.server != nil {
		at = "http://" + m.stores.server.Addr
	}
	if at == "" {
		return m.storageOfPeers(), nil
	}
	server, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	return storage.Proxy(server, storageRefused), nil
}

func storageRefused(w http.ResponseWriter, status int) {
	switch status {
	case http.StatusServiceUnavailable:
		writeError(w, storageUnavailable())
	case http.StatusForbidden:
		writeError(w, forbidden(CodeForbidden, "The storage does not take this kind of request."))
	default:
		writeError(w, notFound())
	}
}

// storageOfPeers passes requests to the domain whose bucket they name.
func (m *Marketplace) storageOfPeers() http.Handler {
	handlers := map[collections.Domain]http.Handler{}
	for domain, peer := range m.Options.Peers {
		if base, err := url.Parse(peer); err == nil && base.Host != "" {
			handlers[domain] = proxyTo(domain, base, m.Options.TrustProxy)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bucket, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, storage.PublicPrefix+"/"), "/")
		handler := handlers[collections.Domain(bucket[strings.LastIndex(bucket, "-")+1:])]
		if handler == nil {
			writeError(w, notFound())
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{}) // the domain bounds it
		_ = control.SetWriteDeadline(time.Time{})
		handler.ServeHTTP(w, r)
	})
}

// isStorage tells which requests are for the storage.
func isStorage(path string) bool {
	return path == storage.PublicPrefix || strings.HasPrefix(path, storage.PublicPrefix+"/")
}

// withStorage answers /s3/ with files and everything else with next.
func withStorage(files, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isStorage(r.URL.Path) {
			files.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
