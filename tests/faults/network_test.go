//go:build faults

package faults

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// network is a marketplace whose instances reach each other over lines that fail, and its people.
type network struct {
	*lines
	m        *tests.Market
	random   *rand.Rand
	people   *tests.Story
	rival    *tests.Person
	signedIn time.Time
	// refused counts answers that said that nothing was decided.
	refused int
}

func newNetwork(t *testing.T, random *rand.Rand) *network {
	t.Helper()
	n := &network{lines: &lines{t: t, all: map[[2]collections.Domain]*line{}}, random: random}
	// A call that is to run out of time does so soon. One that does on a busy machine is repeated.
	n.m = tests.NewSplit(t, process.FreePort, n.wire, func(o *services.Options) { o.PeerTimeout = 500 * time.Millisecond })
	for from, instance := range n.m.Instances {
		for to, peer := range instance.Peers {
			peer.Tap(n.tap(from, to))
		}
	}
	n.people = tests.NewStory(n.m)
	n.rival = n.m.User(collections.RoleFreelancer)
	n.signedIn = n.m.Clock.Now()
	n.deliver()
	return n
}

// story is a new one of the same people.
func (n *network) story() *tests.Story {
	if n.m.Clock.Now().Sub(n.signedIn) > 5*time.Minute {
		n.people.Client.SignIn()
		n.people.Freelancer.SignIn()
		n.rival.SignIn()
		n.signedIn = n.m.Clock.Now()
	}
	return &tests.Story{Market: n.m, Client: n.people.Client, Freelancer: n.people.Freelancer, Amount: 5_000}
}

// ask repeats a command with one key until it is decided. What cannot be known is
// said to be so: nobody is told a yes, and nothing is held.
func (n *network) ask(s *tests.Story, by *tests.Person, path string, body tests.Body) *tests.Response {
	n.t.Helper()
	if body == nil {
		body = tests.Body{}
	}
	key := tests.Key()
	var answer *tests.Response
	for until := time.Now().Add(patience); time.Now().Before(until); pause(n.random) {
		before := n.happened()
		answer = by.Do(http.MethodPost, path, body, "Idempotency-Key", key)
		if happened := n.happened() > before; happened && n.plan.fault.silent && n.plan.call.question() {
			if answer.Code() != services.CodePeerUnavailable {
				n.t.Errorf("Expected nothing to be decided without an answer, got %d: %s", answer.Status, answer.Raw)
			}
			if n.count(collections.DomainPayments, `SELECT count(*) FROM payments WHERE status <> 'pending' AND status <> 'failed' AND milestone = {:of}`, s.Milestone) > 0 {
				n.t.Error("Expected nothing to be held without an answer")
			}
		}
		if answer.Code() != services.CodePeerUnavailable && answer.Code() != services.CodeInProgress {
			return answer
		}
		n.refused++
	}
	n.t.Fatalf("Expected %s to be decided, got %d: %s", path, answer.Status, answer.Raw)
	return answer
}

func (n *network) want(s *tests.Story, by *tests.Person, path string, body tests.Body) *tests.Response {
	n.t.Helper()
	answer := n.ask(s, by, path, body)
	answer.Want(n.t, http.StatusOK, "")
	return answer
}

func (n *network) count(domain collections.Domain, sql, of string) int {
	n.t.Helper()
	var found int
	if err := n.m.Instances[domain].App.DB().NewQuery(sql).Bind(dbx.Params{"of": of}).Row(&found); err != nil {
		n.t.Fatalf("%s: %v", sql, err)
	}
	return found
}

// deliver lets events be tried until all have arrived.
func (n *network) deliver() {
	n.t.Helper()
	var err error
	for until := time.Now().Add(patience); time.Now().Before(until); n.m.Clock.Advance(300 * time.Millisecond) {
		err = n.m.Drain(n.t.Context())
		left := 0
		for domain := range n.m.Instances {
			left += n.count(domain, `SELECT count(*) FROM outbox WHERE state <> 'done' AND {:of} = ''`, "")
		}
		if left == 0 {
			return
		}
	}
	n.t.Fatalf("Expected all events to arrive: %v", err)
}

