//go:build faults

// Package faults holds the long suites: crashes at named places, peers that go
// away, storms of requests. They run the real binary; `make faults` runs them.
package faults

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Cleanup()
	os.Exit(code)
}

// failpoints are the places to die at, and what was going on there.
var failpoints = []struct{ name, moment string }{
	{"accept-checked", "users said yes, nothing is stored"},
	{"accept-half", "inside the transaction of an acceptance"},
	{"accept-committed", "the acceptance is stored, its answer lost"},
	{"payment-begun", "the payment is pending, nobody was asked"},
	{"payment-checked", "users and projects said yes, nothing was charged"},
	{"payment-charged", "the provider took the money, nothing is stored"},
	{"payment-posted", "inside the transaction that holds the money"},
	{"payment-committed", "the money is held, the answer lost"},
	{"release-posted", "inside the transaction that releases"},
	{"inbox-before-commit", "inside the transaction that applies an event"},
	{"relay-before-mark", "events are delivered and not yet marked so"},
}

// rounds per failpoint: LANCERSHUB_ROUNDS for a soak.
func rounds(standard int) int {
	if n, err := strconv.Atoi(os.Getenv("LANCERSHUB_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return standard
}

// TestKilledAtEveryFailpoint kills the marketplace with kill -9 in the middle of
// the main job, starts it again, lets both people retry with the same keys, and
// checks that nothing was lost, doubled or half done.
func TestKilledAtEveryFailpoint(t *testing.T) {
	for _, failpoint := range failpoints {
		t.Run(failpoint.name, func(t *testing.T) {
			t.Parallel()
			v := &victim{t: t, addr: process.FreePort(t), data: filepath.Join(t.TempDir(), "data")}
			t.Cleanup(func() {
				if t.Failed() {
					t.Log(v.running.Log())
				}
			})
			v.start()
			people := tests.NewStory(tests.Remote(t, "http://"+v.addr))
			for range rounds(5) {
				v.surviveKill(people, failpoint.name)
			}
			if err := v.running.Stop(); err != nil {
				t.Errorf("Expected a graceful stop, got %v", err)
			}
			sound(t, v.data)
		})
	}
}

// victim is a marketplace that dies once and is started again.
type victim struct {
	t          *testing.T
	addr, data string
	running    *process.Process
	deaths     int
}

func (v *victim) start(env ...string) {
	v.running = process.Start(v.t, v.addr, v.data, env, "--decide-after", "30s")
}

// do repeats a request until it is answered, starting the process again when it died.
func (v *victim) do(p *tests.Person, path, key string, body tests.Body) *tests.Response {
	v.t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		answer, err := p.Try(http.MethodPost, path, body, "Idempotency-Key", key)
		if err != nil {
			_ = v.running.Ended(v.t, 10*time.Second)
			v.deaths++
			v.start()
			continue
		}
		if answer.Code() == services.CodeInProgress || answer.Status == http.StatusServiceUnavailable {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		return answer
	}
	v.t.Fatalf("Expected an answer to %s", path)
	return nil
}

// settle waits until all events are delivered, also across a death in the background.
func (v *victim) settle(m *tests.Market, reached func() bool) {
	v.t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if _, err := m.Guest().Try(http.MethodGet, "/healthz", nil); err != nil {
			_ = v.running.Ended(v.t, 10*time.Second)
			v.deaths++
			v.start()
		}
		if reached() {
			m.Deliver()
			return
		}
	}
	v.t.Fatalf("Expected the events to arrive\n%s", v.running.Log())
}

// surviveKill takes two people through the main job once more, with one death.
func (v *victim) surviveKill(people *tests.Story, failpoint string) {
	t, m := v.t, people.Market
	v.deaths = 0
	s := &tests.Story{Market: m, Client: people.Client, Freelancer: people.Freelancer, Amount: people.Amount}
	s.Publish().Propose()
	m.Deliver()
	v.running.Kill()
	v.start("LANCERSHUB_FAILPOINT=" + failpoint)

	hired := v.do(s.Client, "/api/projects/api/proposals/"+s.Proposal+"/accept", "accept-"+s.Proposal, nil)
	hired.Want(t, http.StatusOK, "")
	s.Contract, s.Milestone = hired.Object("contract").Text("id"), hired.Object("milestone").Text("id")
	paid := v.do(s.Client, "/api/payments/api/collections/payments/records", "pay-"+s.Milestone, s.PaymentBody())
	paid.Want(t, http.StatusOK, "")
	s.Payment = paid.Text("id")
	is := func(domain collections.Domain, collection, id, status string) func() bool {
		return func() bool {
			answer, err := s.Client.Try(http.MethodGet, services.Prefix(domain)+"/api/collections/"+collection+"/records/"+id, nil)
			return err == nil && answer.Text("status") == status
		}
	}
	v.settle(m, is(collections.DomainProjects, collections.Milestones, s.Milestone, collections.MilestoneFunded))
	v.do(s.Client, "/api/projects/api/milestones/"+s.Milestone+"/approve", "approve-"+s.Milestone, nil).Want(t, http.StatusOK, "")
	v.settle(m, is(collections.DomainProjects, collections.Projects, s.Project, collections.ProjectCompleted))
	if again := v.do(s.Client, "/api/payments/api/collections/payments/records", "pay-"+s.Milestone, s.PaymentBody()); string(again.Raw) != string(paid.Raw) {
		t.Errorf("Expected the same key to give the same answer, got %s", again.Raw)
	}
	if v.deaths != 1 {
		t.Errorf("Expected the failpoint to kill once, it killed %d times", v.deaths)
	}
}

// sound opens the data of a stopped marketplace and checks all invariants.
func sound(t *testing.T, data string) {
	t.Helper()
	apps := map[collections.Domain]core.App{}
	for _, domain := range collections.Domains {
		instance, err := services.OpenInstance(domain, services.Options{DataDir: data})
		if err != nil {
			t.Fatal(err)
		}
		defer instance.Close()
		apps[domain] = instance.App
	}
	problems, err := tests.Problems(apps)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Error("Broken invariant:", problem)
	}
}
