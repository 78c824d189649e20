//go:build faults

package provider

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// steps are the requests that make or change something, and the plot that sends them.
var steps = []struct {
	name, path, source string
	happen             func(w *world, s *tests.Story)
	ends               string
}{
	{"a page is made", "/v1/checkout/sessions", "", func(w *world, s *tests.Story) { w.sim.Pay(s.Payment) }, collections.PaymentHeld},
	{"an intent is made", "/v1/payment_intents", stripesim.CardOK, nil, collections.PaymentHeld},
	{"an intent is confirmed", "/confirm", stripesim.CardOK, nil, collections.PaymentHeld},
	{"a page is closed", "/expire", "", func(w *world, _ *tests.Story) { w.m.Clock.Advance(2 * time.Hour) }, collections.PaymentFailed},
	{"money is given back", "/v1/refunds", stripesim.CardOK, func(w *world, s *tests.Story) {
		w.settle(s)
		w.command(s.Freelancer, s, "refund", nil)
	}, collections.PaymentStateRefunded},
	{"what was paid on a page is given back, because its client cancels", "/v1/refunds", "", func(w *world, s *tests.Story) {
		w.sim.Pay(s.Payment) // nobody has heard of it
		s.Client.SignIn()
		s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/cancel", tests.Key(), nil) // whatever it answers
	}, collections.PaymentFailed},
	{"money is paid out", "/v1/transfers", stripesim.CardOK, func(w *world, s *tests.Story) {
		w.settle(s)
		w.command(s.Client, s, "release", nil)
		w.payOut(s)
	}, collections.PaymentStateReleased},
}

// TestAnswersThatSayNothing breaks each of these requests in every way, once (the
// provider hangs up before or after it did what it was asked, fails, is busy,
// wants less of us, or something in between answers), and lets everything be asked
// again: it happens, and it happens once.
func TestAnswersThatSayNothing(t *testing.T) {
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			t.Parallel()
			for fault := stripesim.ResetBefore; fault <= stripesim.Garbage; fault++ {
				w := newWorld(t, uint64(fault))
				s := w.hired()
				var broken atomic.Bool
				w.sim.Next(fault, func(r stripesim.Request) bool {
					hit := r.Making() && strings.HasSuffix(r.Path, step.path)
					if hit {
						broken.Store(true)
					}
					return hit
				})
				w.pay(s, step.source)
				if step.happen != nil {
					step.happen(w, s)
				}
				w.quiet(s, []string{step.ends})
				w.once(fmt.Sprintf("%s, fault %d", step.name, fault))
				if !broken.Load() {
					t.Errorf("Expected the provider to be asked, so that fault %d could happen", fault)
				}
			}
		})
	}
}

// payOut gives the freelancer an account and asks for everything.
func (w *world) payOut(s *tests.Story) {
	w.t.Helper()
	f := s.Freelancer
	f.SignIn()
	f.Create(collections.DomainPayments, collections.PayoutDestinations, tests.Body{"label": "Main", "reference": "acct_ok1"}).Want(w.t, 200, "")
	w.m.Clock.Advance(3 * collections.Day)
	w.m.Tick()
	f.SignIn()
	f.Create(collections.DomainPayments, collections.Payouts, tests.Body{"amount": 4_000, "currency": "EUR"}, "Idempotency-Key", tests.Key()).Want(w.t, 200, "")
}

// once fails the test if the provider moved anything twice.
func (w *world) once(where string) {
	w.t.Helper()
	kinds := map[string]int{}
	for _, moved := range w.sim.Book() {
		direction := "in"
		if moved.Amount > 0 {
			direction = "out"
		}
		kinds[moved.Key+" "+direction]++
	}
	for what, times := range kinds {
		if times > 1 {
			w.t.Errorf("%s: expected %s to move once, it moved %d times", where, what, times)
		}
	}
}
