package tests

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// Earned is a story whose freelancer has money available.
func Earned(m *Market) *Story {
	m.tb.Helper()
	s := Funded(m)
	s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/release", Key(), nil).Want(m.tb, http.StatusOK, "")
	m.Deliver()
	return s
}

// net is what the freelancer of a story gets after the fee.
func (s *Story) net() int64 { return s.Amount - services.DefaultFeePlan.Fee(s.Amount) }

// destination gives a freelancer an account at one of the sandbox's banks and returns its id.
func destination(p *Person, bank string) string {
	p.tb.Helper()
	created := p.Create(collections.DomainPayments, collections.PayoutDestinations, Body{"label": "Main account", "reference": bank + ":DE001234"})
	created.Want(p.tb, http.StatusOK, "")
	return created.Text("id")
}

// coolOff waits until a new destination can be used.
func coolOff(m *Market, p *Person) {
	m.tb.Helper()
	m.Clock.Advance(3 * collections.Day)
	m.Tick()
	p.SignIn()
}

func payout(p *Person, key string, amount int64) *Response {
	p.tb.Helper()
	return p.Create(collections.DomainPayments, collections.Payouts, Body{"amount": amount, "currency": "EUR"}, "Idempotency-Key", key)
}

// balance returns what a freelancer has available and in transit in EUR.
func balance(p *Person) (available, inTransit int64) {
	p.tb.Helper()
	answer := p.Do(http.MethodGet, "/api/payments/api/payouts/balance", nil)
	answer.Want(p.tb, http.StatusOK, "")
	for _, item := range answer.JSON["balances"].([]any) {
		one := &Response{JSON: item.(map[string]any)}
		if one.Text("currency") == "EUR" {
			return one.Number("available"), one.Number("inTransit")
		}
	}
	return 0, 0
}

func wantBalance(p *Person, available, inTransit int64) {
	p.tb.Helper()
	if a, i := balance(p); a != available || i != inTransit {
		p.tb.Errorf("Expected %d available and %d in transit, got %d and %d", available, inTransit, a, i)
	}
}

func send(m *Market) {
	m.tb.Helper()
	if err := m.Payments().SendPayouts(m.tb.Context()); err != nil {
		m.tb.Fatal(err)
	}
	m.Deliver()
}

func payoutStatus(p *Person, id string) string {
	return p.View(collections.DomainPayments, collections.Payouts, id).Text("status")
}

func TestMoneyReachesItsFreelancer(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Earned(m)
	f := s.Freelancer
	payout(f, Key(), 5_000).Want(t, http.StatusConflict, services.CodeDestMissing)
	id := destination(f, services.BankAccount)
	cooling := payout(f, Key(), 5_000)
	cooling.Want(t, http.StatusConflict, services.CodeDestCooling)
	if at := cooling.Object("data").Number("usableAt"); at != Start.Add(3*collections.Day).UnixMilli() {
		t.Errorf("Expected the destination to be usable in three days, got %d", at)
	}
	coolOff(m, f)
	if status := f.View(collections.DomainPayments, collections.PayoutDestinations, id).Text("status"); status != collections.DestinationActive {
		t.Fatalf("Expected the destination to be active, got %s", status)
	}
	wantBalance(f, s.net(), 0)

	payout(f, "", 5_000).Want(t, http.StatusBadRequest, services.CodeKeyRequired)
	payout(f, Key(), 999).Want(t, http.StatusBadRequest, services.CodeBelowMinimum)
	payout(f, Key(), s.net()+1).Want(t, http.StatusConflict, services.CodeNotEnough)
	first := payout(f, "once", 5_000)
	first.Want(t, http.StatusOK, "")
	if again := payout(f, "once", 5_000); string(again.Raw) != string(first.Raw) {
		t.Errorf("Expected the same answer for the same key, got %s", again.Raw)
	}
	payout(f, "once", 6_000).Want(t, http.StatusUnprocessableEntity, services.CodeKeyReused)
	wantBalance(f, s.net()-5_000, 5_000)
	send(m)
	if status := payoutStatus(f, first.Text("id")); status != collections.PayoutSettled {
		t.Errorf("Expected the payout to settle, got %s", status)
	}
	wantBalance(f, s.net()-5_000, 0)
	f.Command(collections.DomainPayments, "payouts/"+first.Text("id")+"/cancel", Key(), nil).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	m.Sound()
}

