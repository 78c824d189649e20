package tests

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// dormant is the state of the clock after which forgotten money goes back, and when it ends.
func (s *Story) dormant() (status, due string) {
	s.Market.tb.Helper()
	filter := url.QueryEscape("kind = 'dormant' && subject = '" + s.Payment + "' && status != 'cancelled'")
	items, _ := s.Client.List(payments, collections.Deadlines, "?filter="+filter).JSON["items"].([]any)
	if len(items) != 1 {
		return "none", ""
	}
	found := &Response{JSON: items[0].(map[string]any)}
	return found.Text("status"), found.Text("dueAt")
}

// wantClocks fails the test unless auto-release and the clock of forgotten money stand like that.
func (s *Story) wantClocks(when, release, dormant string) {
	tb := s.Market.tb
	tb.Helper()
	if d := deadline(s.Client, collections.DeadlineAutoRelease, s.Milestone); d.Text("status") != release {
		tb.Errorf("%s: expected the auto-release to be %s, got %v", when, release, d.JSON)
	}
	if got, _ := s.dormant(); got != dormant {
		tb.Errorf("%s: expected the clock of forgotten money to be %s, got %s", when, dormant, got)
	}
}

// TestClocksStandStillForAllThatIsOpen: of a dispute and chargebacks that are open at
// once, in whatever order they end, only the last end lets the clocks run on.
func TestClocksStandStillForAllThatIsOpen(t *testing.T) {
	t.Parallel()
	const armed, paused, none = collections.DeadlineArmed, collections.DeadlinePaused, "none"
	for _, disputeFirst := range []bool{true, false} {
		m, sim := NewStripe(t)
		s := payBack(m, stripesim.CardOK)
		s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
		m.Deliver()
		s.wantClocks("before", armed, armed)
		// One in another currency locks nothing, so all of the money can be disputed.
		foreign := sim.OpenDisputeIn("usd", s.Payment, 90_000, true)
		look(m)
		s.wantClocks("a chargeback", paused, paused)
		id := s.dispute(s.Client, 50_000, 0)
		s.wantClocks("a dispute, too", paused, none)
		if disputeFirst {
			s.inDispute(s.Client, id, "withdraw", Body{"reason": "We spoke."}).Want(t, http.StatusOK, "")
			s.wantClocks("the dispute ended", paused, paused)
			sim.CloseDispute(foreign, true)
			look(m)
		} else {
			sim.CloseDispute(foreign, true)
			look(m)
			s.wantClocks("the chargeback ended", paused, none)
			s.inDispute(s.Client, id, "withdraw", Body{"reason": "We spoke."}).Want(t, http.StatusOK, "")
		}
		s.wantClocks("all ended", armed, armed)
		m.Sound()
	}
}

// TestOneOfTwoChargebacksEnds: the other one is still shown, and keeps the clocks still.
func TestOneOfTwoChargebacksEnds(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	first, second := sim.OpenDispute(s.Payment, 10_000, true), sim.OpenDisputeIn("usd", s.Payment, 20_000, true)
	look(m)
	sim.CloseDispute(first, true)
	look(m)
	s.wantClocks("one ended", collections.DeadlinePaused, collections.DeadlinePaused)
	if state := s.Client.View(payments, collections.Payments, s.Payment).Text("chargeback"); state != collections.ChargebackOpen {
		t.Errorf("Expected the payment to show that a chargeback is open, got %s", state)
	}
	sim.CloseDispute(second, true)
	look(m)
	s.wantClocks("both ended", collections.DeadlineArmed, collections.DeadlineArmed)
	if state := s.Client.View(payments, collections.Payments, s.Payment).Text("chargeback"); state != collections.ChargebackWon {
		t.Errorf("Expected the payment to show that it was won, got %s", state)
	}
	m.Sound()
}

