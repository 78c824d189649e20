package tests

import (
	"net/http"
	"slices"
	"testing"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// The table of the role matrix. A new collection needs a row in resources (who
// may read and change a record of it) and one in creations (who may make one).
// If its rules look at a state, add the states to everyState.

var (
	both, nobody = []string{theClient, freelancer}, []string{}
	everyone     = []string{guest, theClient, freelancer, loser, stranger}
	signedIn     = []string{theClient, freelancer, loser, stranger}
)

// resources has a record of each collection, as the story left it.
func resources(w *world) []resource {
	const projects, payments, messages, users = collections.DomainProjects, collections.DomainPayments, collections.DomainMessages, collections.DomainUsers
	s, other, open := w.main, w.other, w.open
	of := func(person *Person) string { return "user = '" + person.ID + "'" }
	w.removers["a draft"] = []string{theClient}
	w.removers["a notification of the client"] = []string{theClient}
	w.removers["the freelancer's block of the stranger"] = []string{freelancer}
	block := s.Freelancer.Create(messages, collections.Blocks, Body{"blocked": w.people[stranger].ID})
	block.Want(w.market.tb, http.StatusOK, "")
	billing := s.Client.Create(payments, collections.BillingDetails, Body{"name": "Teapots GmbH"})
	billing.Want(w.market.tb, http.StatusOK, "")
	w.removers["a saved search"] = []string{freelancer}
	search := s.Freelancer.Create(projects, collections.Searches, Body{"name": "Teapots", "words": "teapot"})
	search.Want(w.market.tb, http.StatusOK, "")
	return []resource{
		{"a draft", projects, collections.Projects, w.draft, []string{theClient}, []string{theClient}, Body{"title": "Another title"}},
		{"an open project", projects, collections.Projects, open.Project, everyone, []string{theClient}, Body{"title": "Another title"}},
		{"a project in progress", projects, collections.Projects, s.Project, both, nobody, Body{"title": "Another title"}},
		{"the accepted proposal", projects, collections.Proposals, s.Proposal, both, nobody, Body{"coverLetter": "Other words"}},
		{"the rejected proposal", projects, collections.Proposals, other.Proposal, []string{theClient, loser}, nobody, Body{"coverLetter": "Other words"}},
		{"a submitted proposal", projects, collections.Proposals, open.Proposal, both, []string{freelancer}, Body{"coverLetter": "Other words"}},
		{"the contract", projects, collections.Contracts, s.Contract, both, nobody, Body{"title": "Another title"}},
		{"the funded milestone", projects, collections.Milestones, s.Milestone, both, nobody, Body{"title": "Another title"}},
		{"a planned milestone", projects, collections.Milestones, w.planned, both, []string{theClient}, Body{"title": "Another title"}},
		{"a row of the timeline", projects, collections.Timeline, w.first(projects, collections.Timeline, "subject = '"+s.Milestone+"'"), both, nobody, Body{"reason": "Other words"}},
		{"a deadline of a proposal", projects, collections.Deadlines, w.first(projects, collections.Deadlines, "subject = '"+open.Proposal+"'"), both, nobody, Body{"reason": "Other words"}},
		{"a sealed review", projects, collections.Reviews, w.first(projects, collections.Reviews, "status = 'sealed'"), both, nobody, Body{"body": "Other words"}},
		{"a deliverable", projects, collections.Deliverables, w.insert(projects, collections.Deliverables, dbx.Params{"client": s.Client.ID, "freelancer": s.Freelancer.ID}), both, nobody, Body{"name": "other"}},
		{"an upload of the freelancer to projects", projects, collections.Uploads, w.insert(projects, collections.Uploads, dbx.Params{"user": s.Freelancer.ID}), []string{freelancer}, nobody, Body{"name": "other"}},
		{"a saved search", projects, collections.Searches, search.Text("id"), []string{freelancer}, []string{freelancer}, Body{"name": "Another name"}},
		{"a fee plan", projects, collections.FeePlans, w.insert(projects, collections.FeePlans, dbx.Params{"version": "a plan"}), everyone, nobody, Body{"basisPoints": 1}},
		{"the client in the mirror of projects", projects, collections.Users, s.Client.ID, everyone, nobody, Body{"name": "Somebody"}},

		{"the disputed payment", payments, collections.Payments, s.Payment, both, nobody, Body{"reason": "Other words"}},
		{"a row of the payment's timeline", payments, collections.Timeline, w.first(payments, collections.Timeline, "subject = '"+s.Payment+"'"), both, nobody, Body{"reason": "Other words"}},
		{"the dispute", payments, collections.Disputes, w.dispute, both, nobody, Body{"reason": "Other words"}},
		{"evidence", payments, collections.Evidence, w.first(payments, collections.Evidence, "true"), both, nobody, Body{"kind": "other"}},
		{"a refused refund", payments, collections.RefusedRefunds, w.insert(payments, collections.RefusedRefunds, dbx.Params{"client": s.Client.ID, "freelancer": s.Freelancer.ID, "state": "open"}), nobody, nobody, Body{"decision": "retry"}},
		{"a chargeback", payments, collections.Chargebacks, w.insert(payments, collections.Chargebacks, dbx.Params{"client": s.Client.ID, "freelancer": s.Freelancer.ID, "status": "won"}), both, nobody, Body{"reason": "Other words"}},
		{"the deadline of the dispute", payments, collections.Deadlines, w.first(payments, collections.Deadlines, "subject = '"+w.dispute+"'"), both, nobody, Body{"reason": "Other words"}},
		{"a payout", payments, collections.Payouts, w.first(payments, collections.Payouts, "true"), []string{freelancer}, nobody, Body{"reason": "Other words"}},
		{"a payout destination", payments, collections.PayoutDestinations, w.first(payments, collections.PayoutDestinations, "true"), []string{freelancer}, nobody, Body{"label": "Mine"}},
		{"the freelancer's invoice", payments, collections.Invoices, w.first(payments, collections.Invoices, "client <> '' AND freelancer <> ''"), both, nobody, Body{"amount": 1}},
		{"the invoice about the fee", payments, collections.Invoices, w.first(payments, collections.Invoices, "kind = 'fee'"), []string{freelancer}, nobody, Body{"amount": 1}},
		{"the client's billing details", payments, collections.BillingDetails, billing.Text("id"), []string{theClient}, []string{theClient}, Body{"name": "Other GmbH"}},
		{"an entry of the ledger", payments, "ledgerEntries", "1", nobody, nobody, Body{"amount": 1}},
		{"a balance of the ledger", payments, "ledgerBalances", "1", nobody, nobody, Body{"amount": 1}},
		{"the client in the mirror of payments", payments, collections.Users, s.Client.ID, everyone, nobody, Body{"name": "Somebody"}},

		{"the chat", messages, collections.Chats, w.chat, both, nobody, Body{"title": "Another title"}},
		{"the client's membership", messages, collections.Members, w.first(messages, collections.Members, "chat = '"+w.chat+"' AND "+of(s.Client)), both, []string{theClient}, Body{"muted": true}},
		{"a message", messages, collections.Messages, w.message, both, []string{theClient}, Body{"body": "Other words"}},
		{"an edit of a message", messages, collections.Edits, w.first(messages, collections.Edits, "true"), both, nobody, Body{"body": "Other words"}},
		{"the freelancer's block of the stranger", messages, collections.Blocks, block.Text("id"), []string{freelancer}, nobody, Body{"blocked": s.Client.ID}},
		{"a report", messages, collections.Reports, w.first(messages, collections.Reports, "true"), nobody, nobody, Body{"note": "Other words"}},
		{"a notification of the client", messages, collections.Notifications, w.first(messages, collections.Notifications, of(s.Client)), []string{theClient}, []string{theClient}, Body{"readAt": "2026-03-10 12:00:00Z"}},
		{"the client in the mirror of messages", messages, collections.Users, s.Client.ID, everyone, nobody, Body{"name": "Somebody"}},

		{"an upload of the freelancer to messages", messages, collections.Uploads, w.insert(messages, collections.Uploads, dbx.Params{"user": s.Freelancer.ID}), []string{freelancer}, nobody, Body{"name": "other"}},
		{"a preference of the freelancer", messages, collections.Preferences, w.insert(messages, collections.Preferences, dbx.Params{"user": s.Freelancer.ID}), []string{freelancer}, nobody, Body{"kind": "other"}},
		{"a mail that waits", users, collections.MailQueue, "1", nobody, nobody, Body{"subject": "Other words"}},

		{"a session of the client", users, collections.Sessions, w.first(users, collections.Sessions, of(s.Client)), []string{theClient}, nobody, Body{"ip": "1.2.3.4"}},
		{"the profile of the client", users, collections.Users, s.Client.ID, signedIn, []string{theClient}, Body{"headline": "Other words"}},
		{"the profile of a freelancer", users, collections.Users, s.Freelancer.ID, everyone, []string{freelancer}, Body{"headline": "Other words"}},
		{"the profile of somebody suspended", users, collections.Users, w.people[suspended].ID, nobody, nobody, Body{"headline": "Other words"}},
	}
}

// everyState adds copies: of every record that has a state in all its states, and
// of every record that has owners without them, which must be nobody's.
func (w *world) everyState(t *testing.T) {
	t.Helper()
	in := func(status string) map[string]any { return map[string]any{"status": status} }
	only := func(may bool, names ...string) []string {
		if may {
			return names
		}
		return nobody
	}
	for _, status := range w.statesOf(collections.DomainProjects, collections.Projects) {
		reader := []string{theClient}
		if status == collections.ProjectOpen {
			reader = everyone
		}
		draft := status == collections.ProjectDraft
		w.add(w.named("an open project"), "a project "+status, in(status), reader, only(draft || status == collections.ProjectOpen, theClient), only(draft, theClient))
	}
	for _, status := range w.statesOf(collections.DomainProjects, collections.Proposals) {
		w.add(w.named("a submitted proposal"), "a proposal "+status, in(status), both, only(status == collections.ProposalSubmitted, freelancer), nil)
	}
	for _, status := range w.statesOf(collections.DomainProjects, collections.Milestones) {
		w.add(w.named("a planned milestone"), "a milestone "+status, in(status), both, only(status == collections.MilestonePlanned, theClient), nil)
	}
	for _, status := range w.statesOf(collections.DomainProjects, collections.Reviews) {
		reader := both
		if status == collections.ReviewPublished || status == collections.ReviewReplied {
			reader = everyone
		}
		w.add(w.named("a sealed review"), "a review "+status, in(status), reader, nobody, nil)
	}
	for _, name := range []string{"the contract", "the disputed payment", "the dispute", "a payout", "a payout destination", "a deadline of a proposal", "the deadline of the dispute"} {
		r := w.named(name)
		for _, status := range w.statesOf(r.domain, r.collection) {
			w.add(r, name+", "+status, in(status), r.read, nobody, nil)
		}
	}
	ownerless := map[string]any{"client": "", "freelancer": "", "user": "", "sender": ""}
	for _, r := range slices.Clone(w.resources) {
		if slices.Contains([]string{"an open project", "a fee plan"}, r.name) || r.collection == collections.Users || w.app(r.domain).DB() == nil {
			continue
		}
		if !w.hasOwner(r) || slices.ContainsFunc(w.resources, func(other resource) bool {
			return other.domain == r.domain && other.name == r.collection+" of nobody"
		}) {
			continue
		}
		set := map[string]any{"status": "submitted", "chat": w.chatOfNobody()}
		for field, value := range ownerless {
			set[field] = value
		}
		switch r.collection {
		case collections.Projects:
			set["status"] = collections.ProjectDraft
		case collections.Reviews:
			set["status"] = collections.ReviewSealed
		case collections.Milestones:
			set["status"] = collections.MilestonePlanned
		}
		w.add(r, r.collection+" of nobody", set, nobody, nobody, nil)
	}
	w.add(w.named("a message"), "a deleted message", map[string]any{"deletedAt": "2026-03-10 12:00:00.000Z"}, both, nobody, nil)
	w.add(w.named("a message"), "a message of the client in a chat they left", map[string]any{"chat": w.chatOfNobody()}, nobody, nobody, nil)
	for n := range w.resources {
		if w.resources[n].name == "a deleted message" {
			w.resources[n].change = nil // there is nothing left to edit
			w.add(w.named("an edit of a message"), "an edit of a deleted message", map[string]any{"message": w.resources[n].id}, nobody, nobody, nil)
		}
	}
}

// creation says who may create a record of a collection with a body that is right
// for them. Everyone else is refused: by the rule, which says that a role is
// missing, or with the code in others.
type creation struct {
	domain     collections.Domain
	collection string
	may        []string
	others     map[string]string
	body       func(w *world, name string) Body
}

// hirersOnly is what those hear who have the role and not the right.
var hirersOnly = map[string]string{stranger: services.CodeNotFound, otherHirer: services.CodeNotFound}

func none(*world, string) Body { return Body{"id": ""} }

var creations = []creation{
	{collections.DomainProjects, collections.Projects, []string{theClient, stranger, otherHirer}, nil,
		func(*world, string) Body { return Body{"title": "A title", "currency": "EUR"} }},
	{collections.DomainProjects, collections.Proposals, []string{loser, stranger, otherMaker, freelancer}, nil,
		func(w *world, _ string) Body {
			return Body{"project": w.named("a project open").id, "amount": 5, "days": 1}
		}},
	{collections.DomainProjects, collections.Searches, []string{loser, stranger, otherMaker, freelancer}, nil,
		func(*world, string) Body { return Body{"name": "Shops", "words": "shop"} }},
	{collections.DomainProjects, collections.Contracts, nobody, nil, none},
	{collections.DomainProjects, collections.Milestones, []string{theClient}, hirersOnly,
		func(w *world, _ string) Body { return Body{"contract": w.main.Contract, "title": "More", "amount": 5} }},
	{collections.DomainProjects, collections.Timeline, nobody, nil, none},
	{collections.DomainProjects, collections.Deadlines, nobody, nil, none},
	{collections.DomainProjects, collections.FeePlans, nobody, nil, none},
	{collections.DomainProjects, collections.Deliverables, nobody, nil, none},
	{collections.DomainProjects, collections.Uploads, nobody, nil, none},
	{collections.DomainMessages, collections.Uploads, nobody, nil, none},
	{collections.DomainProjects, collections.Reviews, []string{freelancer}, map[string]string{theClient: services.CodeAlreadyReviewed, loser: services.CodeNotFound, stranger: services.CodeNotFound, otherHirer: services.CodeNotFound, otherMaker: services.CodeNotFound},
		func(w *world, _ string) Body { return Body{"contract": w.over.Contract, "rating": 5, "body": "Fine."} }},
	{collections.DomainProjects, collections.Users, nobody, nil, none},
	{collections.DomainPayments, collections.Payments, []string{theClient}, hirersOnly,
		func(w *world, _ string) Body {
			return Body{"project": w.main.Project, "milestone": w.planned, "amount": 5_000, "currency": "EUR"}
		}},
	{collections.DomainPayments, collections.Timeline, nobody, nil, none},
	{collections.DomainPayments, collections.Disputes, nobody, nil, none},
	{collections.DomainPayments, collections.Evidence, nobody, nil, none},
	{collections.DomainPayments, collections.Chargebacks, nobody, nil, none},
	{collections.DomainPayments, collections.RefusedRefunds, nobody, nil, none},
	{collections.DomainPayments, collections.Deadlines, nobody, nil, none},
	{collections.DomainPayments, collections.Payouts, []string{freelancer}, map[string]string{loser: services.CodeNotEnough, stranger: services.CodeNotEnough, otherMaker: services.CodeNotEnough},
		func(*world, string) Body { return Body{"amount": 1_000, "currency": "EUR"} }},
	{collections.DomainPayments, collections.PayoutDestinations, []string{freelancer, loser, stranger, otherMaker}, nil,
		func(*world, string) Body { return Body{"label": "Mine", "reference": services.BankAccount} }},
	{collections.DomainPayments, collections.Invoices, nobody, nil, none},
	{collections.DomainPayments, collections.BillingDetails, []string{theClient, freelancer, loser, stranger, otherHirer, otherMaker}, nil,
		func(*world, string) Body { return Body{"name": "A name"} }},
	{collections.DomainPayments, "ledgerEntries", nobody, nil, none},
	{collections.DomainPayments, "ledgerBalances", nobody, nil, none},
	{collections.DomainPayments, collections.Users, nobody, nil, none},
	{collections.DomainMessages, collections.Chats, nobody, nil, none},
	{collections.DomainMessages, collections.Members, nobody, nil, none},
	{collections.DomainMessages, collections.Messages, both, map[string]string{loser: services.CodeNotFound, stranger: services.CodeNotFound, otherHirer: services.CodeNotFound, otherMaker: services.CodeNotFound},
		func(w *world, _ string) Body { return Body{"chat": w.chat, "body": "Hello"} }},
	{collections.DomainMessages, collections.Edits, nobody, nil, none},
	{collections.DomainMessages, collections.Blocks, []string{theClient, freelancer, loser, stranger, otherHirer, otherMaker}, nil,
		func(w *world, name string) Body {
			return Body{"blocked": w.people[map[bool]string{true: otherHirer, false: suspended}[name != otherHirer]].ID}
		}},
	{collections.DomainMessages, collections.Reports, nobody, nil, none},
	{collections.DomainMessages, collections.Notifications, nobody, nil, none},
	{collections.DomainMessages, collections.Users, nobody, nil, none},
	{collections.DomainUsers, collections.Users, []string{guest, theClient, freelancer, loser, stranger, otherHirer, otherMaker}, nil,
		func(*world, string) Body {
			return Body{"email": Key() + "@example.com", "password": "a long password", "passwordConfirm": "a long password", "name": "New", "roles": []string{"client"}}
		}},
	{collections.DomainUsers, collections.Sessions, nobody, nil, none},
	{collections.DomainUsers, collections.MailQueue, nobody, nil, none},
	{collections.DomainMessages, collections.Preferences, nobody, nil, none},
}
