package tests

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

const paymentsRecords = "/api/payments/api/collections/"

// refuse is a payment whose refund its provider has refused for good.
func refuse(m *Market) (s *Story, refusal string) {
	m.tb.Helper()
	s = payBack(m, services.SourceRefundRefused)
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), Body{"amount": 50_000}).Want(m.tb, http.StatusOK, "")
	sendRefunds(m)
	s.Client.SignIn()
	return s, s.refusals()[0].Text("id")
}

// sendRefunds lets the days pass after which a refund is asked for again.
func sendRefunds(m *Market) {
	m.tb.Helper()
	for range 3 {
		if err := m.Payments().SendRefunds(m.tb.Context()); err != nil {
			m.tb.Fatal(err)
		}
		m.Clock.Advance(25 * time.Hour)
	}
	m.Deliver()
}

// refusals are what a moderator sees of refused refunds.
func (s *Story) refusals() []*Response {
	tb := s.Market.tb
	tb.Helper()
	list := s.Market.Superuser(payments).List(payments, collections.RefusedRefunds, "")
	items, _ := list.JSON["items"].([]any)
	found := make([]*Response, len(items))
	for n, item := range items {
		found[n] = &Response{JSON: item.(map[string]any)}
	}
	if len(found) == 0 {
		tb.Fatalf("Expected a refused refund, got %s", list.Raw)
	}
	return found
}

func (s *Story) owed() int64 {
	s.Market.tb.Helper()
	return account(s.Market, services.AccountOwed(s.refusals()[0].Text("refundOrder")))
}

func decide(m *Market, by *Person, refusal, decision, reason string) *Response {
	m.tb.Helper()
	answer := by.Do(http.MethodPatch, paymentsRecords+collections.RefusedRefunds+"/records/"+refusal, Body{"decision": decision, "decisionReason": reason})
	m.Deliver()
	return answer
}

// wantExplained fails the test unless everything adds up; waiting says whether something waits for a person.
func wantExplained(m *Market, waiting bool) {
	m.tb.Helper()
	report := m.Reconcile()
	if report.Unexplained != 0 || (len(report.Waiting) > 0) != waiting {
		m.tb.Errorf("Expected nothing unexplained and something waiting: %t, got %+v", waiting, report)
	}
	wantWorld(m)
	m.Sound()
}

func wantTold(s *Story, kind string, times int64) {
	s.Market.tb.Helper()
	told := s.Client.List(collections.DomainMessages, collections.Notifications, "?filter=kind%3D%22"+kind+"%22")
	if told.Number("totalItems") != times {
		s.Market.tb.Errorf("Expected the client to be told %s %d times, got %s", kind, times, told.Raw)
	}
}

// TestARefusedRefundIsKeptForTheClient: what a provider refuses for good to give back
// has not left us; a moderator asks once more.
func TestARefusedRefundIsKeptForTheClient(t *testing.T) {
	t.Parallel()
	m := New(t)
	s, refusal := refuse(m)
	if owed := s.owed(); owed != 50_000 {
		t.Errorf("Expected 50000 to be kept for the client, got %d", owed)
	}
	shown := s.refusals()[0]
	if shown.Text("state") != collections.RefusalOpen || shown.Text("reason") == "" || shown.Number("amount") != 50_000 || shown.Text("payment") != s.Payment {
		t.Errorf("Expected moderators to see what was refused and why, got %v", shown.JSON)
	}
	wantTold(s, services.TopicRefundRefused, 1)
	wantExplained(m, true)
	moderator := m.Superuser(payments)
	if answer := decide(m, s.Client, refusal, "retry", ""); answer.Status < 400 {
		t.Errorf("Expected only moderators to decide, got %s", answer.Raw)
	}
	decide(m, moderator, refusal, "", "").Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	moderator.Do(http.MethodPatch, paymentsRecords+collections.RefusedRefunds+"/records/"+refusal, Body{"amount": 1}).Want(t, http.StatusForbidden, services.CodeForbidden)
	decide(m, moderator, refusal, "retry", "").Want(t, http.StatusOK, "")
	decide(m, moderator, refusal, "retry", "").Want(t, http.StatusConflict, services.CodeConflict)
	decide(m, moderator, refusal, "paid", "By bank transfer.").Want(t, http.StatusConflict, services.CodeConflict)
	if owed := s.owed(); owed != 0 {
		t.Errorf("Expected it to leave once more, got %d kept", owed)
	}
	sendRefunds(m)
	s.Client.SignIn()
	wantExplained(m, false)
	if state := s.refusals()[0].Text("state"); state != collections.RefusalRetried {
		t.Errorf("Expected it to be retried, got %s", state)
	}
}

