package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

const payments, disputes = collections.DomainPayments, collections.Disputes

// dispute opens one as by and delivers what follows.
func (s *Story) dispute(by *Person, amount, toFreelancer int64) string {
	tb := s.Market.tb
	tb.Helper()
	body := Body{"toFreelancer": toFreelancer, "category": "not_as_described", "reason": "The teapots are blue."}
	if amount > 0 {
		body["amount"] = amount
	}
	opened := by.Command(payments, "payments/"+s.Payment+"/dispute", Key(), body)
	opened.Want(tb, http.StatusOK, "")
	s.Market.Deliver()
	return opened.Text("id")
}

func (s *Story) inDispute(by *Person, id, verb string, body Body) *Response {
	s.Market.tb.Helper()
	answer := by.Command(payments, "disputes/"+id+"/"+verb, Key(), body)
	s.Market.Deliver()
	return answer
}

// money is how a payment stands.
func (s *Story) money() string {
	s.Client.SignIn()
	p := s.Client.View(payments, collections.Payments, s.Payment)
	return fmt.Sprintf("%s: released %d refunded %d disputed %d", p.Text("status"), p.Number("released"), p.Number("refunded"), p.Number("disputed"))
}

func (s *Story) wantMoney(want string) {
	tb := s.Market.tb
	tb.Helper()
	if got := s.money(); got != want {
		tb.Fatalf("Expected the payment %s, got %s", want, got)
	}
}

// TestADisputeLocksOnlyItsAmount: the rest is released and given back as usual.
func TestADisputeLocksOnlyItsAmount(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	id := s.dispute(s.Client, 50_000, 10_000)
	s.wantMoney("disputed: released 0 refunded 0 disputed 50000")
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": 73_458}).Want(t, http.StatusBadRequest, services.CodeAmountOutOfRange)
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": 70_000}).Want(t, http.StatusOK, "")
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	s.wantMoney("disputed: released 70000 refunded 3457 disputed 50000")
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), nil).Want(t, http.StatusConflict, services.CodeDisputed)
	if status := s.milestone(); status != collections.MilestoneSubmitted {
		t.Errorf("Expected the milestone to stay open while money is disputed, got %s", status)
	}
	m.Sound()
	s.inDispute(s.Freelancer, id, "answer", Body{"toFreelancer": 10_000}).Want(t, http.StatusOK, "")
	s.wantMoney("split: released 80000 refunded 43457 disputed 0")
	if status := s.milestone(); status != collections.MilestoneReleased {
		t.Errorf("Expected the milestone released, got %s", status)
	}
	m.Sound()
}

func TestBothSidesAgree(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	id := s.dispute(s.Freelancer, 0, s.Amount)
	s.inDispute(s.Freelancer, id, "answer", Body{"toFreelancer": 1}).Want(t, http.StatusForbidden, services.CodeForbidden)
	s.inDispute(s.Client, id, "offer", Body{"toFreelancer": 1}).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	s.inDispute(s.Client, id, "answer", Body{"toFreelancer": s.Amount + 1}).Want(t, http.StatusBadRequest, services.CodeAmountOutOfRange)
	s.inDispute(s.Client, id, "answer", Body{"toFreelancer": 20_000, "note": "Half of it is missing."}).Want(t, http.StatusOK, "")
	s.inDispute(s.Freelancer, id, "offer", Body{"toFreelancer": 90_000}).Want(t, http.StatusOK, "")
	s.inDispute(s.Client, id, "offer", Body{"toFreelancer": 60_000}).Want(t, http.StatusOK, "")
	stale := s.inDispute(s.Freelancer, id, "accept", Body{"toFreelancer": 20_000})
	stale.Want(t, http.StatusConflict, services.CodeConflict)
	accepted := s.inDispute(s.Freelancer, id, "accept", Body{"toFreelancer": 60_000})
	accepted.Want(t, http.StatusOK, "")
	if accepted.Text("outcome") != collections.OutcomeAgreed || accepted.Number("toFreelancer") != 60_000 {
		t.Errorf("Expected an agreement, got %s", accepted.Raw)
	}
	s.wantMoney("split: released 60000 refunded 63457 disputed 0")
	s.inDispute(s.Client, id, "offer", Body{"toFreelancer": 1}).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	m.Sound()
}

// TestAnOfferThatMeetsTheOtherAgrees: who offers more than was asked pays what was asked.
func TestAnOfferThatMeetsTheOtherAgrees(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	id := s.dispute(s.Client, 0, 30_000)
	answered := s.inDispute(s.Freelancer, id, "answer", Body{"toFreelancer": 25_000})
	answered.Want(t, http.StatusOK, "")
	s.wantMoney("split: released 30000 refunded 93457 disputed 0")
	m.Sound()
}

