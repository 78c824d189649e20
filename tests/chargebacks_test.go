package tests

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// look asks the provider for chargebacks and delivers what follows.
func look(m *Market) {
	m.tb.Helper()
	if err := m.Payments().FindChargebacks(m.tb.Context()); err != nil {
		m.tb.Fatal(err)
	}
	m.Deliver()
}

// account is the balance of a ledger account in EUR.
func account(m *Market, of services.Account) int64 {
	m.tb.Helper()
	amount, err := services.Balance(m.Instances[collections.DomainPayments].App, of, "EUR")
	if err != nil {
		m.tb.Fatal(err)
	}
	return amount
}

// payBack is a story whose payment the client's bank takes back.
func payBack(m *Market, source string) *Story {
	m.tb.Helper()
	s := Hired(m)
	paid := s.Pay(Key(), Body{"source": source})
	paid.Want(m.tb, http.StatusOK, "")
	s.Payment = paid.Text("id")
	m.Deliver()
	return s
}

func (s *Story) release(amount int64) {
	s.Market.tb.Helper()
	s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/release", Key(), Body{"amount": amount}).Want(s.Market.tb, http.StatusOK, "")
	s.Market.Deliver()
}

func (s *Story) chargeback() *Response {
	s.Market.tb.Helper()
	list := s.Client.List(collections.DomainPayments, collections.Chargebacks, "")
	if list.Number("totalItems") != 1 {
		s.Market.tb.Fatalf("Expected one chargeback, got %s", list.Raw)
	}
	return &Response{JSON: list.JSON["items"].([]any)[0].(map[string]any)}
}

// TestAChargebackLocksWhatIsHeld: everything held is locked, nobody moves it, and
// the bank's decision moves it back or away.
func TestAChargebackLocksWhatIsHeld(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{services.SourceChargeback: collections.PaymentStateRefunded, services.SourceChargebackWon: collections.PaymentHeld} {
		m := New(t)
		s := payBack(m, source)
		look(m)
		if list := s.Client.List(collections.DomainPayments, collections.Chargebacks, ""); list.Number("totalItems") != 0 {
			t.Fatalf("Expected no chargeback yet, got %s", list.Raw)
		}
		m.Clock.Advance(2 * time.Minute)
		look(m)
		look(m) // changes nothing
		payment := s.Freelancer.View(collections.DomainPayments, collections.Payments, s.Payment)
		if payment.Text("chargeback") != collections.ChargebackOpen || payment.Number("chargedBack") != s.Amount {
			t.Errorf("Expected both to see the chargeback on the payment, got %s", payment.Raw)
		}
		if c := s.chargeback(); c.Number("locked") != s.Amount || c.Number("guarded") != 0 || c.JSON["providerRef"] != nil {
			t.Errorf("Expected all of it to be locked, got %v", c.JSON)
		}
		s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/release", Key(), nil).Want(t, http.StatusConflict, services.CodeChargedBack)
		s.Freelancer.Command(collections.DomainPayments, "payments/"+s.Payment+"/refund", Key(), nil).Want(t, http.StatusConflict, services.CodeChargedBack)
		s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/dispute", Key(), Body{"reason": "x"}).Want(t, http.StatusConflict, services.CodeChargedBack)
		wantWorld(m)
		m.Sound()
		m.Clock.Advance(24 * time.Hour)
		look(m)
		s.Client.SignIn()
		s.Freelancer.SignIn()
		if status := paymentStatus(s); status != want {
			t.Errorf("%s: expected %s, got %s", source, want, status)
		}
		if loss := account(m, services.AccountLoss); loss != 0 {
			t.Errorf("%s: expected no loss, got %d", source, loss)
		}
		for name, p := range map[string]*Person{"client": s.Client, "freelancer": s.Freelancer} {
			if told := p.List(collections.DomainMessages, collections.Notifications, "?filter="+"kind~%22chargeback.%22"); told.Number("totalItems") != 2 {
				t.Errorf("%s: expected the %s to be told twice, got %s", source, name, told.Raw)
			}
		}
		wantWorld(m)
		m.Sound()
	}
}

