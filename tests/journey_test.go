package tests

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/lancershub/lancershub/collections"
)

func TestMain(m *testing.M) {
	code := m.Run()
	reads, err := EndlessReads()
	for _, read := range reads {
		fmt.Printf("This reads a whole table; give it an index it can use, or say in tests/plans.go why it may:\n%s\n", read)
	}
	if err != nil {
		fmt.Println("Failed to look at how questions are answered:", err)
	}
	if code == 0 && (err != nil || len(reads) > 0) {
		code = 1
	}
	Cleanup()
	os.Exit(code)
}

func TestJourney(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", "", Body{"note": "Done"}).Want(t, http.StatusOK, "")
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", "", nil).Want(t, http.StatusOK, "")
	m.Deliver()
	for _, want := range []struct {
		domain                 collections.Domain
		collection, id, status string
	}{
		{collections.DomainPayments, collections.Payments, s.Payment, collections.PaymentStateReleased},
		{collections.DomainProjects, collections.Milestones, s.Milestone, collections.MilestoneReleased},
		{collections.DomainProjects, collections.Contracts, s.Contract, collections.ContractCompleted},
		{collections.DomainProjects, collections.Projects, s.Project, collections.ProjectCompleted},
	} {
		if got := s.Client.View(want.domain, want.collection, want.id).Text("status"); got != want.status {
			t.Errorf("Expected %s to be %s, got %s", want.collection, want.status, got)
		}
	}
	m.Sound()
}

func TestReleaseInPartsThenRefund(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	release := func(amount int64) *Response {
		return s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/release", Key(), Body{"amount": amount})
	}
	release(100_001).Want(t, http.StatusOK, "")
	m.Deliver()
	if status := s.Client.View(collections.DomainProjects, collections.Milestones, s.Milestone).Text("status"); status != collections.MilestoneFunded {
		t.Errorf("Expected the milestone to stay funded after a part, got %s", status)
	}
	release(23_457).Want(t, http.StatusBadRequest, "amount_out_of_range") // 23456 are left
	s.Freelancer.Command(collections.DomainPayments, "payments/"+s.Payment+"/refund", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	payment := s.Client.View(collections.DomainPayments, collections.Payments, s.Payment)
	if payment.Text("status") != collections.PaymentSplit || payment.Number("released") != 100_001 || payment.Number("refunded") != 23_456 || payment.Number("fee") != 10_000 {
		t.Errorf("Expected a split of 100001 released (fee 10000) and 23456 refunded, got %s", payment.Raw)
	}
	if status := s.Client.View(collections.DomainProjects, collections.Projects, s.Project).Text("status"); status != collections.ProjectCompleted {
		t.Errorf("Expected the project to be completed, got %s", status)
	}
	m.Sound()
}

func TestRefundCancelsTheMilestone(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	s.Client.Command(collections.DomainProjects, "contracts/"+s.Contract+"/end", "", nil).Want(t, http.StatusConflict, "money_held")
	s.Freelancer.Command(collections.DomainPayments, "payments/"+s.Payment+"/refund", Key(), Body{"reason": "No time"}).Want(t, http.StatusOK, "")
	m.Deliver()
	if status := s.Client.View(collections.DomainProjects, collections.Milestones, s.Milestone).Text("status"); status != collections.MilestoneCancelled {
		t.Errorf("Expected the milestone to be cancelled, got %s", status)
	}
	s.Freelancer.Command(collections.DomainProjects, "contracts/"+s.Contract+"/end", "", Body{"reason": "No time"}).Want(t, http.StatusOK, "")
	m.Deliver()
	if status := s.Client.View(collections.DomainProjects, collections.Projects, s.Project).Text("status"); status != collections.ProjectCancelled {
		t.Errorf("Expected the project to be cancelled, got %s", status)
	}
	m.Sound()
}

func TestOnlyOneOfTwoProposalsIsAccepted(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	other := &Story{Market: m, Client: s.Client, Freelancer: m.User(collections.RoleFreelancer), Project: s.Project, Amount: 5}
	other.Propose()
	answers := make(chan *Response, 16)
	for i := range cap(answers) {
		proposal := []string{s.Proposal, other.Proposal}[i%2]
		go func() {
			answers <- s.Client.Command(collections.DomainProjects, "proposals/"+proposal+"/accept", Key(), nil)
		}()
	}
	won := 0
	for range cap(answers) {
		answer := <-answers
		if answer.Status == http.StatusOK {
			won++
		} else if answer.Status != http.StatusConflict {
			t.Errorf("Expected the losers to get 409, got %d: %s", answer.Status, answer.Raw)
		}
	}
	if won != 1 {
		t.Errorf("Expected one acceptance, got %d", won)
	}
	m.Deliver()
	m.Sound()
}

func TestOneKeyManyTimesPaysOnce(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	answers := make(chan *Response, 16)
	for range cap(answers) {
		go func() { answers <- s.Pay("the-same-key", nil) }()
	}
	ids := map[string]bool{}
	for range cap(answers) {
		switch answer := <-answers; answer.Status {
		case http.StatusOK:
			ids[answer.Text("id")] = true
		case http.StatusConflict:
			if answer.Code() != "request_in_progress" {
				t.Errorf("Expected request_in_progress, got %s", answer.Raw)
			}
		default:
			t.Errorf("Expected 200 or 409, got %d: %s", answer.Status, answer.Raw)
		}
	}
	if len(ids) != 1 {
		t.Errorf("Expected one payment, got %d", len(ids))
	}
	s.Pay("the-same-key", Body{"amount": 1}).Want(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	s.Pay("another-key", nil).Want(t, http.StatusConflict, "milestone_taken")
	m.Deliver()
	m.Sound()
}

func TestReleaseRacesRefund(t *testing.T) {
	t.Parallel()
	m := New(t)
	for range 10 {
		s := Funded(m)
		answers := make(chan *Response, 8)
		for i := range cap(answers) {
			go func() {
				if i%2 == 0 {
					answers <- s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/release", Key(), nil)
					return
				}
				answers <- s.Freelancer.Command(collections.DomainPayments, "payments/"+s.Payment+"/refund", Key(), nil)
			}()
		}
		won := 0
		for range cap(answers) {
			if answer := <-answers; answer.Status == http.StatusOK {
				won++
			}
		}
		if won != 1 {
			t.Errorf("Expected one outcome, got %d", won)
		}
	}
	m.Deliver()
	m.Sound()
}
