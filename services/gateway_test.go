package services

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lancershub/lancershub/collections"
)

// TestGatewayServesTheWebApp: files compressed and cached by name, unknown pages
// as the app itself, and nothing of the API by mistake.
func TestGatewayServesTheWebApp(t *testing.T) {
	t.Parallel()
	gateway := NewGateway(Options{}, map[collections.Domain]http.Handler{}, http.NotFoundHandler(), fstest.MapFS{
		"index.html": {Data: []byte("<title>the app</title>")}, "assets/app-1234.js": {Data: []byte(strings.Repeat("let a = 1;\n", 500))},
	})
	for _, scenario := range []struct {
		method, path       string
		status             int
		encoding, contains string
	}{
		{http.MethodGet, "/", http.StatusOK, "", "the app"},
		{http.MethodGet, "/projects/abc", http.StatusOK, "", "the app"},
		{http.MethodGet, "/assets/app-1234.js", http.StatusOK, "gzip", ""},
		{http.MethodGet, "/assets/", http.StatusOK, "", "the app"},
		{http.MethodGet, "/../../etc/passwd", http.StatusBadRequest, "", "invalid"},
		{http.MethodGet, "/api/nonsense", http.StatusNotFound, "", CodeNotFound},
		{http.MethodGet, "/api/usersx/api/health", http.StatusNotFound, "", CodeNotFound},
		{http.MethodPost, "/", http.StatusNotFound, "", CodeNotFound},
		{http.MethodGet, "/api/users/api/internal/keys", http.StatusNotFound, "", CodeNotFound},
		{http.MethodGet, "/api/users/_", http.StatusMovedPermanently, "", ""},
	} {
		req := httptest.NewRequest(scenario.method, "http://market.example"+scenario.path, http.NoBody)
		req.Header.Set("Accept-Encoding", "gzip")
		recorder := httptest.NewRecorder()
		gateway.ServeHTTP(recorder, req)
		body, _ := io.ReadAll(recorder.Body)
		if recorder.Code != scenario.status || recorder.Header().Get("Content-Encoding") != scenario.encoding || !strings.Contains(string(body), scenario.contains) {
			t.Errorf("%s %s: expected %d %q %q, got %d %q %.80q", scenario.method, scenario.path, scenario.status, scenario.encoding, scenario.contains,
				recorder.Code, recorder.Header().Get("Content-Encoding"), body)
		}
	}
}