// TestTheLastCentsCanBePaidOut: less than the smallest payout is paid out as a whole when
// nothing else is open, so that the account can be closed.
func TestTheLastCentsCanBePaidOut(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Earned(m)
	f := s.Freelancer
	destination(f, services.BankAccount)
	coolOff(m, f)
	const cents = 700
	first := payout(f, Key(), s.net()-cents)
	first.Want(t, http.StatusOK, "")
	payout(f, Key(), cents).Want(t, http.StatusBadRequest, services.CodeBelowMinimum) // the other may come back
	send(m)
	payout(f, Key(), cents-1).Want(t, http.StatusBadRequest, services.CodeBelowMinimum)

	s.Client.SignIn()
	next := (&Story{Market: m, Client: s.Client, Freelancer: f, Amount: 20_000}).Publish().Propose().Hire()
	m.Deliver()
	payout(f, Key(), cents).Want(t, http.StatusBadRequest, services.CodeBelowMinimum)
	if one := ofEUR(f); one.JSON["canRequest"] != false || one.Text("why") != services.CodeBelowMinimum {
		t.Errorf("Expected cents to wait while a contract is open, got %v", one.JSON)
	}
	f.Command(collections.DomainProjects, "contracts/"+next.Contract+"/end", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	if one := ofEUR(f); one.JSON["canRequest"] != true || one.JSON["last"] != true || one.Number("minimum") != cents {
		t.Errorf("Expected all of it to be offered, got %v", one.JSON)
	}
	last := payout(f, "last", cents)
	last.Want(t, http.StatusOK, "")
	if again := payout(f, "last", cents); string(again.Raw) != string(last.Raw) {
		t.Errorf("Expected the same answer for the same key, got %s", again.Raw)
	}
	send(m)
	closed, _ := closeAccount(f)
	closed.Want(t, http.StatusOK, "")
	m.Deliver()
	m.Sound()
}

// TestAPayoutThatComesBackToAClosedAccount is shown to operators until one of them says how
// it was paid.
func TestAPayoutThatComesBackToAClosedAccount(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Earned(m)
	f := s.Freelancer
	destination(f, services.BankReturned)
	coolOff(m, f)
	id := payout(f, Key(), s.net()).Text("id")
	send(m)
	paid := func(reason string) (string, error) {
		record, err := m.Payments().ModeratePayout(services.BySuperuser("a moderator"), id, collections.ModerationPaid, reason)
		if err != nil {
			return "", err
		}
		return record.GetString(collections.PayoutModeration), nil
	}
	if _, err := paid("By cheque."); services.Code(err) != services.CodeConflict {
		t.Errorf("Expected what arrived not to be paid once more, got %v", err)
	}
	closed, _ := closeAccount(f)
	closed.Want(t, http.StatusOK, "")
	m.Deliver()
	m.Clock.Advance(2 * collections.Day)
	if err := m.Payments().AskAboutPayout(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	m.Deliver()
	if report := m.Reconcile(); report.Unexplained != 0 || !strings.Contains(fmt.Sprint(report.Waiting), id) {
		t.Errorf("Expected the payout to be shown, got %v, waiting %v", report.Findings, report.Waiting)
	}
	alerts := func() (count int) {
		m.Clock.Advance(time.Minute)
		if err := m.Instances[payments].Watch(); err != nil {
			t.Fatal(err)
		}
		if err := m.Instances[payments].App.DB().NewQuery(`SELECT count(*) FROM alerts WHERE finding = 'payout:` + id + `'`).Row(&count); err != nil {
			t.Fatal(err)
		}
		m.Deliver()
		return count
	}
	if alerts() != 1 {
		t.Error("Expected superusers to be told of the payout")
	}
	if _, err := paid(" "); services.Code(err) != services.CodeReasonRequired {
		t.Errorf("Expected a reason to be asked for, got %v", err)
	}
	if moderation, err := paid("By cheque."); err != nil || moderation != collections.ModerationPaid {
		t.Errorf("Expected it to be settled, got %q %v", moderation, err)
	}
	if _, err := paid("By cheque."); services.Code(err) != services.CodeConflict {
		t.Errorf("Expected it to be settled once, got %v", err)
	}
	if left, elsewhere := account(m, services.AccountAvailable(f.ID)), account(m, services.AccountElsewhere); left != 0 || elsewhere != s.net() {
		t.Errorf("Expected the money to have been paid in another way, got %d and %d", left, elsewhere)
	}
	if told := alerts(); told != 0 {
		t.Errorf("Expected superusers to be told that it is over, %d are left", told)
	}
	if report := m.Reconcile(); report.Unexplained != 0 || len(report.Waiting) != 0 {
		t.Errorf("Expected it to be over, got %v, waiting %v", report.Findings, report.Waiting)
	}
	m.Sound()
}

// ofEUR is what a person's payout balance says about EUR.
func ofEUR(p *Person) *Response {
	p.tb.Helper()
	for _, item := range p.Do(http.MethodGet, "/api/payments/api/payouts/balance", nil).JSON["balances"].([]any) {
		if one := (&Response{JSON: item.(map[string]any)}); one.Text("currency") == "EUR" {
			return one
		}
	}
	return &Response{JSON: map[string]any{}}
}

// TestWhatDoesNotArriveIsAvailableAgain: every way in which a payout does not
// reach its freelancer puts the money back, once.
func TestWhatDoesNotArriveIsAvailableAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bank   string
		happen func(m *Market, f *Person, id string)
		status string
	}{
		"the freelancer cancels": {services.BankAccount, func(m *Market, f *Person, id string) {
			f.Command(collections.DomainPayments, "payouts/"+id+"/cancel", Key(), nil).Want(m.tb, http.StatusOK, "")
		}, collections.PayoutFailed},
		"the bank refuses": {services.BankFailed, func(m *Market, _ *Person, _ string) { send(m) }, collections.PayoutFailed},
		"a moderator refuses": {services.BankAccount, func(m *Market, _ *Person, id string) {
			if _, err := m.Payments().ModeratePayout(services.BySuperuser("a moderator"), id, collections.ModerationRefuse, "Not yours."); err != nil {
				m.tb.Fatal(err)
			}
		}, collections.PayoutFailed},
		"the bank is slow and returns it": {services.BankReturned, func(m *Market, _ *Person, id string) {
			send(m) // settles
			sent, err := m.Payments().Provider.Send(m.tb.Context(), services.Transfer{Key: id, Amount: 5_000, Currency: "EUR"})
			if err != nil || sent.Outcome != services.OutcomeSucceeded {
				m.tb.Fatalf("Expected it to have arrived, got %v %v", sent, err)
			}
			m.Clock.Advance(2 * collections.Day)
			if err := m.Payments().AskAboutPayout(m.tb.Context(), id); err != nil {
				m.tb.Fatal(err)
			}
		}, collections.PayoutReturned},
	} {
		m := New(t)
		s := Earned(m)
		destination(s.Freelancer, c.bank)
		coolOff(m, s.Freelancer)
		id := payout(s.Freelancer, Key(), 5_000).Text("id")
		c.happen(m, s.Freelancer, id)
		send(m)
		m.Deliver()
		s.Freelancer.SignIn()
		if status := payoutStatus(s.Freelancer, id); status != c.status {
			t.Errorf("%s: expected %s, got %s", name, c.status, status)
		}
		wantBalance(s.Freelancer, s.net(), 0)
		m.Sound()
	}
}