// TestAChargebackOfReleasedMoney: what is not held any more is a loss, the
// freelancer cannot pay it out meanwhile, and a moderator says who bears it.
func TestAChargebackOfReleasedMoney(t *testing.T) {
	t.Parallel()
	for from, loses := range map[string]bool{collections.RecoverFromPlatform: false, collections.RecoverFromFreelancer: true} {
		m := New(t)
		s := payBack(m, services.SourceChargeback)
		destination(s.Freelancer, services.BankAccount)
		released := s.Amount - 20_000
		s.release(released)
		net := released - services.DefaultFeePlan.Fee(released)
		m.Clock.Advance(2 * time.Minute)
		look(m)
		if loss := account(m, services.AccountLoss); loss != -released {
			t.Errorf("Expected a loss of %d, got %d", released, loss)
		}
		if c := s.chargeback(); c.Number("locked") != 20_000 || c.Number("guarded") != net {
			t.Errorf("Expected 20000 locked and %d guarded, got %v", net, c.JSON)
		}
		m.Clock.Advance(3 * collections.Day)
		m.Tick()
		s.Freelancer.SignIn()
		s.Client.SignIn()
		payout(s.Freelancer, Key(), 5_000).Want(t, http.StatusConflict, services.CodeNotEnough)
		look(m) // lost
		payout(s.Freelancer, Key(), 5_000).Want(t, http.StatusConflict, services.CodeNotEnough)
		if status := paymentStatus(s); status != collections.PaymentSplit {
			t.Errorf("Expected the payment to be split, got %s", status)
		}
		moderator := m.Superuser(collections.DomainPayments)
		path := "/api/payments/api/collections/" + collections.Chargebacks + "/records/" + s.chargeback().Text("id")
		s.Freelancer.Do(http.MethodPatch, path, Body{"recovery": from, "recoveryReason": "x"}).Want(t, http.StatusForbidden, services.CodeForbidden)
		moderator.Do(http.MethodPatch, path, Body{"guarded": 0}).Want(t, http.StatusForbidden, services.CodeForbidden)
		moderator.Do(http.MethodPatch, path, Body{"recovery": from}).Want(t, http.StatusBadRequest, services.CodeReasonRequired)
		moderator.Do(http.MethodPatch, path, Body{"recovery": from, "recoveryReason": "See the terms."}).Want(t, http.StatusOK, "")
		moderator.Do(http.MethodPatch, path, Body{"recovery": from, "recoveryReason": "Again."}).Want(t, http.StatusConflict, services.CodeConflict)
		m.Deliver()
		left, loss := net, -released
		if loses {
			left, loss = 0, net-released
		}
		wantBalance(s.Freelancer, left, 0)
		if got := account(m, services.AccountLoss); got != loss {
			t.Errorf("%s: expected a loss of %d, got %d", from, loss, got)
		}
		wantWorld(m)
		m.Sound()
	}
}

// TestAChargebackEndsADispute: the bank decides now, and a payout that was asked
// for waits.
func TestAChargebackEndsADispute(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := payBack(m, services.SourceChargebackWon)
	destination(s.Freelancer, services.BankAccount)
	coolOffWithin := func() { m.Clock.Advance(3 * collections.Day); m.Tick() }
	_ = coolOffWithin
	s.release(50_000)
	s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/dispute", Key(), Body{"amount": 10_000, "reason": "Late.", "toFreelancer": 0}).Want(t, http.StatusOK, "")
	m.Deliver()
	m.Clock.Advance(2 * time.Minute)
	look(m)
	payment := s.Client.View(collections.DomainPayments, collections.Payments, s.Payment)
	if payment.Text("status") != collections.PaymentHeld || payment.Number("chargedBack") != s.Amount-50_000 || payment.Number("disputed") != 0 {
		t.Errorf("Expected the dispute to end and the rest to be locked, got %s", payment.Raw)
	}
	disputes := s.Client.List(collections.DomainPayments, collections.Disputes, "?filter=outcome='charged_back'")
	if disputes.Number("totalItems") != 1 {
		t.Errorf("Expected the dispute to say why it ended, got %s", disputes.Raw)
	}
	m.Sound()
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	m.Clock.Advance(24 * time.Hour)
	look(m)
	s.Client.SignIn()
	if status := paymentStatus(s); status != collections.PaymentStateReleased {
		t.Errorf("Expected what was approved meanwhile to be released when the bank left it here, got %s", status)
	}
	wantWorld(m)
	m.Sound()
}

