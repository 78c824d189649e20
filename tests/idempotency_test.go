package tests

import (
	"net/http"
	"sync"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// moneyCommand is one command that moves money, or says where it goes, ready to be sent.
type moneyCommand struct {
	name string
	by   *Person
	path string
	body Body
	// other is a body that means something else.
	other Body
	// keyOptional commands take a key and do not demand one.
	keyOptional bool
}

// moneyCommands prepares one of each kind.
func moneyCommands(t *testing.T, m *Market) []moneyCommand {
	t.Helper()
	const projectsAPI, paymentsAPI = "/api/projects/api/", "/api/payments/api/"
	earned := Earned(m)
	earned.Freelancer.SignIn()
	first := moneyCommand{"destination", earned.Freelancer, paymentsAPI + "collections/payoutDestinations/records", Body{"label": "Bank", "reference": services.BankAccount}, Body{"label": "Bank", "reference": services.BankSlow}, true}
	paid := Earned(m)
	destination(paid.Freelancer, services.BankAccount)
	coolOff(m, paid.Freelancer)
	cancelled := Earned(m)
	destination(cancelled.Freelancer, services.BankAccount)
	coolOff(m, cancelled.Freelancer)
	waiting := payout(cancelled.Freelancer, Key(), 5_000)
	waiting.Want(t, http.StatusOK, "")
	create := Hired(m)
	release, refund, dispute, bonus := Funded(m), Funded(m), Funded(m), Funded(m)
	asked, declined := Funded(m), Funded(m)
	declined.Client.Command(payments, "payments/"+declined.Payment+"/ask-refund", Key(), Body{"amount": 5}).Want(t, http.StatusOK, "")
	disputed := func(before ...string) (*Story, string) {
		s := Funded(m)
		id := s.dispute(s.Client, 50_000, 10_000)
		for _, verb := range before {
			s.inDispute(map[string]*Person{"answer": s.Freelancer, "offer": s.Client}[verb], id, verb, Body{"toFreelancer": map[string]int{"answer": 40_000, "offer": 20_000}[verb]}).Want(t, http.StatusOK, "")
		}
		return s, paymentsAPI + "disputes/" + id + "/"
	}
	answer, answerAt := disputed()
	offer, offerAt := disputed("answer")
	accept, acceptAt := disputed("answer", "offer")
	escalate, escalateAt := disputed("answer")
	withdraw, withdrawAt := disputed()
	earned.Freelancer.SignIn()
	of := func(s *Story, verb string) string { return paymentsAPI + "payments/" + s.Payment + "/" + verb }
	return []moneyCommand{
		first,
		{"payout", paid.Freelancer, paymentsAPI + "collections/payouts/records", Body{"amount": 5_000, "currency": "EUR"}, Body{"amount": 6_000, "currency": "EUR"}, false},
		{"cancel a payout", cancelled.Freelancer, paymentsAPI + "payouts/" + waiting.Text("id") + "/cancel", Body{}, Body{"reason": "x"}, false},
		{"create", create.Client, paymentsAPI + "collections/payments/records", create.PaymentBody(), Body{"project": create.Project, "milestone": create.Milestone, "amount": create.Amount, "currency": "EUR"}, false},
		{"release", release.Client, of(release, "release"), Body{"amount": 7}, Body{"amount": 8}, false},
		{"refund", refund.Freelancer, of(refund, "refund"), Body{"amount": 7}, Body{"amount": 8}, false},
		{"ask for a refund", asked.Client, of(asked, "ask-refund"), Body{"amount": 7}, Body{"amount": 8}, false},
		{"decline a refund", declined.Freelancer, of(declined, "decline-refund"), Body{"reason": "No."}, Body{"reason": "Yes."}, false},
		{"dispute", dispute.Client, of(dispute, "dispute"), Body{"amount": 7, "reason": "Late."}, Body{"amount": 8, "reason": "Late."}, false},
		{"answer", answer.Freelancer, answerAt + "answer", Body{"toFreelancer": 40_000}, Body{"toFreelancer": 41_000}, false},
		{"offer", offer.Client, offerAt + "offer", Body{"toFreelancer": 20_000}, Body{"toFreelancer": 21_000}, false},
		{"accept", accept.Freelancer, acceptAt + "accept", Body{"toFreelancer": 20_000}, Body{"toFreelancer": 10_000}, false},
		{"escalate", escalate.Client, escalateAt + "escalate", Body{"reason": "Stuck."}, Body{"reason": "Lost."}, false},
		{"withdraw", withdraw.Client, withdrawAt + "withdraw", Body{"reason": "Solved."}, Body{"reason": "Lost."}, false},
		{"bonus", bonus.Client, projectsAPI + "contracts/" + bonus.Contract + "/bonus", Body{"amount": 7}, Body{"amount": 8}, false},
	}
}

// TestIdempotencyOfEveryMoneyCommand: without a key refused; with the same key the
// stored answer, byte for byte, also after a restart and in other circumstances;
// with another body 422.
func TestIdempotencyOfEveryMoneyCommand(t *testing.T) {
	t.Parallel()
	m := New(t)
	commands := moneyCommands(t, m)
	before := make([]*Response, len(commands))
	send := func(c moneyCommand, by *Person, body Body, key string) *Response {
		return by.Do(http.MethodPost, c.path, body, "Idempotency-Key", key)
	}
	for n, c := range commands {
		c.by.SignIn()
		if !c.keyOptional {
			send(c, c.by, c.body, "").Want(t, http.StatusBadRequest, services.CodeKeyRequired)
		}
		if before[n] = send(c, c.by, c.body, "the-one-key"); before[n].Status != http.StatusOK {
			t.Fatalf("%s: expected it to work, got %s", c.name, before[n].Raw)
		}
		if again := send(c, c.by, c.body, "the-one-key"); string(again.Raw) != string(before[n].Raw) || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: expected the same bytes, got %d %s for %s", c.name, again.Status, again.Raw, before[n].Raw)
		}
		if other := send(c, c.by, c.other, "the-one-key"); other.Status != http.StatusUnprocessableEntity || other.Code() != services.CodeKeyReused {
			t.Errorf("%s: expected another body to be refused, got %d %s", c.name, other.Status, other.Raw)
		}
	}
	m.Deliver()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	later := New(t, func(o *services.Options) {
		o.DataDir = m.Options.DataDir
		o.MinimumPayouts = map[string]int64{"EUR": 1_000_000} // what was asked for then would be refused now
	})
	later.Clock.Set(m.Clock.Now().Add(collections.Day))
	for n, c := range commands {
		by := c.by.At(later)
		by.SignIn()
		if again := send(c, by, c.body, "the-one-key"); string(again.Raw) != string(before[n].Raw) || again.Status != before[n].Status {
			t.Errorf("%s: expected the same bytes after a restart, got %d %s for %s", c.name, again.Status, again.Raw, before[n].Raw)
		}
	}
	later.Deliver()
	later.Sound()
}

