//go:build faults

package faults

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// split is one process per domain, any of which can be taken down.
type split struct {
	t         *testing.T
	data      string
	processes map[string]*process.Process
	market    *tests.Market
}

func newSplit(t *testing.T) *split {
	t.Helper()
	s := &split{t: t, data: filepath.Join(t.TempDir(), "data")}
	s.processes = process.Split(t, s.data)
	s.market = tests.Remote(t, "http://"+s.processes["gateway"].Addr)
	t.Cleanup(func() {
		if t.Failed() {
			for name, p := range s.processes {
				t.Log(name, p.Log())
			}
		}
	})
	return s
}

func (s *split) down(domain collections.Domain) { s.processes[string(domain)].Kill() }

func (s *split) up(domain collections.Domain) {
	s.t.Helper()
	s.processes[string(domain)] = s.processes[string(domain)].Again(s.t)
}

// stop ends all processes and checks what they left.
func (s *split) stop() {
	s.t.Helper()
	for name, p := range s.processes {
		if err := p.Stop(); err != nil {
			s.t.Errorf("Expected %s to stop gracefully, got %v", name, err)
		}
	}
	tests.SoundIn(s.t, s.data)
}

// retry repeats a request with the same key until the answer is not "try again".
func retry(t *testing.T, ask func() *tests.Response) *tests.Response {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		answer := ask()
		if (answer.Status != http.StatusServiceUnavailable && answer.Code() != services.CodeInProgress) || time.Now().After(until) {
			return answer
		}
	}
}

// TestAPeerIsDown takes one domain down at each moment at which another asks it.
// Silence is never a yes: nothing is decided, and the same key resumes.
func TestAPeerIsDown(t *testing.T) {
	s := newSplit(t)
	people := tests.NewStory(s.market)
	story := func() *tests.Story {
		return (&tests.Story{Market: s.market, Client: people.Client, Freelancer: people.Freelancer, Amount: 5000}).Publish().Propose()
	}
	t.Run("users, asked before hiring", func(t *testing.T) {
		one := story()
		s.down(collections.DomainUsers)
		accept := func() *tests.Response {
			return one.Client.Command(collections.DomainProjects, "proposals/"+one.Proposal+"/accept", "accept-"+one.Proposal, nil)
		}
		refused := accept()
		refused.Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
		if refused.Header.Get("Retry-After") == "" {
			t.Error("Expected a Retry-After header")
		}
		if status := one.Client.View(collections.DomainProjects, collections.Proposals, one.Proposal).Text("status"); status != collections.ProposalSubmitted {
			t.Errorf("Expected nothing to be decided, the proposal is %s", status)
		}
		s.up(collections.DomainUsers)
		retry(t, accept).Want(t, http.StatusOK, "")
	})
	for _, peer := range []collections.Domain{collections.DomainUsers, collections.DomainProjects} {
		t.Run(string(peer)+", asked before paying", func(t *testing.T) {
			one := story().Hire()
			s.down(peer)
			key := "pay-" + one.Milestone
			one.Pay(key, nil).Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
			held := one.Client.List(collections.DomainPayments, collections.Payments, "?filter=status='held'%26%26milestone='"+one.Milestone+"'")
			if held.Number("totalItems") != 0 {
				t.Errorf("Expected nothing to be held, got %s", held.Raw)
			}
			s.up(peer)
			retry(t, func() *tests.Response { return one.Pay(key, nil) }).Want(t, http.StatusOK, "")
			s.market.Deliver()
		})
	}
	t.Run("messages, told of a contract", func(t *testing.T) {
		one := story()
		s.down(collections.DomainMessages)
		one.Client.Command(collections.DomainProjects, "proposals/"+one.Proposal+"/accept", "", nil).Want(t, http.StatusOK, "")
		time.Sleep(300 * time.Millisecond)
		s.up(collections.DomainMessages)
		s.market.Deliver()
		chats := one.Freelancer.List(collections.DomainMessages, collections.Chats, "?filter=project='"+one.Project+"'")
		if chats.Number("totalItems") != 1 {
			t.Errorf("Expected one chat, got %s", chats.Raw)
		}
	})
	t.Run("payments, told of an approval", func(t *testing.T) {
		one := story().Hire().Fund()
		s.down(collections.DomainPayments)
		one.Client.Command(collections.DomainProjects, "milestones/"+one.Milestone+"/approve", "", nil).Want(t, http.StatusOK, "")
		one.Client.List(collections.DomainPayments, collections.Payments, "").Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
		s.up(collections.DomainPayments)
		s.market.Deliver()
		if status := one.Client.View(collections.DomainProjects, collections.Projects, one.Project).Text("status"); status != collections.ProjectCompleted {
			t.Errorf("Expected the project to be completed, it is %s", status)
		}
	})
	s.stop()
}

// TestAPaymentNobodyResumes leaves a payment undecided while projects is down for
// longer than it may stay so: it fails, and the milestone is free again.
func TestAPaymentNobodyResumes(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	addr := process.FreePort(t)
	p := process.Start(t, addr, data, nil, "--decide-after", "1s")
	m := tests.Remote(t, "http://"+addr)
	s := tests.Hired(m)
	s.Pay("undecided", tests.Body{"source": services.SourceIndeterminate}).Want(t, http.StatusServiceUnavailable, services.CodeProviderPending)
	failed := func() bool {
		list := s.Client.List(collections.DomainPayments, collections.Payments, "?filter=status='failed'")
		return list.Number("totalItems") == 1
	}
	for until := time.Now().Add(20 * time.Second); !failed(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("Expected the payment to fail by itself\n%s", p.Log())
		}
	}
	m.Deliver()
	s.Pay("undecided", tests.Body{"source": services.SourceIndeterminate}).Want(t, http.StatusConflict, services.CodeConflict)
	s.Pay("again", nil).Want(t, http.StatusOK, "")
	s.Pay("declined", tests.Body{"source": services.SourceDeclined}).Want(t, http.StatusConflict, services.CodeMilestoneTaken)
	m.Deliver()
	if err := p.Stop(); err != nil {
		t.Errorf("Expected a graceful stop, got %v\n%s", err, p.Log())
	}
	tests.SoundIn(t, data)
}
