package tests

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// lostAnswer is a provider whose answers to charges get lost: it takes the
// money, and we hear nothing.
type lostAnswer struct{ services.Provider }

func (p lostAnswer) Charge(ctx context.Context, charge services.Charge) (services.Charged, error) {
	if _, err := p.Provider.Charge(ctx, charge); err != nil {
		return services.Charged{}, err
	}
	return services.Charged{}, errors.New("the connection was reset")
}

// payWithLostAnswer leaves a payment charged and undecided, and returns its id.
func payWithLostAnswer(t *testing.T, m *Market, s *Story) string {
	t.Helper()
	payments := m.Payments()
	payments.Provider = lostAnswer{payments.Provider}
	cmd, err := services.NewCommand(s.Client.ID, collections.Payments, "lost", true, s.PaymentBody())
	if err != nil {
		t.Fatal(err)
	}
	_, err = payments.Create(t.Context(), cmd, services.PaymentRequest{
		Project: s.Project, Milestone: s.Milestone, Amount: s.Amount, Currency: "EUR", Freelancer: s.Freelancer.ID,
	})
	if err == nil {
		t.Fatal("Expected the charge to be unanswered")
	}
	record, err := payments.App.FindFirstRecordByData(collections.Payments, collections.FieldMilestone, s.Milestone)
	if err != nil || record.GetString(collections.FieldStatus) != collections.PaymentPending {
		t.Fatalf("Expected a pending payment, got %v %v", record, err)
	}
	return record.Id
}

func charged(t *testing.T, m *Market, payment string) services.Outcome {
	t.Helper()
	var outcome string
	err := m.Instances[collections.DomainPayments].App.DB().Select("outcome").From("sandbox_charges").Where(dbx.HashExp{"key": payment}).Row(&outcome)
	if err != nil {
		t.Fatal(err)
	}
	return services.Outcome(outcome)
}

func TestALostAnswerIsAskedForAgain(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	payment := payWithLostAnswer(t, m, s)
	m.Clock.Advance(10 * time.Second)
	if err := m.Payments().Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.Deliver()
	if status := s.Client.View(collections.DomainPayments, collections.Payments, payment).Text("status"); status != collections.PaymentHeld {
		t.Errorf("Expected the charge to be found and held, got %s", status)
	}
	m.Sound()
}

// TestWhatIsRefusedLaterIsGivenBack: the provider took the money, its answer was
// lost, and before anyone asked again the client was suspended, or time ran out.
func TestWhatIsRefusedLaterIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(m *Market, s *Story){
		"the client is suspended": func(m *Market, s *Story) {
			app := m.Instances[collections.DomainUsers].App
			record, err := app.FindRecordById(collections.Users, s.Client.ID)
			if err != nil {
				t.Fatal(err)
			}
			record.Set(collections.FieldStatus, collections.UserStatusSuspended)
			if err := app.Save(record); err != nil {
				t.Fatal(err)
			}
		},
		"time ran out": func(m *Market, _ *Story) { m.Clock.Advance(time.Hour) },
	} {
		m := New(t)
		s := Hired(m)
		payment := payWithLostAnswer(t, m, s)
		if outcome := charged(t, m, payment); outcome != services.OutcomeSucceeded {
			t.Fatalf("Expected the provider to have the money, got %s", outcome)
		}
		meanwhile(m, s)
		m.Clock.Advance(10 * time.Second)
		if err := m.Payments().Complete(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.Deliver()
		record, err := m.Instances[collections.DomainPayments].App.FindRecordById(collections.Payments, payment)
		if err != nil {
			t.Fatal(err)
		}
		if status := record.GetString(collections.FieldStatus); status != collections.PaymentFailed || charged(t, m, payment) != services.OutcomeDeclined {
			t.Errorf("%s: expected a failed payment and the charge given back, got %s and %s", name, status, charged(t, m, payment))
		}
		m.Sound()
	}
}

func TestAMilestoneKeepsItsTermsWhileItIsPaidFor(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	change := func(amount int64) *Response {
		return s.Client.Do(http.MethodPatch, "/api/projects/api/collections/milestones/records/"+s.Milestone, Body{"amount": amount})
	}
	change(5).Want(t, http.StatusOK, "")
	change(0).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	s.Pay("one", Body{"amount": 5, "source": services.SourcePending}).Want(t, http.StatusServiceUnavailable, services.CodeProviderPending)
	change(1).Want(t, http.StatusConflict, services.CodeMilestoneTaken)
	m.Deliver()
	m.Sound()
}

// TestLongTextsStayReadable: what is cut is cut between characters.
func TestLongTextsStayReadable(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	note := strings.Repeat("é€", 990)
	s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", "", Body{"note": note}).Want(t, http.StatusOK, "")
	m.Deliver()
	for domain, collection := range map[collections.Domain]string{collections.DomainProjects: collections.Timeline, collections.DomainMessages: collections.Notifications} {
		if list := s.Client.List(domain, collection, "?perPage=100"); list.Status != http.StatusOK || !strings.Contains(string(list.Raw), "é€é") {
			t.Errorf("Expected to read the %s, got %d", collection, list.Status)
		}
	}
}

// TestAPendingPaymentIsAskedAboutMoreAndMoreRarely: not at every sweep, but in
// time for the decision.
func TestAPendingPaymentIsAskedAboutMoreAndMoreRarely(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	id := s.Pay(Key(), Body{"source": services.SourcePending}).Object("data").Text("payment")
	tries := func() int {
		record, err := m.Instances[collections.DomainPayments].App.FindRecordById(collections.Payments, id)
		if err != nil {
			t.Fatal(err)
		}
		return record.GetInt(collections.FieldTries)
	}
	for until := m.Clock.Now().Add(119 * time.Second); m.Clock.Now().Before(until); m.Clock.Advance(time.Second) {
		if err := m.Payments().Complete(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if asked := tries(); asked < 4 || asked > 12 {
		t.Errorf("Expected the provider to be asked some 6 times in two minutes, got %d", asked)
	}
	m.Clock.Advance(3 * time.Second)
	if err := m.Payments().Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status := s.Client.View(collections.DomainPayments, collections.Payments, id).Text("status"); status != collections.PaymentFailed {
		t.Errorf("Expected the payment to fail when its time was up, got %s", status)
	}
	m.Deliver()
	m.Sound()
}

// TestProjectsForgotWhatIsHeld: restored from before a payment, projects promises its
// milestone to another one, and would end the contract before it has heard of the first.
func TestProjectsForgotWhatIsHeld(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	mustExec(t, m, collections.DomainProjects, `DELETE FROM reservations`)
	end := func() *Response {
		return s.Client.Command(collections.DomainProjects, "contracts/"+s.Contract+"/end", Key(), nil)
	}
	end().Want(t, http.StatusConflict, services.CodeMoneyHeld)
	mustExec(t, m, collections.DomainProjects, `UPDATE milestones SET status = 'planned', payment = ''`)
	key := Key()
	for range 2 {
		s.Pay(key, nil).Want(t, http.StatusConflict, services.CodeMilestoneTaken)
	}
	if charged := account(m, services.AccountWorld); charged != -s.Amount {
		t.Errorf("Expected the milestone to be paid for once, %d came in", -charged)
	}
	wantWorld(m)
}
