package storage

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// PublicPrefix is the path under which browsers reach the storage.
const PublicPrefix = "/s3"

// transferTime bounds one transfer through the proxy.
const transferTime = 6 * time.Hour

// Policy is what a browser may do with a file it opens from the storage: nothing.
const Policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// Refused is called for what the proxy does not let through: no answer of the
// storage, and nothing that says there is one.
type Refused func(w http.ResponseWriter, status int)

// Proxy publishes an S3 server under PublicPrefix, for requests that were signed
// for somebody, by somebody who may, and nothing else. nginx.conf has the same rules:
//
//   - only GET, HEAD and PUT, and only with a signature in the query: no listing
//     of buckets, no admin paths, no anonymous reading;
//   - what would make a signed request do more than it was signed for is dropped
//     (X-Amz-Copy-Source, CVE-2026-54330) or refused (streaming signatures,
//     CVE-2026-41145), and so are the credentials of the marketplace;
//   - what comes back is shown by no browser as a page of ours.
func Proxy(server *url.URL, refused Refused) http.Handler {
	transport := Transport()
	transport.ResponseHeaderTimeout = time.Minute // completing a large part takes its time
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = server.Scheme, server.Host
			r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, PublicPrefix)
			r.Out.URL.RawPath = strings.TrimPrefix(r.In.URL.RawPath, PublicPrefix)
			r.Out.Host = r.In.Host // it is part of what was signed
			for name := range r.Out.Header {
				if strings.HasPrefix(name, "X-Amz-Copy-Source") {
					delete(r.Out.Header, name)
				}
			}
			for _, name := range []string{"Authorization", "Cookie", "Origin", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				r.Out.Header.Del(name)
			}
		},
		ModifyResponse: func(res *http.Response) error {
			for name := range res.Header {
				if strings.HasPrefix(name, "X-Amz-") || name == "Server" || name == "X-Content-Type-Options" {
					res.Header.Del(name)
				}
			}
			res.Header.Set("Content-Security-Policy", Policy)
			res.Header.Set("Cache-Control", "private, no-store")
			if res.Header.Get("Content-Disposition") == "" {
				res.Header.Set("Content-Disposition", "attachment")
			}
			return nil
		},
		ErrorLog: log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if errors.Is(err, context.Canceled) {
				return // the client left
			}
			refused(w, http.StatusServiceUnavailable)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := refusal(r); status != 0 {
			refused(w, status)
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(transferTime)) // large files take longer than the API's requests
		_ = control.SetWriteDeadline(time.Now().Add(transferTime))
		proxy.ServeHTTP(w, r)
	})
}

// refusal returns the status with which a request is turned away, or 0.
func refusal(r *http.Request) int {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut:
	default:
		return http.StatusNotFound
	}
	if !strings.Contains(r.URL.RawQuery, "X-Amz-Signature=") {
		return http.StatusNotFound
	}
	if strings.HasPrefix(strings.ToUpper(r.Header.Get("X-Amz-Content-Sha256")), "STREAMING-") ||
		strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") || r.Header.Get("X-Amz-Trailer") != "" ||
		r.Header.Get("X-Amz-Decoded-Content-Length") != "" {
		return http.StatusForbidden
	}
	return 0
}