// TestARefusedRefundIsPaidInAnotherWay: what the provider still has is the operator's then.
func TestARefusedRefundIsPaidInAnotherWay(t *testing.T) {
	t.Parallel()
	m := New(t)
	s, refusal := refuse(m)
	moderator := m.Superuser(payments)
	decide(m, moderator, refusal, "paid", " ").Want(t, http.StatusBadRequest, services.CodeReasonRequired)
	decide(m, moderator, refusal, "paid", "By bank transfer.").Want(t, http.StatusOK, "")
	decide(m, moderator, refusal, "retry", "").Want(t, http.StatusConflict, services.CodeConflict)
	if owed, elsewhere := s.owed(), account(m, services.AccountElsewhere); owed != 0 || elsewhere != 50_000 {
		t.Errorf("Expected 50000 to be the operator's, got %d kept and %d", owed, elsewhere)
	}
	wantTold(s, services.TopicRefundPaid, 1)
	sendRefunds(m)
	wantExplained(m, false)
}

// TestARefusedRefundIsNotAskedForBesideABank: a client who waits in vain asks their
// bank; what it takes back must not be given back by the provider, too.
func TestARefusedRefundIsNotAskedForBesideABank(t *testing.T) {
	t.Parallel()
	m := New(t)
	s, refusal := refuse(m)
	moderator := m.Superuser(payments)
	for _, status := range []string{collections.ChargebackOpen, collections.ChargebackLost} {
		mustExec(t, m, payments, `DELETE FROM chargebacks`)
		mustExec(t, m, payments, `INSERT INTO chargebacks (id, payment, status) VALUES ('theirbanksasks0', '`+s.Payment+`', '`+status+`')`)
		decide(m, moderator, refusal, "retry", "").Want(t, http.StatusConflict, services.CodeConflict)
	}
	mustExec(t, m, payments, `UPDATE chargebacks SET status = 'won'`)
	decide(m, moderator, refusal, "retry", "").Want(t, http.StatusOK, "")
}

// TestARefusedRefundOfMoneyThatRolledOn: a bank that takes back what is held of the next
// milestone asks for the same charge.
func TestARefusedRefundOfMoneyThatRolledOn(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := payBack(m, services.SourceRefundRefused)
	s.addMilestone("The next one", 100_000)
	s.approve(Body{"amount": 23_457, "rest": "next", "reason": "The rest comes later."}).Want(t, http.StatusOK, "")
	first := s.Payment
	rolled := s.Client.List(payments, collections.Payments, "?filter="+url.QueryEscape("rolledFrom = '"+first+"'"))
	s.Payment = rolled.JSON["items"].([]any)[0].(map[string]any)["id"].(string)
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), Body{"amount": 10_000}).Want(t, http.StatusOK, "")
	sendRefunds(m)
	mustExec(t, m, payments, `INSERT INTO chargebacks (id, payment, status) VALUES ('theirbanksasks0', '`+s.Payment+`', 'open')`)
	moderator, refusal := m.Superuser(payments), s.refusals()[0].Text("id")
	decide(m, moderator, refusal, "retry", "").Want(t, http.StatusConflict, services.CodeConflict)
	mustExec(t, m, payments, `DELETE FROM chargebacks`)
	decide(m, moderator, refusal, "retry", "").Want(t, http.StatusOK, "")
}

