package tests

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// The principals of the role matrix: everyone who is not a superuser.
const (
	guest      = "guest"
	theClient  = "client"
	freelancer = "freelancer"
	loser      = "freelancer who was not chosen"
	stranger   = "stranger with both roles"
)

// resource is one record and who may do what with it. Everyone else must not
// even learn that it exists.
type resource struct {
	name       string
	domain     collections.Domain
	collection string
	id         string
	read       []string
	// update has who may change it by CRUD, with a change that is legal.
	update []string
	change Body
}

// TestRoleMatrix tries every action on every kind of record as every principal.
func TestRoleMatrix(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	other := &Story{Market: m, Client: s.Client, Freelancer: m.User(collections.RoleFreelancer), Project: s.Project, Amount: 77}
	other.Propose()
	s.Hire().Fund()
	over := completed(m)
	over.review(over.Client, 4, "Sealed words.").Want(t, http.StatusOK, "")
	public := completed(m)
	public.review(public.Client, 4, "Fine.").Want(t, http.StatusOK, "")
	public.review(public.Freelancer, 5, "Fine.").Want(t, http.StatusOK, "")
	releasePart(s, 1000)
	s.Client.Create(collections.DomainPayments, collections.BillingDetails, Body{"name": "Teapots GmbH"}).Want(t, http.StatusOK, "")
	draft := s.Client.Create(collections.DomainProjects, collections.Projects, Body{"title": "A draft", "currency": "EUR"}).Text("id")
	open := (&Story{Market: m, Client: s.Client, Freelancer: s.Freelancer, Amount: 5}).Publish().Propose()
	people := map[string]*Person{
		guest: m.Guest(), theClient: s.Client, freelancer: s.Freelancer, loser: other.Freelancer,
		stranger: m.User(collections.RoleClient, collections.RoleFreelancer),
	}
	cells := 0
	for _, r := range resources(s, other, draft, open) {
		for name, person := range people {
			cells += cell(t, r, name, person)
		}
	}
	for name, person := range map[string]*Person{guest: m.Guest(), theClient: over.Client, freelancer: over.Freelancer, loser: other.Freelancer, stranger: people[stranger]} {
		for _, r := range reviewResources(over, public) {
			cells += cell(t, r, name, person)
		}
	}
	t.Logf("%d cells", cells)
	m.Deliver()
	m.Sound()
}

