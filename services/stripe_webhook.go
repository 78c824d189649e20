package services

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"
)

// stripeEvent is what we read of an event. Its other fields (how many webhooks
// are still to be told, for example) may differ between two deliveries.
type stripeEvent struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Type     string `json:"type"`
	Account  string `json:"account"`
	Created  int64  `json:"created"`
	Livemode bool   `json:"livemode"`
	Data     struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// maxEventID bounds what is stored as the id of an event.
const maxEventID = 255

// Verify implements Webhooks.
func (p *Stripe) Verify(body []byte, signature string) (id, hash string, err error) {
	sent, err := signedAt(signature)
	if err != nil {
		return "", "", webhookRefused(CodeWebhookSignature, "The signature of the webhook cannot be read.")
	}
	if err := p.signed(body, signature); err != nil {
		return "", "", err
	}
	if off := p.clock.Now().Sub(sent); off > WebhookTolerance || off < -WebhookTolerance {
		return "", "", webhookRefused(CodeWebhookTime, "The webhook was signed at another time than it arrived.")
	}
	var event stripeEvent
	if err := json.Unmarshal(body, &event); err != nil || event.Object != "event" || event.ID == "" || len(event.ID) > maxEventID {
		return "", "", webhookRefused(CodeInvalidInput, "The webhook is no event.")
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d\n%t\n%s", event.Type, event.Account, event.Created, event.Livemode, event.Data.Object))
	return event.ID, hex.EncodeToString(sum[:]), nil
}

// signed checks the signature against each secret: there are two while one replaces the other.
func (p *Stripe) signed(body []byte, signature string) error {
	for _, secret := range p.secrets {
		// The library looks at the time with the system's clock, and lets the future pass.
		if webhook.ValidatePayloadIgnoringTolerance(body, signature, string(secret)) == nil {
			return nil
		}
	}
	return webhookRefused(CodeWebhookSignature, "The signature of the webhook is not right.")
}

var errNoTime = errors.New("the signature has not exactly one time")

// signedAt is the time in a Stripe-Signature header (t=1492774577,v1=...). With
// two of them, the one that is checked could be another than the one that is signed.
func signedAt(signature string) (time.Time, error) {
	found := ""
	for part := range strings.SplitSeq(signature, ",") {
		if value, ok := strings.CutPrefix(part, "t="); ok {
			if found != "" {
				return time.Time{}, errNoTime
			}
			found = value
		}
	}
	seconds, err := strconv.ParseInt(found, 10, 64)
	if err != nil {
		return time.Time{}, errNoTime
	}
	return time.Unix(seconds, 0), nil
}

// Read implements Webhooks.
func (p *Stripe) Read(body []byte) (ProviderEvent, error) {
	var event stripeEvent
	if err := json.Unmarshal(body, &event); err != nil {
		return ProviderEvent{}, fmt.Errorf("failed to read the event: %w", err)
	}
	if event.Livemode != p.live {
		return ProviderEvent{}, nil // of the test account while we are live, or the other way round
	}
	var object struct {
		ID       string            `json:"id"`
		Metadata map[string]string `json:"metadata"`
	}
	if err := json.Unmarshal(event.Data.Object, &object); err != nil {
		return ProviderEvent{}, nil //nolint:nilerr // an object of a kind we know has these
	}
	about := ProviderEvent{Ref: object.ID}
	kind, _, _ := strings.Cut(event.Type, ".")
	switch {
	case kind == "payment_intent" || strings.HasPrefix(event.Type, "checkout.session."):
		about.Subject, about.Key = AboutCharge, object.Metadata[labelPayment]
	case strings.HasPrefix(event.Type, "charge.dispute."):
		about.Subject, about.Key = AboutChargeback, object.ID
	case kind == "refund" || event.Type == "charge.refund.updated":
		about.Subject, about.Key = AboutRefund, object.Metadata[labelRefund]
		if cancelled, ok := strings.CutPrefix(about.Key, keyOfCancel); ok { // its payment has failed: what a bank sends back is given back once more
			about.Subject = AboutCharge
			about.Key, _, _ = strings.Cut(cancelled, ":")
		}
	case kind == "transfer":
		about.Subject, about.Key = AboutPayout, object.Metadata[labelPayout]
	}
	if about.Key == "" {
		return ProviderEvent{}, nil
	}
	return about, nil
}