// TestAnAccountIsNotClosedWhileARefundIsUnderWay: it may be refused, and nobody would know
// any more to whom the money is owed.
func TestAnAccountIsNotClosedWhileARefundIsUnderWay(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	s.Client.Command(collections.DomainProjects, "contracts/"+s.Contract+"/end", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	closing := func() *Response {
		return s.Client.Command(collections.DomainUsers, "users/"+s.Client.ID+"/close", Key(), nil)
	}
	refused := closing()
	refused.Want(t, http.StatusConflict, services.CodeAccountInUse)
	if err := m.Payments().SendRefunds(t.Context()); err != nil {
		t.Fatal(err)
	}
	closing().Want(t, http.StatusOK, "")
	m.Deliver()
	m.Sound()
}

// TestARefusedRefundIsDecidedOnce, also by two moderators at the same moment.
func TestARefusedRefundIsDecidedOnce(t *testing.T) {
	t.Parallel()
	m := New(t)
	s, refusal := refuse(m)
	moderator := m.Superuser(payments)
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for n := range statuses {
		all.Go(func() {
			decision := "retry"
			if n%2 == 0 {
				decision = "paid"
			}
			answer, err := moderator.Try(http.MethodPatch, paymentsRecords+collections.RefusedRefunds+"/records/"+refusal, Body{"decision": decision, "decisionReason": "By bank transfer."})
			if err != nil {
				t.Error(err)
				return
			}
			statuses[n] = answer.Status
		})
	}
	all.Wait()
	decided := 0
	for _, status := range statuses {
		if status == http.StatusOK {
			decided++
		}
	}
	if decided != 1 {
		t.Errorf("Expected one decision, got %v", statuses)
	}
	m.Deliver()
	sendRefunds(m)
	s.Client.SignIn()
	wantExplained(m, false)
}

// keepWebhooks delivers what happened at the provider.
func keepWebhooks(m *Market, sim *stripesim.Server) {
	m.tb.Helper()
	for _, body := range sim.Events() {
		if status, answer := sim.Post(m.WebhookURL(), body, sim.Sign(body, m.Clock.Now())); status != http.StatusOK {
			m.tb.Fatalf("Expected the webhook to be kept, got %s", answer)
		}
	}
}

// hearOf delivers what happened at the provider, and does what follows from it.
func hearOf(m *Market, sim *stripesim.Server) {
	m.tb.Helper()
	keepWebhooks(m, sim)
	if err := m.Sweep(); err != nil {
		m.tb.Fatal(err)
	}
}

// TestABankThatSendsRefundsBack: each time Stripe's refund fails after all; in the end
// the money is kept for the client, and goes out when it is asked for once more.
func TestABankThatSendsRefundsBack(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), nil).Want(t, http.StatusOK, "")
	hear := func() { hearOf(m, sim) }
	for range 3 {
		hear() // it is given back
		wantBook(m, sim)
		sim.FailRefund(s.Payment)
		hear()
		m.Clock.Advance(25 * time.Hour)
	}
	s.Client.SignIn()
	if owed := s.owed(); owed != s.Amount {
		t.Errorf("Expected all of it to be kept for the client, got %d", owed)
	}
	wantBook(m, sim)
	hear() // nothing is asked for by itself any more
	wantBook(m, sim)
	m.Sound()
	decide(m, m.Superuser(payments), s.refusals()[0].Text("id"), "retry", "").Want(t, http.StatusOK, "")
	hear()
	wantBook(m, sim)
	m.Sound()
	if made := sim.Asked(http.MethodPost, "/v1/refunds"); len(made) != 4 {
		t.Errorf("Expected four refunds to be asked for, got %d", len(made))
	}
}

