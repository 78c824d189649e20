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

// TestAStolenSessionConcedesNothing: a dispute and a bonus pay a freelancer without a
// release, so a client who gives much away by them proves lately who they are, too.
func TestAStolenSessionConcedesNothing(t *testing.T) {
	t.Parallel()
	m := New(t, func(o *services.Options) { o.FreshAbove = map[string]int64{"EUR": 50_000} })
	asked, opens := Funded(m), Funded(m)
	dispute := asked.dispute(asked.Freelancer, 0, asked.Amount)
	small := asked.Client.Command(collections.DomainProjects, "contracts/"+asked.Contract+"/bonus", Key(), Body{"amount": 50_000})
	small.Want(t, http.StatusOK, "")
	old(m, asked.Client, asked.Freelancer, opens.Client)
	bonus := func(amount int64) *Response {
		return asked.Client.Command(collections.DomainProjects, "contracts/"+asked.Contract+"/bonus", Key(), Body{"amount": amount})
	}
	raise := func() *Response {
		return asked.Client.Do(http.MethodPatch, "/api/projects/api/collections/milestones/records/"+small.Text("id"), Body{"amount": 50_001})
	}
	concede := func(verb string, toFreelancer int64) *Response {
		return asked.inDispute(asked.Client, dispute, verb, Body{"toFreelancer": toFreelancer})
	}
	open := func(toFreelancer int64) *Response {
		return opens.Client.Command(payments, "payments/"+opens.Payment+"/dispute", Key(), Body{"toFreelancer": toFreelancer, "reason": "Half of it is missing."})
	}
	for name, refused := range map[string]*Response{
		"accept": concede("accept", asked.Amount), "answer": concede("answer", 50_001), "open": open(50_001), "bonus": bonus(50_001), "a larger bonus": raise(),
	} {
		if refused.Status != http.StatusForbidden || refused.Code() != services.CodeSignInAgain {
			t.Errorf("%s: expected a fresh sign-in to be asked for, got %d %s", name, refused.Status, refused.Raw)
		}
	}
	asked.wantMoney("disputed: released 0 refunded 0 disputed 123457") // signs in
	old(m, asked.Client, asked.Freelancer, opens.Client)
	concede("answer", 50_000).Want(t, http.StatusOK, "")
	concede("offer", 50_001).Want(t, http.StatusForbidden, services.CodeSignInAgain)
	open(50_000).Want(t, http.StatusOK, "")
	bonus(50_000).Want(t, http.StatusOK, "")
	asked.inDispute(asked.Freelancer, dispute, "offer", Body{"toFreelancer": 100_000}).Want(t, http.StatusOK, "")
	asked.Client.SignIn()
	concede("accept", 100_000).Want(t, http.StatusOK, "")
	raise().Want(t, http.StatusOK, "")
	moderator := m.Superuser(collections.DomainProjects)
	moderator.Do(http.MethodPatch, "/api/projects/api/collections/milestones/records/"+small.Text("id"), Body{"amount": 50_002}).Want(t, http.StatusOK, "")
	m.Deliver()
	asked.wantMoney("split: released 100000 refunded 23457 disputed 0")
	m.Sound()
}

// TestAPartIsApprovedOnce: whoever lost the answer asks again, and a part may be approved
// as often as it is asked for.
func TestAPartIsApprovedOnce(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	approve := func(key string) *Response {
		return s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", key, Body{"amount": 1_000, "reason": "A part."})
	}
	approve("").Want(t, http.StatusBadRequest, services.CodeKeyRequired)
	for range 2 {
		approve("the-same").Want(t, http.StatusOK, "")
	}
	m.Deliver()
	s.wantMoney("held: released 1000 refunded 0 disputed 0")
	m.Sound()
}
