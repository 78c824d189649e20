package services

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// stripeMock builds and runs Stripe's own stripe-mock, which checks requests
// against Stripe's published description of its API, and returns its address.
func stripeMock(t *testing.T) *url.URL {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stripe-mock")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/stripe/stripe-mock")
	build.Dir = filepath.Join("..", "tests", "stripemock")
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("Failed to build stripe-mock: %v\n%s", err, out)
		}
		t.Skipf("stripe-mock could not be built, so the shape of requests was not checked: %v\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	_ = listener.Close()
	_, port, _ := net.SplitHostPort(addr)
	mock := exec.Command(path, "-http-addr", addr, "-https-port", "0")
	if err := mock.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = mock.Process.Kill()
		_ = mock.Wait()
	})
	for until := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}
		} else if time.Now().After(until) {
			t.Fatalf("Expected stripe-mock to answer: %v", err)
		}
	}
}

// TestStripeUnderstandsOurRequests: every kind of request we make fits Stripe's
// published description. What stripe-mock answers are examples, so only refusals
// of the request itself count.
func TestStripeUnderstandsOurRequests(t *testing.T) {
	t.Parallel()
	target := stripeMock(t)
	var mu sync.Mutex
	seen, problems := map[string]bool{}, []string{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(res *http.Response) error {
		mu.Lock()
		defer mu.Unlock()
		seen[res.Request.Method+" "+res.Request.URL.Path] = true
		if res.StatusCode >= http.StatusBadRequest {
			raw, _ := io.ReadAll(res.Body)
			problems = append(problems, fmt.Sprintf("%s %s: %d %s", res.Request.Method, res.Request.URL, res.StatusCode, raw))
			res.Body = io.NopCloser(strings.NewReader(string(raw)))
		}
		return nil
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	options := Options{Stripe: StripeOptions{Key: "sk_test_123", URL: front.URL}}.withDefaults()
	p := newStripe(&Instance{Options: options, Clock: SystemClock{}, Logger: slog.New(slog.DiscardHandler)})

	ctx, now := t.Context(), time.Now()
	charge := Charge{Key: "payment0", Since: now, Amount: 5_000, Currency: "EUR", ReturnURL: "https://example.com/payments/payment0", Until: now.Add(time.Hour)}
	card, page, intent, old := charge, charge, charge, charge
	card.Source, page.Ref, intent.Ref, old.Since = "pm_card_visa", "cs_test_1", "pi_1", now.Add(-48*time.Hour)
	oldCard := old
	oldCard.Source = "pm_card_visa"
	for _, c := range []Charge{charge, card, page, intent, old, oldCard} {
		_, _ = p.Charge(ctx, c)
		_ = p.Cancel(ctx, c)
	}
	_, _ = p.client.V1PaymentIntents.Cancel(ctx, "pi_1", nil)
	_, _ = p.client.V1CheckoutSessions.Expire(ctx, "cs_test_1", nil)
	_, _ = p.Refund(ctx, Refund{Key: "refund:payment0:2:1", Payment: "payment0", Charge: "payment0", ChargeRef: "pi_1", Amount: 100, Currency: "EUR"})
	_, _ = p.Refund(ctx, Refund{Key: "refund:payment0:2:1", Ref: "re_1", ChargeRef: "pi_1", Amount: 100, Currency: "EUR"})
	_, _ = p.Send(ctx, Transfer{Key: "payout0", Amount: 100, Currency: "EUR", Destination: "acct_1"})
	_, _ = p.Send(ctx, Transfer{Key: "payout0", Ref: "tr_1", Amount: 100, Currency: "EUR", Destination: "acct_1"})
	_ = p.CheckDestination(ctx, "acct_1")
	_, _ = p.Chargeback(ctx, "dp_1")
	_, _ = p.Chargebacks(ctx, now.Add(-time.Hour))
	_, _ = p.List(ctx, now.Add(-time.Hour), now)
	_, _ = p.client.V1Balance.Retrieve(context.Background(), nil)

	mu.Lock()
	defer mu.Unlock()
	for _, problem := range problems {
		t.Error("Stripe would not take", problem)
	}
	for _, want := range []string{
		"POST /v1/checkout/sessions", "GET /v1/checkout/sessions/cs_test_1", "GET /v1/checkout/sessions", "POST /v1/checkout/sessions/cs_test_1/expire",
		"POST /v1/payment_intents", "GET /v1/payment_intents", "GET /v1/payment_intents/pi_1", "POST /v1/payment_intents/pi_1/cancel",
		"POST /v1/refunds", "GET /v1/refunds", "GET /v1/refunds/re_1", "POST /v1/transfers", "GET /v1/transfers", "GET /v1/transfers/tr_1",
		"GET /v1/accounts/acct_1", "GET /v1/disputes/dp_1", "GET /v1/disputes", "GET /v1/charges", "GET /v1/balance",
	} {
		if !seen[want] {
			t.Errorf("Expected a request %s to be checked", want)
		}
	}
}