func resources(s, other *Story, draft string, open *Story) []resource {
	const projects, payments, messages, users = collections.DomainProjects, collections.DomainPayments, collections.DomainMessages, collections.DomainUsers
	both, nobody := []string{theClient, freelancer}, []string{}
	everyone := []string{guest, theClient, freelancer, loser, stranger}
	members := listIDs(s.Client, messages, collections.Members)
	return []resource{
		{"a draft", projects, collections.Projects, draft, []string{theClient}, []string{theClient}, Body{"title": "Another title"}},
		{"an open project", projects, collections.Projects, open.Project, everyone, []string{theClient}, Body{"title": "Another title"}},
		{"a project in progress", projects, collections.Projects, s.Project, both, nobody, Body{"title": "Another title"}},
		{"the accepted proposal", projects, collections.Proposals, s.Proposal, both, nobody, Body{"coverLetter": "Other words"}},
		{"the rejected proposal", projects, collections.Proposals, other.Proposal, []string{theClient, loser}, nobody, Body{"coverLetter": "Other words"}},
		{"a submitted proposal", projects, collections.Proposals, open.Proposal, both, []string{freelancer}, Body{"coverLetter": "Other words"}},
		{"the contract", projects, collections.Contracts, s.Contract, both, nobody, Body{"title": "Another title"}},
		{"the funded milestone", projects, collections.Milestones, s.Milestone, both, nobody, Body{"title": "Another title"}},
		{"a row of the timeline", projects, collections.Timeline, listIDs(s.Freelancer, projects, collections.Timeline)[0], both, nobody, Body{"reason": "Other words"}},
		{"the payment", payments, collections.Payments, s.Payment, both, nobody, Body{"reason": "Other words"}},
		{"a row of the payment's timeline", payments, collections.Timeline, listIDs(s.Freelancer, payments, collections.Timeline)[0], both, nobody, Body{"reason": "Other words"}},
		{"the freelancer's invoice", payments, collections.Invoices, listIDs(s.Client, payments, collections.Invoices)[0], both, nobody, Body{"amount": 1}},
		{"the invoice about the fee", payments, collections.Invoices, feeInvoice(s), []string{freelancer}, nobody, Body{"amount": 1}},
		{"the client's billing details", payments, collections.BillingDetails, listIDs(s.Client, payments, collections.BillingDetails)[0], []string{theClient}, []string{theClient}, Body{"name": "Other GmbH"}},
		{"the ledger", payments, "ledgerEntries", "1", nobody, nobody, Body{"amount": 1}},
		{"the chat", messages, collections.Chats, chatOf(s), both, nobody, Body{"title": "Another title"}},
		{"a membership", messages, collections.Members, members[0], both, nil, nil},
		{"a message", messages, collections.Messages, listIDs(s.Client, messages, collections.Messages)[0], both, nobody, Body{"body": "Other words"}},
		{"a notification of the client", messages, collections.Notifications, listIDs(s.Client, messages, collections.Notifications)[0], []string{theClient}, []string{theClient}, Body{"readAt": "2026-03-10 12:00:00Z"}},
		{"a session of the client", users, collections.Sessions, listIDs(s.Client, users, collections.Sessions)[0], []string{theClient}, nobody, Body{"ip": "1.2.3.4"}},
		{"the profile of the client", users, collections.Users, s.Client.ID, []string{theClient, freelancer, loser, stranger}, []string{theClient}, Body{"headline": "Other words"}},
		{"the profile of a freelancer", users, collections.Users, s.Freelancer.ID, everyone, []string{freelancer}, Body{"headline": "Other words"}},
	}
}

// reviewResources are reviews before and after publication. The client and the
// freelancer are those of over.
func reviewResources(over, public *Story) []resource {
	const projects = collections.DomainProjects
	both, nobody := []string{theClient, freelancer}, []string{}
	everyone := []string{guest, theClient, freelancer, loser, stranger}
	words := Body{"body": "Other words"}
	return []resource{
		{"an open review", projects, collections.Reviews, reviewOf(over.Client, over.Contract, over.Freelancer.ID).Text("id"), both, nobody, words},
		{"a sealed review", projects, collections.Reviews, reviewOf(over.Client, over.Contract, over.Client.ID).Text("id"), both, nobody, words},
		{"a published review", projects, collections.Reviews, reviewOf(public.Client, public.Contract, public.Client.ID).Text("id"), everyone, nobody, words},
	}
}

func feeInvoice(s *Story) string {
	fees := s.Freelancer.List(collections.DomainPayments, collections.Invoices, "?filter="+url.QueryEscape(`kind="fee"`))
	return idsOf(fees)[0]
}

