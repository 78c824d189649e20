package tests

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// TestCancelAPendingPayment: its client ends what the provider has not decided, once
// and for good, and the milestone can be paid again.
func TestCancelAPendingPayment(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	key := Key()
	pending := s.Pay(key, Body{"source": services.SourcePending})
	pending.Want(t, http.StatusServiceUnavailable, services.CodeProviderPending)
	data, _ := pending.JSON["data"].(map[string]any)
	s.Payment, _ = data["payment"].(string)
	path, cancel := "payments/"+s.Payment+"/cancel", Key()
	s.Freelancer.Command(payments, path, Key(), nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	s.Client.Command(payments, path, "", nil).Want(t, http.StatusBadRequest, services.CodeKeyRequired)
	first := s.Client.Command(payments, path, cancel, nil)
	first.Want(t, http.StatusOK, "")
	if again := s.Client.Command(payments, path, cancel, nil); string(again.Raw) != string(first.Raw) || first.Text("status") != collections.PaymentFailed || first.Text("failure") != services.CodePaymentCancelled {
		t.Errorf("Expected the same answer twice, got %s and %s", first.Raw, again.Raw)
	}
	s.Client.Command(payments, path, Key(), nil).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	s.Pay(key, Body{"source": services.SourcePending}).Want(t, http.StatusConflict, services.CodePaymentCancelled)
	m.Deliver()
	s.Fund()
	s.Client.Command(payments, "payments/"+s.Payment+"/cancel", Key(), nil).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	m.Sound()
}

// TestCancelOnTheProvidersPage: the page is closed, and what somebody paid on it a
// moment before goes back.
func TestCancelOnTheProvidersPage(t *testing.T) {
	t.Parallel()
	for _, paid := range []bool{false, true} {
		m, sim := NewStripe(t)
		s := Hired(m)
		confirm := s.Pay(Key(), nil)
		confirm.Want(t, http.StatusPaymentRequired, services.CodeConfirmPayment)
		data, _ := confirm.JSON["data"].(map[string]any)
		s.Payment, _ = data["payment"].(string)
		if paid {
			sim.Pay(s.Payment)
		}
		s.Client.Command(payments, "payments/"+s.Payment+"/cancel", Key(), nil).Want(t, http.StatusOK, "")
		m.Deliver()
		if err := m.Sweep(); err != nil {
			t.Fatal(err)
		}
		m.SameAsProvider(sim)
		paidAgain := s.Pay(Key(), Body{"source": stripesim.CardOK})
		paidAgain.Want(t, http.StatusOK, "")
		m.Deliver()
		m.SameAsProvider(sim)
		m.Sound()
	}
}

// taken is a payment that its client has paid for on the provider's page, before we know.
func taken(m *Market, sim *stripesim.Server) *Story {
	m.tb.Helper()
	s := Hired(m)
	confirm := s.Pay(Key(), nil)
	confirm.Want(m.tb, http.StatusPaymentRequired, services.CodeConfirmPayment)
	s.Payment = confirm.Object("data").Text("payment")
	sim.Pay(s.Payment)
	return s
}

// asksToRefund tells a request to give money back.
func asksToRefund(r stripesim.Request) bool { return r.Making() && r.Path == "/v1/refunds" }

// cancelUnheard cancels what was paid, and the provider's answer about the refund is a fault.
func cancelUnheard(s *Story, sim *stripesim.Server, fault stripesim.Fault, key string) {
	s.Market.tb.Helper()
	sim.Next(fault, asksToRefund)
	s.Client.Command(payments, "payments/"+s.Payment+"/cancel", key, nil).Want(s.Market.tb, http.StatusServiceUnavailable, services.CodeProviderSilent)
}

// TestACancellationWhoseRefundIsNotAnswered: as long as it is not known whether what was
// paid goes back, the payment has not failed; else nobody would ask for the money again.
func TestACancellationWhoseRefundIsNotAnswered(t *testing.T) {
	t.Parallel()
	for _, fault := range []stripesim.Fault{stripesim.ErrorBefore, stripesim.ErrorAfter, stripesim.TooMany} {
		m, sim := NewStripe(t)
		s, key := taken(m, sim), Key()
		cancelUnheard(s, sim, fault, key)
		if status := paymentStatus(s); status != collections.PaymentPending {
			t.Errorf("%d: expected the payment to be undecided, it is %s", fault, status)
		}
		s.Client.Command(payments, "payments/"+s.Payment+"/cancel", key, nil).Want(t, http.StatusOK, "")
		m.Deliver()
		m.SameAsProvider(sim)
		m.Sound()
	}
}

// TestACancellationThatHeardNoAnswer, and is not repeated, is carried on by whoever looks
// next: nothing is held that went back, or that its client did not want any more.
func TestACancellationThatHeardNoAnswer(t *testing.T) {
	t.Parallel()
	for _, fault := range []stripesim.Fault{stripesim.ErrorAfter, stripesim.ErrorBefore} {
		m, sim := NewStripe(t)
		s := taken(m, sim)
		cancelUnheard(s, sim, fault, Key())
		complete(m)
		if status := paymentStatus(s); status != collections.PaymentFailed {
			t.Errorf("%d: expected the payment to be given back, it is %s", fault, status)
		}
		m.SameAsProvider(sim)
		m.Sound()
	}
}

// TestACancellationThatEndedByItself: its key, repeated when somebody else has gone on with
// it, gives what became of the command, and not that there is nothing to cancel any more.
func TestACancellationThatEndedByItself(t *testing.T) {
	t.Parallel()
	for _, fault := range []stripesim.Fault{stripesim.ErrorAfter, stripesim.ErrorBefore} {
		m, sim := NewStripe(t)
		s := Hired(m)
		pay, cancel := Key(), Key()
		s.Payment = s.Pay(pay, nil).Object("data").Text("payment")
		sim.Pay(s.Payment)
		path := "payments/" + s.Payment + "/cancel"
		cancelUnheard(s, sim, fault, cancel)
		complete(m)
		first := s.Client.Command(payments, path, cancel, nil)
		first.Want(t, http.StatusOK, "")
		if first.Text("status") != collections.PaymentFailed || first.Text("failure") != services.CodePaymentCancelled {
			t.Errorf("%d: expected the payment that was cancelled, got %s", fault, first.Raw)
		}
		if again := s.Client.Command(payments, path, cancel, nil); string(again.Raw) != string(first.Raw) {
			t.Errorf("%d: expected the same answer twice, got %s and %s", fault, first.Raw, again.Raw)
		}
		s.Client.Command(payments, path, cancel, Body{"reason": "another"}).Want(t, http.StatusUnprocessableEntity, services.CodeKeyReused)
		s.Client.Command(payments, path, Key(), nil).Want(t, http.StatusConflict, services.CodeIllegalTransition)
		s.Pay(pay, nil).Want(t, http.StatusConflict, services.CodePaymentCancelled)
		m.SameAsProvider(sim)
		m.Sound()
	}
}

// TestACancellationThatDied after it gave back what was taken: it is not held by whoever looks next.
func TestACancellationThatDied(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := taken(m, sim)
	before := m.Clock.Now().Add(time.Hour).UnixMilli()
	cancelUnheard(s, sim, stripesim.ErrorAfter, Key())
	mustExec(t, m, payments, `UPDATE payments SET confirmUrl = 'https://stripe.example', decideBy = `+strconv.FormatInt(before, 10)) // as it died
	complete(m)
	if status := paymentStatus(s); status != collections.PaymentFailed {
		t.Errorf("Expected what went back not to be held, the payment is %s", status)
	}
	m.SameAsProvider(sim)
	m.Sound()
}

// TestACancelledPaymentThatABankTakesBack: who waits for the money asks their bank, and then the
// provider refuses to give it back, too. The payment ends, and its milestone can be
// paid again.
func TestACancelledPaymentThatABankTakesBack(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := taken(m, sim)
	cancelUnheard(s, sim, stripesim.ErrorBefore, Key())
	chargeback := sim.OpenDispute(s.Payment, s.Amount, false)
	complete(m)
	if status := paymentStatus(s); status != collections.PaymentFailed {
		t.Errorf("Expected the payment to end, it is %s", status)
	}
	sim.CloseDispute(chargeback, false)
	m.SameAsProvider(sim)
	m.Sound()
	m.Deliver()
	s.Pay(Key(), Body{"source": stripesim.CardOK}).Want(t, http.StatusOK, "")
}

// TestABankThatSendsACancelledPaymentBack: it is given back once more, and not a third time.
func TestABankThatSendsACancelledPaymentBack(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := taken(m, sim)
	s.Client.Command(payments, "payments/"+s.Payment+"/cancel", Key(), nil).Want(t, http.StatusOK, "")
	sim.FailRefund(s.Payment)
	for range 2 { // told twice
		hearOf(m, sim)
	}
	m.SameAsProvider(sim)
	if asked := sim.Asked(http.MethodPost, "/v1/refunds"); len(asked) != 2 {
		t.Errorf("Expected two refunds to be made, got %d", len(asked))
	}
	m.Sound()
}

// TestWhatABankDecidesCannotBeCancelled: the client is told why, and what it decides is done.
func TestWhatABankDecidesCannotBeCancelled(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := Hired(m)
	pending := s.Pay(Key(), Body{"source": stripesim.BankDebit})
	pending.Want(t, http.StatusServiceUnavailable, services.CodeProviderPending)
	s.Payment = pending.Object("data").Text("payment")
	key := Key()
	s.Client.Command(payments, "payments/"+s.Payment+"/cancel", key, nil).Want(t, http.StatusServiceUnavailable, services.CodeProviderPending)
	sim.Pay(s.Payment)
	m.Clock.Advance(time.Minute)
	if err := m.Sweep(); err != nil {
		t.Fatal(err)
	}
	if status := paymentStatus(s); status != collections.PaymentHeld {
		t.Errorf("Expected what the bank gave to be held, the payment is %s", status)
	}
	s.Client.Command(payments, "payments/"+s.Payment+"/cancel", key, nil).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	m.SameAsProvider(sim)
	m.Sound()
}

// TestAPaymentThatTheOperatorGaveBack at the provider, before the marketplace knew that it
// had been paid, is not held: nobody has its money.
func TestAPaymentThatTheOperatorGaveBack(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := taken(m, sim)
	sim.RefundByHand(s.Payment)
	complete(m)
	if status := paymentStatus(s); status != collections.PaymentFailed {
		t.Errorf("Expected a payment that was given back to have failed, it is %s", status)
	}
	m.SameAsProvider(sim)
	m.Sound()
}

// TestACancelledPaymentThatTheOperatorGaveBack ends, whoever gave it back, also when its time
// is up: there is nothing left that a cancellation could give back.
func TestACancelledPaymentThatTheOperatorGaveBack(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := taken(m, sim)
	key := Key()
	cancelUnheard(s, sim, stripesim.ErrorBefore, key)
	sim.RefundByHand(s.Payment)
	complete(m)
	if status := paymentStatus(s); status != collections.PaymentFailed {
		t.Errorf("Expected the payment to end, it is %s", status)
	}
	m.Deliver()
	s.Client.Command(payments, "payments/"+s.Payment+"/cancel", key, nil).Want(t, http.StatusOK, "")
	m.SameAsProvider(sim)
	m.Sound()
	s.Pay(Key(), Body{"source": stripesim.CardOK}).Want(t, http.StatusOK, "")
}

// TestARestoredPaymentThatTheOperatorGaveBack was held, as others know: it did not fail because
// its money has gone back since, and its milestone is not there to be paid for by somebody else.
func TestARestoredPaymentThatTheOperatorGaveBack(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := taken(m, sim)
	if err := services.BeginEpoch(m.Instances[payments].App, m.Clock.Now(), m.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	mustExec(t, m, payments, `UPDATE epochs SET findings = 'projects:payments:`+s.Payment+`:2:payment.held'`)
	sim.RefundByHand(s.Payment)
	for range 2 { // in time, and too late
		complete(m)
		if status := paymentStatus(s); status != collections.PaymentPending {
			t.Errorf("Expected it to wait for the operator, it is %s", status)
		}
		m.Clock.Advance(3 * time.Hour)
		s.Client.SignIn()
	}
	m.SameAsProvider(sim)
	m.Sound()
}