// TestChargebacksThroughStripe: warnings that move nothing, a decision that is
// heard of late, one about something else.
func TestChargebacksThroughStripe(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	s.release(50_000)
	warned := sim.OpenDispute(s.Payment, s.Amount, true)
	look(m)
	if loss := account(m, services.AccountLoss); loss != 0 {
		t.Errorf("Expected a warning to move nothing, got %d", loss)
	}
	wantBook(m, sim)
	m.Sound()
	sim.CloseDispute(warned, true)
	look(m)
	if view := s.Client.View(collections.DomainPayments, collections.Payments, s.Payment); view.Text("chargeback") != collections.ChargebackWon || view.Number("chargedBack") != 0 {
		t.Errorf("Expected the warning to be over, got %s", view.Raw)
	}
	lost := sim.OpenDispute(s.Payment, 100_000, false)
	sim.CloseDispute(lost, false)
	look(m) // opened, taken and lost at once
	if loss := account(m, services.AccountLoss); loss != -(100_000 - (s.Amount - 50_000)) {
		t.Errorf("Expected the loss of what was released, got %d", loss)
	}
	wantBook(m, sim)
	m.Sound()
}

// TestAChargebackOfMoneyThatRolledOn: what was paid out of the next milestone came in
// with the same charge, and cannot be paid out meanwhile, either.
func TestAChargebackOfMoneyThatRolledOn(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := payBack(m, services.SourceChargeback)
	next := s.addMilestone("Lids", 100_000)
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", Key(), Body{"amount": 60_000, "rest": "next", "reason": "x"}).Want(t, http.StatusOK, "")
	m.Deliver()
	s.Client.Command(collections.DomainProjects, "milestones/"+next+"/approve", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	available := account(m, services.AccountAvailable(s.Freelancer.ID))
	m.Clock.Advance(2 * time.Minute)
	look(m)
	if c := s.chargeback(); c.Number("guarded") != available || available < s.Amount*8/10 {
		t.Errorf("Expected all %d that were paid out of the charge to be guarded, got %v", available, c.JSON)
	}
	wantWorld(m)
	m.Sound()
}

// TestAChargebackInAnotherCurrency: people and moderators see it, nothing is locked
// or paid by itself meanwhile, and both books agree about what the bank took.
func TestAChargebackInAnotherCurrency(t *testing.T) {
	t.Parallel()
	for won, loss := range map[bool]int64{true: 0, false: -90_000} {
		m, sim := NewStripe(t)
		s := payBack(m, stripesim.CardOK)
		s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
		m.Deliver()
		taken := sim.OpenDisputeIn("usd", s.Payment, 90_000, false)
		look(m)
		look(m) // changes nothing
		if c := s.chargeback(); c.Text("currency") != "USD" || c.Number("amount") != 90_000 || c.Number("locked") != 0 || c.Text("status") != collections.ChargebackOpen {
			t.Errorf("Expected what the bank wants, and nothing locked, got %v", c.JSON)
		}
		deadline := s.Client.List(collections.DomainProjects, collections.Deadlines, "?filter="+url.QueryEscape("subject = '"+s.Milestone+"' && status = 'paused'"))
		if deadline.Number("totalItems") != 1 {
			t.Errorf("Expected the auto-release to stand still, got %s", deadline.Raw)
		}
		m.Clock.Advance(5 * time.Minute)
		if report := m.Reconcile(); report.Unexplained != 0 || len(report.Waiting) != 0 {
			t.Errorf("Expected both books to agree, got %+v", report)
		}
		sim.CloseDispute(taken, won)
		look(m)
		m.Clock.Advance(5 * time.Minute)
		if report := m.Reconcile(); report.Unexplained != 0 || len(report.Waiting) != 0 {
			t.Errorf("Expected both books to agree in the end, got %+v", report)
		}
		got, err := services.Balance(m.Instances[collections.DomainPayments].App, services.AccountLoss, "USD")
		if err != nil || got != loss {
			t.Errorf("Expected a loss of %d, got %d %v", loss, got, err)
		}
		s.Client.SignIn()
		s.approve(nil).Want(t, http.StatusOK, "")
		s.wantMoney("released: released 123457 refunded 0 disputed 0")
		m.Sound()
	}
}

// TestTwoChargebacksTakeNoMoreThanWasPaid: a bank that asks for a payment in two parts gets
// from the freelancer what they had of it, not the marketplace's fee on top.
func TestTwoChargebacksTakeNoMoreThanWasPaid(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	s.release(s.Amount)
	paid := account(m, services.AccountAvailable(s.Freelancer.ID))
	moderator, recovered := m.Superuser(payments), int64(0)
	for _, amount := range []int64{60_000, s.Amount - 60_000} {
		ref := sim.OpenDispute(s.Payment, amount, false)
		look(m)
		sim.CloseDispute(ref, false)
		look(m)
		list := s.Client.List(payments, collections.Chargebacks, "?filter="+url.QueryEscape("guarded > 0"))
		items, _ := list.JSON["items"].([]any)
		if len(items) != 1 {
			t.Fatalf("Expected one chargeback to be decided, got %s", list.Raw)
		}
		lost := &Response{JSON: items[0].(map[string]any)}
		moderator.Do(http.MethodPatch, paymentsRecords+"chargebacks/records/"+lost.Text("id"), Body{"recovery": "freelancer", "recoveryReason": "See the terms."}).Want(t, http.StatusOK, "")
		recovered += lost.Number("guarded")
	}
	if recovered != paid || account(m, services.AccountAvailable(s.Freelancer.ID)) != 0 {
		t.Errorf("Expected %d to be taken back, got %d", paid, recovered)
	}
	m.Deliver()
	m.Sound()
}

// TestAChargebackLeavesADisputeAlone that is about other money: what is held beside it
// covers what the bank asks for, and then both end by themselves.
func TestAChargebackLeavesADisputeAlone(t *testing.T) {
	t.Parallel()
	for _, won := range []bool{true, false} {
		m, sim := NewStripe(t)
		s := payBack(m, stripesim.CardOK)
		dispute := s.dispute(s.Client, 40_000, 30_000)
		chargeback := sim.OpenDispute(s.Payment, 10_000, false)
		look(m)
		s.wantMoney("disputed: released 0 refunded 0 disputed 40000")
		if c := s.chargeback(); c.Number("locked") != 10_000 {
			t.Errorf("Expected the free money to be locked, got %v", c.JSON)
		}
		sim.CloseDispute(chargeback, won)
		look(m)
		s.Freelancer.SignIn()
		s.inDispute(s.Freelancer, dispute, "answer", Body{"toFreelancer": 30_000}).Want(t, http.StatusOK, "")
		if won {
			s.wantMoney("held: released 30000 refunded 10000 disputed 0")
		} else {
			s.wantMoney("held: released 30000 refunded 20000 disputed 0")
		}
		m.Sound()
	}
}

// TestAChargebackThatTheBackupDoesNotKnow: after a restore, those of long ago are found, too.
func TestAChargebackThatTheBackupDoesNotKnow(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	backup := m.Clock.Now()
	sim.OpenDispute(s.Payment, s.Amount, false)
	m.Clock.Advance(20 * collections.Day)
	i := m.Instances[payments]
	if err := errors.Join(services.BeginEpoch(i.App, backup, m.Clock.Now()), i.SettleEpoch(t.Context())); err != nil {
		t.Fatal(err)
	}
	look(m)
	s.Client.SignIn()
	if c := s.chargeback(); c.Number("locked") != s.Amount {
		t.Errorf("Expected what the bank wants to be locked, got %v", c.JSON)
	}
	m.SameAsProvider(sim)
}

// TestAChargebackIsForgottenAndFound: payments is restored from before a chargeback of which
// its peers know. It is the same one when it is found again, and over for all when it is over.
func TestAChargebackIsForgottenAndFound(t *testing.T) {
	t.Parallel()
	for name, released := range map[string]int64{"as it was": 0, "of money that was released since the backup": 20_000} {
		for _, over := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, over: %t", name, over), func(t *testing.T) {
				t.Parallel()
				forgetAndFind(t, released, over)
			})
		}
	}
}

