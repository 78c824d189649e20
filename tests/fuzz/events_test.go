package fuzz

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// topics that a fuzzer sends to whoever listens.
var topics = []string{
	services.TopicUserChanged, services.TopicSessionRevoked, services.TopicProposalSubmitted, services.TopicContractCreated, services.TopicMilestoneApproved, services.TopicMilestonePart,
	services.TopicMilestoneSent, services.TopicPaymentHeld, services.TopicPaymentFailed, services.TopicPaymentReleased, services.TopicPaymentRefunded, services.TopicPaymentNotRolled,
	services.TopicDisputeOpened, services.TopicDisputeClosed, services.TopicChargebackOpened, services.TopicChargebackClosed, services.TopicMail, services.TopicReputation,
	services.TopicPipelineChanged, services.TopicReviewPublished, services.TopicDeadlineReminder, services.TopicProjectInvited, services.TopicEvidenceContract, services.TopicMention, "nothing",
}

// FuzzEvents: whatever a peer tells, it is refused with a code or applied, twice is
// once, the same id with another content is refused, and no money is made of it.
func FuzzEvents(f *testing.F) {
	g := on(f)
	const payment = `{"payment":"PAYMENT","project":"PROJECT","contract":"CONTRACT","milestone":"MILESTONE","client":"CLIENT","freelancer":"FREELANCER","currency":"EUR","amount":5,"part":5,"held":0,"released":5}`
	for n := range topics {
		f.Add(uint8(n), uint8(n), 1, []byte(payment))
		f.Add(uint8(n+1), uint8(n), -1, []byte(`{}`))
		f.Add(uint8(n+2), uint8(n), 2, []byte(`null`))
	}
	for _, payload := range []string{
		`{"milestone":"MILESTONE","payment":"PAYMENT","approved":-5,"amount":-5}`, `{"milestone":"MILESTONE","payment":"PAYMENT","amount":99999999999999,"rest":"roll","next":"MILESTONE"}`,
		`{"id":"CLIENT","name":"x","roles":["client"],"status":"active","ver":99,"rev":99}`, `{"id":"SOMEBODY","name":5}`, `[]`, `"x"`, ``, `{"amount":1.5}`,
		`{"chargeback":"x","payment":"PAYMENT","locked":-9,"client":"CLIENT","freelancer":"NOBODY"}`,
	} {
		for _, topic := range []uint8{0, 4, 5, 7, 11, 14} {
			f.Add(uint8(2), topic, 3, []byte(payload))
		}
	}
	m := tests.New(g)
	s := funded(m)
	keys := map[collections.Domain]ed25519.PrivateKey{}
	kids := map[collections.Domain]string{}
	for _, domain := range collections.Domains {
		kids[domain], keys[domain] = signingKey(f, m, domain, "service_keys.json")
	}
	sent := 0
	f.Fuzz(func(t *testing.T, route, topic uint8, version int, payload []byte) {
		g.now = t
		fill := strings.NewReplacer("PAYMENT", s.Payment, "PROJECT", s.Project, "CONTRACT", s.Contract, "MILESTONE", s.Milestone, "CLIENT", s.Client.ID, "FREELANCER", s.Freelancer.ID)
		from, to := collections.Domains[route%4], collections.Domains[(route/4)%4]
		now := m.Clock.Now()
		token := signed(t, jwt.MapClaims{"iss": string(from), "sub": string(from), "aud": []string{string(to)}, "iat": now.Unix(), "exp": now.Unix() + 60, "jti": "x"}, "svc+jwt", kids[from], keys[from])
		sent++
		id, name := fmt.Sprintf("fuzz:%d", sent), topics[int(topic)%len(topics)]
		deliver := func(payload []byte) answer {
			body := fmt.Sprintf(`{"id":%q,"topic":%q,"aggregate":"fuzz:%s","version":%d,"payload":%s}`, id, name, s.Payment, version, payload)
			return ask(t, m, request{domain: to, method: http.MethodPost, path: services.InternalEvents, token: token, body: body})
		}
		filled := []byte(fill.Replace(string(payload)))
		first, again := deliver(filled), deliver(filled)
		if again.status != first.status {
			t.Errorf("Expected the same answer to the same event, got %d %s and %d %s", first.status, first.raw, again.status, again.raw)
		}
		if first.status == http.StatusNoContent && json.Valid(filled) {
			if other := deliver([]byte(`{"another":"content"}`)); string(filled) != `{"another":"content"}` && other.code() != services.CodeEventConflict {
				t.Errorf("Expected another content under the same id to be refused, got %d %s", other.status, other.raw)
			}
		}
		if to == payments {
			sound(t, m)
		}
		if revoked := ask(t, m, request{domain: payments, method: http.MethodGet, path: records("payments"), token: s.Client.Token}); revoked.status != http.StatusOK {
			s = funded(m) // a peer may end sessions
		}
	})
}

// FuzzWebhooks: whatever a provider sends, signed or not, it is stored once or
// refused with a code, following it ends, and no money is made of it.
func FuzzWebhooks(f *testing.F) {
	g := on(f)
	for n, event := range []string{
		`{"object":"event","id":"ID","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","metadata":{"lancershub_payment":"PAYMENT"}}}}`,
		`{"object":"event","id":"ID","type":"charge.dispute.created","data":{"object":{"id":"dp_1","payment_intent":"pi_1"}}}`,
		`{"object":"event","id":"ID","type":"refund.failed","data":{"object":{"id":"re_1","metadata":{"lancershub_refund":"refund:PAYMENT:2:1"}}}}`,
		`{"object":"event","id":"ID","type":"transfer.reversed","data":{"object":{"id":"tr_1","metadata":{"lancershub_payout":"PAYMENT"}}}}`,
		`{"object":"event","id":"ID","type":"checkout.session.completed","data":{"object":null}}`, `{"object":"event","id":5}`, `[]`, ``, `{"object":"event","id":"ID","type":"x"}`,
	} {
		f.Add([]byte(event), uint8(n))
		f.Add([]byte(event), uint8(255))
	}
	m, sim := tests.NewStripe(g)
	s := tests.Hired(m)
	paid := s.Pay(tests.Key(), tests.Body{"source": stripesim.CardOK})
	paid.Want(g, http.StatusOK, "")
	s.Payment = paid.Text("id")
	m.Deliver()
	sent := 0
	f.Fuzz(func(t *testing.T, body []byte, how uint8) {
		g.now = t
		sent++
		filled := strings.NewReplacer("PAYMENT", s.Payment, "ID", "evt_"+strconv.Itoa(sent)).Replace(string(body))
		signature := sim.Sign([]byte(filled), m.Clock.Now())
		if how == 255 {
			signature = string(body)
		}
		received := request{domain: payments, method: http.MethodPost, path: services.WebhookPath + "stripe", body: filled, headers: map[string]string{"Stripe-Signature": signature}}
		first, again := ask(t, m, received), ask(t, m, received)
		if first.status != again.status || how == 255 && first.status == http.StatusOK {
			t.Errorf("Expected a webhook to be taken twice like once, and signed ones only, got %d and %d: %s", first.status, again.status, again.raw)
		}
		if first.status != http.StatusOK {
			return
		}
		_ = m.Payments().ApplyWebhooks(t.Context()) // what is not there is an error that is tried again
		sound(t, m)
		m.SameAsProvider(sim)
	})
}
