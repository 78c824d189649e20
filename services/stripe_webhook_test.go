package services

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

const fuzzSecret = "whsec_fuzz"

// webhookFuzzed is a Stripe that knows a secret and stands still in time.
func webhookFuzzed() (*Stripe, time.Time) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	return &Stripe{secrets: []Secret{"whsec_old", fuzzSecret}, clock: NewSetClock(now)}, now
}

func signFuzzed(body []byte, at int64) string {
	mac := hmac.New(sha256.New, []byte(fuzzSecret))
	fmt.Fprintf(mac, "%d.", at)
	mac.Write(body)
	return fmt.Sprintf("t=%d,v1=%s", at, hex.EncodeToString(mac.Sum(nil)))
}

// FuzzWebhook: whatever arrives, only what is signed with a secret of ours, within
// the tolerance, is believed; and nothing that is believed can confuse what reads it.
func FuzzWebhook(f *testing.F) {
	p, now := webhookFuzzed()
	event := []byte(`{"object":"event","id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","metadata":{"lancershub_payment":"p1"}}}}`)
	f.Add(event, "", int64(0))
	f.Add(event, "t=1,v1=00", int64(0))
	f.Add(event, signFuzzed(event, now.Unix()), int64(299))
	f.Add(event, signFuzzed(event, now.Unix()+301), int64(-301))
	f.Add([]byte(`{"object":"event","id":"evt_2","type":"charge.dispute.closed","data":{"object":{"id":"dp_1"}}}`), "t=x", int64(1))
	f.Add([]byte(`{"object":"event","id":"evt_3","type":"refund.failed","data":{"object":null}}`), "v1=", int64(1))
	f.Add([]byte(`{"object":"event","id":["evt"],"data":1}`), ",,,t=,t=", int64(1))
	f.Fuzz(func(t *testing.T, body []byte, header string, offset int64) {
		if _, _, err := p.Verify(body, header); err == nil && !believable(body, header, now) {
			t.Errorf("Expected %q not to be believed about %q", header, body)
		}
		at := now.Unix() - offset%1000
		id, hash, err := p.Verify(body, signFuzzed(body, at))
		late := max(now.Unix()-at, at-now.Unix()) > int64(WebhookTolerance.Seconds())
		if err == nil && late {
			t.Errorf("Expected what is %d s off to be refused", now.Unix()-at)
		}
		if err != nil {
			if Code(err) == "" {
				t.Errorf("Expected a code, got %v", err)
			}
			return
		}
		if id == "" || len(hash) != 64 {
			t.Errorf("Expected an id and a hash, got %q %q", id, hash)
		}
		about, err := p.Read(body)
		if err != nil || (about.Subject != AboutNothing) != (about.Key != "") {
			t.Errorf("Expected an event to be read, got %+v %v", about, err)
		}
	})
}

// believable says independently of the library whether a header signs a body.
func believable(body []byte, header string, now time.Time) bool {
	var at int64
	var times int
	signatures := map[string]bool{}
	for _, part := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "t":
			at, _ = strconv.ParseInt(value, 10, 64)
			times++
		case "v1":
			signatures[strings.ToLower(value)] = true
		}
	}
	_, want, _ := strings.Cut(signFuzzed(body, at), "v1=")
	off := now.Unix() - at
	return times == 1 && signatures[want] && max(off, -off) <= int64(WebhookTolerance.Seconds()) && json.Valid(body)
}

func TestSecretsAreNotWritten(t *testing.T) {
	t.Parallel()
	options := StripeOptions{Key: "sk_test_secret", WebhookSecrets: []Secret{"whsec_secret"}}
	raw, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(raw), fmt.Sprint(options), fmt.Sprintf("%+v %#v %s %q", options, options, options.Key, options.Key)} {
		if strings.Contains(text, "_secret") {
			t.Errorf("Expected no secret in %s", text)
		}
	}
}

func TestOptionsOfAProvider(t *testing.T) {
	t.Parallel()
	webhooks := []Secret{"whsec_x"}
	for want, o := range map[string]Options{
		"":                     {Provider: ProviderStripe, Stripe: StripeOptions{Key: "rk_live_x", WebhookSecrets: webhooks}},
		"provider_unknown":     {Provider: "paypal"},
		"provider_key_missing": {Provider: ProviderStripe},
		"provider_key_invalid": {Provider: ProviderStripe, Stripe: StripeOptions{Key: "pk_test_x", WebhookSecrets: webhooks}},
	} {
		err := o.withDefaults().checkProvider()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Expected %q, got %v", want, err)
		}
	}
}

func TestAmountsAsStripeCountsThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount   int64
		currency string
		want     int64
		refused  bool
	}{
		{1234, "EUR", 1234, false}, {1234, "JPY", 1234, false}, {12, "ISK", 1200, false}, {12, "UGX", 1200, false},
		{12340, "KWD", 12340, false}, {12345, "KWD", 0, true},
	} {
		got, refused := toStripe(c.amount, c.currency)
		if got != c.want || (refused != "") != c.refused {
			t.Errorf("%d %s: expected %d, got %d %q", c.amount, c.currency, c.want, got, refused)
		}
		if refused == "" {
			if back, code := fromStripe(got, "x"); c.currency == "EUR" && (back != c.amount || code != "X") {
				t.Errorf("Expected %d back, got %d %s", c.amount, back, code)
			}
		}
	}
}
