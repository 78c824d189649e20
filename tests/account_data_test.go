package tests

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// exportOf downloads a person's archive and decodes its files.
func exportOf(t *testing.T, p *Person) map[string]map[string][]map[string]any {
	t.Helper()
	answer := p.Do(http.MethodGet, "/api/users/api/users/"+p.ID+"/export", nil)
	answer.Want(t, http.StatusOK, "")
	archive, err := zip.NewReader(bytes.NewReader(answer.Raw), int64(len(answer.Raw)))
	if err != nil {
		t.Fatalf("Expected an archive, got %v: %.200s", err, answer.Raw)
	}
	files := map[string]map[string][]map[string]any{}
	for _, file := range archive.File {
		reader, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		var part map[string][]map[string]any
		if err := json.Unmarshal(raw, &part); err != nil {
			t.Fatalf("Expected JSON in %s, got %v: %.300s", file.Name, err, raw)
		}
		files[file.Name] = part
	}
	return files
}

// TestTakeOnesDataAway: all four domains answer for their part, with what is the
// person's own and nothing else.
func TestTakeOnesDataAway(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := completed(m)
	s.review(s.Client, 2, secretWords).Want(t, http.StatusOK, "")
	chat := chatOf(s)
	say(s.Client, chat, "Mine to take away").Want(t, http.StatusOK, "")
	blocked := s.Freelancer.Create(collections.DomainMessages, collections.Blocks, Body{"blocked": s.Client.ID})
	blocked.Want(t, http.StatusOK, "")
	stranger := Funded(m)
	for n := range 250 { // more than a page
		s.Client.Create(collections.DomainProjects, collections.Projects, Body{"title": fmt.Sprintf("Draft %d", n), "currency": "EUR"}).Want(t, http.StatusOK, "")
	}

	files := exportOf(t, s.Client)
	if len(files) != 4 || len(files["projects.json"][collections.Projects]) != 251 || len(files["payments.json"][collections.Payments]) != 1 {
		t.Errorf("Expected four parts with all that is the client's own, got %d files", len(files))
	}
	if own := files["users.json"][collections.Users]; len(own) != 1 || own[0]["email"] != s.Client.Email {
		t.Errorf("Expected the person with their address, got %v", own)
	}
	raw, _ := json.Marshal(files)
	for words, want := range map[string]bool{
		"Mine to take away": true, secretWords: true, blocked.Text("id"): false, stranger.Payment: false, stranger.Project: false,
		s.Freelancer.Email: false, "tokenHash": false, "tokenKey": false,
	} {
		if strings.Contains(string(raw), words) != want {
			t.Errorf("Expected %q in the archive: %v", words, want)
		}
	}
	other, _ := json.Marshal(exportOf(t, s.Freelancer))
	if strings.Contains(string(other), secretWords) {
		t.Error("Expected a sealed review not to be in the archive of whom it is about")
	}
	s.Freelancer.Do(http.MethodGet, "/api/users/api/users/"+s.Client.ID+"/export", nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	m.Guest().Do(http.MethodGet, "/api/users/api/users/"+s.Client.ID+"/export", nil).Want(t, http.StatusUnauthorized, services.CodeAuthRequired)
	s.Client.Do(http.MethodGet, "/api/payments/api/internal/export", nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	m.Clock.Advance(services.AccessTokenLife - time.Second)
	s.Client.Renew()
	m.Clock.Advance(2 * time.Minute)
	s.Client.Do(http.MethodGet, "/api/users/api/users/"+s.Client.ID+"/export", nil).Want(t, http.StatusForbidden, services.CodeSignInAgain)
}

// closeAccount asks to close one's own account, and returns the codes of what is in the way.
func closeAccount(p *Person) (*Response, []string) {
	p.tb.Helper()
	answer := p.Command(collections.DomainUsers, "users/"+p.ID+"/close", "", nil)
	reasons, _ := answer.Object("data").JSON["reasons"].([]any)
	codes := []string{}
	for _, one := range reasons {
		reason, _ := one.(map[string]any)
		codes = append(codes, fmt.Sprint(reason["code"]))
	}
	return answer, codes
}

// TestCloseAccount: refused with reasons while something is not over; then the
// person is gone, and what the other side needs stays.
func TestCloseAccount(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	refused, reasons := closeAccount(s.Client)
	refused.Want(t, http.StatusConflict, services.CodeAccountInUse)
	if fmt.Sprint(reasons) != "[contracts_active money_held]" {
		t.Errorf("Expected the reasons, got %v", reasons)
	}
	s.Freelancer.Command(collections.DomainUsers, "users/"+s.Client.ID+"/close", "", nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	if _, reasons := closeAccount(s.Freelancer); fmt.Sprint(reasons) != "[money_available]" {
		t.Errorf("Expected the freelancer to be told of their money, got %v", reasons)
	}
	open := (&Story{Market: m, Client: s.Client, Freelancer: s.Freelancer, Amount: 5}).Publish().Propose()
	draft := s.Client.Create(collections.DomainProjects, collections.Projects, Body{"title": "A draft", "currency": "EUR"}).Text("id")
	m.Deliver()

	closed, _ := closeAccount(s.Client)
	closed.Want(t, http.StatusOK, "")
	m.Deliver()
	for _, domain := range collections.Domains {
		s.Client.List(domain, collections.Users, "").Want(t, http.StatusUnauthorized, services.CodeTokenRevoked)
	}
	if in := m.Guest().Do(http.MethodPost, authPath+"auth-with-password", Body{"identity": s.Client.Email, "password": s.Client.Password}); in.Status != http.StatusBadRequest {
		t.Errorf("Expected nobody to sign in, got %d", in.Status)
	}
	s.Freelancer.View(collections.DomainUsers, collections.Users, s.Client.ID).Want(t, http.StatusNotFound, services.CodeNotFound)
	contract := s.Freelancer.Do(http.MethodGet, "/api/projects/api/collections/contracts/records/"+s.Contract+"?expand=client", nil)
	if contract.Object("expand").Object("client").Text("name") != services.ClosedName {
		t.Errorf("Expected the contract to stay, without the name, got %s", contract.Raw)
	}
	for id, want := range map[string]string{open.Project: collections.ProjectCancelled, draft: collections.ProjectCancelled, s.Project: collections.ProjectCompleted} {
		record, err := m.Instances[collections.DomainProjects].App.FindRecordById(collections.Projects, id)
		if err != nil || record.GetString(collections.FieldStatus) != want {
			t.Errorf("Expected %s, got %v %v", want, record, err)
		}
	}
	if got := s.Freelancer.View(collections.DomainProjects, collections.Proposals, open.Proposal).Text("status"); got != collections.ProposalArchived {
		t.Errorf("Expected the proposal to be archived, got %s", got)
	}
	if raw := string(m.Superuser(collections.DomainUsers).List(collections.DomainUsers, collections.Users, "?filter="+url.QueryEscape(`id="`+s.Client.ID+`"`)).Raw); strings.Contains(raw, s.Client.Email) || strings.Contains(raw, "User ") {
		t.Errorf("Expected no trace of the person, got %s", raw)
	}
	// The address is free again.
	again := m.Guest().Create(collections.DomainUsers, collections.Users, Body{
		"email": s.Client.Email, "password": "a new password", "passwordConfirm": "a new password", "name": "Somebody new", "roles": []string{"client"},
	})
	again.Want(t, http.StatusOK, "")
	fresh := &Person{Email: s.Client.Email, Password: "a new password", base: m.Base(), tb: t}
	fresh.SignIn()
	if fresh.Do(http.MethodPost, authPath+"auth-with-password", Body{"identity": fresh.Email, "password": fresh.Password}).Object("record").Text("id") == s.Client.ID {
		t.Error("Expected another account")
	}
	m.Deliver()
	m.Sound()
}

// TestCloseAccountWithdrawsProposals: the clients who were proposed to are told.
func TestCloseAccountWithdrawsProposals(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	m.Deliver()
	closed, _ := closeAccount(s.Freelancer)
	closed.Want(t, http.StatusOK, "")
	m.Deliver()
	if got := s.Client.View(collections.DomainProjects, collections.Proposals, s.Proposal).Text("status"); got != collections.ProposalWithdrawn {
		t.Errorf("Expected the proposal to be withdrawn, got %s", got)
	}
	m.Sound()
}

// held is a question between two instances that is answered while the answer is
// still on its way.
type held struct{ reached, goOn chan struct{} }

// holdAnswer holds what peer answers to the first question of asker whose address
// contains path.
func holdAnswer(m *Market, asker, peer collections.Domain, path string) held {
	h := held{make(chan struct{}), make(chan struct{})}
	var once sync.Once
	m.Instances[asker].Peers[peer].Tap(func(ask http.RoundTripper) http.RoundTripper {
		return tap(func(req *http.Request) (*http.Response, error) {
			response, err := ask.RoundTrip(req)
			if strings.Contains(req.URL.String(), path) {
				once.Do(func() {
					close(h.reached)
					<-h.goOn
				})
			}
			return response, err
		})
	})
	return h
}

// wait waits until the question is held; a command that ended without it has failed.
func (h held) wait(t *testing.T, command chan *Response) {
	t.Helper()
	select {
	case <-h.reached:
	case answer := <-command:
		t.Fatalf("Expected the command to ask a peer, got %d %s", answer.Status, answer.Raw)
	}
}

// meanwhile sends a command and returns its answer when there is one.
func meanwhile(p *Person, domain collections.Domain, path string, body Body) chan *Response {
	answers := make(chan *Response, 1)
	go func() {
		answer, err := p.Try(http.MethodPost, "/api/"+string(domain)+"/api/"+path, body, "Idempotency-Key", Key())
		if err != nil {
			answer = &Response{Raw: []byte(err.Error())}
		}
		answers <- answer
	}()
	return answers
}

// TestNothingBeginsWithAClosingAccount: while users asks whether anything is not over,
// nobody is hired and nothing is paid; afterwards the account is closed.
func TestNothingBeginsWithAClosingAccount(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	done := completed(m)
	m.Deliver()
	asking := holdAnswer(m, collections.DomainUsers, collections.DomainProjects, services.InternalObstacles)
	closing := meanwhile(s.Freelancer, collections.DomainUsers, "users/"+s.Freelancer.ID+"/close", Body{})
	asking.wait(t, closing)
	s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/accept", Key(), nil).Want(t, http.StatusForbidden, services.CodeNotEligible)
	close(asking.goOn)
	(<-closing).Want(t, http.StatusOK, "")

	// A bonus can be paid for work that is over: by a client who leaves it cannot.
	bonus := done.Client.Command(collections.DomainProjects, "contracts/"+done.Contract+"/bonus", Key(), Body{"amount": 5_000})
	bonus.Want(t, http.StatusOK, "")
	// Both have answered before: projects reserves the milestone before users has refused the payment.
	asking = holdAnswer(m, collections.DomainUsers, collections.DomainPayments, services.InternalObstacles)
	askingToo := holdAnswer(m, collections.DomainUsers, collections.DomainProjects, services.InternalObstacles)
	closing = meanwhile(done.Client, collections.DomainUsers, "users/"+done.Client.ID+"/close", Body{})
	asking.wait(t, closing)
	askingToo.wait(t, closing)
	pay := Body{"project": done.Project, "milestone": bonus.Text("id"), "amount": 5_000, "currency": "EUR"}
	done.Client.Do(http.MethodPost, "/api/payments/api/collections/payments/records", pay, "Idempotency-Key", Key()).Want(t, http.StatusForbidden, services.CodeNotEligible)
	close(asking.goOn)
	close(askingToo.goOn)
	(<-closing).Want(t, http.StatusOK, "")
	m.Deliver()
	m.Sound()
}

// TestAnAccountDoesNotCloseUnderWhatBegins: who had users' yes before the account began
// to close goes on, and the account stays open.
func TestAnAccountDoesNotCloseUnderWhatBegins(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	m.Deliver()
	eligible := holdAnswer(m, collections.DomainProjects, collections.DomainUsers, services.InternalEligible+"?id="+s.Freelancer.ID) // both are asked about, at once
	accept := meanwhile(s.Client, collections.DomainProjects, "proposals/"+s.Proposal+"/accept", Body{})
	eligible.wait(t, accept)
	if _, reasons := closeAccount(s.Freelancer); fmt.Sprint(reasons) != "[contracts_active]" {
		t.Errorf("Expected the freelancer to be told of who hires them, got %v", reasons)
	}
	close(eligible.goOn)
	hired := <-accept
	hired.Want(t, http.StatusOK, "")

	// A bonus for work that is over: nothing but a pending payment and a reservation is there.
	done := completed(m)
	destination(done.Freelancer, services.BankAccount)
	coolOff(m, done.Freelancer)
	balance := account(m, services.AccountAvailable(done.Freelancer.ID))
	payout(done.Freelancer, Key(), balance).Want(t, http.StatusOK, "")
	send(m)
	done.Client.SignIn()
	for _, asked := range []string{"", done.Freelancer.ID} {
		bonus := done.Client.Command(collections.DomainProjects, "contracts/"+done.Contract+"/bonus", Key(), Body{"amount": 5_000})
		bonus.Want(t, http.StatusOK, "")
		eligible = holdAnswer(m, collections.DomainPayments, collections.DomainUsers, services.InternalEligible+"?id="+done.Freelancer.ID)
		paid := meanwhile(done.Client, collections.DomainPayments, "collections/payments/records",
			Body{"project": done.Project, "milestone": bonus.Text("id"), "amount": 5_000, "currency": "EUR", "freelancer": asked, "source": services.SourceDeclined})
		eligible.wait(t, paid)
		if _, reasons := closeAccount(done.Freelancer); fmt.Sprint(reasons) != "[payment_pending]" {
			t.Errorf("Expected the freelancer to be told of the payment, got %v", reasons)
		}
		close(eligible.goOn)
		(<-paid).Want(t, http.StatusPaymentRequired, services.CodePaymentDeclined)
		m.Deliver()
	}
	closed, _ := closeAccount(done.Freelancer)
	closed.Want(t, http.StatusOK, "")
	m.Deliver()
	m.Sound()
}
