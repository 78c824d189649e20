//go:build faults

package faults

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

// ring is where two commands meet that cannot both be right. It has a marketplace
// of its own, in this process, and one couple.
type ring struct {
	*tests.Story
	t      *testing.T
	m      *tests.Market
	random *rand.Rand
	// rival is another freelancer.
	rival *tests.Person
}

// races are tried share times of 3,500.
var races = []struct {
	name  string
	share int
	round func(r *ring)
}{
	{"two proposals are accepted", 250, (*ring).acceptTwice},
	{"a payment is released twice", 450, (*ring).releaseTwice},
	{"a payment is released and given back", 450, (*ring).releaseAndRefund},
	{"a payment is given back and disputed", 450, (*ring).refundAndDispute},
	{"a part is disputed and another released, which do not fit together", 350, (*ring).disputeAndRelease},
	{"a milestone is paid for twice", 450, (*ring).payTwice},
	{"a milestone is paid for and its contract ended", 150, (*ring).payAndEnd},
	{"a bonus is added and the contract ended", 150, (*ring).bonusAndEnd},
	{"one key 32 times", 250, (*ring).oneKey},
	{"two payouts of more than half", 400, (*ring).payoutTwice},
	{"a payout is sent and cancelled", 150, (*ring).sendAndCancel},
}

// TestRaces lets commands meet that must not both succeed, thousands of times.
func TestRaces(t *testing.T) {
	t.Parallel()
	seed := tests.Seed(t)
	total := rounds(3500)
	for n, race := range races {
		t.Run(race.name, func(t *testing.T) {
			t.Parallel()
			r := newRing(t, rand.New(rand.NewPCG(seed, uint64(n)+100)))
			times := max(1, race.share*total/3500)
			for range times {
				race.round(r)
				if t.Failed() {
					t.Fatalf("LANCERSHUB_SEED=%d", seed)
				}
			}
			r.m.Deliver()
			r.m.Sound()
			t.Logf("%d rounds", times)
		})
	}
}

func newRing(t *testing.T, random *rand.Rand) *ring {
	t.Helper()
	// With patience: a busy machine may take long over an event, and that is not what is tested.
	m := tests.New(t, func(o *services.Options) { o.PeerTimeout = patience })
	s := tests.NewStory(m)
	s.Amount = 1_000_000_000
	s.Publish().Propose().Hire().Fund()
	s.Client.Command(payments, "payments/"+s.Payment+"/release", tests.Key(), tests.Body{"amount": 10_000_000}).Want(t, http.StatusOK, "")
	s.Freelancer.Create(payments, collections.PayoutDestinations, tests.Body{"label": "Main", "reference": services.BankAccount}).Want(t, http.StatusOK, "")
	m.Clock.Advance(3 * collections.Day)
	m.Tick()
	s.Freelancer.SignIn()
	s.Client.SignIn()
	return &ring{Story: s, t: t, m: m, random: random, rival: m.User(collections.RoleFreelancer)}
}

// meet sends commands at the same moment, in a random order, and returns their answers.
func (r *ring) meet(commands ...func() *tests.Response) []*tests.Response {
	answers := make([]*tests.Response, len(commands))
	start := make(chan struct{})
	var all sync.WaitGroup
	for _, n := range r.random.Perm(len(commands)) {
		wait := time.Duration(r.random.IntN(300)) * time.Microsecond
		all.Go(func() {
			<-start
			time.Sleep(wait)
			answers[n] = commands[n]()
		})
	}
	close(start)
	all.Wait()
	return answers
}

// one expects exactly one success and clear refusals, and returns who won.
func (r *ring) one(answers []*tests.Response) int {
	r.t.Helper()
	winner, won := -1, 0
	for n, answer := range answers {
		switch {
		case answer.Status == http.StatusOK:
			winner, won = n, won+1
		case answer.Code() == "" || answer.Status >= 500:
			r.t.Errorf("Expected a clear refusal, got %d: %s", answer.Status, answer.Raw)
		}
	}
	if won != 1 {
		for _, answer := range answers {
			r.t.Logf("%d %s", answer.Status, answer.Raw)
		}
		r.t.Errorf("Expected one to win, %d did", won)
	}
	return winner
}

func (r *ring) milestone() string {
	r.t.Helper()
	added := r.Client.Create(projects, collections.Milestones, tests.Body{"contract": r.Contract, "title": "A step", "amount": 5_000})
	added.Want(r.t, http.StatusOK, "")
	return added.Text("id")
}

func (r *ring) pay(milestone string) *tests.Response {
	return r.Client.Create(payments, collections.Payments, tests.Body{"project": r.Project, "milestone": milestone, "amount": 5_000, "currency": "EUR"}, "Idempotency-Key", tests.Key())
}

// held makes a payment of 5,000.
func (r *ring) held() string {
	r.t.Helper()
	paid := r.pay(r.milestone())
	paid.Want(r.t, http.StatusOK, "")
	return paid.Text("id")
}

func (r *ring) do(by *tests.Person, payment, verb string, body tests.Body) func() *tests.Response {
	return func() *tests.Response {
		return by.Command(payments, "payments/"+payment+"/"+verb, tests.Key(), body)
	}
}

