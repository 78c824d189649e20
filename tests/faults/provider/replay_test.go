//go:build faults

// Package provider holds the suites about the payment provider: webhooks that
// come twice, late, out of order or not at all, answers that get lost, and a
// process that dies in between. `make faults` runs them.
package provider

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
	"github.com/lancershub/lancershub/tests/stripesim"
)

func TestMain(m *testing.M) {
	code := m.Run()
	tests.Cleanup()
	process.Cleanup()
	os.Exit(code)
}

// rounds is standard, or LANCERSHUB_ROUNDS times as much for a soak.
func rounds(standard int) int {
	if n, err := strconv.Atoi(os.Getenv("LANCERSHUB_ROUNDS")); err == nil && n > 0 {
		return n * standard
	}
	return standard
}

// world is a marketplace, its provider, and the network between them.
type world struct {
	t      *testing.T
	m      *tests.Market
	sim    *stripesim.Server
	random *rand.Rand
	people *tests.Story
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	m, sim := tests.NewStripe(t)
	return &world{t: t, m: m, sim: sim, random: rand.New(rand.NewPCG(seed, 1)), people: tests.NewStory(m)}
}

// plots are what happens at the provider; each returns the states a payment may end in.
var plots = []struct {
	name   string
	happen func(w *world, s *tests.Story) []string
}{
	{"paid on the page", func(w *world, s *tests.Story) []string {
		w.pay(s, "")
		w.sim.Pay(s.Payment)
		return []string{collections.PaymentHeld}
	}},
	{"paid with a card", func(w *world, s *tests.Story) []string {
		w.pay(s, stripesim.CardOK)
		return []string{collections.PaymentHeld}
	}},
	{"declined", func(w *world, s *tests.Story) []string {
		w.pay(s, stripesim.CardDeclined)
		return []string{collections.PaymentFailed}
	}},
	{"challenged and paid", func(w *world, s *tests.Story) []string {
		w.pay(s, stripesim.CardChallenged)
		w.whenWaiting(s, func() { w.sim.Pay(s.Payment) })
		return []string{collections.PaymentHeld}
	}},
	{"never paid", func(w *world, s *tests.Story) []string {
		w.pay(s, "")
		w.m.Clock.Advance(2 * time.Hour)
		return []string{collections.PaymentFailed}
	}},
	{"given back in two parts", func(w *world, s *tests.Story) []string {
		w.pay(s, stripesim.CardOK)
		w.settle(s)
		w.command(s.Freelancer, s, "refund", tests.Body{"amount": 1_000})
		w.storm(w.sim.Events())
		w.command(s.Freelancer, s, "refund", nil)
		return []string{collections.PaymentStateRefunded}
	}},
	{"charged back and lost", func(w *world, s *tests.Story) []string {
		w.pay(s, stripesim.CardOK)
		w.settle(s)
		w.command(s.Client, s, "release", tests.Body{"amount": 2_000})
		w.sim.CloseDispute(w.sim.OpenDispute(s.Payment, s.Amount, false), false)
		return []string{collections.PaymentSplit}
	}},
	{"charged back and won", func(w *world, s *tests.Story) []string {
		w.pay(s, stripesim.CardOK)
		w.settle(s)
		id := w.sim.OpenDispute(s.Payment, s.Amount/2, w.random.IntN(2) == 0)
		w.storm(w.sim.Events())
		w.sim.CloseDispute(id, true)
		return []string{collections.PaymentHeld}
	}},
}

// TestWebhookReplay: three seeds of every plot (from LANCERSHUB_SEED on), each with faults in one of twelve
// requests, webhooks shuffled, repeated and lost, and time passing in between.
// At the end both books agree to the cent.
func TestWebhookReplay(t *testing.T) {
	first, err := strconv.ParseUint(os.Getenv("LANCERSHUB_SEED"), 10, 64)
	if err != nil {
		first = 0
	}
	for number := range rounds(3) {
		for _, plot := range plots {
			seed := first + uint64(number)
			t.Run(fmt.Sprintf("%s, seed %d", plot.name, seed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, seed)
				s := w.hired()
				w.sim.Break(stripesim.Chance(seed, 0.08))
				ends := plot.happen(w, s)
				w.storm(w.sim.Events())
				w.sim.Break(nil)
				w.quiet(s, ends)
			})
		}
	}
}

