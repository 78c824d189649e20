package tests

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

const webhookPath = "/api/payments/api/webhooks/stripe"

// post sends a webhook signed now, and returns the status and code of the answer.
func post(m *Market, sim *stripesim.Server, body []byte) (int, string) {
	m.tb.Helper()
	return postSigned(m, sim, body, sim.Sign(body, m.Clock.Now()))
}

func postSigned(m *Market, sim *stripesim.Server, body []byte, signature string) (int, string) {
	m.tb.Helper()
	status, raw := sim.Post(m.Base()+webhookPath, body, signature)
	answer := &Response{}
	_ = json.Unmarshal(raw, &answer.JSON)
	return status, answer.Code()
}

// follow carries webhooks out, as the sweep does.
func follow(m *Market) {
	m.tb.Helper()
	if err := m.Payments().ApplyWebhooks(m.tb.Context()); err != nil {
		m.tb.Fatal(err)
	}
	m.Deliver()
}

// eventStates counts stored webhooks by state.
func eventStates(m *Market) map[string]int {
	m.tb.Helper()
	var states []string
	if err := m.Instances[collections.DomainPayments].App.DB().Select("state").From("provider_events").Column(&states); err != nil {
		m.tb.Fatal(err)
	}
	counts := map[string]int{}
	for _, state := range states {
		counts[state]++
	}
	return counts
}

// waiting is a story whose client has been sent to pay.
func waiting(m *Market) *Story {
	m.tb.Helper()
	s := Hired(m)
	answer := s.Pay("pay-"+s.Milestone, nil)
	answer.Want(m.tb, http.StatusPaymentRequired, services.CodeConfirmPayment)
	s.Payment = answer.Object("data").Text("payment")
	return s
}

func TestAWebhookDecidesAPayment(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := waiting(m)
	sim.Pay(s.Payment)
	events := sim.Events()
	for _, body := range events {
		for range 2 { // Stripe repeats itself
			if status, code := post(m, sim, body); status != http.StatusOK {
				t.Fatalf("Expected the webhook to be taken, got %d %s", status, code)
			}
		}
	}
	if status := paymentStatus(s); status != collections.PaymentPending {
		t.Errorf("Expected nothing to be done before the webhook is acknowledged, got %s", status)
	}
	follow(m)
	if status := paymentStatus(s); status != collections.PaymentHeld {
		t.Errorf("Expected the payment to be held, got %s", status)
	}
	if states := eventStates(m); states["done"]+states["ignored"] != len(events) || states["done"] == 0 {
		t.Errorf("Expected %d events to be kept and carried out, got %v", len(events), states)
	}
	s.Pay("pay-"+s.Milestone, nil).Want(t, http.StatusOK, "")
	wantBook(m, sim)
	m.Sound()
}

// TestWebhooksThatAreRefused: nothing that is not signed, now, by Stripe is believed.
func TestWebhooksThatAreRefused(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := waiting(m)
	sim.Pay(s.Payment)
	events := sim.Events()
	body, now := events[len(events)-1], m.Clock.Now()
	right := sim.Sign(body, now)
	other := stripesim.New(t, m.Clock.Now)
	other.Secret = "whsec_of_somebody_else"
	large := append(bytes.TrimSuffix(slices.Clone(body), []byte("}")), []byte(`,"x":"`+strings.Repeat("x", 70_000)+`"}`)...)
	for name, c := range map[string]struct {
		body      []byte
		signature string
		status    int
		code      string
	}{
		"no signature":                  {body, "", http.StatusBadRequest, services.CodeWebhookSignature},
		"garbage for a signature":       {body, "t=,v1=", http.StatusBadRequest, services.CodeWebhookSignature},
		"another secret":                {body, other.Sign(body, now), http.StatusBadRequest, services.CodeWebhookSignature},
		"another body":                  {append(slices.Clone(body), ' '), right, http.StatusBadRequest, services.CodeWebhookSignature},
		"another scheme":                {body, strings.ReplaceAll(right, "v1=", "v0="), http.StatusBadRequest, services.CodeWebhookSignature},
		"the time changed":              {body, strings.Replace(right, "t=1", "t=2", 1), http.StatusBadRequest, services.CodeWebhookSignature},
		"two times":                     {body, right + ",t=1", http.StatusBadRequest, services.CodeWebhookSignature},
		"six minutes old":               {body, sim.Sign(body, now.Add(-6*time.Minute)), http.StatusBadRequest, services.CodeWebhookTime},
		"six minutes early":             {body, sim.Sign(body, now.Add(6*time.Minute)), http.StatusBadRequest, services.CodeWebhookTime},
		"no event":                      {[]byte(`{"object":"list"}`), sim.Sign([]byte(`{"object":"list"}`), now), http.StatusBadRequest, services.CodeInvalidInput},
		"no JSON":                       {[]byte(`hello`), sim.Sign([]byte(`hello`), now), http.StatusBadRequest, services.CodeInvalidInput},
		"an id as long as a book":       {longID(), sim.Sign(longID(), now), http.StatusBadRequest, services.CodeInvalidInput},
		"more than a webhook ever says": {large, sim.Sign(large, now), http.StatusRequestEntityTooLarge, services.CodeBodyTooLarge},
	} {
		if status, code := postSigned(m, sim, c.body, c.signature); status != c.status || code != c.code {
			t.Errorf("%s: expected %d %s, got %d %s", name, c.status, c.code, status, code)
		}
	}
	if answer := m.Guest().Do(http.MethodPost, "/api/payments/api/webhooks/sandbox", Body{}); answer.Status != http.StatusNotFound {
		t.Errorf("Expected no webhooks of a provider that sends none, got %s", answer.Raw)
	}
	if states := eventStates(m); len(states) != 0 {
		t.Errorf("Expected nothing of this to be kept, got %v", states)
	}
	follow(m)
	if status := paymentStatus(s); status != collections.PaymentPending {
		t.Errorf("Expected nothing to have happened, got %s", status)
	}
	sim.Secret = "whsec_simulator" // the right one still works, up to the edge of the tolerance
	if status, code := postSigned(m, sim, body, sim.Sign(body, now.Add(-5*time.Minute))); status != http.StatusOK {
		t.Errorf("Expected the right webhook to be taken, got %d %s", status, code)
	}
}

