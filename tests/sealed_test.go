package tests

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// TestTermsAreNotEditedByHand: what two people agreed on, and what is paid for, is not
// changed, taken away or made up in the admin UI, one record or all of them at once.
func TestTermsAreNotEditedByHand(t *testing.T) {
	t.Parallel()
	m := New(t)
	s, open := Funded(m), NewStory(m).Publish().Propose()
	dispute := s.dispute(s.Client, 1_000, 0)
	of := func(domain collections.Domain, collection string) string {
		return services.Prefix(domain) + "/api/collections/" + collection
	}
	const byHand = "milestones/records/"
	shown := m.Superuser(collections.DomainUsers).Do(http.MethodGet, of(collections.DomainUsers, "sessions"), nil).JSON["fields"].([]any)
	for _, field := range shown {
		field.(map[string]any)["hidden"] = false
	}
	for _, attempt := range []struct {
		domain       collections.Domain
		method, path string
		body         Body
		code         string
	}{
		{collections.DomainProjects, http.MethodPatch, "contracts/records/" + s.Contract, Body{"feePlan": Body{"version": "x", "basisPoints": -500}}, services.CodeForbidden},
		{collections.DomainProjects, http.MethodPatch, "contracts/records/" + s.Contract, Body{"freelancer": open.Freelancer.ID}, services.CodeForbidden},
		{collections.DomainProjects, http.MethodPatch, byHand + s.Milestone, Body{"approvedAmount": 5}, services.CodeForbidden},
		{collections.DomainProjects, http.MethodPatch, byHand + s.Milestone, Body{"freelancer": open.Freelancer.ID}, services.CodeForbidden},
		{collections.DomainProjects, http.MethodPatch, "proposals/records/" + s.Proposal, Body{"amount": 5}, services.CodeForbidden},
		{collections.DomainProjects, http.MethodPatch, "proposals/records/" + open.Proposal, Body{"freelancer": s.Freelancer.ID}, services.CodeFieldReadOnly},
		{collections.DomainProjects, http.MethodPatch, "projects/records/" + open.Project, Body{"client": s.Client.ID}, services.CodeFieldReadOnly},
		{collections.DomainProjects, http.MethodDelete, byHand + s.Milestone, nil, services.CodeForbidden},
		{collections.DomainProjects, http.MethodDelete, "contracts/records/" + s.Contract, nil, services.CodeForbidden},
		{collections.DomainProjects, http.MethodDelete, "timeline/truncate", nil, ""},
		{collections.DomainProjects, http.MethodPost, "contracts/records", Body{"project": s.Project, "proposal": s.Proposal, "client": s.Client.ID, "freelancer": s.Freelancer.ID, "status": "active"}, services.CodeForbidden},
		{collections.DomainPayments, http.MethodDelete, "payments/truncate", nil, ""},
		{collections.DomainPayments, http.MethodDelete, "disputes/truncate", nil, ""},
		{collections.DomainPayments, http.MethodPost, "chargebacks/records", Body{"payment": s.Payment, "guarded": 5, "currency": "EUR", "freelancer": s.Freelancer.ID, "status": "open"}, services.CodeForbidden},
		{collections.DomainPayments, http.MethodPost, "deadlines/records", Body{"kind": "dispute-answer", "collection": "disputes", "subject": dispute, "nextAt": 1, "status": "armed"}, services.CodeForbidden},
		{collections.DomainPayments, http.MethodPatch, "payments", Body{"listRule": ""}, services.CodeForbidden},
		{collections.DomainPayments, http.MethodPatch, "payments", Body{"indexes": []string{}}, services.CodeForbidden},
		{collections.DomainUsers, http.MethodPatch, "sessions", Body{"fields": shown}, services.CodeForbidden},
		{collections.DomainUsers, http.MethodPatch, "users", Body{"manageRule": ""}, services.CodeForbidden},
		{collections.DomainPayments, http.MethodPatch, "ledgerEntries", Body{"viewQuery": "SELECT id FROM payments"}, services.CodeForbidden},
		{collections.DomainPayments, http.MethodDelete, "invoices", nil, services.CodeForbidden},
		{collections.DomainPayments, http.MethodPut, "import", Body{"collections": []Body{{"name": "payments", "type": "base", "fields": []Body{}}}, "deleteMissing": true}, services.CodeForbidden},
	} {
		answer := m.Superuser(attempt.domain).Do(attempt.method, of(attempt.domain, attempt.path), attempt.body)
		if answer.Status < 400 || answer.Status >= 500 || attempt.code != "" && answer.Code() != attempt.code {
			t.Errorf("%s %s %v: expected %q, got %d %s", attempt.method, attempt.path, attempt.body, attempt.code, answer.Status, answer.Raw)
		}
	}
	moderator := m.Superuser(collections.DomainProjects)
	moderator.Do(http.MethodPatch, of(collections.DomainProjects, "projects/records/"+open.Project), Body{"title": "A better title"}).Want(t, http.StatusOK, "")
	proposal := of(collections.DomainProjects, "proposals/records/"+open.Proposal)
	whole := Body(moderator.Do(http.MethodGet, proposal, nil).JSON) // as the admin UI sends it back
	plan, err := json.MarshalIndent(whole["feePlan"], "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	whole["feePlan"], whole["coverLetter"] = string(plan), "I build shops."
	moderator.Do(http.MethodPatch, proposal, whole).Want(t, http.StatusOK, "")
	whole["feePlan"] = strings.Replace(string(plan), "basisPoints\": ", "basisPoints\": 1", 1)
	moderator.Do(http.MethodPatch, proposal, whole).Want(t, http.StatusBadRequest, services.CodeFieldReadOnly)
	s.inDispute(s.Freelancer, dispute, "accept", Body{"toFreelancer": 0}).Want(t, http.StatusOK, "")
	s.wantMoney("held: released 0 refunded 1000 disputed 0")
	m.Sound()
}

// TestHowPeopleSignInIsSetByHand: that much of a collection is the operator's.
func TestHowPeopleSignInIsSetByHand(t *testing.T) {
	t.Parallel()
	m := New(t)
	for _, domain := range collections.Domains { // as the admin UI sends it back
		superuser := m.Superuser(domain)
		for name := range collections.RulesOf(domain) {
			path := services.Prefix(domain) + "/api/collections/" + name
			if whole := superuser.Do(http.MethodGet, path, nil); whole.Text("type") != "view" {
				superuser.Do(http.MethodPatch, path, Body(whole.JSON)).Want(t, http.StatusOK, "")
			}
		}
	}
	m.Superuser(collections.DomainUsers).Do(http.MethodPatch, "/api/users/api/collections/users", Body{"otp": Body{"enabled": true, "duration": 240, "length": 8}}).Want(t, http.StatusOK, "")
}