// TestSilenceDecidesForTheOpener: five days, and the opener's number stands.
func TestSilenceDecidesForTheOpener(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	id := s.dispute(s.Client, 0, 0)
	m.Clock.Advance(3 * collections.Day)
	m.Tick()
	m.Clock.Advance(2*collections.Day - time.Second)
	m.Tick()
	s.wantMoney(fmt.Sprintf("disputed: released 0 refunded 0 disputed %d", s.Amount))
	m.Clock.Advance(time.Second)
	m.Tick()
	s.wantMoney(fmt.Sprintf("refunded: released 0 refunded %d disputed 0", s.Amount))
	s.Client.SignIn()
	d := s.Client.View(payments, disputes, id)
	if d.Text("outcome") != collections.OutcomeDefaulted || !strings.Contains(d.Text("decision"), "5 days") {
		t.Errorf("Expected the silence to be named, got %s", d.Raw)
	}
	m.Sound()
}

// TestTalksEnd: small claims are halved, larger ones go to a moderator, who
// decides in the admin UI by filling in the ruling.
func TestTalksEnd(t *testing.T) {
	t.Parallel()
	m := New(t)
	small, large := submitted(m), submitted(m)
	smallID, largeID := small.dispute(small.Client, 5_000, 1_000), large.dispute(large.Client, 5_001, 1_000)
	small.inDispute(small.Freelancer, smallID, "answer", Body{"toFreelancer": 4_001}).Want(t, http.StatusOK, "")
	large.inDispute(large.Freelancer, largeID, "answer", Body{"toFreelancer": 5_001}).Want(t, http.StatusOK, "")
	m.Clock.Advance(5 * collections.Day)
	m.Tick()
	m.Clock.Advance(2 * collections.Day)
	m.Tick()
	small.wantMoney("held: released 2500 refunded 2500 disputed 0")
	large.wantMoney("disputed: released 0 refunded 0 disputed 5001")
	m.Sound()

	moderator := m.Superuser(payments)
	path := "/api/payments/api/collections/disputes/records/" + largeID
	for _, bad := range []Body{
		{"ruling": "nobody", "rulingReason": "x"}, {"ruling": "split", "rulingToFreelancer": 5_001, "rulingReason": "x"},
		{"ruling": "client"}, {"rulingToFreelancer": -5, "ruling": "split", "rulingReason": "x"}, {"amount": 1}, {"outcome": "agreed"}, {"status": "closed"},
	} {
		if answer := moderator.Do(http.MethodPatch, path, bad); answer.Status < 400 || answer.Status >= 500 {
			t.Errorf("Expected %v to be refused, got %d %s", bad, answer.Status, answer.Raw)
		}
	}
	rule := Body{"ruling": "split", "rulingToFreelancer": 3_000, "rulingReason": "Most of it was delivered."}
	large.Client.Do(http.MethodPatch, path, rule).Want(t, http.StatusForbidden, services.CodeForbidden)
	// Two moderators at once: one decides.
	var wg sync.WaitGroup
	answers := make([]*Response, 2)
	for n := range answers {
		wg.Go(func() { answers[n], _ = moderator.Try(http.MethodPatch, path, rule) })
	}
	wg.Wait()
	if a, b := answers[0].Status, answers[1].Status; a+b != http.StatusOK+http.StatusConflict {
		t.Errorf("Expected one ruling, got %d and %d: %s %s", a, b, answers[0].Raw, answers[1].Raw)
	}
	m.Deliver()
	large.wantMoney("held: released 3000 refunded 2001 disputed 0")
	m.Sound()
}

// TestWorkApprovedInADispute: nothing of it is paid while the money is disputed;
// when the dispute is withdrawn it is, because nobody would approve it once more.
func TestWorkApprovedInADispute(t *testing.T) {
	t.Parallel()
	for disputed, before := range map[int64]string{0: "disputed: released 0 refunded 0 disputed 123457", 23_457: "disputed: released 100000 refunded 0 disputed 23457"} {
		m := New(t)
		s := submitted(m)
		id := s.dispute(s.Client, disputed, 0)
		s.approve(nil).Want(t, http.StatusOK, "")
		s.wantMoney(before)
		m.Sound()
		s.inDispute(s.Client, id, "withdraw", Body{"reason": "We spoke."}).Want(t, http.StatusOK, "")
		s.wantMoney("released: released 123457 refunded 0 disputed 0")
		if status := s.milestone(); status != collections.MilestoneReleased {
			t.Errorf("Expected the milestone released, got %s", status)
		}
		m.Sound()
	}
}

