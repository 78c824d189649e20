package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// answer is what a gateway said.
type answer struct {
	StatusCode int
	Header     http.Header
}

// door is a gateway under comparison.
type door struct{ name, base string }

// answerOf sends one request as it is written: no cleaning of the path, no
// following, no unpacking.
func answerOf(t *testing.T, base, method, target, body string, header http.Header) (answer, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, base, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Opaque = strings.TrimPrefix(base, "http:") + target
	for name, values := range header {
		req.Header[name] = values
	}
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true, ExpectContinueTimeout: 20 * time.Second}
	if len(body) > 1<<20 { // ask first: a refused body would end in a reset connection
		req.Header.Set("Expect", "100-continue")
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s%s: %v", method, base, target, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header}, string(raw)
}

// compared are the headers in which the two must agree.
var compared = []string{
	"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Permissions-Policy",
	"Strict-Transport-Security", "Cache-Control", "Location", "Retry-After", "Set-Cookie",
}

// signature is one that nobody made.
const signature = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z" +
	"&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"

// TestGatewaysAgree asks the built-in gateway and nginx the same, in front of the
// same four processes: what one lets through, closes, answers or adds, the other does.
func TestGatewaysAgree(t *testing.T) {
	processes := process.Split(t, filepath.Join(t.TempDir(), "data"))
	builtIn := door{"the built-in gateway", "http://" + processes["gateway"].Addr}
	nginx := door{"nginx", "http://" + process.Nginx(t, processes, nil).Addr}
	asset := anAsset(t)
	big := `{"name":"` + strings.Repeat("x", 40<<20) + `"}`
	records := "/api/collections/projects/records"
	for _, scenario := range []struct {
		name, method, target string
		status               int
		body                 string
	}{
		{"the web app", "GET", "/", 200, ""},
		{"a page of the app", "GET", "/projects/abc", 200, ""},
		{"a page with a beginning", "GET", "/projects", 200, ""},
		{"a template of one", "GET", "/first/projects.en.html", 404, ""},
		{"an asset", "GET", asset, 200, ""},
		{"an asset, head", "HEAD", asset, 200, ""},
		{"an asset of another version", "GET", "/assets/gone-1234.js", 200, ""},
		{"the folder of assets", "GET", "/assets/", 200, ""},
		{"a file of the app", "GET", "/manifest.json", 200, ""},
		{"a post to the app", "POST", "/", 404, "{}"},
		{"a post to an asset", "POST", asset, 404, "{}"},
		{"health", "GET", "/healthz", 200, ""},
		{"readiness", "GET", "/readyz", 200, ""},
		{"keys", "GET", "/.well-known/jwks.json", 200, ""},
		{"no domain", "GET", "/api/nonsense", 404, ""},
		{"no domain, with the ending of a script", "GET", "/api/nonsense.js", 404, ""},
		{"nearly a domain", "GET", "/api/usersx/api/health", 404, ""},
		{"a domain's own name", "GET", "/api/messages/api/health", 404, ""},
		{"a domain without a path", "GET", "/api/users", 404, ""},
		{"health of a domain", "GET", "/api/chats/healthz", 200, ""},
		{"a list", "GET", "/api/projects" + records + "?perPage=1&sort=-created", 200, ""},
		{"a list with a filter", "GET", "/api/projects" + records + "?filter=title%3D%27a%2Fb%27%26%26status%3D%27open%27", 200, ""},
		{"a bad filter", "GET", "/api/projects" + records + "?filter=%28", 400, ""},
		{"a record that is not there", "GET", "/api/projects" + records + "/nothingofthekin", 404, ""},
		{"an escaped path", "GET", "/api/projects/api/collections/p%72ojects/records", 200, ""},
		{"a create without a session", "POST", "/api/projects" + records, 401, `{"title":"x"}`},
		{"a body that is no JSON", "POST", "/api/users/api/collections/users/records", 400, `{`},
		{"a body that is too large", "POST", "/api/users/api/collections/users/records", 413, big},
		{"a preflight", "OPTIONS", "/api/projects" + records, 204, ""},
		{"keys between instances", "GET", "/api/users/api/internal/keys", 404, ""},
		{"events between instances", "POST", "/api/payments/api/internal/events", 404, "{}"},
		{"events, escaped", "POST", "/api/payments/api/%69nternal/events", 404, "{}"},
		{"events, a slash more", "POST", "/api/payments//api//internal/events", 404, "{}"},
		{"events, with dots", "POST", "/api/payments/api/x/../internal/events", 404, "{}"},
		{"events, with escaped dots", "POST", "/api/payments/api/x/%2e%2e/internal/events", 404, "{}"},
		{"events, with an escaped slash", "POST", "/api/payments/api/internal%2Fevents", 404, "{}"},
		{"the folder of internal routes", "GET", "/api/users/api/internal", 404, ""},
		{"a reservation", "PUT", "/api/projects/api/internal/reservations/abc", 404, "{}"},
		{"raw SQL", "POST", "/api/users/api/sql", 404, "{}"},
		{"a batch", "POST", "/api/users/api/batch", 404, "{}"},
		{"a dashboard without its slash", "GET", "/api/payments/_", 301, ""},
		{"a dashboard", "GET", "/api/payments/_/", 200, ""},
		{"a file without a signature", "GET", "/s3/lancershub-users/a/b/c.png", 404, ""},
		{"a file with a wrong signature", "GET", "/s3/lancershub-users/a/b/c.png?" + signature, 403, ""},
		{"a list of a bucket", "GET", "/s3/lancershub-users/?list-type=2", 404, ""},
		{"the buckets", "GET", "/s3/", 404, ""},
		{"the storage", "GET", "/s3", 404, ""},
		{"a bucket of nobody", "GET", "/s3/lancershub-nobody/a?" + signature, 404, ""},
		{"deleting a file", "DELETE", "/s3/lancershub-users/a/b/c.png?" + signature, 404, ""},
		{"posting a file", "POST", "/s3/lancershub-users/?" + signature, 404, "{}"},
		{"the storage's admin paths", "PATCH", "/s3/list-users?" + signature, 404, ""},
		{"logs, without being a moderator", "GET", "/api/payments/api/logs", 401, ""},
		{"a webhook of a provider that is not configured", "POST", "/api/payments/api/webhooks/stripe", 404, "{}"},
		{"metrics of a domain", "GET", "/api/payments/metrics", 404, ""},
		{"metrics, with a slash", "GET", "/api/payments/metrics/", 404, ""},
		{"platform totals, without being a moderator", "GET", "/api/payments/api/platform/totals", 401, ""},
	} {
		t.Run(scenario.name, func(t *testing.T) {
			want, wantBody := answerOf(t, builtIn.base, scenario.method, scenario.target, scenario.body, http.Header{"Content-Type": {"application/json"}})
			got, gotBody := answerOf(t, nginx.base, scenario.method, scenario.target, scenario.body, http.Header{"Content-Type": {"application/json"}})
			if want.StatusCode != scenario.status || got.StatusCode != scenario.status {
				t.Errorf("Expected %d of both, got %d of %s and %d of %s:\n%.300s\n%.300s", scenario.status,
					want.StatusCode, builtIn.name, got.StatusCode, nginx.name, wantBody, gotBody)
			}
			for _, name := range compared {
				if a, b := strings.Join(want.Header.Values(name), "; "), strings.Join(got.Header.Values(name), "; "); a != b {
					t.Errorf("Expected the same %s, got %q of %s and %q of %s", name, a, builtIn.name, b, nginx.name)
				}
			}
			if a, b := kind(want.Header), kind(got.Header); a != b {
				t.Errorf("Expected the same Content-Type, got %q of %s and %q of %s", a, builtIn.name, b, nginx.name)
			}
			if a, b := stable(wantBody), stable(gotBody); a != b && scenario.status != http.StatusMovedPermanently {
				t.Errorf("Expected the same answer, got\n%.500s\nof %s and\n%.500s\nof %s", a, builtIn.name, b, nginx.name)
			}
		})
	}
	t.Run("streams signed in pieces are refused", func(t *testing.T) {
		for _, d := range []door{builtIn, nginx} {
			for name, value := range map[string]string{
				"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked",
				"X-Amz-Trailer": "x-amz-checksum-crc32", "X-Amz-Decoded-Content-Length": "4",
			} {
				res, body := answerOf(t, d.base, "PUT", "/s3/lancershub-users/a?"+signature, "evil", http.Header{name: {value}})
				if res.StatusCode != http.StatusForbidden || !strings.Contains(body, `"code":"forbidden"`) {
					t.Errorf("%s: expected %s to be refused at the door, got %d %s", d.name, name, res.StatusCode, body)
				}
			}
		}
	})
	t.Run("both say which domain is down", func(t *testing.T) {
		processes["messages"].Kill()
		for _, d := range []door{builtIn, nginx} {
			res, body := answerOf(t, d.base, "GET", "/api/chats/api/health", "", nil)
			if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") != "2" ||
				stable(body) != `{"data":{"code":"peer_unavailable","peer":"messages"},"message":"The messages service does not answer at the moment.","status":503}` {
				t.Errorf("Expected %s to say that messages is down, got %d %v %s", d.name, res.StatusCode, res.Header, body)
			}
			res, body = answerOf(t, d.base, "GET", "/readyz", "", nil)
			if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `"messages":null`) {
				t.Errorf("Expected %s not to be ready, got %d %s", d.name, res.StatusCode, body)
			}
		}
	})
}

