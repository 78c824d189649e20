package tests

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// addMilestone plans another milestone of the contract.
func (s *Story) addMilestone(title string, amount int64) string {
	tb := s.Market.tb
	tb.Helper()
	added := s.Client.Create(collections.DomainProjects, collections.Milestones, Body{"contract": s.Contract, "title": title, "amount": amount})
	added.Want(tb, http.StatusOK, "")
	return added.Text("id")
}

func (s *Story) approve(body Body) *Response {
	s.Market.tb.Helper()
	answer := s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", Key(), body)
	s.Market.Deliver()
	return answer
}

// plan lists the milestones of the contract in order, with what is held for each.
func (s *Story) plan() string {
	tb := s.Market.tb
	tb.Helper()
	list := s.Client.List(collections.DomainProjects, collections.Milestones, "?sort=position&filter="+url.QueryEscape("contract = '"+s.Contract+"'"))
	var lines []string
	items, _ := list.JSON["items"].([]any)
	for _, item := range items {
		m, _ := item.(map[string]any)
		lines = append(lines, fmt.Sprintf("%v %v %v", m["title"], m["amount"], m["status"]))
	}
	return strings.Join(lines, ", ")
}

// TestApprovedInPart: the part is paid, the rest stays held, and the work goes on.
func TestApprovedInPart(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	s.approve(Body{"amount": 100_000}).Want(t, http.StatusBadRequest, services.CodeReasonRequired)
	s.approve(Body{"amount": s.Amount + 1, "reason": "x"}).Want(t, http.StatusBadRequest, services.CodeAmountOutOfRange)
	s.approve(Body{"amount": 100_000, "reason": "The lid is missing."}).Want(t, http.StatusOK, "")
	s.wantMoney("held: released 100000 refunded 0 disputed 0")
	milestone := s.Freelancer.View(collections.DomainProjects, collections.Milestones, s.Milestone)
	if milestone.Text("status") != collections.MilestoneChangesRequested || milestone.Text("underpaymentReason") != "The lid is missing." || milestone.Number("approvedAmount") != 100_000 {
		t.Errorf("Expected the work to go on with its reason, got %s", milestone.Raw)
	}
	m.Sound()
	s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
	s.approve(Body{"amount": 23_457}).Want(t, http.StatusOK, "")
	s.wantMoney(fmt.Sprintf("released: released %d refunded 0 disputed 0", s.Amount))
	m.Sound()
}

// TestTheRestRollsOn: what is not approved pays for the next milestone, which
// costs no more than before in sum.
func TestTheRestRollsOn(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	half := Body{"amount": 60_000, "rest": "next", "reason": "Half moved to the next step."}
	s.approve(half).Want(t, http.StatusConflict, services.CodeNoNextMilestone)
	next := s.addMilestone("Lids", 100_000)
	s.addMilestone("Handles", 7_000)
	s.approve(Body{"amount": 1, "rest": "next", "reason": "x"}).Want(t, http.StatusConflict, services.CodeAmountOutOfRange)
	s.approve(half).Want(t, http.StatusOK, "")
	s.wantMoney("released: released 60000 refunded 0 disputed 0")
	if want := "A shop for teapots 123457 released, Lids 63457 funded, Lids (rest) 36543 planned, Handles 7000 planned"; s.plan() != want {
		t.Fatalf("Expected %s, got %s", want, s.plan())
	}
	m.Sound()
	rolled := s.Client.List(payments, collections.Payments, "?filter="+url.QueryEscape("milestone = '"+next+"'"))
	items, _ := rolled.JSON["items"].([]any)
	if len(items) != 1 {
		t.Fatalf("Expected one payment for the next milestone, got %s", rolled.Raw)
	}
	payment, _ := items[0].(map[string]any)
	s.Milestone, s.Payment = next, fmt.Sprint(payment["id"])
	if payment["amount"] != 63_457.0 || payment["rolledFrom"] == "" {
		t.Errorf("Expected the rest to be held, got %v", payment)
	}
	s.approve(nil).Want(t, http.StatusOK, "")
	s.wantMoney("released: released 63457 refunded 0 disputed 0")
	fee := s.Client.View(payments, collections.Payments, s.Payment).Number("fee")
	if fee != 6345 {
		t.Errorf("Expected a fee of 6345, got %d", fee)
	}
	m.Sound()
}

// TestARollThatComesTooLate: money given back at the same moment is not rolled;
// what was approved is paid, and the milestone goes on with what is left.
func TestARollThatComesTooLate(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	next := s.addMilestone("Lids", 100_000)
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", Key(), Body{"amount": 60_000, "rest": "next", "reason": "x"}).Want(t, http.StatusOK, "")
	// Before payments hears of it:
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), Body{"amount": 60_001}).Want(t, http.StatusOK, "")
	m.Deliver()
	s.wantMoney("held: released 60000 refunded 60001 disputed 0")
	if want := "A shop for teapots 123457 changes_requested, Lids 63457 planned, Lids (rest) 36543 planned"; s.plan() != want {
		t.Fatalf("Expected %s, got %s", want, s.plan())
	}
	m.Sound()
	s.Milestone, s.Amount = next, 63_457
	s.Fund() // nothing keeps the next milestone from being paid for
	m.Sound()
}

