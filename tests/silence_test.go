package tests

import (
	"errors"
	"net/http"
	"testing"

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

type tap func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f tap) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