// TestNothingRollsOnInADispute: a milestone whose rest was to move on while all of
// it is disputed goes on instead, with its money, whatever becomes of the dispute.
func TestNothingRollsOnInADispute(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	s.addMilestone("Lids", 100_000)
	id := s.dispute(s.Freelancer, 0, s.Amount)
	s.approve(Body{"amount": 100_000, "rest": "next", "reason": "The lid is missing."}).Want(t, http.StatusOK, "")
	milestone := s.Client.View(collections.DomainProjects, collections.Milestones, s.Milestone)
	if milestone.Text("status") != collections.MilestoneChangesRequested || milestone.Number("approvedAmount") != 0 {
		t.Errorf("Expected the approval to be taken back, also what it was about, got %s", milestone.Raw)
	}
	m.Sound()
	s.inDispute(s.Freelancer, id, "withdraw", Body{"reason": "We spoke."}).Want(t, http.StatusOK, "")
	s.wantMoney("held: released 0 refunded 0 disputed 0")
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", Key(), nil).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	m.Sound()
}

// TestAPartApprovedInADispute: what of it was locked is paid when the dispute is
// withdrawn; when it is decided, the decision has shared it out.
func TestAPartApprovedInADispute(t *testing.T) {
	t.Parallel()
	part := Body{"amount": 100_000, "reason": "The lid is missing."}
	for disputed, before := range map[int64]string{0: "disputed: released 0 refunded 0 disputed 123457", 50_000: "disputed: released 73457 refunded 0 disputed 50000"} {
		m := New(t)
		s := submitted(m)
		id := s.dispute(s.Client, disputed, 0)
		s.approve(part).Want(t, http.StatusOK, "")
		s.wantMoney(before)
		m.Sound()
		s.inDispute(s.Client, id, "withdraw", Body{"reason": "We spoke."}).Want(t, http.StatusOK, "")
		s.wantMoney("held: released 100000 refunded 0 disputed 0")
		again := s.dispute(s.Client, 0, 0)
		s.inDispute(s.Client, again, "withdraw", Body{"reason": "We spoke."}).Want(t, http.StatusOK, "")
		s.wantMoney("held: released 100000 refunded 0 disputed 0")
		m.Sound()
	}
	m := New(t)
	s := submitted(m)
	id := s.dispute(s.Client, 120_000, 0)
	s.approve(part).Want(t, http.StatusOK, "")
	s.wantMoney("disputed: released 3457 refunded 0 disputed 120000")
	s.inDispute(s.Freelancer, id, "answer", Body{"toFreelancer": 60_000}).Want(t, http.StatusOK, "")
	s.inDispute(s.Client, id, "accept", Body{"toFreelancer": 60_000}).Want(t, http.StatusOK, "")
	s.wantMoney("split: released 63457 refunded 60000 disputed 0")
	m.Sound()
}

// TestDisputesAreHeardOfInAnyOrder: that one closed may arrive after that the next
// one opened; the milestone is disputed and its clock stands still.
func TestDisputesAreHeardOfInAnyOrder(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	first := s.dispute(s.Client, 10_000, 0)
	s.Client.Command(payments, "disputes/"+first+"/withdraw", Key(), Body{"reason": "We spoke."}).Want(t, http.StatusOK, "")
	second := s.Client.Command(payments, "payments/"+s.Payment+"/dispute", Key(), Body{"amount": 10_000, "reason": "Late."})
	second.Want(t, http.StatusOK, "")
	var told []struct {
		ID        string `db:"id"`
		Topic     string `db:"topic"`
		Aggregate string `db:"aggregate"`
		Version   int    `db:"version"`
		Payload   string `db:"payload"`
	}
	err := m.Instances[payments].App.DB().NewQuery(`SELECT id, topic, aggregate, version, payload FROM outbox WHERE state <> 'done' AND peer = 'projects' AND topic LIKE 'dispute.%' ORDER BY seq DESC`).All(&told)
	if err != nil || len(told) != 2 {
		t.Fatalf("Expected two events to be on their way, got %v %v", told, err)
	}
	for _, e := range told {
		event := services.Event{ID: e.ID, Topic: e.Topic, Aggregate: e.Aggregate, Version: e.Version, Payload: json.RawMessage(e.Payload)}
		if err := m.Instances[collections.DomainProjects].Receive(payments, event); err != nil {
			t.Fatal(err)
		}
	}
	m.Deliver()
	milestone := s.Client.View(collections.DomainProjects, collections.Milestones, s.Milestone)
	if d := deadline(s.Client, collections.DeadlineAutoRelease, s.Milestone); milestone.JSON["disputed"] != true || d.Text("status") != collections.DeadlinePaused {
		t.Errorf("Expected the milestone to be disputed and its clock to stand still, got %s %v", milestone.Raw, d.JSON)
	}
	s.inDispute(s.Client, second.Text("id"), "withdraw", Body{"reason": "We spoke."}).Want(t, http.StatusOK, "")
	milestone = s.Client.View(collections.DomainProjects, collections.Milestones, s.Milestone)
	if d := deadline(s.Client, collections.DeadlineAutoRelease, s.Milestone); milestone.JSON["disputed"] != false || d.Text("status") != collections.DeadlineArmed {
		t.Errorf("Expected the clock to run on, got %s %v", milestone.Raw, d.JSON)
	}
	m.Sound()
}