func TestASlowBankIsAskedAgainMoreAndMoreRarely(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Earned(m)
	destination(s.Freelancer, services.BankSlow)
	coolOff(m, s.Freelancer)
	id := payout(s.Freelancer, Key(), 5_000).Text("id")
	asked := 0
	for until := m.Clock.Now().Add(26 * time.Hour); m.Clock.Now().Before(until); m.Clock.Advance(time.Minute) {
		before := tries(t, m, id)
		send(m)
		asked += tries(t, m, id) - before
	}
	s.Freelancer.SignIn()
	if status := payoutStatus(s.Freelancer, id); status != collections.PayoutSettled {
		t.Errorf("Expected the payout to settle after a day, got %s", status)
	}
	if asked < 15 || asked > 70 {
		t.Errorf("Expected the bank to be asked some 35 times in a day, got %d", asked)
	}
	m.Sound()
}

func tries(t *testing.T, m *Market, id string) int {
	t.Helper()
	record, err := m.Instances[collections.DomainPayments].App.FindRecordById(collections.Payouts, id)
	if err != nil {
		t.Fatal(err)
	}
	return record.GetInt(collections.FieldTries)
}

// TestANewDestinationProtectsTheOldMoney: a change needs a fresh sign-in, cools
// off, and is told to its owner.
func TestANewDestinationProtectsTheOldMoney(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Earned(m)
	f := s.Freelancer
	s.Client.Create(collections.DomainPayments, collections.PayoutDestinations, Body{"label": "x", "reference": services.BankAccount}).
		Want(t, http.StatusForbidden, services.CodeRoleRequired)
	f.Create(collections.DomainPayments, collections.PayoutDestinations, Body{"label": "x", "reference": "nowhere"}).
		Want(t, http.StatusBadRequest, services.CodeDestUnknown)
	first := destination(f, services.BankAccount)
	coolOff(m, f)
	for collection, body := range map[string]Body{ // nobody acts for somebody else, and nothing that is said is dropped in silence
		collections.Payouts:            {"amount": 5_000, "currency": "EUR", "freelancer": s.Client.ID},
		collections.PayoutDestinations: {"label": "x", "reference": services.BankAccount, "freelancer": s.Client.ID},
	} {
		f.Create(collections.DomainPayments, collection, body, "Idempotency-Key", Key()).Want(t, http.StatusBadRequest, services.CodeFieldReadOnly)
	}
	old(m, f)
	f.Create(collections.DomainPayments, collections.PayoutDestinations, Body{"label": "x", "reference": services.BankAccount}).
		Want(t, http.StatusForbidden, services.CodeSignInAgain)
	f.SignIn()
	destination(f, services.BankAccount)
	if status := f.View(collections.DomainPayments, collections.PayoutDestinations, first).Text("status"); status != collections.DestinationReplaced {
		t.Errorf("Expected the old destination to be replaced, got %s", status)
	}
	payout(f, Key(), 5_000).Want(t, http.StatusConflict, services.CodeDestCooling)
	m.Deliver()
	told := f.List(collections.DomainMessages, collections.Notifications, "?filter="+"kind%3D%22destination.changed%22")
	if told.Number("totalItems") != 2 {
		t.Errorf("Expected two notices, got %s", told.Raw)
	}
	if list := s.Client.List(collections.DomainPayments, collections.PayoutDestinations, ""); list.Number("totalItems") != 0 {
		t.Errorf("Expected nobody else to see it, got %s", list.Raw)
	}
	if view := f.View(collections.DomainPayments, collections.PayoutDestinations, first); view.JSON["reference"] != nil {
		t.Errorf("Expected the reference to stay hidden, got %s", view.Raw)
	}
	m.Sound()
}