// TestAClockThatBeginsWhileAChargebackIsOpen stands still from its beginning; and
// money that was nearly forgotten is not, because work was handed in meanwhile.
func TestAClockThatBeginsWhileAChargebackIsOpen(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	m.Clock.Advance(75 * collections.Day)
	s.Client.SignIn()
	s.Freelancer.SignIn()
	foreign := sim.OpenDisputeIn("usd", s.Payment, 90_000, true)
	look(m)
	s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	s.wantClocks("work is handed in", collections.DeadlinePaused, collections.DeadlinePaused)
	m.Clock.Advance(20 * collections.Day)
	m.Tick()
	s.Client.SignIn()
	if status := paymentStatus(s); status != collections.PaymentHeld {
		t.Fatalf("Expected the money to be held while the bank decides, got %s", status)
	}
	sim.CloseDispute(foreign, true)
	look(m)
	s.wantClocks("the bank decided", collections.DeadlineArmed, collections.DeadlineArmed)
	_, text := s.dormant()
	due, err := time.Parse("2006-01-02 15:04:05.000Z", text)
	if err != nil || due.Sub(m.Clock.Now()) < 89*collections.Day {
		t.Errorf("Expected 90 days from the handing in, got %s at %s", text, m.Clock.Now())
	}
	m.Sound()
}

// TestAPartApprovedInAChargeback is paid when the bank leaves the money here, and not when it does not.
func TestAPartApprovedInAChargeback(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		services.SourceChargebackWon: "held: released 100000 refunded 0 disputed 0", services.SourceChargeback: "refunded: released 0 refunded 123457 disputed 0",
	} {
		m := New(t)
		s := payBack(m, source)
		m.Clock.Advance(2 * time.Minute)
		look(m)
		s.approve(Body{"amount": 100_000, "reason": "The lid is missing."}).Want(t, http.StatusOK, "")
		m.Sound()
		m.Clock.Advance(24 * time.Hour)
		look(m)
		s.wantMoney(want)
		wantWorld(m)
		m.Sound()
	}
}

// TestWhatABankLeavesOfApprovedWorkIsPaid: all of a payment is disputed, then approved,
// whole or in part; the bank takes another part of it back for good. What it leaves
// of the approved money is paid, and is not forgotten money 90 days later.
func TestWhatABankLeavesOfApprovedWorkIsPaid(t *testing.T) {
	t.Parallel()
	for want, approval := range map[string]Body{
		"split: released 83457 refunded 40000 disputed 0": nil,
		"held: released 50000 refunded 40000 disputed 0":  {"amount": 50_000, "reason": "The lid is missing."},
	} {
		m, sim := NewStripe(t)
		s := payBack(m, stripesim.CardOK)
		s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
		m.Deliver()
		s.dispute(s.Client, 0, 0)
		s.approve(approval).Want(t, http.StatusOK, "")
		chargeback := sim.OpenDispute(s.Payment, 40_000, false)
		look(m)
		sim.CloseDispute(chargeback, false)
		look(m)
		if got := s.money(); got != want {
			t.Errorf("Expected %s, got %s", want, got)
		}
		m.Sound()
	}
}

// TestProjectsHearsOfOlderChargebacks: an upgrade tells projects once more of chargebacks
// that were open before it remembered what keeps clocks still, as it was told of them.
func TestProjectsHearsOfOlderChargebacks(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	sim.OpenDispute(s.Payment, 10_000, true)
	look(m)
	for _, sql := range []string{`DELETE FROM outbox WHERE version = 0`, `DELETE FROM _migrations WHERE file = '0260_tell_chargebacks.go'`} {
		mustExec(t, m, payments, sql)
	}
	options := m.Options
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	instance, err := services.OpenInstance(payments, options)
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Close()
	var told []struct {
		State   string `db:"state"`
		Payload string `db:"payload"`
	}
	err = instance.App.DB().NewQuery(`SELECT state, payload FROM outbox WHERE topic = 'chargeback.opened' AND peer = 'projects' ORDER BY seq`).All(&told)
	if err != nil || len(told) != 2 || told[0].State != "done" || told[1].State != "ready" {
		t.Fatalf("Expected projects to be told once more, got %+v %v", told, err)
	}
	var before, again services.ChargebackNews
	if err := errors.Join(json.Unmarshal([]byte(told[0].Payload), &before), json.Unmarshal([]byte(told[1].Payload), &again)); err != nil {
		t.Fatal(err)
	}
	if before != again || again.Milestone != s.Milestone {
		t.Errorf("Expected the same to be told, got %+v and %+v", before, again)
	}
}
