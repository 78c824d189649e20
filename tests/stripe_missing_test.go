package tests

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// looks breaks what is only looked at below path.
func looks(fault stripesim.Fault, path string) func(r stripesim.Request) stripesim.Fault {
	return func(r stripesim.Request) stripesim.Fault {
		if r.Method == http.MethodGet && strings.HasPrefix(r.Path, path) {
			return fault
		}
		return stripesim.None
	}
}

// TestWhatStripeDoesNotShowIsNotDeclined: a key of another account finds nothing of what
// was made, and a wrong request is our mistake. Neither says that a client has not paid.
func TestWhatStripeDoesNotShowIsNotDeclined(t *testing.T) {
	t.Parallel()
	for _, fault := range []stripesim.Fault{stripesim.Missing, stripesim.Refused} {
		for _, c := range []struct{ what, source, path string }{
			{"a page that was paid on", "", "/v1/checkout/sessions"},
			{"what a bank took its time for", stripesim.BankDebit, "/v1/payment_intents"},
		} {
			m, sim := NewStripe(t)
			s := Hired(m)
			s.Payment = s.Pay(Key(), Body{"source": c.source}).Object("data").Text("payment")
			sim.Pay(s.Payment)
			sim.Break(looks(fault, c.path))
			complete(m)
			m.Clock.Advance(3 * time.Hour) // its time is up, too
			complete(m)
			s.Client.SignIn()
			if status := paymentStatus(s); status != collections.PaymentPending {
				t.Errorf("%s, %d: expected it to stay undecided, it is %s", c.what, fault, status)
			}
			if len(sim.Asked(http.MethodGet, c.path)) == 0 {
				t.Errorf("%s: expected it to be looked at", c.what)
			}
			sim.Break(nil)
			m.Clock.Advance(2 * time.Hour) // it is asked about more and more rarely
			complete(m)
			wantBook(m, sim)
			s.Client.SignIn()
			if status := paymentStatus(s); c.source == "" && status != collections.PaymentHeld {
				t.Errorf("%s, %d: expected what was paid in time to be held, it is %s", c.what, fault, status)
			}
			m.Sound()
		}
	}
}

// TestAConfirmationThatMakesNoSense: what the intent says counts. One that was not confirmed
// is over before its payment fails.
func TestAConfirmationThatMakesNoSense(t *testing.T) {
	t.Parallel()
	confirms := func(r stripesim.Request) bool { return strings.HasSuffix(r.Path, "/confirm") }
	m, sim := NewStripe(t)
	s := Hired(m)
	sim.Next(stripesim.RefusedAfter, confirms)
	held := s.Pay(Key(), Body{"source": stripesim.CardOK})
	held.Want(t, http.StatusOK, "")
	m.Deliver()
	wantBook(m, sim)

	other := Hired(m)
	sim.Next(stripesim.Refused, confirms)
	refused := other.Pay(Key(), Body{"source": stripesim.CardOK})
	refused.Want(t, http.StatusPaymentRequired, services.CodePaymentDeclined)
	if intent := sim.Find("payment_intent", refused.Object("data").Text("payment")); intent["status"] != "canceled" {
		t.Errorf("Expected nothing to be left that could be confirmed, got %v", intent)
	}
	m.Deliver()
	wantBook(m, sim)
	m.Sound()
}

// TestAChargeThatStripeDoesNotFind is not given back by anybody else: its refund is asked
// for again, in the same words, and is no refusal of the bank.
func TestAChargeThatStripeDoesNotFind(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), nil).Want(t, http.StatusOK, "")
	sim.Next(stripesim.Missing, asksToRefund)
	complete(m)
	m.Clock.Advance(time.Hour)
	complete(m)
	made := sim.Asked(http.MethodPost, "/v1/refunds")
	if len(made) != 2 || made[0].Key != made[1].Key {
		t.Errorf("Expected the same refund to be asked for twice, got %+v", made)
	}
	wantBook(m, sim)
	m.Sound()
}

