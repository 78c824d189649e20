package tests

import (
	"net/http"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// old lets time pass until nobody's sign-in is fresh, and renews the tokens of people.
func old(m *Market, people ...*Person) {
	m.tb.Helper()
	m.Clock.Advance(services.FreshSignIn + time.Minute)
	for _, p := range people {
		p.Renew()
	}
}

// TestALotOfMoneyNeedsAFreshSignIn pays out much and little on an old sign-in, by
// release and by approval, wholly and in part.
func TestALotOfMoneyNeedsAFreshSignIn(t *testing.T) {
	t.Parallel()
	m := New(t, func(o *services.Options) { o.FreshAbove = map[string]int64{"EUR": 50_000} })
	released, approved := Funded(m), Funded(m) // of 123,457 each
	old(m, released.Client, approved.Client)
	release := func(key string, body Body) *Response {
		return released.Client.Command(collections.DomainPayments, "payments/"+released.Payment+"/release", key, body)
	}
	approve := func(body Body) *Response {
		return approved.Client.Command(collections.DomainProjects, "milestones/"+approved.Milestone+"/approve", Key(), body)
	}
	release(Key(), Body{"amount": 50_001}).Want(t, http.StatusForbidden, services.CodeSignInAgain)
	release(Key(), Body{}).Want(t, http.StatusForbidden, services.CodeSignInAgain)
	approve(Body{}).Want(t, http.StatusForbidden, services.CodeSignInAgain)
	approve(Body{"amount": 50_001, "reason": "a part"}).Want(t, http.StatusForbidden, services.CodeSignInAgain)
	m.Deliver()
	if held := m.paymentOf(released).Number("amount") - m.paymentOf(released).Number("released"); held != 123_457 {
		t.Errorf("Expected nothing to have moved, %d are held", held)
	}
	release(Key(), Body{"amount": 50_000}).Want(t, http.StatusOK, "")
	approve(Body{"amount": 23_457, "reason": "a part"}).Want(t, http.StatusOK, "")

	released.Client.SignIn()
	key := Key()
	release(key, Body{}).Want(t, http.StatusOK, "")
	old(m, released.Client)
	release(key, Body{}).Want(t, http.StatusOK, "") // it was done: the answer is what it was
	approved.Client.SignIn()
	m.Deliver()
	for s, amount := range map[*Story]int64{released: 123_457, approved: 23_457} {
		if payment := m.paymentOf(s); payment.Number("released") != amount {
			t.Errorf("Expected %d to be released, got %s", amount, payment.Raw)
		}
	}
	m.Sound()
}

func (m *Market) paymentOf(s *Story) *Response {
	return s.Client.View(collections.DomainPayments, collections.Payments, s.Payment)
}