func (w *world) hired() *tests.Story {
	s := &tests.Story{Market: w.m, Client: w.people.Client, Freelancer: w.people.Freelancer, Amount: 5_000}
	return s.Publish().Propose().Hire()
}

// pay asks until the payment has an id; whatever is answered, the key stays.
func (w *world) pay(s *tests.Story, source string) {
	w.t.Helper()
	for range 30 {
		answer := s.Pay("pay-"+s.Milestone, tests.Body{"source": source})
		if s.Payment = answer.Text("id"); s.Payment == "" {
			s.Payment = answer.Object("data").Text("payment")
		}
		switch answer.Code() {
		case "", services.CodeConfirmPayment, services.CodePaymentDeclined:
			return
		}
		w.m.Clock.Advance(time.Second)
	}
	w.t.Fatalf("Expected payment %s to be begun", s.Payment)
}

func (w *world) whenWaiting(s *tests.Story, do func()) {
	if intent := w.sim.Find("payment_intent", s.Payment); intent != nil && intent.Text("status") == "requires_action" {
		do()
	}
}

// settle lets a payment be held.
func (w *world) settle(s *tests.Story) {
	w.t.Helper()
	w.storm(w.sim.Events())
	for range 30 {
		if w.status(s) == collections.PaymentHeld {
			return
		}
		w.m.Clock.Advance(10 * time.Second)
		_ = w.m.Sweep() // faults are expected
	}
	w.t.Fatalf("Expected the payment to be held, it is %s", w.status(s))
}

func (w *world) command(p *tests.Person, s *tests.Story, verb string, body tests.Body) {
	w.t.Helper()
	p.SignIn()
	p.Command(collections.DomainPayments, "payments/"+s.Payment+"/"+verb, tests.Key(), body).Want(w.t, http.StatusOK, "")
	w.m.Deliver()
}

func (w *world) status(s *tests.Story) string {
	record, err := w.m.Instances[collections.DomainPayments].App.FindRecordById(collections.Payments, s.Payment)
	if err != nil {
		w.t.Fatal(err)
	}
	return record.GetString(collections.FieldStatus)
}

// storm delivers webhooks as a bad network does, and sweeps now and then.
func (w *world) storm(bodies [][]byte) {
	for _, body := range stripesim.Disorder(w.random, bodies, 0.2) {
		if status, answer := w.sim.Post(w.m.WebhookURL(), body, w.sim.Sign(body, w.m.Clock.Now())); status != http.StatusOK {
			w.t.Errorf("Expected a webhook to be taken, got %d %s", status, answer)
		}
		if w.random.IntN(3) == 0 {
			w.m.Clock.Advance(time.Duration(w.random.IntN(30)) * time.Second)
			_ = w.m.Sweep() // faults are expected
		}
	}
}

// quiet lets time pass without faults until nothing is left to do, and compares.
func (w *world) quiet(s *tests.Story, ends []string) {
	w.t.Helper()
	var err error
	for range 12 {
		w.m.Clock.Advance(15 * time.Minute)
		err = w.m.Sweep()
	}
	if err != nil {
		w.t.Errorf("Expected everything to be finished, got %v", err)
	}
	if status := w.status(s); len(ends) == 1 && status != ends[0] {
		w.t.Errorf("Expected the payment to end as %s, it is %s", ends[0], status)
	}
	var left int
	err = w.m.Instances[collections.DomainPayments].App.DB().NewQuery(`SELECT (SELECT count(*) FROM provider_events WHERE state NOT IN ('done', 'ignored'))
		+ (SELECT count(*) FROM provider_refunds WHERE state <> 'done')`).Row(&left)
	if err != nil || left != 0 {
		w.t.Errorf("Expected no event and no refund to be left, got %d %v", left, err)
	}
	w.m.SameAsProvider(w.sim)
	w.m.Sound()
}
