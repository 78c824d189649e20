package tests

import (
	"cmp"
	"net/http"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// complete runs everything that is between us and the provider, as time passes.
func complete(m *Market) {
	m.tb.Helper()
	m.Clock.Advance(time.Minute)
	p, ctx := m.Payments(), m.tb.Context()
	for _, work := range []error{p.Complete(ctx), p.SendRefunds(ctx), p.SendPayouts(ctx)} {
		if work != nil {
			m.tb.Log(work)
		}
	}
	m.Deliver()
}

func paymentStatus(s *Story) string {
	return s.Client.View(collections.DomainPayments, collections.Payments, s.Payment).Text("status")
}

// wantBook fails the test unless the provider's book is our world account.
func wantBook(m *Market, sim *stripesim.Server) {
	m.tb.Helper()
	m.SameAsProvider(sim)
}

func TestAClientPaysOnThePageOfStripe(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := Hired(m)
	if answer := s.Client.Do(http.MethodGet, "/api/payments/api/payments/provider", nil); answer.Text("provider") != services.ProviderStripe {
		t.Errorf("Expected people to learn who moves the money, got %s", answer.Raw)
	}
	waits := s.Pay("once", nil)
	waits.Want(t, http.StatusPaymentRequired, services.CodeConfirmPayment)
	s.Payment = waits.Object("data").Text("payment")
	url := waits.Object("data").Text("confirmUrl")
	if url == "" || url != s.Client.Do(http.MethodGet, "/api/payments/api/payments/"+s.Payment+"/confirmation", nil).Text("confirmUrl") {
		t.Errorf("Expected the client to be told where to pay, got %q", url)
	}
	for name, other := range map[string]*Person{"the freelancer": s.Freelancer, "another client": m.User(collections.RoleClient)} {
		if answer := other.Do(http.MethodGet, "/api/payments/api/payments/"+s.Payment+"/confirmation", nil); answer.Status != http.StatusNotFound {
			t.Errorf("Expected %s not to learn where to pay, got %s", name, answer.Raw)
		}
	}
	if view := s.Client.View(collections.DomainPayments, collections.Payments, s.Payment); view.JSON["confirmUrl"] != nil || view.JSON["providerRef"] != nil {
		t.Errorf("Expected what is between us and the provider to stay hidden, got %s", view.Raw)
	}
	s.Pay("once", nil).Want(t, http.StatusPaymentRequired, services.CodeConfirmPayment)
	m.Clock.Advance(10 * time.Minute) // longer than a payment may stay undecided otherwise
	complete(m)
	if status := paymentStatus(s); status != collections.PaymentPending {
		t.Fatalf("Expected the payment to wait for its client, it is %s", status)
	}
	sim.Pay(s.Payment)
	s.Pay("once", nil).Want(t, http.StatusOK, "")
	m.Deliver()
	if made := sim.Asked(http.MethodPost, "/v1/checkout/sessions"); len(made) != 1 {
		t.Errorf("Expected one page to be made, got %d", len(made))
	}
	s.Freelancer.Command(collections.DomainPayments, "payments/"+s.Payment+"/refund", Key(), Body{"amount": 1_000}).Want(t, http.StatusOK, "")
	complete(m)
	wantBook(m, sim)
	m.Sound()
}

// TestHowAPaymentThroughStripeEnds goes through what can become of a payment.
func TestHowAPaymentThroughStripeEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source string
		happen func(m *Market, sim *stripesim.Server, s *Story)
		code   string
		status string
	}{
		"a good card":     {stripesim.CardOK, nil, "", collections.PaymentHeld},
		"a declined card": {stripesim.CardDeclined, nil, services.CodePaymentDeclined, collections.PaymentFailed},
		"a challenged card": {stripesim.CardChallenged, func(_ *Market, sim *stripesim.Server, s *Story) { sim.Pay(s.Payment) },
			services.CodeConfirmPayment, collections.PaymentHeld},
		"a slow bank": {stripesim.BankDebit, func(_ *Market, sim *stripesim.Server, s *Story) { sim.Pay(s.Payment) },
			services.CodeProviderPending, collections.PaymentHeld},
		"a page nobody paid on": {"", func(m *Market, _ *stripesim.Server, _ *Story) { m.Clock.Advance(2 * time.Hour) },
			services.CodeConfirmPayment, collections.PaymentFailed},
		"a page paid on while we were down": {"", func(m *Market, sim *stripesim.Server, s *Story) {
			m.Clock.Advance(59 * time.Minute)
			sim.Pay(s.Payment)
			m.Clock.Advance(3 * time.Hour)
		}, services.CodeConfirmPayment, collections.PaymentHeld},
	} {
		m, sim := NewStripe(t)
		s := Hired(m)
		answer := s.Pay(Key(), Body{"source": c.source})
		if answer.Code() != c.code {
			t.Errorf("%s: expected %q, got %s", name, c.code, answer.Raw)
		}
		if s.Payment = answer.Text("id"); s.Payment == "" {
			s.Payment = answer.Object("data").Text("payment")
		}
		if c.happen != nil {
			c.happen(m, sim, s)
		}
		complete(m)
		s.Client.SignIn()
		if status := paymentStatus(s); status != c.status {
			t.Errorf("%s: expected %s, got %s", name, c.status, status)
		}
		wantBook(m, sim)
		m.Sound()
	}
}