// TestABonusIsPaidAtOnce, also after the contract is complete.
func TestABonusIsPaidAtOnce(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	bonus := func() string {
		added := s.Client.Command(collections.DomainProjects, "contracts/"+s.Contract+"/bonus", Key(), Body{"amount": 5_000, "note": "Thank you."})
		added.Want(t, http.StatusOK, "")
		return added.Text("id")
	}
	before := bonus()
	s.Freelancer.Command(collections.DomainProjects, "contracts/"+s.Contract+"/bonus", Key(), Body{"amount": 5_000}).Want(t, http.StatusForbidden, services.CodeForbidden)
	s.approve(nil).Want(t, http.StatusOK, "")
	if status := s.Client.View(collections.DomainProjects, collections.Contracts, s.Contract).Text("status"); status != collections.ContractCompleted {
		t.Fatalf("Expected an unpaid bonus not to keep the contract open, got %s", status)
	}
	m.Sound()
	for _, id := range []string{before, bonus()} {
		paid := s.Pay(Key(), Body{"milestone": id, "amount": 5_000})
		paid.Want(t, http.StatusOK, "")
		m.Deliver()
		s.Payment = paid.Text("id")
		s.wantMoney("released: released 5000 refunded 0 disputed 0")
	}
	m.Sound()
}

func TestARefundIsAskedFor(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	ask := func(by *Person, verb string, body Body) *Response {
		return by.Command(payments, "payments/"+s.Payment+"/"+verb, Key(), body)
	}
	ask(s.Freelancer, "decline-refund", nil).Want(t, http.StatusConflict, services.CodeConflict)
	ask(s.Freelancer, "ask-refund", nil).Want(t, http.StatusForbidden, services.CodeForbidden)
	ask(s.Client, "ask-refund", Body{"amount": s.Amount + 1}).Want(t, http.StatusBadRequest, services.CodeAmountOutOfRange)
	asked := ask(s.Client, "ask-refund", Body{"amount": 40_000, "reason": "We need less."})
	if asked.Want(t, http.StatusOK, ""); asked.Number("refundAsked") != 40_000 {
		t.Errorf("Expected what was asked to show, got %s", asked.Raw)
	}
	if declined := ask(s.Freelancer, "decline-refund", Body{"reason": "No."}); declined.Number("refundAsked") != 0 {
		t.Errorf("Expected nothing asked any more, got %s", declined.Raw)
	}
	ask(s.Client, "ask-refund", Body{"amount": 40_000}).Want(t, http.StatusOK, "")
	if given := ask(s.Freelancer, "refund", Body{"amount": 40_000}); given.Number("refundAsked") != 0 {
		t.Errorf("Expected nothing asked any more when it was given back, got %s", given.Raw)
	}
	s.wantMoney("held: released 0 refunded 40000 disputed 0")
	m.Deliver()
	m.Sound()
}