// TestADisputePausesTheAutoRelease: what is left of it runs on afterwards.
func TestADisputePausesTheAutoRelease(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	m.Clock.Advance(13 * collections.Day)
	m.Tick()
	m.Tick()
	s.Client.SignIn()
	s.Freelancer.SignIn()
	id := s.dispute(s.Client, 0, 0)
	m.Clock.Advance(4 * collections.Day)
	m.Tick()
	s.wantMoney(fmt.Sprintf("disputed: released 0 refunded 0 disputed %d", s.Amount))
	if d := deadline(s.Client, collections.DeadlineAutoRelease, s.Milestone); d.Text("status") != collections.DeadlinePaused {
		t.Fatalf("Expected a paused deadline, got %v", d.JSON)
	}
	s.Client.SignIn()
	s.inDispute(s.Client, id, "withdraw", Body{"reason": "We talked."}).Want(t, http.StatusOK, "")
	m.Tick()
	s.wantMoney("held: released 0 refunded 0 disputed 0")
	d := deadline(s.Client, collections.DeadlineAutoRelease, s.Milestone)
	if due := dueAt(t, d); due.Sub(m.Clock.Now()) < collections.Day {
		t.Errorf("Expected what was left of the deadline, got %v at %s", d.JSON, m.Clock.Now())
	}
	m.Clock.Advance(3 * collections.Day)
	m.Tick()
	s.wantMoney(fmt.Sprintf("released: released %d refunded 0 disputed 0", s.Amount))
	m.Sound()
}

// TestEvidenceCollectsItself: contract, timeline and what was said are on the
// dispute without anybody uploading anything, for the two and nobody else.
func TestEvidenceCollectsItself(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	chats := s.Client.List(collections.DomainMessages, collections.Chats, "")
	items, _ := chats.JSON["items"].([]any)
	chat, _ := items[0].(map[string]any)
	s.Client.Create(collections.DomainMessages, collections.Messages, Body{"chat": chat["id"], "body": "Where is the lid?", "clientId": "c1"}).Want(t, http.StatusOK, "")
	id := s.dispute(s.Client, 0, 0)
	seen := s.Freelancer.List(payments, collections.Evidence, "?filter="+url.QueryEscape("dispute = '"+id+"'"))
	if seen.Number("totalItems") != 2 || !strings.Contains(string(seen.Raw), "Where is the lid?") || !strings.Contains(string(seen.Raw), "I build shops.") ||
		!strings.Contains(string(seen.Raw), `"verb":"submit"`) {
		t.Errorf("Expected contract, timeline and messages, got %s", seen.Raw)
	}
	stranger := m.User(collections.RoleClient, collections.RoleFreelancer)
	for _, collection := range []string{collections.Evidence, disputes} {
		if list := stranger.List(payments, collection, ""); list.Number("totalItems") != 0 {
			t.Errorf("Expected a stranger to see nothing of %s, got %s", collection, list.Raw)
		}
	}
	for verb, body := range map[string]Body{"answer": {"toFreelancer": 1}, "offer": {"toFreelancer": 1}, "accept": {"toFreelancer": 1}, "escalate": nil, "withdraw": nil} {
		stranger.Command(payments, "disputes/"+id+"/"+verb, Key(), body).Want(t, http.StatusNotFound, services.CodeNotFound)
	}
	stranger.Command(payments, "payments/"+s.Payment+"/dispute", Key(), Body{"reason": "x"}).Want(t, http.StatusNotFound, services.CodeNotFound)
}