func longID() []byte {
	return []byte(`{"object":"event","id":"` + strings.Repeat("e", 1000) + `"}`)
}

// TestOneEventIsOneEvent: the same id with another content is refused, the same
// content in another wrapping is a repetition.
func TestOneEventIsOneEvent(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := waiting(m)
	sim.Pay(s.Payment)
	event := map[string]any{}
	events := sim.Events()
	if err := json.Unmarshal(events[len(events)-1], &event); err != nil {
		t.Fatal(err)
	}
	encoded := func() []byte {
		raw, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if status, code := post(m, sim, encoded()); status != http.StatusOK {
		t.Fatalf("Expected it to be taken, got %d %s", status, code)
	}
	event["pending_webhooks"] = 3
	if status, code := post(m, sim, encoded()); status != http.StatusOK {
		t.Errorf("Expected a repetition to be taken, got %d %s", status, code)
	}
	event["type"] = "payment_intent.canceled"
	if status, code := post(m, sim, encoded()); status != http.StatusConflict || code != services.CodeEventConflict {
		t.Errorf("Expected another content to be refused, got %d %s", status, code)
	}
	if states := eventStates(m); states["ready"] != 1 {
		t.Errorf("Expected one event, got %v", states)
	}
}

// TestWebhooksAboutNothingOfOurs are taken and ignored: other things happen in an account.
func TestWebhooksAboutNothingOfOurs(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	for _, body := range []string{
		`{"object":"event","id":"evt_1","type":"customer.created","data":{"object":{"id":"cus_1"}}}`,
		`{"object":"event","id":"evt_2","type":"payment_intent.succeeded","data":{"object":{"id":"pi_x","metadata":{"lancershub_payment":"unknown"}}}}`,
		`{"object":"event","id":"evt_3","type":"payment_intent.succeeded","data":{"object":{"id":"pi_x","metadata":{}}}}`,
		`{"object":"event","id":"evt_4","type":"charge.dispute.created","data":{"object":{"id":"dp_unknown"}}}`,
		`{"object":"event","id":"evt_5","type":"transfer.reversed","data":{"object":{"id":"tr_x","metadata":{"lancershub_payout":"unknown"}}}}`,
		`{"object":"event","id":"evt_6","type":"refund.failed","data":{"object":{"id":"re_x","metadata":{"lancershub_refund":"refund:x:1:1"}}}}`,
		`{"object":"event","id":"evt_7","type":"payment_intent.succeeded","livemode":true,"data":{"object":{"id":"pi_x","metadata":{"lancershub_payment":"x"}}}}`,
		`{"object":"event","id":"evt_8","type":"payment_intent.succeeded","data":{"object":[]}}`,
		`{"object":"event","id":"evt_9","type":"payment_intent.succeeded"}`,
	} {
		if status, code := post(m, sim, []byte(body)); status != http.StatusOK {
			t.Errorf("Expected %s to be taken, got %d %s", body, status, code)
		}
	}
	follow(m)
	if states := eventStates(m); states["ignored"] != 9 {
		t.Errorf("Expected all to be ignored, got %v", states)
	}
}

// TestAWebhookThatComesTooLate: money that came in for a payment that has failed
// goes back.
func TestMoneyThatComesTooLateGoesBack(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := Hired(m)
	answer := s.Pay(Key(), Body{"source": stripesim.CardChallenged})
	s.Payment = answer.Object("data").Text("payment")
	record, err := m.Instances[collections.DomainPayments].App.FindRecordById(collections.Payments, s.Payment)
	if err != nil {
		t.Fatal(err)
	}
	record.Set(collections.FieldProviderRef, "") // as if the answer that named it had been lost
	record.Set(collections.PaymentConfirmURL, "")
	record.Set(collections.PaymentDecideBy, 1)
	if err := m.Instances[collections.DomainPayments].App.SaveNoValidate(record); err != nil {
		t.Fatal(err)
	}
	sim.Next(stripesim.ErrorBefore, func(r stripesim.Request) bool { return r.Making() && strings.HasSuffix(r.Path, "/cancel") })
	sim.Pay(s.Payment)
	complete(m)
	if status := paymentStatus(s); status != collections.PaymentFailed {
		t.Fatalf("Expected the payment to fail, got %s", status)
	}
	for _, body := range sim.Events() {
		post(m, sim, body)
	}
	follow(m)
	wantBook(m, sim)
	if sum := providerSum(m); sum != 0 {
		t.Errorf("Expected all of it to be given back, %d is left", sum)
	}
	m.Sound()
}