func forgetAndFind(t *testing.T, released int64, over bool) {
	t.Helper()
	folder, kept := "", filepath.Join(t.TempDir(), "kept")
	m := New(t, func(o *services.Options) { folder = o.DataDir })
	s := payBack(m, services.SourceChargeback)
	again := func() {
		t.Helper()
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	reopen := func(after time.Duration) {
		m = New(t, func(o *services.Options) { o.DataDir = folder })
		m.Clock.Advance(after)
	}
	again()
	own := filepath.Join(folder, string(payments))
	if err := os.CopyFS(kept, os.DirFS(own)); err != nil {
		t.Fatal(err)
	}
	reopen(2 * time.Minute)
	s.Market, s.Client = m, s.Client.At(m)
	if released > 0 {
		s.Client.SignIn()
		s.release(released)
	}
	look(m)
	since := 3 * time.Minute
	if over {
		since = 25 * time.Hour
		m.Clock.Advance(since)
		look(m)
	}
	again()
	if err := errors.Join(os.RemoveAll(own), os.CopyFS(own, os.DirFS(kept))); err != nil {
		t.Fatal(err)
	}
	reopen(since + 3*time.Minute)
	i := m.Instances[payments]
	if err := errors.Join(services.BeginEpoch(i.App, m.Clock.Now().Add(-since-3*time.Minute), m.Clock.Now()), i.SettleEpoch(t.Context())); err != nil {
		t.Fatal(err)
	}
	find := func() { // what was released since then contradicts what is told now: a person must look
		t.Helper()
		err := m.Payments().FindChargebacks(t.Context())
		if undelivered := m.deliver(); err != nil || undelivered != nil && released == 0 {
			t.Fatal(err, undelivered)
		}
	}
	find()
	if err := i.SettleEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if epoch, err := services.OpenEpoch(i.App); err != nil || epoch != nil && (released == 0 || strings.Contains(epoch.Findings, ":chargebacks:")) {
		t.Errorf("Expected nothing to be unknown any more, got %+v %v", epoch, err)
	}
	m.Clock.Advance(25 * time.Hour)
	find()
	var paused int
	err := m.Instances[collections.DomainProjects].App.DB().NewQuery(`SELECT count(*) FROM deadline_pauses WHERE subject = '` + s.Milestone + `'`).Row(&paused)
	if err != nil || paused != 0 {
		t.Errorf("Expected clocks to go on, %d stand still %v", paused, err)
	}
	var untold []string
	err = i.App.DB().NewQuery(`SELECT id || ' ' || last_error FROM outbox WHERE state <> 'done' AND aggregate LIKE 'chargebacks:%'`).Column(&untold)
	if err != nil || len(untold) > 0 {
		t.Errorf("Expected nothing to be left to tell of the chargeback, got %q %v", untold, err)
	}
	if released > 0 {
		return // a person must look at what was released
	}
	s.Market, s.Client = m, s.Client.At(m)
	s.Client.SignIn()
	if status := paymentStatus(s); status != collections.PaymentStateRefunded {
		t.Errorf("Expected the bank to have it, the payment is %s", status)
	}
	m.Sound()
}