func TestBadDisputesAreRefused(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	path := "payments/" + s.Payment + "/dispute"
	for _, bad := range []struct {
		body Body
		code string
	}{
		{Body{}, services.CodeReasonRequired}, {Body{"reason": "  "}, services.CodeReasonRequired},
		{Body{"reason": "x", "category": "boredom"}, services.CodeInvalidInput},
		{Body{"reason": "x", "amount": s.Amount + 1}, services.CodeAmountOutOfRange},
		{Body{"reason": "x", "amount": -1}, services.CodeAmountOutOfRange}, {Body{"reason": "x", "amount": 1.5}, services.CodeNotAnInteger},
		{Body{"reason": "x", "amount": 10, "toFreelancer": 11}, services.CodeAmountOutOfRange},
		{Body{"reason": "x", "toFreelancer": "all"}, services.CodeNotAnInteger},
	} {
		s.Client.Command(payments, path, Key(), bad.body).Want(t, http.StatusBadRequest, bad.code)
	}
	s.Client.Command(payments, path, "", Body{"reason": "x"}).Want(t, http.StatusBadRequest, services.CodeKeyRequired)
	s.dispute(s.Client, 10, 0)
	s.Freelancer.Command(payments, path, Key(), Body{"reason": "me too"}).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	m.Sound()
}

// TestMoneyIsNotEditedByHand: not even by a superuser in the admin UI.
func TestMoneyIsNotEditedByHand(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	moderator := m.Superuser(payments)
	path := "/api/payments/api/collections/payments/records/" + s.Payment
	moderator.Do(http.MethodPatch, path, Body{"amount": 1}).Want(t, http.StatusForbidden, services.CodeForbidden)
	moderator.Do(http.MethodPatch, path, Body{"released": 1, "title": "x"}).Want(t, http.StatusForbidden, services.CodeForbidden)
	moderator.Do(http.MethodDelete, path, nil).Want(t, http.StatusForbidden, services.CodeForbidden)
	m.Sound()
}

// TestAPositionIsSaid: an answer that names no amount must not mean "nothing for the
// freelancer", which would end the dispute at once; who opens one without a position
// wants all of it.
func TestAPositionIsSaid(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	id := s.dispute(s.Client, 10_000, 0)
	for _, verb := range []string{"answer", "offer", "accept"} {
		s.inDispute(s.Freelancer, id, verb, Body{"note": "I do not agree."}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	}
	if status := s.Client.View(payments, collections.Disputes, id).Text("status"); status != collections.DisputeOpen {
		t.Errorf("Expected the dispute to wait for an answer, got %s", status)
	}
	other := submitted(m)
	long := strings.Repeat("م", 1000) // letters of two bytes each
	other.Freelancer.Command(payments, "payments/"+other.Payment+"/dispute", Key(), Body{"amount": 7_000, "reason": long + "م"}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	opened := other.Freelancer.Command(payments, "payments/"+other.Payment+"/dispute", Key(), Body{"amount": 7_000, "reason": long})
	opened.Want(t, http.StatusOK, "")
	if opened.Number("freelancerPosition") != 7_000 {
		t.Errorf("Expected the freelancer to want all of it, got %s", opened.Raw)
	}
	m.Deliver()
	m.Sound()
}

// TestWhoIsSuspendedDoesNotLoseBySilence: whoever gets the other side suspended would win
// a dispute that nobody can answer; a moderator decides it.
func TestWhoIsSuspendedDoesNotLoseBySilence(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	id := s.dispute(s.Client, 0, 0)
	profile := "/api/users/api/collections/users/records/" + s.Freelancer.ID
	m.Superuser(collections.DomainUsers).Do(http.MethodPatch, profile, Body{"status": collections.UserStatusSuspended}).Want(t, http.StatusOK, "")
	m.Deliver()
	for range 8 { // the reminder comes first
		m.Clock.Advance(collections.Day)
		m.Tick()
	}
	s.wantMoney("disputed: released 0 refunded 0 disputed 123457")
	if dispute := s.Client.View(payments, collections.Disputes, id); dispute.Text("status") != collections.DisputeInReview {
		t.Errorf("Expected a moderator to decide, got %s", dispute.Raw)
	}
	// What they did not say is no offer that could be accepted.
	s.inDispute(s.Client, id, "accept", Body{"toFreelancer": 0}).Want(t, http.StatusConflict, services.CodeConflict)
	m.Superuser(payments).Do(http.MethodPatch, paymentsRecords+"disputes/records/"+id, Body{"ruling": collections.RulingFreelancer, "rulingReason": "It was delivered."}).Want(t, http.StatusOK, "")
	s.wantMoney("released: released 123457 refunded 0 disputed 0")
	m.Deliver()
	m.Sound()
}