// TestFeePlansAreData: the plan of the day is previewed, and frozen when a
// contract is signed; a plan is followed by another, never changed.
func TestFeePlansAreData(t *testing.T) {
	t.Parallel()
	m := New(t)
	moderator := m.Superuser(collections.DomainProjects)
	create := func(body Body) *Response {
		return moderator.Create(collections.DomainProjects, collections.FeePlans, body)
	}
	create(Body{"version": "low", "basisPoints": 500}).Want(t, http.StatusOK, "")
	create(Body{"version": "eur-1", "currency": "EUR", "basisPoints": 800, "fixed": 50, "minimum": 200}).Want(t, http.StatusOK, "")
	create(Body{"version": "next-year", "currency": "EUR", "basisPoints": 1, "validFrom": "2027-01-01 00:00:00.000Z"}).Want(t, http.StatusOK, "")
	create(Body{"version": "design-1", "category": "design", "basisPoints": 1500}).Want(t, http.StatusOK, "")
	create(Body{"version": "low", "basisPoints": 1}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	create(Body{"version": "amount without currency", "fixed": 1}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	create(Body{"version": "more than all", "basisPoints": 10_001}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)

	s := NewStory(m)
	preview := func(query string) string {
		p := s.Client.Do(http.MethodGet, "/api/projects/api/fees/preview?"+query, nil)
		return fmt.Sprintf("%s %d %d", p.Object("plan").Text("version"), p.Number("fee"), p.Number("freelancerGets"))
	}
	for query, want := range map[string]string{
		"amount=100000&currency=EUR":                 "eur-1 8050 91950",
		"amount=1000&currency=EUR":                   "eur-1 200 800",
		"amount=150&currency=EUR":                    "eur-1 150 0",
		"amount=100000&currency=USD":                 "low 5000 95000",
		"amount=100000&currency=EUR&category=design": "design-1 15000 85000",
	} {
		if got := preview(query); got != want {
			t.Errorf("%s: expected %s, got %s", query, want, got)
		}
	}
	for query, code := range map[string]string{"amount=x&currency=EUR": services.CodeNotAnInteger, "amount=0&currency=EUR": services.CodeAmountOutOfRange, "amount=5&currency=XXX": services.CodeUnknownCurrency} {
		s.Client.Do(http.MethodGet, "/api/projects/api/fees/preview?"+query, nil).Want(t, http.StatusBadRequest, code)
	}
	s.Publish().Propose()
	if got := preview("proposal=" + s.Proposal); got != "eur-1 9926 113531" {
		t.Errorf("Expected the proposal's own fee, got %s", got)
	}
	edited, other := NewStory(m).Publish().Propose(), NewStory(m).Publish().Propose()
	create(Body{"version": "eur-2", "currency": "EUR", "basisPoints": 2000}).Want(t, http.StatusOK, "")
	// The freelancer offered under the plan of that day; neither a new one nor another category is theirs to pay.
	other.Client.Do(http.MethodPatch, "/api/projects/api/collections/projects/records/"+other.Project, Body{"category": "design"}).Want(t, http.StatusOK, "")
	for proposal, change := range map[string]struct {
		by   *Person
		body Body
	}{edited.Proposal: {edited.Freelancer, Body{"coverLetter": "I build better shops."}}, other.Proposal: {other.Freelancer, Body{"feePlan": Body{"version": "mine"}}}} {
		answer := change.by.Do(http.MethodPatch, "/api/projects/api/collections/proposals/records/"+proposal, change.body)
		if ok := change.body["feePlan"] == nil; ok != (answer.Status == http.StatusOK) {
			t.Errorf("Expected a freelancer to change an offer, but not its fees, got %s", answer.Raw)
		}
	}
	for _, c := range []struct {
		story *Story
		want  string
	}{{s, "eur-1"}, {edited, "eur-2"}, {other, "eur-1"}} {
		asked := c.story.Freelancer.Do(http.MethodGet, "/api/projects/api/fees/preview?proposal="+c.story.Proposal, nil)
		c.story.Hire()
		contract := c.story.Freelancer.View(collections.DomainProjects, collections.Contracts, c.story.Contract)
		if got := asked.Object("plan").Text("version") + " " + contract.Object("feePlan").Text("version"); got != c.want+" "+c.want {
			t.Errorf("Expected plan %s, before and after signing, got %s", c.want, got)
		}
	}
	s.Fund()
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": 1_000}).Want(t, http.StatusOK, "")
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	if fee := s.Client.View(payments, collections.Payments, s.Payment).Number("fee"); fee != 9926 {
		t.Errorf("Expected the signed plan's fee over both parts, 9926, got %d", fee)
	}
	m.Sound()
	var id string
	if err := m.Instances[collections.DomainProjects].App.DB().Select("id").From(collections.FeePlans).Where(dbx.HashExp{"version": "low"}).Row(&id); err != nil {
		t.Fatal(err)
	}
	path := "/api/projects/api/collections/feePlans/records/" + id
	moderator.Do(http.MethodPatch, path, Body{"basisPoints": 1}).Want(t, http.StatusForbidden, services.CodeForbidden)
	moderator.Do(http.MethodDelete, path, nil).Want(t, http.StatusForbidden, services.CodeForbidden)
	s.Client.Create(collections.DomainProjects, collections.FeePlans, Body{"version": "mine", "basisPoints": 0}).Want(t, http.StatusForbidden, services.CodeForbidden)
}

// TestMilestonesAddedAtOnce: each gets a place of its own, a place that is taken is
// refused as such, and none is added to a contract that is over.
func TestMilestonesAddedAtOnce(t *testing.T) {
	t.Parallel()
	s := Hired(New(t))
	add := func(more Body) *Response {
		body := Body{"contract": s.Contract, "title": "Lids", "amount": 1_000}
		maps.Copy(body, more)
		return s.Client.Create(collections.DomainProjects, collections.Milestones, body)
	}
	answers := make([]*Response, 8)
	var all sync.WaitGroup
	for n := range answers {
		all.Go(func() { answers[n] = add(nil) })
	}
	all.Wait()
	places := map[int64]bool{}
	for _, answer := range answers {
		answer.Want(t, http.StatusOK, "")
		places[answer.Number("position")] = true
	}
	if len(places) != len(answers) {
		t.Errorf("Expected a place for each, got %v", places)
	}
	add(Body{"position": 2}).Want(t, http.StatusConflict, services.CodeConflict)
	add(Body{"position": 77}).Want(t, http.StatusOK, "")
	s.Client.Command(collections.DomainProjects, "contracts/"+s.Contract+"/end", Key(), Body{"reason": "x"}).Want(t, http.StatusOK, "")
	add(nil).Want(t, http.StatusConflict, services.CodeConflict)
}