func kind(header http.Header) string {
	// One server knows .js as text/javascript, the other as application/javascript: the same thing (RFC 9239).
	return strings.Replace(strings.Replace(header.Get("Content-Type"), "application/javascript", "text/javascript", 1), "; charset=utf-8", "", 1)
}

// oneRequest is what an answer of the storage says of the request it answers.
var oneRequest = regexp.MustCompile(`<(ServerTime|RequestId|HostId)>[^<]*</(ServerTime|RequestId|HostId)>`)

// stable is a JSON body in one form, without what differs from moment to moment.
func stable(body string) string {
	var value any
	if json.Unmarshal([]byte(body), &value) != nil {
		return oneRequest.ReplaceAllString(body, "")
	}
	if object, ok := value.(map[string]any); ok {
		delete(object, "id")
	}
	raw, _ := json.Marshal(value)
	return string(raw)
}

func anAsset(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "..", "pb_public", "assets", "*.js"))
	if err != nil || len(found) == 0 {
		t.Fatalf("Expected scripts in pb_public/assets: %v", err)
	}
	return "/assets/" + filepath.Base(found[0])
}

// TestNginxCompresses: scripts and lists, but nothing small.
func TestNginxCompresses(t *testing.T) {
	processes := process.Split(t, filepath.Join(t.TempDir(), "data"))
	n := process.Nginx(t, processes, nil)
	zip := http.Header{"Accept-Encoding": {"gzip"}}
	for target, want := range map[string]string{anAsset(t): "gzip", "/healthz": ""} {
		if res, _ := answerOf(t, "http://"+n.Addr, "GET", target, "", zip); res.Header.Get("Content-Encoding") != want {
			t.Errorf("%s: expected encoding %q, got %q", target, want, res.Header.Get("Content-Encoding"))
		}
	}
	for until := time.Now().Add(30 * time.Second); !strings.Contains(n.Log(), "/healthz 200"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) { // it is written after the answer
			t.Fatalf("Expected an access log, got %s", n.Log())
		}
	}
}