func TestAModeratorStopsAPayout(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Earned(m)
	destination(s.Freelancer, services.BankAccount)
	coolOff(m, s.Freelancer)
	id := payout(s.Freelancer, Key(), 5_000).Text("id")
	path := "/api/payments/api/collections/" + collections.Payouts + "/records/" + id
	s.Freelancer.Do(http.MethodPatch, path, Body{"moderation": "release"}).Want(t, http.StatusForbidden, services.CodeForbidden)
	moderator := m.Superuser(collections.DomainPayments)
	moderator.Do(http.MethodPatch, path, Body{"amount": 1}).Want(t, http.StatusForbidden, services.CodeForbidden)
	moderator.Do(http.MethodPatch, path, Body{"moderation": "nonsense"}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	moderator.Do(http.MethodPatch, path, Body{"moderation": "hold", "reason": strings.Repeat("x", 1001)}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	moderator.Do(http.MethodPatch, path, Body{"moderation": "hold", "reason": "We look into it."}).Want(t, http.StatusOK, "")
	send(m)
	if status := payoutStatus(s.Freelancer, id); status != collections.PayoutRequested {
		t.Errorf("Expected the payout to wait, got %s", status)
	}
	moderator.Do(http.MethodPatch, path, Body{"moderation": "release"}).Want(t, http.StatusOK, "")
	moderator.Do(http.MethodDelete, path, nil).Want(t, http.StatusForbidden, services.CodeForbidden)
	send(m)
	if status := payoutStatus(s.Freelancer, id); status != collections.PayoutSettled {
		t.Errorf("Expected the payout to settle, got %s", status)
	}
	moderator.Do(http.MethodPatch, path, Body{"moderation": "refuse"}).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	m.Sound()
}

// TestPayoutsNeverPayTwice: many requests at once share one balance, and
// sending and cancelling race for one payout.
func TestPayoutsNeverPayTwice(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Earned(m)
	destination(s.Freelancer, services.BankAccount)
	coolOff(m, s.Freelancer)
	var wait sync.WaitGroup
	amount := s.net()/2 + 1 // only one fits
	answers := make([]*Response, 8)
	for n := range answers {
		wait.Go(func() { answers[n] = payout(s.Freelancer, fmt.Sprintf("race-%d", n), amount) })
	}
	wait.Wait()
	won := ""
	for _, answer := range answers {
		if answer.Status == http.StatusOK {
			if won != "" {
				t.Error("Expected one payout to fit, got two")
			}
			won = answer.Text("id")
		}
	}
	wait.Go(func() { s.Freelancer.Command(collections.DomainPayments, "payouts/"+won+"/cancel", "c", nil) })
	for range 4 {
		wait.Go(func() { _ = m.Payments().SendPayouts(t.Context()) })
	}
	wait.Wait()
	send(m)
	status := payoutStatus(s.Freelancer, won)
	switch status {
	case collections.PayoutFailed:
		wantBalance(s.Freelancer, s.net(), 0)
	case collections.PayoutSettled:
		wantBalance(s.Freelancer, s.net()-amount, 0)
	default:
		t.Errorf("Expected one of the two to win, got %s", status)
	}
	m.Sound()
}

// TestAnAccountOfAnotherProviderIsNotPaidTo: who moved from the sandbox to a real provider
// would have it said that money arrived which nobody sent.
func TestAnAccountOfAnotherProviderIsNotPaidTo(t *testing.T) {
	t.Parallel()
	m := New(t)
	f := Earned(m).Freelancer
	destination(f, services.BankAccount)
	coolOff(m, f)
	mustExec(t, m, payments, `UPDATE payoutDestinations SET provider = 'stripe'`)
	payout(f, Key(), 5_000).Want(t, http.StatusConflict, services.CodeDestMissing)
	balances := f.Do(http.MethodGet, "/api/payments/api/payouts/balance", nil)
	if first := balances.JSON["balances"].([]any)[0].(map[string]any); first["canRequest"] != false || first["why"] != services.CodeDestMissing {
		t.Errorf("Expected the freelancer to learn that an account is missing, got %s", balances.Raw)
	}
	destination(f, services.BankAccount)
	coolOff(m, f)
	payout(f, Key(), 5_000).Want(t, http.StatusOK, "")
}

// TestARestoredPayoutIsNotCancelled before it is known what was forgotten: what the backup has
// as asked for may have arrived since, and would be available once more.
func TestARestoredPayoutIsNotCancelled(t *testing.T) {
	t.Parallel()
	m := New(t)
	f := Earned(m).Freelancer
	destination(f, services.BankAccount)
	coolOff(m, f)
	id := payout(f, Key(), 5_000).Text("id")
	m.Deliver()
	app, key := m.Instances[payments].App, Key()
	if err := services.BeginEpoch(app, m.Clock.Now(), m.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	cancel := func() *Response { return f.Command(payments, "payouts/"+id+"/cancel", key, nil) }
	cancel().Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
	m.Superuser(payments).Do(http.MethodPatch, paymentsRecords+"payouts/records/"+id, Body{"moderation": collections.ModerationRefuse, "reason": "x"}).
		Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
	mustExec(t, m, payments, `UPDATE payouts SET status = 'sent'`) // as a backup of a moment later has it
	if err := m.Payments().AskAboutPayout(t.Context(), id); err == nil || !strings.Contains(err.Error(), "restored from a backup") {
		t.Errorf("Expected the provider not to be asked, got %v", err)
	}
	mustExec(t, m, payments, `UPDATE payouts SET status = 'requested'`)
	if err := m.Instances[payments].SettleEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancel().Want(t, http.StatusOK, "")
	m.Deliver()
	m.Sound()
}
