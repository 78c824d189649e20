package tests

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

func (p *Person) refresh(token string) *Response {
	return p.Do(http.MethodPost, authPath+"auth-refresh", Body{"refreshToken": token})
}

// renewed is the refresh token of an answer, or "".
func renewed(answer *Response) string {
	meta, _ := answer.JSON["meta"].(map[string]any)
	token, _ := meta["refreshToken"].(string)
	return token
}

// atOnce sends requests at the same moment and returns their answers.
func atOnce(requests ...func() *Response) []*Response {
	answers := make([]*Response, len(requests))
	start := make(chan struct{})
	var all sync.WaitGroup
	for n, request := range requests {
		all.Go(func() {
			<-start
			answers[n] = request()
		})
	}
	close(start)
	all.Wait()
	return answers
}

// wantDead fails the test if anything of a session is still good anywhere.
func wantDead(t *testing.T, m *Market, access string, refresh ...string) {
	t.Helper()
	m.Deliver()
	for domain, collection := range guarded {
		p := m.Guest()
		p.Token = access
		p.List(domain, collection, "").Want(t, http.StatusUnauthorized, services.CodeTokenRevoked)
	}
	for _, token := range refresh {
		if answer := m.Guest().refresh(token); answer.Status == http.StatusOK {
			t.Errorf("Expected no refresh of a session that has ended, got %s", answer.Raw)
		}
	}
}

// TestOneRefreshTokenUsedByMany: of 32 who use one token at once, one gets the next,
// and at most one more a short access token (a browser with two tabs). The others
// are thieves or were robbed: the session ends, and with it all it has given out.
func TestOneRefreshTokenUsedByMany(t *testing.T) {
	t.Parallel()
	m := New(t)
	for range 10 {
		p := m.User(collections.RoleClient)
		requests := make([]func() *Response, 32)
		for n := range requests {
			requests[n] = func() *Response { return m.Guest().refresh(p.Refresh) }
		}
		next, graced := []string{}, 0
		access := []string{p.Token}
		for _, answer := range atOnce(requests...) {
			switch token := renewed(answer); {
			case answer.Status == http.StatusOK && token != "":
				next = append(next, token)
				access = append(access, answer.Text("token"))
			case answer.Status == http.StatusOK:
				graced++
				access = append(access, answer.Text("token"))
			case answer.Status != http.StatusUnauthorized && answer.Status != http.StatusTooManyRequests:
				t.Errorf("Expected a clear refusal, got %d: %s", answer.Status, answer.Raw)
			}
		}
		if len(next) > 1 || graced > 1 || len(access) == 1 {
			t.Errorf("Expected one to get the next token and at most one more an access token, got %d and %d", len(next), graced)
		}
		for _, token := range access {
			wantDead(t, m, token, append(next, p.Refresh)...)
		}
	}
}

// TestAUsedRefreshTokenEndsItsSession: used again after its successor was used, or
// when the grace is over, however the thief and the owner take turns.
func TestAUsedRefreshTokenEndsItsSession(t *testing.T) {
	t.Parallel()
	m := New(t)
	for name, steal := range map[string]func(p *Person) (access string, dead []string){
		"when the grace is over": func(p *Person) (string, []string) {
			first := p.refresh(p.Refresh)
			m.Clock.Advance(11 * time.Second)
			m.Guest().refresh(p.Refresh).Want(t, http.StatusUnauthorized, services.CodeRefreshReused)
			return first.Text("token"), []string{p.Refresh, renewed(first)}
		},
		"after its successor was used": func(p *Person) (string, []string) {
			first := p.refresh(p.Refresh)
			second := p.refresh(renewed(first))
			second.Want(t, http.StatusOK, "")
			m.Guest().refresh(p.Refresh).Want(t, http.StatusUnauthorized, services.CodeRefreshReused)
			return second.Text("token"), []string{p.Refresh, renewed(first), renewed(second)}
		},
		"twice within the grace": func(p *Person) (string, []string) {
			first := p.refresh(p.Refresh)
			graced := m.Guest().refresh(p.Refresh)
			graced.Want(t, http.StatusOK, "")
			m.Guest().refresh(p.Refresh).Want(t, http.StatusUnauthorized, services.CodeRefreshReused)
			return graced.Text("token"), []string{p.Refresh, renewed(first)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := m.User(collections.RoleClient)
			other := *p
			other.SignIn()
			access, dead := steal(p)
			wantDead(t, m, access, dead...)
			wantDead(t, m, p.Token)
			other.List(collections.DomainPayments, collections.Payments, "").Want(t, http.StatusOK, "") // another session of theirs
		})
	}
}

// TestARefreshMeetsTheEndOfItsSession races refreshes with a sign-out and with a
// new password: whoever comes first, nothing is good afterwards.
func TestARefreshMeetsTheEndOfItsSession(t *testing.T) {
	t.Parallel()
	m := New(t)
	for name, end := range map[string]func(p *Person) *Response{
		"signed out": func(p *Person) *Response { return p.Do(http.MethodPost, "/api/users/api/auth/sign-out", Body{}) },
		"a new password": func(p *Person) *Response {
			return p.Do(http.MethodPatch, "/api/users/api/collections/users/records/"+p.ID, Body{"oldPassword": p.Password, "password": "another password", "passwordConfirm": "another password"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				p := m.User(collections.RoleClient)
				answers := atOnce(func() *Response { return m.Guest().refresh(p.Refresh) }, func() *Response { return end(p) })
				if answers[1].Status >= http.StatusBadRequest {
					t.Fatalf("Expected the session to end, got %s", answers[1].Raw)
				}
				dead := []string{p.Refresh}
				if answers[0].Status == http.StatusOK {
					dead = append(dead, renewed(answers[0]))
					wantDead(t, m, answers[0].Text("token"))
				}
				wantDead(t, m, p.Token, dead...)
			}
		})
	}
}

// TestWhatIsNoRefreshToken is refused. A secret that is not one of a session's ends
// it: whoever guesses it once knew the session.
func TestWhatIsNoRefreshToken(t *testing.T) {
	t.Parallel()
	m := New(t)
	p, other := m.User(collections.RoleClient), m.User(collections.RoleClient)
	for _, token := range []string{"", ".", "x", "x.y", p.Token, p.ID + ".x", "' OR 1=1 --.x", p.Refresh[15:], other.Refresh[:16] + p.Refresh[16:]} {
		answer := m.Guest().refresh(token)
		if answer.Status != http.StatusUnauthorized {
			t.Errorf("Expected %q to be refused, got %d: %s", token, answer.Status, answer.Raw)
		}
	}
	p.List(collections.DomainPayments, collections.Payments, "").Want(t, http.StatusOK, "")
	wantDead(t, m, other.Token, other.Refresh) // the last guess named this session
}
