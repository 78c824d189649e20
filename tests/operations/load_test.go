// Package operations does what an operator does, with the real binary: backs up
// and restores, moves a domain to another place, asks what is wrong.
package operations

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// load is people who hire, pay and release all the time. What the marketplace
// does not answer, or answers with "try again", they repeat with the same key.
type load struct {
	t      *testing.T
	market *tests.Market
	stop   atomic.Bool
	done   sync.WaitGroup
	mu     sync.Mutex
	// held are payments whose holding was acknowledged, in that order.
	held []string
	errs []error
}

// start lets pairs of people work until finish.
func start(t *testing.T, base string, pairs int) *load {
	t.Helper()
	l := &load{t: t, market: tests.Remote(t, base)}
	for range pairs {
		people := tests.NewStory(l.market)
		l.done.Go(func() {
			for !l.stop.Load() {
				if err := l.story(people); err != nil {
					l.mu.Lock()
					l.errs = append(l.errs, err)
					l.mu.Unlock()
					return
				}
			}
		})
	}
	return l
}

// finish ends the load and fails the test if anything was lost or refused.
func (l *load) finish() {
	l.t.Helper()
	l.stop.Store(true)
	l.done.Wait()
	for _, err := range l.errs {
		l.t.Error(err)
	}
}

// acknowledged returns the payments acknowledged so far.
func (l *load) acknowledged() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.held)
}

// waitFor waits until n more payments are acknowledged than there were.
func (l *load) waitFor(n int) {
	l.t.Helper()
	target := len(l.acknowledged()) + n
	for until := time.Now().Add(60 * time.Second); len(l.acknowledged()) < target; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			l.finish()
			l.t.Fatalf("Expected %d payments, there are %d", target, len(l.acknowledged()))
		}
	}
}

// ask repeats a request with its key until it is answered.
func ask(p *tests.Person, method, path, key string, body any) (*tests.Response, error) {
	var last string
	for until := time.Now().Add(45 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		answer, err := p.Try(method, path, body, "Idempotency-Key", key)
		switch {
		case err != nil:
			last = err.Error()
		case answer.Status == http.StatusServiceUnavailable || answer.Code() == services.CodeInProgress:
			last = string(answer.Raw)
		case answer.Status != http.StatusOK:
			return answer, fmt.Errorf("%s %s was refused: %s", method, path, answer.Raw)
		default:
			return answer, nil
		}
	}
	return nil, fmt.Errorf("%s %s was not answered: %s", method, path, last)
}

// story is one project from draft to the released payment.
func (l *load) story(people *tests.Story) error {
	command := func(p *tests.Person, domain collections.Domain, path string, body any) (*tests.Response, error) {
		return ask(p, http.MethodPost, services.Prefix(domain)+"/api/"+path, tests.Key(), body)
	}
	records := func(p *tests.Person, domain collections.Domain, collection string, body tests.Body) (*tests.Response, error) {
		return command(p, domain, "collections/"+collection+"/records", body)
	}
	project, err := records(people.Client, collections.DomainProjects, collections.Projects, tests.Body{"title": "Under load", "currency": "EUR", "budgetMin": 1000, "budgetMax": 900_000})
	if err != nil {
		return err
	}
	id := project.Text("id")
	if _, err = command(people.Client, collections.DomainProjects, "projects/"+id+"/publish", tests.Body{}); err != nil {
		return err
	}
	proposal, err := records(people.Freelancer, collections.DomainProjects, collections.Proposals, tests.Body{"project": id, "amount": 5000, "days": 3, "coverLetter": "Me."})
	if err != nil {
		return err
	}
	hired, err := command(people.Client, collections.DomainProjects, "proposals/"+proposal.Text("id")+"/accept", tests.Body{})
	if err != nil {
		return err
	}
	milestone := hired.Object("milestone").Text("id")
	paid, err := records(people.Client, collections.DomainPayments, collections.Payments, tests.Body{"project": id, "milestone": milestone, "amount": 5000, "currency": "EUR"})
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.held = append(l.held, paid.Text("id"))
	l.mu.Unlock()
	path := services.Prefix(collections.DomainProjects) + "/api/collections/milestones/records/" + milestone
	for until := time.Now().Add(45 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		answer, err := ask(people.Client, http.MethodGet, path, "", nil)
		if err != nil {
			return err
		}
		if answer.Text("status") == collections.MilestoneFunded {
			break
		}
		if time.Now().After(until) {
			return fmt.Errorf("the milestone %s was not funded in time: %s", milestone, answer.Raw)
		}
	}
	_, err = command(people.Client, collections.DomainProjects, "milestones/"+milestone+"/approve", tests.Body{})
	return err
}
