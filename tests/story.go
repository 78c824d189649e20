package tests

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/lancershub/lancershub/collections"
)

// Story is two people on their way through the main job.
type Story struct {
	Market             *Market
	Client, Freelancer *Person
	Project, Proposal  string
	Contract           string
	Milestone          string
	Payment            string
	Amount             int64
}

var keys atomic.Int64

// Key returns an Idempotency-Key nobody has used.
func Key() string { return "key-" + strconv.FormatInt(keys.Add(1), 10) }

// NewStory signs two people up.
func NewStory(m *Market) *Story {
	return &Story{Market: m, Client: m.User(collections.RoleClient), Freelancer: m.User(collections.RoleFreelancer), Amount: 123_457}
}

// Publish posts a project and opens it.
func (s *Story) Publish() *Story {
	tb := s.Market.tb
	tb.Helper()
	created := s.Client.Create(collections.DomainProjects, collections.Projects, Body{"title": "A shop for teapots", "currency": "EUR", "budgetMin": 1000, "budgetMax": 900_000})
	created.Want(tb, http.StatusOK, "")
	s.Project = created.Text("id")
	s.Client.Command(collections.DomainProjects, "projects/"+s.Project+"/publish", "", nil).Want(tb, http.StatusOK, "")
	return s
}

// Propose makes the freelancer propose.
func (s *Story) Propose() *Story {
	tb := s.Market.tb
	tb.Helper()
	created := s.Freelancer.Create(collections.DomainProjects, collections.Proposals, Body{"project": s.Project, "amount": s.Amount, "days": 14, "coverLetter": "I build shops."})
	created.Want(tb, http.StatusOK, "")
	s.Proposal = created.Text("id")
	return s
}

// Hire accepts the proposal and delivers what follows.
func (s *Story) Hire() *Story {
	tb := s.Market.tb
	tb.Helper()
	hired := s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/accept", Key(), nil)
	hired.Want(tb, http.StatusOK, "")
	s.Contract, s.Milestone = hired.Object("contract").Text("id"), hired.Object("milestone").Text("id")
	s.Market.Deliver()
	return s
}

// PaymentBody is what funds the milestone.
func (s *Story) PaymentBody() Body {
	return Body{"project": s.Project, "contract": s.Contract, "milestone": s.Milestone, "freelancer": s.Freelancer.ID, "amount": s.Amount, "currency": "EUR"}
}

// Pay sends a payment with the given key and changes to its body.
func (s *Story) Pay(key string, change Body) *Response {
	s.Market.tb.Helper()
	body := s.PaymentBody()
	for field, value := range change {
		if value == nil {
			delete(body, field)
			continue
		}
		body[field] = value
	}
	return s.Client.Create(collections.DomainPayments, collections.Payments, body, "Idempotency-Key", key)
}

// Fund pays for the milestone and delivers what follows.
func (s *Story) Fund() *Story {
	tb := s.Market.tb
	tb.Helper()
	paid := s.Pay(Key(), nil)
	paid.Want(tb, http.StatusOK, "")
	s.Payment = paid.Text("id")
	s.Market.Deliver()
	return s
}

// Hired is a story up to the contract.
func Hired(m *Market) *Story { return NewStory(m).Publish().Propose().Hire() }

// Funded is a story up to the held payment.
func Funded(m *Market) *Story { return Hired(m).Fund() }

// TryPropose publishes a project and proposes, or returns what went wrong: the
// marketplace may die meanwhile. It returns the proposal.
func (s *Story) TryPropose() (string, error) {
	made, err := s.Client.Try(http.MethodPost, "/api/projects/api/collections/projects/records", Body{"title": "A shop for teapots", "currency": "EUR"})
	if err != nil {
		return "", err
	}
	if _, err = s.Client.Try(http.MethodPost, "/api/projects/api/projects/"+made.Text("id")+"/publish", Body{}); err != nil {
		return "", err
	}
	proposed, err := s.Freelancer.Try(http.MethodPost, "/api/projects/api/collections/proposals/records", Body{"project": made.Text("id"), "amount": 5_000, "days": 14})
	if err != nil {
		return "", err
	}
	if proposed.Status != http.StatusOK {
		return "", fmt.Errorf("failed to propose: %s", proposed.Raw)
	}
	return proposed.Text("id"), nil
}