func TestPayoutsThroughStripe(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := Hired(m)
	paid := s.Pay(Key(), Body{"source": stripesim.CardOK})
	paid.Want(t, http.StatusOK, "")
	s.Payment = paid.Text("id")
	m.Deliver()
	s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/release", Key(), nil).Want(t, http.StatusOK, "")
	f := s.Freelancer
	f.Create(collections.DomainPayments, collections.PayoutDestinations, Body{"label": "x", "reference": "acct_unknown"}).
		Want(t, http.StatusBadRequest, services.CodeDestUnknown)
	f.Create(collections.DomainPayments, collections.PayoutDestinations, Body{"label": "x", "reference": services.BankAccount}).
		Want(t, http.StatusBadRequest, services.CodeDestUnknown)
	f.Create(collections.DomainPayments, collections.PayoutDestinations, Body{"label": "x", "reference": "acct_ok1"}).Want(t, http.StatusOK, "")
	coolOff(m, f)
	id := payout(f, Key(), 5_000).Text("id")
	sim.Next(stripesim.ErrorAfter, func(r stripesim.Request) bool { return r.Making() })
	complete(m)
	if status := payoutStatus(f, id); status != collections.PayoutSent {
		t.Errorf("Expected the payout to be on its way, got %s", status)
	}
	complete(m)
	if status := payoutStatus(f, id); status != collections.PayoutSettled {
		t.Errorf("Expected the payout to settle, got %s", status)
	}
	if made := sim.Asked(http.MethodPost, "/v1/transfers"); len(made) != 1 {
		t.Errorf("Expected the transfer to be found and not made again, got %d", len(made))
	}
	wantBook(m, sim)
	sim.ReversePart(id, 2_000)
	if err := m.Payments().AskAboutPayout(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	f.SignIn()
	if report, status := m.Reconcile(), payoutStatus(f, id); report.Unexplained != 1 || status != collections.PayoutSettled {
		t.Errorf("Expected a part that came back to be a finding, got %v of a payout that is %s", report.Findings, status)
	}
	// Also while a restore is not settled: what peers know of it would keep it open.
	if err := services.BeginEpoch(m.Instances[payments].App, m.Clock.Now(), m.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	sim.Reverse(id)
	if report := m.Reconcile(); report.Unexplained != 0 {
		t.Errorf("Expected the rest to end the finding, got %v", report.Findings)
	}
	f.SignIn()
	m.Deliver()
	wantBalance(f, s.net(), 0)
	wantBook(m, sim)
	m.Sound()
}

// TestAPayoutWaitsForTheBalanceAtStripe: a refusal for want of balance is definite,
// so the next try has a key of its own; it is no failure of the payout.
func TestAPayoutWaitsForTheBalanceAtStripe(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := Hired(m)
	s.Payment = s.Pay(Key(), Body{"source": stripesim.CardOK}).Text("id")
	m.Deliver()
	s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/release", Key(), nil).Want(t, http.StatusOK, "")
	s.Freelancer.Create(collections.DomainPayments, collections.PayoutDestinations, Body{"label": "x", "reference": "acct_poor"}).Want(t, http.StatusOK, "")
	coolOff(m, s.Freelancer)
	sim.Withhold(true)
	id := payout(s.Freelancer, Key(), 5_000).Text("id")
	complete(m)
	if status := payoutStatus(s.Freelancer, id); status != collections.PayoutSent {
		t.Fatalf("Expected the payout to wait, got %s", status)
	}
	sim.Withhold(false)
	complete(m)
	if status := payoutStatus(s.Freelancer, id); status != collections.PayoutSettled {
		t.Errorf("Expected the payout to settle, got %s", status)
	}
	wantBook(m, sim)
	m.Sound()
}

// poorPayout asks for a payout of what is not available at Stripe yet, to be sent.
func poorPayout(m *Market, sim *stripesim.Server) (s *Story, f *Person, id string) {
	m.tb.Helper()
	s = payBack(m, stripesim.CardOK)
	s.release(s.Amount)
	s.Freelancer.Create(collections.DomainPayments, collections.PayoutDestinations, Body{"label": "x", "reference": "acct_poor"}).Want(m.tb, http.StatusOK, "")
	coolOff(m, s.Freelancer)
	sim.Withhold(true)
	return s, s.Freelancer, payout(s.Freelancer, Key(), 50_000).Text("id")
}

// TestAPayoutThatWaitsAtStripeIsHeld: nothing of a payout is out that waits for the
// balance at Stripe, so a chargeback still stops it, until a moderator has looked. One
// whose last try was not answered may be out, and is left alone.
func TestAPayoutThatWaitsAtStripeIsHeld(t *testing.T) {
	t.Parallel()
	for _, decision := range []string{collections.ModerationRefuse, collections.ModerationRelease, ""} {
		m, sim := NewStripe(t)
		s, f, id := poorPayout(m, sim)
		complete(m)
		if decision == "" {
			sim.Withhold(false)
			sim.Next(stripesim.ErrorAfter, func(r stripesim.Request) bool { return r.Making() })
			complete(m)
		}
		sim.OpenDispute(s.Payment, s.Amount, true)
		look(m)
		held := f.View(collections.DomainPayments, collections.Payouts, id)
		if held.Text("status") != collections.PayoutSent || held.JSON["onHold"] != (decision != "") {
			t.Errorf("Expected a payout to be held only while nothing of it can be out, got %s", held.Raw)
		}
		sim.Withhold(false)
		complete(m)
		moderate := func(decision string) *Response {
			return m.Superuser(collections.DomainPayments).Do(http.MethodPatch, "/api/payments/api/collections/payouts/records/"+id, Body{"moderation": decision, "reason": "We have looked."})
		}
		if decision == "" {
			moderate(collections.ModerationRefuse).Want(t, http.StatusConflict, services.CodeIllegalTransition)
		} else {
			m.Clock.Advance(2 * time.Hour)
			complete(m)
			if err := m.Payments().AskAboutPayout(t.Context(), id); err != nil {
				t.Error(err)
			}
			if len(sim.Book()) != 1 {
				t.Errorf("Expected nothing to leave while it is held, the book has %v", sim.Book())
			}
			moderate(decision).Want(t, http.StatusOK, "")
			m.Clock.Advance(2 * time.Hour)
			complete(m)
		}
		f.SignIn()
		want := map[string]string{collections.ModerationRefuse: collections.PayoutFailed}
		if status := payoutStatus(f, id); status != cmp.Or(want[decision], collections.PayoutSettled) {
			t.Errorf("%q: expected another end of the payout, it is %s", decision, status)
		}
		wantBook(m, sim)
		m.Sound()
	}
}

// TestALateAnswerAboutAnEarlierTry: somebody asked about a payout that waits for the balance,
// and hears of it when the next try has begun, whose answer is lost. It may be out.
func TestALateAnswerAboutAnEarlierTry(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	s.release(s.Amount)
	s.Freelancer.Create(payments, collections.PayoutDestinations, Body{"label": "x", "reference": "acct_poor"}).Want(t, http.StatusOK, "")
	coolOff(m, s.Freelancer)
	sim.Withhold(true)
	id := payout(s.Freelancer, Key(), 50_000).Text("id")
	transfers := func(r stripesim.Request) bool { return r.Making() && r.Path == "/v1/transfers" }
	complete(m) // the first try is refused
	sim.Next(stripesim.ErrorBefore, transfers)
	complete(m) // the second is not answered
	carriedOut, answer, asked := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	once := false // of all that are late, the first is the one that asks
	sim.Late(func(r stripesim.Request) {
		if transfers(r) && !once {
			once = true
			close(carriedOut)
			<-answer
		}
	})
	go func() { asked <- m.Payments().AskAboutPayout(t.Context(), id) }()
	<-carriedOut
	sim.Late(nil)
	complete(m) // the second is refused
	sim.Withhold(false)
	sim.Next(stripesim.ErrorAfter, transfers)
	complete(m) // the third is out, and not answered
	close(answer)
	if err := <-asked; err != nil {
		t.Fatal(err)
	}
	m.Superuser(payments).Do(http.MethodPatch, paymentsRecords+"payouts/records/"+id, Body{"moderation": collections.ModerationRefuse, "reason": "We have looked."}).
		Want(t, http.StatusConflict, services.CodeIllegalTransition)
	m.Clock.Advance(2 * time.Hour)
	complete(m)
	s.Freelancer.SignIn()
	if status := payoutStatus(s.Freelancer, id); status != collections.PayoutSettled {
		t.Errorf("Expected the payout to have arrived, it is %s", status)
	}
	wantBook(m, sim)
	m.Sound()
}

// TestAPayoutThatWaitsAfterAChargebackIsHeld: when the chargeback came, the payout could have
// been out. Its provider then says that nothing is, so it is held, until a moderator lets it go.
func TestAPayoutThatWaitsAfterAChargebackIsHeld(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s, f, id := poorPayout(m, sim)
	sim.Next(stripesim.ErrorBefore, func(r stripesim.Request) bool { return r.Making() })
	complete(m)
	sim.OpenDispute(s.Payment, s.Amount, true)
	look(m)
	stands := func(held bool) {
		t.Helper()
		f.SignIn()
		if p := f.View(collections.DomainPayments, collections.Payouts, id); p.Text("status") != collections.PayoutSent || p.JSON["onHold"] != held {
			t.Errorf("Expected a payout that is sent, on hold: %t, got %s", held, p.Raw)
		}
	}
	stands(false)
	m.Clock.Advance(2 * time.Hour)
	complete(m)
	stands(true)
	path := "/api/payments/api/collections/payouts/records/" + id
	m.Superuser(collections.DomainPayments).Do(http.MethodPatch, path, Body{"moderation": collections.ModerationRelease, "reason": "We have looked."}).Want(t, http.StatusOK, "")
	m.Clock.Advance(2 * time.Hour)
	complete(m) // still not enough there
	stands(false)
	sim.Withhold(false)
	m.Clock.Advance(2 * time.Hour)
	complete(m)
	f.SignIn()
	if status := payoutStatus(f, id); status != collections.PayoutSettled {
		t.Errorf("Expected what a moderator let go to arrive, it is %s", status)
	}
	wantBook(m, sim)
	m.Sound()
}
