package tests

import (
	"net/http"
	"net/http/httptest"
)

// serve asks an instance directly, past the gateway, and returns the status.
func serve(handler http.Handler, req *http.Request) int {
	recorder := httptest.NewRecorder()
	req.RemoteAddr = "127.0.0.1:1"
	handler.ServeHTTP(recorder, req)
	return recorder.Code
}