// cell tries all actions of one person on one resource and returns how many were tried.
func cell(t *testing.T, r resource, name string, person *Person) int {
	t.Helper()
	where := fmt.Sprintf("%s, %s", name, r.name)
	base := services.Prefix(r.domain) + "/api/collections/" + r.collection + "/records"
	may := slices.Contains(r.read, name)
	if got := person.Do(http.MethodGet, base+"/"+r.id, nil).Status == http.StatusOK; got != may {
		t.Errorf("%s: expected view %v, got %v", where, may, got)
	}
	byID := url.QueryEscape(`id="` + r.id + `"`)
	for action, query := range map[string]string{
		"list": "", "filter": "?filter=" + byID, "sort": "?sort=-created&filter=" + byID, "expand": "?expand=client,freelancer,project,contract,chat,user&filter=" + byID,
	} {
		list := person.Do(http.MethodGet, base+"?perPage=200"+map[bool]string{true: "&" + query[min(1, len(query)):], false: ""}[query != ""], nil)
		found := slices.Contains(idsOf(list), r.id)
		if found != may {
			t.Errorf("%s: expected %s %v, got %v (%d)", where, action, may, found, list.Status)
		}
	}
	tried := 5
	if r.change != nil {
		mayUpdate := slices.Contains(r.update, name)
		answer := person.Do(http.MethodPatch, base+"/"+r.id, r.change)
		if got := answer.Status == http.StatusOK; got != mayUpdate {
			t.Errorf("%s: expected update %v, got %d: %s", where, mayUpdate, answer.Status, answer.Raw)
		}
		if answer.Status != http.StatusOK && answer.Code() == "" {
			t.Errorf("%s: expected a code with the refused update, got %s", where, answer.Raw)
		}
		tried++
	}
	// Whoever may delete (a draft, a notification) is tested elsewhere: nobody else can.
	if !slices.Contains(r.update, name) {
		if answer := person.Do(http.MethodDelete, base+"/"+r.id, nil); answer.Status < 400 {
			t.Errorf("%s: expected no delete, got %d", where, answer.Status)
		}
		tried++
	}
	// Files of what cannot be read cannot be asked for either.
	if answer := person.Do(http.MethodGet, services.Prefix(r.domain)+"/api/files/"+r.collection+"/"+r.id+"/secret.png", nil); answer.Status != http.StatusNotFound {
		t.Errorf("%s: expected no file, got %d", where, answer.Status)
	}
	return tried + 1
}

func idsOf(list *Response) []string {
	items, _ := list.JSON["items"].([]any)
	ids := []string{}
	for _, item := range items {
		record, _ := item.(map[string]any)
		id, _ := record["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

func listIDs(p *Person, domain collections.Domain, collection string) []string {
	ids := idsOf(p.List(domain, collection, "?perPage=200"))
	if len(ids) == 0 {
		p.tb.Fatalf("Expected records in %s", collection)
	}
	return ids
}

// TestHiddenFieldsStayHidden tries to learn secrets by filter and sort.
func TestHiddenFieldsStayHidden(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	for _, attempt := range []struct {
		domain     collections.Domain
		collection string
		query      string
	}{
		{collections.DomainUsers, collections.Sessions, `?filter=` + url.QueryEscape(`tokenHash~"a"`)},
		{collections.DomainUsers, collections.Sessions, `?sort=tokenHash`},
		{collections.DomainUsers, collections.Users, `?filter=` + url.QueryEscape(`password~"a"`)},
		{collections.DomainUsers, collections.Users, `?filter=` + url.QueryEscape(`tokenKey~"a"`)},
		{collections.DomainUsers, collections.Users, `?sort=ver`},
		{collections.DomainPayments, collections.Payments, `?filter=` + url.QueryEscape(`source="x"`)},
		{collections.DomainPayments, collections.Payments, `?filter=` + url.QueryEscape(`freelancer.status="active"`)},
		{collections.DomainMessages, collections.Chats, `?filter=` + url.QueryEscape(`members_via_chat.user.ver=1`)},
		{collections.DomainProjects, collections.Projects, `?filter=` + url.QueryEscape(`@collection.sessions.id!=""`)},
	} {
		answer := s.Client.List(attempt.domain, attempt.collection, attempt.query)
		ignored := answer.Status == http.StatusOK && strings.HasPrefix(attempt.query, "?sort=") // sorting by what one may not see does nothing
		if answer.Status != http.StatusBadRequest && answer.Status != http.StatusForbidden && !ignored {
			t.Errorf("Expected %s%s to be refused, got %d: %.200s", attempt.collection, attempt.query, answer.Status, answer.Raw)
		}
	}
	for domain := range m.Instances {
		raw := string(s.Client.List(domain, collections.Users, "?perPage=200").Raw)
		for _, secret := range []string{"tokenKey", "password", "tokenHash", s.Freelancer.Email} {
			if strings.Contains(raw, secret) {
				t.Errorf("Expected no %s in the users of %s", secret, domain)
			}
		}
	}
}