// TestARefundThatIsRefusedAgain: a bank takes what it had refused for good after all,
// and sends it back once more; the last time nobody tells us.
func TestARefundThatIsRefusedAgain(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), nil).Want(t, http.StatusOK, "")
	hear := func() { hearOf(m, sim) }
	owed := func(want int64, when string) {
		t.Helper()
		s.Client.SignIn()
		if got := s.owed(); got != want {
			t.Errorf("Expected %d to be kept for the client %s, got %d", want, when, got)
		}
		wantBook(m, sim)
		m.Sound()
	}
	for range 3 {
		hear()
		sim.FailRefund(s.Payment)
		hear()
		m.Clock.Advance(25 * time.Hour)
	}
	owed(s.Amount, "when it was refused for good")
	sim.SettleRefund(s.Payment)
	hear()
	owed(0, "when the bank took it after all")
	sim.FailRefund(s.Payment)
	hear()
	owed(s.Amount, "when the bank sent it back once more")
	sim.SettleRefund(s.Payment)
	hear()
	owed(0, "when the bank took it again")
	sim.FailRefund(s.Payment)
	sim.Events() // lost
	if report := m.Reconcile(); report.Unexplained != 0 {
		t.Errorf("Expected the refund to be asked about, got %v", report.Findings)
	}
	m.Deliver()
	owed(s.Amount, "when reconciliation has asked")
}

// TestRefundsThatWereRefusedBefore: the upgrade keeps for clients what an older
// version had left as given back.
func TestRefundsThatWereRefusedBefore(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), nil).Want(t, http.StatusOK, "")
	sendRefunds(m)
	for _, sql := range []string{
		`UPDATE provider_refunds SET state = 'failed', attempt = 3, last_error = 'The card is gone.'`,
		`DELETE FROM _collections WHERE name = 'refusedRefunds'`, `DROP TABLE refusedRefunds`,
		`DELETE FROM _migrations WHERE file = '0241_refused_refunds.go'`,
	} {
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
	report, err := services.VerifyLedger(t.Context(), instance.App)
	if err != nil || len(report.Problems) != 0 {
		t.Errorf("Expected the ledger to add up, got %v %v", report.Problems, err)
	}
	refusal, err := instance.App.FindFirstRecordByFilter(collections.RefusedRefunds, "state = 'open'")
	if err != nil {
		t.Fatal(err)
	}
	owed, err := services.Balance(instance.App, services.AccountOwed(refusal.GetString("refundOrder")), "EUR")
	if err != nil || owed != s.Amount || !strings.Contains(refusal.GetString("reason"), "card") {
		t.Errorf("Expected %d to be kept for the client, got %d %v", s.Amount, owed, err)
	}
}

// TestARestoredPaymentIsNotGivenBack: one that looks undecided and late in a restored
// backup may be held, as others know; nothing is cancelled before that is known.
func TestARestoredPaymentIsNotGivenBack(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	asked := s.Pay(Key(), Body{"source": services.SourceIndeterminate})
	asked.Want(t, http.StatusServiceUnavailable, services.CodeProviderPending)
	s.Payment = asked.Object("data").Text("payment")
	mustExec(t, m, payments, `UPDATE sandbox_charges SET outcome = 'succeeded'`)
	app := m.Instances[payments].App
	m.Clock.Advance(time.Hour)
	if err := services.BeginEpoch(app, m.Clock.Now().Add(-time.Hour), m.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	complete(m)
	s.Client.SignIn()
	if status := paymentStatus(s); status != collections.PaymentPending {
		t.Fatalf("Expected the payment to wait, got %s", status)
	}
	s.Client.Command(payments, "payments/"+s.Payment+"/cancel", Key(), nil).Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
	mustExec(t, m, payments, `UPDATE epochs SET findings = 'projects:payments:`+s.Payment+`:2:payment.held'`)
	m.Clock.Advance(time.Hour)
	complete(m)
	s.Client.SignIn()
	if status := paymentStatus(s); status != collections.PaymentHeld {
		t.Errorf("Expected the payment to be held once more, got %s", status)
	}
	wantWorld(m)
	m.Sound()
}