func (r *ring) acceptTwice() {
	first := &tests.Story{Market: r.m, Client: r.Client, Freelancer: r.Freelancer, Amount: 5}
	first.Publish().Propose()
	second := &tests.Story{Market: r.m, Client: r.Client, Freelancer: r.rival, Project: first.Project, Amount: 5}
	second.Propose()
	accept := func(proposal string) func() *tests.Response {
		return func() *tests.Response {
			return r.Client.Command(projects, "proposals/"+proposal+"/accept", tests.Key(), nil)
		}
	}
	r.one(r.meet(accept(first.Proposal), accept(second.Proposal)))
}

func (r *ring) releaseTwice() {
	p := r.held()
	r.one(r.meet(r.do(r.Client, p, "release", nil), r.do(r.Client, p, "release", nil)))
}

func (r *ring) releaseAndRefund() {
	p := r.held()
	r.one(r.meet(r.do(r.Client, p, "release", nil), r.do(r.Freelancer, p, "refund", nil)))
}

func (r *ring) refundAndDispute() {
	p := r.held()
	r.one(r.meet(r.do(r.Freelancer, p, "refund", nil), r.do(r.Client, p, "dispute", tests.Body{"reason": "Late."})))
}

func (r *ring) disputeAndRelease() {
	p := r.held()
	r.one(r.meet(r.do(r.Freelancer, p, "dispute", tests.Body{"amount": 3_000, "reason": "Late."}), r.do(r.Client, p, "release", tests.Body{"amount": 2_001})))
}

func (r *ring) payTwice() {
	milestone := r.milestone()
	pay := func() *tests.Response { return r.pay(milestone) }
	r.one(r.meet(pay, pay))
}

// payAndEnd: a contract cannot end while money is held for it, and nothing can
// be held for one that has ended.
func (r *ring) payAndEnd() {
	s := r.hired()
	pay := func() *tests.Response { return s.Pay(tests.Key(), nil) }
	end := func() *tests.Response {
		return s.Client.Command(projects, "contracts/"+s.Contract+"/end", tests.Key(), tests.Body{"reason": "Enough."})
	}
	r.one(r.meet(pay, end))
}

func (r *ring) hired() *tests.Story {
	s := &tests.Story{Market: r.m, Client: r.Client, Freelancer: r.Freelancer, Amount: 5_000}
	return s.Publish().Propose().Hire()
}

// bonusAndEnd: both may succeed, a bonus first; a bonus on an ended contract is refused.
func (r *ring) bonusAndEnd() {
	s := r.hired()
	answers := r.meet(func() *tests.Response {
		return s.Client.Command(projects, "contracts/"+s.Contract+"/bonus", tests.Key(), tests.Body{"amount": 700})
	}, func() *tests.Response {
		return s.Client.Command(projects, "contracts/"+s.Contract+"/end", tests.Key(), tests.Body{"reason": "Enough."})
	})
	answers[1].Want(r.t, http.StatusOK, "")
	if answers[0].Status != http.StatusOK {
		answers[0].Want(r.t, http.StatusConflict, services.CodeIllegalTransition)
		return
	}
	paid := s.Pay(tests.Key(), tests.Body{"milestone": answers[0].Text("id"), "amount": 700})
	if paid.Status == http.StatusOK {
		r.t.Errorf("Expected no bonus of an ended contract to be paid for, got %s", paid.Raw)
	}
}

func (r *ring) oneKey() {
	key := tests.Key()
	before := r.Client.View(payments, collections.Payments, r.Payment).Number("released")
	commands := make([]func() *tests.Response, 32)
	for n := range commands {
		commands[n] = func() *tests.Response {
			return r.Client.Command(payments, "payments/"+r.Payment+"/release", key, tests.Body{"amount": 7})
		}
	}
	answers := r.meet(commands...)
	for _, answer := range answers {
		if answer.Status != http.StatusOK || string(answer.Raw) != string(answers[0].Raw) {
			r.t.Errorf("Expected the same answer to the same key, got %d: %s", answer.Status, answer.Raw)
		}
	}
	if now := r.Client.View(payments, collections.Payments, r.Payment).Number("released"); now != before+7 {
		r.t.Errorf("Expected one effect of 7, got %d", now-before)
	}
}

func (r *ring) payout(amount int64) func() *tests.Response {
	return func() *tests.Response {
		return r.Freelancer.Create(payments, collections.Payouts, tests.Body{"amount": amount, "currency": "EUR"}, "Idempotency-Key", tests.Key())
	}
}

func (r *ring) payoutTwice() {
	answers := r.meet(r.payout(5_000_000), r.payout(5_000_000))
	if winner := r.one(answers); winner >= 0 {
		r.Freelancer.Command(payments, "payouts/"+answers[winner].Text("id")+"/cancel", tests.Key(), nil).Want(r.t, http.StatusOK, "")
	}
}

func (r *ring) sendAndCancel() {
	asked := r.payout(1_000)()
	asked.Want(r.t, http.StatusOK, "")
	send := func() *tests.Response {
		if err := r.m.Payments().SendPayouts(r.t.Context()); err != nil {
			r.t.Error(err)
		}
		return &tests.Response{}
	}
	cancel := func() *tests.Response {
		return r.Freelancer.Command(payments, "payouts/"+asked.Text("id")+"/cancel", tests.Key(), nil)
	}
	cancelled := r.meet(send, cancel, send)[1]
	status := r.Freelancer.View(payments, collections.Payouts, asked.Text("id")).Text("status")
	if want := map[bool]string{true: collections.PayoutFailed, false: collections.PayoutSettled}[cancelled.Status == http.StatusOK]; status != want {
		r.t.Errorf("Expected the payout %s after %s, it is %s", want, cancelled.Raw, status)
	}
}