// TestAKeyThatIsStillAtWork holds the first of two requests with one key while it
// waits for users: the second is told so, another body is refused, and when the first
// is done all get its answer.
func TestAKeyThatIsStillAtWork(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	reached, goOn := make(chan struct{}), make(chan struct{})
	var hold sync.Once
	m.Instances[collections.DomainPayments].Peers[collections.DomainProjects].Tap(func(ask http.RoundTripper) http.RoundTripper {
		return tap(func(req *http.Request) (*http.Response, error) {
			hold.Do(func() {
				close(reached)
				<-goOn
			})
			return ask.RoundTrip(req)
		})
	})
	first := make(chan *Response, 1)
	go func() {
		answer, err := s.Client.Try(http.MethodPost, "/api/payments/api/collections/payments/records", s.PaymentBody(), "Idempotency-Key", "at-work")
		if err != nil {
			answer = &Response{Raw: []byte(err.Error())}
		}
		first <- answer
	}()
	<-reached
	second := s.Pay("at-work", nil)
	second.Want(t, http.StatusConflict, services.CodeInProgress)
	if second.Header.Get("Retry-After") == "" {
		t.Error("Expected a Retry-After header")
	}
	s.Pay("at-work", Body{"amount": 5}).Want(t, http.StatusUnprocessableEntity, services.CodeKeyReused)
	close(goOn)
	answer := <-first
	answer.Want(t, http.StatusOK, "")
	if again := s.Pay("at-work", nil); string(again.Raw) != string(answer.Raw) {
		t.Errorf("Expected the answer of the first, got %s for %s", again.Raw, answer.Raw)
	}
	m.Deliver()
	m.Sound()
}