func (n *network) hire(s *tests.Story) {
	n.t.Helper()
	s.Publish().Propose()
	hired := n.want(s, s.Client, "/api/projects/api/proposals/"+s.Proposal+"/accept", nil)
	s.Contract, s.Milestone = hired.Object("contract").Text("id"), hired.Object("milestone").Text("id")
	n.deliver()
}

func (n *network) pay(s *tests.Story, source string) *tests.Response {
	n.t.Helper()
	body := s.PaymentBody()
	body["source"] = source
	answer := n.ask(s, s.Client, "/api/payments/api/collections/payments/records", body)
	if s.Payment = answer.Text("id"); s.Payment == "" {
		s.Payment = answer.Object("data").Text("payment")
	}
	return answer
}

func (n *network) fund(s *tests.Story) {
	n.t.Helper()
	n.hire(s)
	n.pay(s, "").Want(n.t, http.StatusOK, "")
	n.deliver()
}

func (n *network) milestone(s *tests.Story, by *tests.Person, verb string, body tests.Body) {
	n.t.Helper()
	n.want(s, by, "/api/projects/api/milestones/"+s.Milestone+"/"+verb, body)
	n.deliver()
}

func (n *network) payment(s *tests.Story, by *tests.Person, verb string, body tests.Body) *tests.Response {
	n.t.Helper()
	answer := n.want(s, by, "/api/payments/api/payments/"+s.Payment+"/"+verb, body)
	n.deliver()
	return answer
}

