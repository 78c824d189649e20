package tests

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// TestSilenceIsNeverAYes: a peer whose answer is lost on its way back did what it
// was asked, but nothing may be decided without its answer.
func TestSilenceIsNeverAYes(t *testing.T) {
	t.Parallel()
	m := New(t)
	for _, peer := range []collections.Domain{collections.DomainUsers, collections.DomainProjects} {
		s := Hired(m)
		silent := true
		m.Instances[collections.DomainPayments].Peers[peer].Tap(func(ask http.RoundTripper) http.RoundTripper {
			return tap(func(req *http.Request) (*http.Response, error) {
				res, err := ask.RoundTrip(req)
				if err == nil && silent {
					_ = res.Body.Close()
					return nil, errors.New("the connection was reset")
				}
				return res, err
			})
		})
		key := Key()
		s.Pay(key, nil).Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
		if held := s.Client.List(collections.DomainPayments, collections.Payments, where("status='held' && milestone='"+s.Milestone+"'")); held.Number("totalItems") != 0 {
			t.Errorf("Expected nothing to be held while %s is silent, got %s", peer, held.Raw)
		}
		silent = false
		s.Pay(key, nil).Want(t, http.StatusOK, "")
		m.Deliver()
	}
	m.Sound()
}

// TestSomethingElseAnswers puts a proxy between the instances that answers in their
// place, with 200 and an object, to questions and to events: it is not believed.
func TestSomethingElseAnswers(t *testing.T) {
	t.Parallel()
	m := New(t)
	for _, peer := range []collections.Domain{collections.DomainUsers, collections.DomainProjects, collections.DomainMessages} {
		s := Hired(m)
		between := true
		m.Instances[collections.DomainPayments].Peers[peer].Tap(func(ask http.RoundTripper) http.RoundTripper {
			return tap(func(req *http.Request) (*http.Response, error) {
				if !between {
					return ask.RoundTrip(req)
				}
				return &http.Response{
					StatusCode: http.StatusOK, Request: req, Header: http.Header{"Content-Type": {"application/json"}},
					Body: io.NopCloser(strings.NewReader(`{"eligible":true,"amount":123457,"state":"reserved"}`)),
				}, nil
			})
		})
		key := Key()
		if asked := peer != collections.DomainMessages; asked {
			s.Pay(key, nil).Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
			if held := s.Client.List(collections.DomainPayments, collections.Payments, where("status='held' && milestone='"+s.Milestone+"'")); held.Number("totalItems") != 0 {
				t.Errorf("Expected nothing to be held on the word of a proxy, got %s", held.Raw)
			}
			between = false
		}
		s.Pay(key, nil).Want(t, http.StatusOK, "")
		if err := m.Drain(t.Context()); between && err == nil {
			t.Errorf("Expected the events for %s not to count as delivered", peer)
		}
		between = false
		m.Clock.Advance(time.Minute)
		m.Deliver()
	}
	m.Sound()
}

// TestAPeerThatIsBackIsAsked lets users be silent until it is not asked any more, and
// then come back: two questions asked at the same moment are both answered.
func TestAPeerThatIsBackIsAsked(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	silent, both := true, make(chan struct{}, 2)
	m.Instances[collections.DomainPayments].Peers[collections.DomainUsers].Tap(func(ask http.RoundTripper) http.RoundTripper {
		return tap(func(req *http.Request) (*http.Response, error) {
			if silent {
				return nil, errors.New("the connection was reset")
			}
			both <- struct{}{}
			for len(both) < 2 { // the other one is asked, too
				select {
				case <-req.Context().Done():
					return nil, context.Cause(req.Context())
				case <-time.After(time.Millisecond):
				}
			}
			return ask.RoundTrip(req)
		})
	})
	key := Key()
	for range 10 {
		s.Pay(key, nil).Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
	}
	silent = false
	var answer *Response
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		for len(both) > 0 {
			<-both
		}
		if answer = s.Pay(key, nil); answer.Code() != services.CodePeerUnavailable {
			break
		}
	}
	answer.Want(t, http.StatusOK, "")
}

// TestAnUnreadableDatabaseIsNoAnswer: when users or projects cannot read its own
// database, nobody is told that a person or a milestone does not exist, and the
// payment is not refused for good: the same key pays once it can be read again.
func TestAnUnreadableDatabaseIsNoAnswer(t *testing.T) {
	t.Parallel()
	m := New(t)
	for domain, table := range map[collections.Domain]string{
		collections.DomainUsers: collections.Users, collections.DomainProjects: collections.Milestones,
	} {
		s := Hired(m)
		m.run(domain, "ALTER TABLE "+table+" RENAME TO unreadable")
		key := Key()
		s.Pay(key, nil).Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
		m.run(domain, "ALTER TABLE unreadable RENAME TO "+table)
		s.Pay(key, nil).Want(t, http.StatusOK, "")
		m.Deliver()
	}
	m.Sound()
}

// run executes a statement on the database of a domain, past everything else.
func (m *Market) run(domain collections.Domain, statement string) {
	m.tb.Helper()
	if _, err := m.Instances[domain].App.NonconcurrentDB().NewQuery(statement).Execute(); err != nil {
		m.tb.Fatal(err)
	}
}

// TestAnUnreadablePaymentHasNotFailed: projects asks what became of a payment that it
// keeps a milestone for. Only a payment that was never made has failed; when payments
// cannot read its database, the milestone stays reserved.
func TestAnUnreadablePaymentHasNotFailed(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	paid := s.Pay(Key(), nil)
	paid.Want(t, http.StatusOK, "")
	payment := paid.Text("id")
	m.Clock.Advance(m.Options.DecideAfter + 2*time.Minute)
	projects := services.ProjectsService{Instance: m.Instances[collections.DomainProjects]}
	reserved := func(payment string) bool {
		var state string
		if err := projects.App.DB().NewQuery("SELECT state FROM reservations WHERE payment = {:payment}").Bind(dbx.Params{"payment": payment}).Row(&state); err != nil {
			t.Fatal(err)
		}
		return state == "reserved"
	}
	m.run(collections.DomainPayments, "ALTER TABLE payments RENAME TO unreadable")
	if err := projects.SweepReservations(t.Context()); services.Code(err) != services.CodePeerUnavailable {
		t.Errorf("Expected payments not to know, got %v", err)
	}
	if !reserved(payment) {
		t.Error("Expected the milestone to stay reserved")
	}
	m.run(collections.DomainPayments, "ALTER TABLE unreadable RENAME TO payments")
	m.run(collections.DomainProjects, "UPDATE reservations SET payment = 'nevermade000000' WHERE payment = '"+payment+"'")
	if err := projects.SweepReservations(t.Context()); err != nil || reserved("nevermade000000") {
		t.Errorf("Expected the milestone of a payment that was never made to be free, got %v", err)
	}
}

type tap func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f tap) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