// TestWhatStripeNeverFindsIsShown: a key of another account never finds the charge or the page of
// a payment. Operators are told after a day, because nobody else can end that.
func TestWhatStripeNeverFindsIsShown(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), nil).Want(t, http.StatusOK, "")
	other := taken(m, sim)
	sim.Break(func(stripesim.Request) stripesim.Fault { return stripesim.Missing })
	told := func() (found []string) {
		if err := m.Instances[payments].Watch(); err != nil {
			t.Fatal(err)
		}
		if err := m.Instances[payments].App.DB().NewQuery(`SELECT finding FROM alerts ORDER BY finding`).Column(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	wait := func(hours int) {
		for range hours {
			complete(m)
			m.Clock.Advance(time.Hour)
		}
	}
	wait(12)
	if found := told(); len(found) != 0 {
		t.Errorf("Expected nothing to be told on the first day, got %q", found)
	}
	wait(60)
	if found := strings.Join(told(), " "); !strings.Contains(found, "payment:"+other.Payment) || !strings.Contains(found, "refund-unknown:refund:"+s.Payment) {
		t.Errorf("Expected both to be told of, got %q", found)
	}
	sim.Break(nil)
	wait(3)
	if found := told(); len(found) != 0 {
		t.Errorf("Expected it to be over, got %q", found)
	}
	m.Deliver()
	wantBook(m, sim)
	m.Sound()
}

// TestAChargebackThatCannotBeLookedAt is not somebody else's.
func TestAChargebackThatCannotBeLookedAt(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	sim.OpenDispute(s.Payment, 10_000, false)
	keepWebhooks(m, sim)
	sim.Break(looks(stripesim.Refused, "/v1/disputes/"))
	if err := m.Payments().ApplyWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	open := func() string { return s.Client.View(payments, collections.Payments, s.Payment).Text("chargeback") }
	if open() != "" {
		t.Errorf("Expected nothing to be known yet, got %q", open())
	}
	sim.Break(nil)
	m.Clock.Advance(time.Hour)
	s.Client.SignIn()
	if err := m.Payments().ApplyWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	if open() != collections.ChargebackOpen {
		t.Errorf("Expected the webhook to be followed when Stripe answers, got %q", open())
	}
	sim.Break(looks(stripesim.Missing, "/v1/disputes/"))
	if err := m.Payments().FindChargebacks(t.Context()); err == nil {
		t.Error("Expected an open chargeback that Stripe does not find to be reported")
	}
	sim.Break(nil)
	m.Deliver()
	wantBook(m, sim)
	m.Sound()
}

// TestWebhooksWaitForARestore: what cannot be followed while a restore is not settled is
// followed afterwards, however long that takes, and operators are told of the restore.
func TestWebhooksWaitForARestore(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), nil).Want(t, http.StatusOK, "")
	f := s.Freelancer
	f.Create(payments, collections.PayoutDestinations, Body{"label": "x", "reference": "acct_ok1"}).Want(t, http.StatusOK, "")
	coolOff(m, f)
	id := payout(f, Key(), 5_000).Text("id")
	sim.Next(stripesim.ErrorAfter, func(r stripesim.Request) bool { return r.Making() })
	complete(m)
	app := m.Instances[payments].App
	if err := services.BeginEpoch(app, m.Clock.Now(), m.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	keepWebhooks(m, sim)
	count := func(sql string) (found int) {
		if err := app.DB().NewQuery(sql).Row(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	for range 3 {
		if err := m.Payments().ApplyWebhooks(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.Clock.Advance(collections.Day)
	}
	if waiting := count(`SELECT count(*) FROM provider_events WHERE state = 'ready'`); waiting != 1 {
		t.Errorf("Expected the event of the payout to wait, got %d that do", waiting)
	}
	if err := m.Instances[payments].Watch(); err != nil {
		t.Fatal(err)
	}
	if told := count(`SELECT count(*) FROM alerts WHERE finding = 'restore'`); told != 1 {
		t.Error("Expected superusers to be told of the restore")
	}
	mustExec(t, m, payments, `UPDATE epochs SET settled = 1`)
	if err := m.Payments().ApplyWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.SignIn()
	m.Deliver()
	if status := payoutStatus(f, id); status != collections.PayoutSettled || count(`SELECT count(*) FROM provider_events WHERE state = 'ready'`) != 0 {
		t.Errorf("Expected the event to be followed, the payout is %s", status)
	}
	wantBook(m, sim)
	m.Sound()
}