// lives are what can become of a proposal and of a payment. Together they make
// every call that instances make because of one.
var lives = []struct {
	name string
	live func(n *network, s *tests.Story)
}{
	{"of two proposals one is withdrawn, one refused", func(n *network, s *tests.Story) {
		s.Publish().Propose()
		n.want(s, s.Freelancer, "/api/projects/api/proposals/"+s.Proposal+"/withdraw", nil)
		other := *s
		other.Freelancer = n.rival
		other.Propose()
		n.want(s, s.Client, "/api/projects/api/proposals/"+other.Proposal+"/reject", tests.Body{"reason": "Too dear."})
		n.deliver()
	}},
	{"one of two is hired, and the work paid for", func(n *network, s *tests.Story) {
		other := *s
		other.Freelancer = n.rival
		s.Publish()
		other.Project = s.Project
		other.Propose()
		s.Propose()
		hired := n.want(s, s.Client, "/api/projects/api/proposals/"+s.Proposal+"/accept", nil)
		s.Contract, s.Milestone = hired.Object("contract").Text("id"), hired.Object("milestone").Text("id")
		n.deliver()
		n.pay(s, "").Want(n.t, http.StatusOK, "")
		n.deliver()
		n.milestone(s, s.Freelancer, "submit", nil)
		n.milestone(s, s.Client, "request-changes", tests.Body{"reason": "The lid is missing."})
		n.milestone(s, s.Freelancer, "submit", nil)
		n.milestone(s, s.Client, "approve", nil)
		n.wantStatus(collections.DomainProjects, collections.Projects, s.Project, collections.ProjectCompleted)
	}},
	{"a part is released, the rest given back", func(n *network, s *tests.Story) {
		n.fund(s)
		n.payment(s, s.Client, "release", tests.Body{"amount": 1_000})
		n.payment(s, s.Client, "ask-refund", tests.Body{"amount": 500})
		n.payment(s, s.Freelancer, "decline-refund", nil)
		n.payment(s, s.Freelancer, "refund", nil)
		n.wantStatus(collections.DomainPayments, collections.Payments, s.Payment, collections.PaymentSplit)
	}},
	{"declined, then paid", func(n *network, s *tests.Story) {
		n.hire(s)
		n.pay(s, services.SourceDeclined).Want(n.t, http.StatusPaymentRequired, services.CodePaymentDeclined)
		n.deliver()
		n.pay(s, "").Want(n.t, http.StatusOK, "")
		n.deliver()
	}},
	{"never decided by the provider", func(n *network, s *tests.Story) {
		n.hire(s)
		n.pay(s, services.SourceIndeterminate).Want(n.t, http.StatusServiceUnavailable, services.CodeProviderPending)
		n.m.Clock.Advance(4 * time.Minute)
		projects := services.ProjectsService{Instance: n.m.Instances[collections.DomainProjects]}
		for until := time.Now().Add(patience); projects.SweepReservations(n.t.Context()) != nil; pause(n.random) {
			if time.Now().After(until) {
				n.t.Fatal("Expected payments to say what became of the payment")
			}
		}
		if err := n.m.Payments().Complete(n.t.Context()); err != nil && n.happened() == 0 {
			n.t.Errorf("Expected the payment to be completed, got %v", err)
		}
		if err := n.m.Payments().Complete(n.t.Context()); err != nil {
			n.t.Logf("completed later: %v", err)
		}
		n.deliver()
		n.wantStatus(collections.DomainPayments, collections.Payments, s.Payment, collections.PaymentFailed)
	}},
	{"disputed and agreed", func(n *network, s *tests.Story) {
		n.fund(s)
		opened := n.payment(s, s.Client, "dispute", tests.Body{"amount": 2_000, "toFreelancer": 100, "reason": "The lid is missing."})
		dispute := "/api/payments/api/disputes/" + opened.Text("id") + "/"
		n.want(s, s.Freelancer, dispute+"answer", tests.Body{"toFreelancer": 1_900})
		n.want(s, s.Freelancer, dispute+"offer", tests.Body{"toFreelancer": 1_000})
		n.deliver()
		n.want(s, s.Client, dispute+"accept", tests.Body{"toFreelancer": 1_000})
		n.deliver()
	}},
	{"disputed, and withdrawn from the moderator", func(n *network, s *tests.Story) {
		n.fund(s)
		opened := n.payment(s, s.Client, "dispute", tests.Body{"amount": 2_000, "toFreelancer": 100, "reason": "The lid is missing."})
		dispute := "/api/payments/api/disputes/" + opened.Text("id") + "/"
		n.want(s, s.Freelancer, dispute+"answer", tests.Body{"toFreelancer": 1_900})
		n.want(s, s.Freelancer, dispute+"escalate", nil)
		n.deliver()
		n.want(s, s.Client, dispute+"withdraw", nil)
		n.deliver()
	}},
	{"approved in part, the rest rolls on", func(n *network, s *tests.Story) {
		n.hire(s)
		added := s.Client.Create(projects, collections.Milestones, tests.Body{"contract": s.Contract, "title": "The lid", "amount": 5_000})
		added.Want(n.t, http.StatusOK, "")
		n.deliver()
		n.pay(s, "").Want(n.t, http.StatusOK, "")
		n.deliver()
		n.milestone(s, s.Client, "approve", tests.Body{"amount": 2_000, "rest": "next", "reason": "The lid comes later."})
		s.Milestone = added.Text("id")
		n.milestone(s, s.Client, "approve", nil)
		n.wantStatus(collections.DomainProjects, collections.Milestones, s.Milestone, collections.MilestoneReleased)
	}},
	{"ended before anything was paid", func(n *network, s *tests.Story) {
		n.hire(s)
		n.want(s, s.Client, "/api/projects/api/contracts/"+s.Contract+"/end", tests.Body{"reason": "Enough."})
		n.deliver()
		n.pay(s, "").Want(n.t, http.StatusConflict, services.CodeIllegalTransition)
		n.deliver()
	}},
}

func (n *network) wantStatus(domain collections.Domain, collection, id, want string) {
	n.t.Helper()
	record, err := n.m.Instances[domain].App.FindRecordById(collection, id)
	if err != nil {
		n.t.Fatal(err)
	}
	if status := record.GetString(collections.FieldStatus); status != want {
		n.t.Errorf("Expected %s/%s to be %s, it is %s", collection, id, want, status)
	}
}

