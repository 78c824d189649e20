package tests

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
)

// TestBadInput sends what clients get wrong, or try on purpose. Every answer has
// a stable code, and nothing is half done.
func TestBadInput(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	open := NewStory(m).Publish().Propose()
	stranger := m.User(collections.RoleClient, collections.RoleFreelancer)
	const projects, payments, messages, users = collections.DomainProjects, collections.DomainPayments, collections.DomainMessages, collections.DomainUsers
	for _, scenario := range []struct {
		name   string
		answer *Response
		status int
		code   string
	}{
		{"a guest creates a project", m.Guest().Create(projects, "projects", Body{"title": "A title", "currency": "EUR"}), 401, "auth_required"},
		{"a freelancer creates a project", s.Freelancer.Create(projects, "projects", Body{"title": "A title", "currency": "EUR"}), 403, "role_required"},
		{"a client proposes", s.Client.Create(projects, "proposals", Body{"project": open.Project, "amount": 5, "days": 1}), 403, "role_required"},
		{"a client proposes on their own project", ownProposal(m), 403, "own_project"},
		{"a second proposal on one project", open.Freelancer.Create(projects, "proposals", Body{"project": open.Project, "amount": 5, "days": 1}), 409, "duplicate_proposal"},
		{"a proposal on a taken project", stranger.Create(projects, "proposals", Body{"project": s.Project, "amount": 5, "days": 1}), 409, "project_not_open"},
		{"a proposal on no project", stranger.Create(projects, "proposals", Body{"project": "doesnotexist123", "amount": 5, "days": 1}), 404, "not_found"},
		{"a proposal in another currency", stranger.Create(projects, "proposals", Body{"project": open.Project, "amount": 5, "days": 1, "currency": "USD"}), 400, "does_not_match"},
		{"a project in somebody else's name", s.Client.Create(projects, "projects", Body{"title": "A title", "currency": "EUR", "client": stranger.ID}), 400, "field_read_only"},
		{"a proposal in somebody else's name", stranger.Create(projects, "proposals", Body{"project": open.Project, "amount": 5, "days": 1, "freelancer": s.Freelancer.ID}), 400, "field_read_only"},
		{"a project with an id of one's own", s.Client.Create(projects, "projects", Body{"id": "abcdefghijklmno", "title": "A title", "currency": "EUR"}), 400, "id_not_allowed"},
		{"a user with somebody else's id", m.Guest().Create(users, "users", Body{"id": stranger.ID, "email": "x@example.com", "password": "a long password", "passwordConfirm": "a long password", "roles": []string{"client"}}), 400, "id_not_allowed"},
		{"a user with a role that does not exist", m.Guest().Create(users, "users", Body{"email": "x@example.com", "password": "a long password", "passwordConfirm": "a long password", "roles": []string{"moderator"}}), 400, "invalid_input"},
		{"a user who verifies themselves", m.Guest().Create(users, "users", Body{"email": "x@example.com", "password": "a long password", "passwordConfirm": "a long password", "roles": []string{"client"}, "verified": true}), 400, "field_read_only"},
		{"a user who suspends themselves", s.Client.Do(http.MethodPatch, "/api/users/api/collections/users/records/"+s.Client.ID, Body{"status": "suspended"}), 400, "field_read_only"},
		{"a time zone nobody knows", s.Client.Do(http.MethodPatch, "/api/users/api/collections/users/records/"+s.Client.ID, Body{"timezone": "Mars/Olympus"}), 400, "invalid_input"},
		{"sign-up on a peer", m.Guest().Create(payments, "users", Body{"id": stranger.ID, "email": "x@example.com", "password": "a long password", "passwordConfirm": "a long password"}), 403, "forbidden"},
		{"sign-in on a peer", m.Guest().Do(http.MethodPost, "/api/payments/api/collections/users/auth-with-password", Body{"identity": s.Client.Email, "password": s.Client.Password}), 403, "forbidden"},

		{"a status through create", s.Client.Create(projects, "projects", Body{"title": "A title", "currency": "EUR", "status": "open"}), 400, "status_read_only"},
		{"a status through update", open.Client.Do(http.MethodPatch, "/api/projects/api/collections/projects/records/"+open.Project, Body{"status": "completed"}), 400, "status_read_only"},
		{"a verb nobody knows", s.Client.Command(projects, "projects/"+s.Project+"/explode", Key(), nil), 404, "not_found"},
		{"publishing twice", open.Client.Command(projects, "projects/"+open.Project+"/publish", Key(), nil), 409, "illegal_transition"},
		{"a stranger publishes", stranger.Command(projects, "projects/"+open.Project+"/publish", Key(), nil), 403, "forbidden"},
		{"a stranger publishes what they cannot see", stranger.Command(projects, "projects/"+s.Project+"/publish", Key(), nil), 404, "not_found"},
		{"a stranger accepts", stranger.Command(projects, "proposals/"+open.Proposal+"/accept", Key(), nil), 404, "not_found"},
		{"the freelancer accepts", open.Freelancer.Command(projects, "proposals/"+open.Proposal+"/accept", Key(), nil), 403, "forbidden"},
		{"the client submits", s.Client.Command(projects, "milestones/"+s.Milestone+"/submit", Key(), nil), 403, "forbidden"},
		{"the freelancer approves", s.Freelancer.Command(projects, "milestones/"+s.Milestone+"/approve", Key(), nil), 403, "forbidden"},
		{"a stranger approves", stranger.Command(projects, "milestones/"+s.Milestone+"/approve", Key(), nil), 404, "not_found"},
		{"cancelling what money is held for", s.Client.Command(projects, "projects/"+s.Project+"/cancel", Key(), nil), 409, "money_held"},
		{"a command's body of another shape", s.Client.Command(projects, "milestones/"+s.Milestone+"/approve", Key(), Body{"note": 5}), 400, "invalid_input"},
		{"a command's body that is no JSON", s.Client.Do(http.MethodPost, "/api/projects/api/milestones/"+s.Milestone+"/approve", "{"), 400, "invalid_input"},
		{"a command's body that is too large", s.Client.Command(projects, "milestones/"+s.Milestone+"/approve", Key(), Body{"note": strings.Repeat("x", 70_000)}), 413, "body_too_large"},

		{"amount as text", open.Freelancer.Create(projects, "proposals", Body{"project": open.Project, "amount": "abc", "days": 1}), 400, "not_an_integer"},
		{"amount as true", open.Freelancer.Create(projects, "proposals", Body{"project": open.Project, "amount": true, "days": 1}), 400, "not_an_integer"},
		{"amount with a fraction", open.Freelancer.Create(projects, "proposals", Body{"project": open.Project, "amount": 10.5, "days": 1}), 400, "not_an_integer"},
		{"amount below zero", open.Freelancer.Create(projects, "proposals", Body{"project": open.Project, "amount": -5, "days": 1}), 400, "amount_out_of_range"},
		{"amount of zero", stranger.Create(projects, "proposals", Body{"project": open.Project, "amount": 0, "days": 1}), 400, "amount_out_of_range"},
		{"amount beyond reason", open.Freelancer.Create(projects, "proposals", Body{"project": open.Project, "amount": 1e15, "days": 1}), 400, "amount_out_of_range"},
		{"amount by a modifier", open.Freelancer.Do(http.MethodPatch, "/api/projects/api/collections/proposals/records/"+open.Proposal, Body{"amount+": 5}), 400, "not_an_integer"},
		{"a currency nobody knows", s.Client.Create(projects, "projects", Body{"title": "A title", "currency": "XXQ"}), 400, "unknown_currency"},
		{"a budget upside down", s.Client.Create(projects, "projects", Body{"title": "A title", "currency": "EUR", "budgetMin": 9, "budgetMax": 5}), 400, "amount_out_of_range"},

		{"a payment without a key", s.Pay("", nil), 400, "idempotency_key_required"},
		{"a payment with a key that is none", s.Pay("with a space", nil), 400, "idempotency_key_invalid"},
		{"a payment by the freelancer", s.Freelancer.Create(payments, "payments", s.PaymentBody(), "Idempotency-Key", Key()), 403, "role_required"},
		{"a payment for a stranger's milestone", stranger.Create(payments, "payments", s.PaymentBody(), "Idempotency-Key", Key()), 404, "not_found"},
		{"a payment in somebody else's name", s.Pay(Key(), Body{"client": stranger.ID}), 400, "field_read_only"},
		{"a payment born held", s.Pay(Key(), Body{"status": "held"}), 400, "status_read_only"},
		{"a payment for another project", s.Pay(Key(), Body{"project": open.Project}), 400, "does_not_match"},
		{"a payment to another freelancer", s.Pay(Key(), Body{"freelancer": stranger.ID}), 400, "does_not_match"},
		{"a payment to nobody", s.Pay(Key(), Body{"freelancer": "nobodyatall1234"}), 0, ""},
		{"a payment of another amount", s.Pay(Key(), Body{"amount": 5}), 400, "does_not_match"},
		{"a payment in another currency", s.Pay(Key(), Body{"currency": "USD"}), 400, "does_not_match"},
		{"a payment of a fraction", s.Pay(Key(), Body{"amount": 0.5}), 400, "not_an_integer"},
		{"a payment below zero", s.Pay(Key(), Body{"amount": -5}), 400, "amount_out_of_range"},
		{"a payment with a fee of one's own", s.Pay(Key(), Body{"fee": 1}), 400, "field_read_only"},
		{"a payment with a field nobody knows", s.Pay(Key(), Body{"tip": 1}), 400, "invalid_input"},
		{"a payment from a source nobody knows", s.Pay(Key(), Body{"source": "gold"}), 400, "invalid_input"},
		{"a second payment for a milestone", s.Pay(Key(), nil), 409, "milestone_taken"},
		{"a release without a key", s.Client.Command(payments, "payments/"+s.Payment+"/release", "", nil), 400, "idempotency_key_required"},
		{"a release by the freelancer", s.Freelancer.Command(payments, "payments/"+s.Payment+"/release", Key(), nil), 403, "forbidden"},
		{"a release by a stranger", stranger.Command(payments, "payments/"+s.Payment+"/release", Key(), nil), 404, "not_found"},
		{"a release of more than is held", s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": 999_999}), 400, "amount_out_of_range"},
		{"a release below zero", s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": -5}), 400, "amount_out_of_range"},
		{"a release of nothing", s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": 0}), 400, "amount_out_of_range"},
		{"a refund by the client", s.Client.Command(payments, "payments/"+s.Payment+"/refund", Key(), nil), 403, "forbidden"},
		{"a payment changed by hand", s.Client.Do(http.MethodPatch, "/api/payments/api/collections/payments/records/"+s.Payment, Body{"amount": 1}), 403, "forbidden"},

		{"earnings as a guest", m.Guest().Do(http.MethodGet, "/api/payments/api/earnings/summary", nil), 401, "auth_required"},
		{"a month that is none", s.Client.Do(http.MethodGet, "/api/payments/api/earnings/monthly?from=soon", nil), 400, "invalid_input"},
		{"a horizon too far", s.Client.Do(http.MethodGet, "/api/payments/api/earnings/forecast?horizon=13", nil), 400, "invalid_input"},
		{"a view nobody knows", s.Client.Do(http.MethodGet, "/api/payments/api/earnings/summary?view=all", nil), 400, "invalid_input"},
		{"a stranger writes into a chat", stranger.Create(messages, "messages", Body{"chat": chatOf(s), "body": "hello"}), 404, "not_found"},
		{"a stranger reads a chat", stranger.Do(http.MethodGet, "/api/chats/api/chats/"+chatOf(s)+"/messages", nil), 404, "not_found"},
		{"a stranger marks a chat as read", stranger.Command(messages, "chats/"+chatOf(s)+"/read", "", nil), 404, "not_found"},
		{"a message without words", s.Client.Create(messages, "messages", Body{"chat": chatOf(s)}), 400, "invalid_input"},
		{"a message in somebody else's name", s.Client.Create(messages, "messages", Body{"chat": chatOf(s), "body": "hello", "sender": s.Freelancer.ID}), 400, "field_read_only"},
		{"a message with a number of one's own", s.Client.Create(messages, "messages", Body{"chat": chatOf(s), "body": "hello", "seq": 99}), 400, "field_read_only"},
		{"an internal route through the gateway", s.Client.Do(http.MethodGet, "/api/users/api/internal/keys", nil), 404, "not_found"},
		{"an internal route by a detour", s.Client.Do(http.MethodGet, "/api/users/api/x/../internal/keys", nil), 404, "not_found"},
		{"raw SQL through the gateway", s.Client.Do(http.MethodPost, "/api/payments/api/sql", Body{"query": "SELECT 1"}), 404, "not_found"},
		{"a batch through the gateway", s.Client.Do(http.MethodPost, "/api/payments/api/batch", Body{}), 404, "not_found"},
	} {
		t.Run(scenario.name, func(t *testing.T) {
			if scenario.status == 0 { // any refusal with a code will do
				if scenario.answer.Status < 400 || scenario.answer.Status >= 500 || scenario.answer.Code() == "" {
					t.Errorf("Expected a refusal with a code, got %d: %s", scenario.answer.Status, scenario.answer.Raw)
				}
				return
			}
			scenario.answer.Want(t, scenario.status, scenario.code)
		})
	}
	for _, amount := range []int64{-1, collections.MaxAmount + 1} {
		below := s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": amount})
		if said := below.Text("message"); !strings.Contains(strings.ToLower(said), "amount must be from 1 to 1000000000000") {
			t.Errorf("Expected an amount of %d to be told its bounds, got %q", amount, said)
		}
	}
	m.Deliver()
	if held := s.Client.View(payments, "payments", s.Payment); held.Text("status") != collections.PaymentHeld || held.Number("amount") != s.Amount {
		t.Errorf("Expected the payment to be untouched, got %s", held.Raw)
	}
	m.Sound()
}

func ownProposal(m *Market) *Response {
	both := m.User(collections.RoleClient, collections.RoleFreelancer)
	s := (&Story{Market: m, Client: both, Freelancer: both, Amount: 5}).Publish()
	return both.Create(collections.DomainProjects, collections.Proposals, Body{"project": s.Project, "amount": 5, "days": 1})
}

func chatOf(s *Story) string {
	list := s.Client.List(collections.DomainMessages, collections.Chats, "?filter="+`contract="`+s.Contract+`"`)
	items, _ := list.JSON["items"].([]any)
	if len(items) == 0 {
		s.Market.tb.Fatalf("Expected a chat, got %s", list.Raw)
	}
	chat, _ := items[0].(map[string]any)
	id, _ := chat["id"].(string)
	return id
}

func TestIllegalTransitionsNameTheLegalOnes(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	answer := s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/request-changes", "", nil)
	answer.Want(t, http.StatusConflict, "illegal_transition")
	data, _ := answer.JSON["data"].(map[string]any)
	allowed, _ := data["allowed"].([]any)
	if len(allowed) != 2 || allowed[0] != "submit" || allowed[1] != "approve" || data["status"] != "funded" {
		t.Errorf("Expected the legal verbs submit and approve from funded, got %s", answer.Raw)
	}
}

func TestSignUpDoesNotTellWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	m := New(t)
	known := m.User(collections.RoleClient)
	signUp := func(email string) *Response {
		return m.Guest().Create(collections.DomainUsers, collections.Users, Body{"email": email, "password": "another password", "passwordConfirm": "another password", "name": "X", "roles": []string{"client"}})
	}
	taken, free := signUp(known.Email), signUp("nobody@example.com")
	taken.Want(t, http.StatusOK, "")
	free.Want(t, http.StatusOK, "")
	for field := range free.JSON {
		if _, ok := taken.JSON[field]; !ok {
			t.Errorf("Expected both answers to have the field %q", field)
		}
	}
	if taken.Text("id") == known.ID || len(taken.JSON) != len(free.JSON) {
		t.Errorf("Expected an answer like that of a new account, got %s", taken.Raw)
	}
	known.SignIn() // the password did not change
}

// TestNoSpellingGoesAroundTheGuards tries modifiers, forms and nested payloads.
func TestNoSpellingGoesAroundTheGuards(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	other := m.User(collections.RoleClient)
	m.Deliver()
	project := "/api/projects/api/collections/projects/records/" + s.Project
	before := s.Client.Do(http.MethodGet, project, nil)
	for _, body := range []string{
		`{"version+":5}`, `{"+version":5}`, `{"version-":1}`, `{"proposalCount+":7}`, `{"proposalCount":7}`, `{"status+":"completed"}`, `{"+status":"completed"}`,
		`{"status-":"open"}`, `{"client+":"` + other.ID + `"}`, `{"client-":"` + s.Client.ID + `"}`, `{"freelancer+":"` + other.ID + `"}`, `{"version":null}`,
		`{"status":"completed"}`, `[]`, `"x"`, `{`,
	} {
		answer := s.Client.Do(http.MethodPatch, project, body)
		if answer.Status == http.StatusOK {
			after := s.Client.Do(http.MethodGet, project, nil)
			if was, is := before.Number("version"), after.Number("version"); is != was && is != was+1 { // each edit makes one
				t.Fatalf("Expected %s to leave version to the server, it went from %d to %d", body, was, is)
			}
			before.JSON["version"] = after.JSON["version"]
			for _, field := range []string{"proposalCount", "status", "client", "freelancer"} {
				if after.JSON[field] != before.JSON[field] {
					t.Fatalf("Expected %s to leave %s alone, it is %v now", body, field, after.JSON[field])
				}
			}
		} else if answer.Status != http.StatusBadRequest || answer.Code() == "" {
			t.Errorf("Expected %s to be refused with a code, got %d: %s", body, answer.Status, answer.Raw)
		}
	}
	for name, form := range map[string]struct{ kind, body string }{
		"a form with a word for a number": {"application/x-www-form-urlencoded", "title=Hello&currency=EUR&budgetMin=abc"},
		"a form with a status":            {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\nopen\r\n--b--\r\n"},
		"JSON inside a form":              {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"@jsonPayload\"\r\n\r\n{\"title\":\"Hello\",\"currency\":\"EUR\",\"budgetMin\":\"abc\"}\r\n--b--\r\n"},
	} {
		answer := s.Client.Do(http.MethodPost, "/api/projects/api/collections/projects/records", form.body, "Content-Type", form.kind)
		if answer.Status < 400 || answer.Status >= 500 || answer.Code() == "" {
			t.Errorf("%s: expected a refusal with a code, got %d: %s", name, answer.Status, answer.Raw)
		}
	}
	profile := "/api/users/api/collections/users/records/" + s.Client.ID
	for name, part := range map[string]string{"hourlyRate": "abc", "status": "suspended", "ver": "9", "@jsonPayload": `{"hourlyRate":"abc"}`} {
		body := "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + part + "\r\n--b--\r\n"
		if answer := s.Client.Do(http.MethodPatch, profile, body, "Content-Type", "multipart/form-data; boundary=b"); answer.Status == http.StatusOK && name != "ver" {
			t.Errorf("Expected %s in a form to be refused, got %s", name, answer.Raw)
		}
	}
	m.Sound()
}