// TestNginxDoesNotHoldEventsBack: an event is there when it happened, not when a buffer is full.
func TestNginxDoesNotHoldEventsBack(t *testing.T) {
	processes := process.Split(t, filepath.Join(t.TempDir(), "data"))
	n := process.Nginx(t, processes, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.Addr+"/api/projects/api/realtime", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if kind(res.Header) != "text/event-stream" || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("Expected an uncompressed event stream, got %v", res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event:PB_CONNECT") {
			return
		}
	}
	t.Errorf("Expected PB_CONNECT while the stream is open: %v", lines.Err())
}

// TestTheClientsAddress: what a client claims about its address counts for
// nothing, what a trusted proxy says counts.
func TestTheClientsAddress(t *testing.T) {
	const office = "203.0.113.9"
	data := filepath.Join(t.TempDir(), "data")
	if err := services.UpsertSuperuser(services.Options{DataDir: data}, collections.Domains[:1], "mod@example.com", "a long password"); err != nil {
		t.Fatal(err)
	}
	processes := process.Split(t, data, "--superuser-ip", office)
	signIn := func(n *process.NginxServer) int {
		return tests.Remote(t, "http://"+n.Addr).Guest().Do(http.MethodPost, "/api/users/api/collections/_superusers/auth-with-password",
			tests.Body{"identity": "mod@example.com", "password": "a long password"}, "X-Forwarded-For", office, "X-Real-IP", office).Status
	}
	if status := signIn(process.Nginx(t, processes, nil)); status == http.StatusOK {
		t.Error("Expected a claimed address to be dropped")
	}
	if status := signIn(process.Nginx(t, processes, map[string]string{"LANCERSHUB_TRUSTED_PROXY": "127.0.0.1"})); status != http.StatusOK {
		t.Errorf("Expected a trusted proxy to be believed, got %d", status)
	}
}

// TestNginxForAnOperator: what can be switched: HTTPS behind a certificate of
// one's own, strict transport security, closed admin UIs.
func TestNginxForAnOperator(t *testing.T) {
	processes := process.Split(t, filepath.Join(t.TempDir(), "data"))
	include := t.TempDir()
	tlsAddr := process.FreePort(t)
	pool := process.Certificate(t, include)
	snippet := "listen " + tlsAddr + " ssl http2;\nssl_certificate " + include + "/cert.pem;\nssl_certificate_key " + include + "/key.pem;\n"
	if err := os.WriteFile(filepath.Join(include, "tls.conf"), []byte(snippet), 0o600); err != nil {
		t.Fatal(err)
	}
	n := process.Nginx(t, processes, map[string]string{
		"LANCERSHUB_DASHBOARDS": "off", "LANCERSHUB_PUBLIC_URL": "https://market.example", "LANCERSHUB_INCLUDE": include,
	})
	for _, path := range []string{"/api/users/_", "/api/users/_/", "/api/chats/_/index.html", "/api/chats//_/"} {
		if res, body := answerOf(t, "http://"+n.Addr, "GET", path, "", nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: expected the admin UIs to be closed, got %d %.200s", path, res.StatusCode, body)
		}
	}
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	res, err := client.Get("https://" + tlsAddr + "/api/users/api/health")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("Expected HTTP/2 with strict transport security, got %s %s %v", res.Proto, res.Status, res.Header)
	}
}