// lineCase is one call of a life, broken in one way, once or three times.
type lineCase struct {
	life  int
	call  asked
	fault *lineFault
	times int
}

func (c lineCase) String() string {
	return fmt.Sprintf("%s: %s: %s, %d times", lives[c.life].name, c.call, c.fault.name, c.times)
}

// TestNetworkFaults breaks every call that instances make in the lives of
// proposals and payments, in every way. People repeat what was not decided, events
// are tried again, and at the end everything has happened as often as on a good network.
func TestNetworkFaults(t *testing.T) {
	t.Parallel()
	seed := tests.Seed(t)
	cases, traces := recordLives(t, seed)
	total := rounds(max(540, len(cases)/2))
	const lanes = 3
	var mu sync.Mutex
	counts, refused := map[string]int{}, 0
	began := time.Now()
	t.Run("lanes", func(t *testing.T) {
		for lane := range lanes {
			t.Run(strconv.Itoa(lane), func(t *testing.T) {
				t.Parallel()
				n := newNetwork(t, rand.New(rand.NewPCG(seed, uint64(lane)+200)))
				for i := lane; i < total; i += lanes {
					c := cases[i%len(cases)]
					n.try(c, traces[c.life])
					if t.Failed() {
						t.Fatalf("LANCERSHUB_SEED=%d, %s", seed, c)
					}
					mu.Lock()
					counts[c.fault.name]++
					mu.Unlock()
				}
				n.m.Sound()
				n.m.Clock.Advance(time.Hour)
				if err := n.m.Payments().SendRefunds(t.Context()); err != nil {
					t.Error(err)
				}
				n.deliver()
				if report := n.m.Reconcile(); report.Unexplained != 0 {
					t.Errorf("Expected nothing unexplained, got %+v", report)
				}
				mu.Lock()
				refused += n.refused
				mu.Unlock()
			})
		}
	})
	var table strings.Builder
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&table, "| %s | %d |\n", name, counts[name])
	}
	t.Logf("%d faults (of %d) in %s, %d answers said that nothing was decided, LANCERSHUB_SEED=%d\n%s", total, len(cases), time.Since(began).Round(time.Second), refused, seed, table.String())
}

// recordLives lives every life on a good network, and returns all cases (those
// that are tried first break every call in every way) and what is left of each life.
func recordLives(t *testing.T, seed uint64) ([]lineCase, []map[string]int) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 199))
	n := newNetwork(t, random)
	var first, rest []lineCase
	traces := make([]map[string]int, len(lives))
	known := map[asked]bool{}
	for number, life := range lives {
		n.plot(asked{}, nil, 0)
		s := n.story()
		life.live(n, s)
		if traces[number] = n.trace(s.Project); t.Failed() {
			t.Fatalf("%s on a good network", life.name)
		}
		for _, call := range n.seen {
			if known[call] {
				continue
			}
			known[call] = true
			for _, fault := range lineFaults {
				times := 1 + 2*random.IntN(2)
				first = append(first, lineCase{number, call, fault, times})
				rest = append(rest, lineCase{number, call, fault, 4 - times})
			}
		}
	}
	t.Logf("%d calls between instances, %d ways to break one", len(known), len(lineFaults))
	random.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
	random.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	return append(first, rest...), traces
}

// try lives a life in which a call is broken, and compares what is left of it
// with what a good network leaves.
func (n *network) try(c lineCase, want map[string]int) {
	n.t.Helper()
	s := n.story()
	n.plot(c.call, c.fault, c.times)
	lives[c.life].live(n, s)
	if n.happened() == 0 {
		n.t.Error("Expected something to go wrong")
	}
	n.plot(asked{}, nil, 0)
	n.deliver()
	got := n.trace(s.Project)
	for what := range want {
		if got[what] != want[what] {
			n.t.Errorf("Expected %d of %s, got %d", want[what], what, got[what])
		}
	}
	for what := range got {
		if want[what] == 0 {
			n.t.Errorf("Expected no %s, got %d", what, got[what])
		}
	}
}
