package tests

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// steps are milestones that add up to 1000.
func steps() []Body {
	return []Body{
		{"title": " Sketches ", "amount": 300, "dueAt": "2026-04-01T21:59:59Z"},
		{"title": "The shop", "amount": 700},
	}
}

func (s *Story) offer(change Body) *Response {
	s.Market.tb.Helper()
	body := Body{"project": s.Project, "amount": 1000, "days": 14, "coverLetter": "I build shops.", "milestones": steps()}
	for field, value := range change {
		body[field] = value
	}
	return s.Freelancer.Create(collections.DomainProjects, collections.Proposals, body)
}

func (s *Story) editProposal(change Body) *Response {
	s.Market.tb.Helper()
	return s.Freelancer.Do(http.MethodPatch, "/api/projects/api/collections/proposals/records/"+s.Proposal, change)
}

// milestonesOf returns titles and amounts in order, as one text.
func milestonesOf(t *testing.T, raw any) string {
	t.Helper()
	text, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Title  string
		Amount int64
		DueAt  string
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatalf("Expected milestones, got %s: %v", text, err)
	}
	lines := []string{}
	for _, one := range list {
		line, _ := json.Marshal([]any{one.Title, one.Amount, one.DueAt})
		lines = append(lines, string(line))
	}
	return strings.Join(lines, " ")
}

const stepsAsStored = `["Sketches",300,"2026-04-01 21:59:59.000Z"] ["The shop",700,""]`

// TestProposedMilestones: what was offered is what both see, what the contract
// has, and what adds up to its price.
func TestProposedMilestones(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish()
	made := s.offer(nil)
	made.Want(t, http.StatusOK, "")
	s.Proposal = made.Text("id")
	for _, person := range []*Person{s.Freelancer, s.Client} {
		seen := person.View(collections.DomainProjects, collections.Proposals, s.Proposal)
		if got := milestonesOf(t, seen.JSON["milestones"]); got != stepsAsStored {
			t.Errorf("Expected %s, got %s", stepsAsStored, got)
		}
	}
	hired := s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/accept", Key(), Body{"version": 1})
	hired.Want(t, http.StatusOK, "")
	if got := milestonesOf(t, hired.JSON["milestones"]); got != stepsAsStored {
		t.Errorf("Expected the contract's milestones to be those of the proposal, %s, got %s", stepsAsStored, got)
	}
	if hired.Object("milestone").Number("position") != 1 || hired.Object("contract").Number("amount") != 1000 {
		t.Errorf("Expected the first milestone and the whole price, got %s", hired.Raw)
	}
	s.Contract, s.Milestone, s.Amount = hired.Object("contract").Text("id"), hired.Object("milestone").Text("id"), 300
	m.Deliver()
	s.Fund()
	list := s.Freelancer.List(collections.DomainProjects, collections.Milestones, "?sort=position")
	if got := milestonesOf(t, list.JSON["items"]); got != stepsAsStored {
		t.Errorf("Expected %s on record, got %s", stepsAsStored, got)
	}
	m.Sound()
}

// TestMilestonesWithoutDays: a proposal without milestones, and one whose steps
// have no days, which the time it takes then says.
func TestMilestonesWithoutDays(t *testing.T) {
	t.Parallel()
	m := New(t)
	for name, milestones := range map[string]any{
		"none": nil, "an empty list": []Body{}, "two": []Body{{"title": "A", "amount": 1}, {"title": "B", "amount": 999}},
	} {
		s := NewStory(m).Publish()
		s.Proposal = s.offer(Body{"milestones": milestones}).Text("id")
		hired := s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/accept", Key(), nil)
		hired.Want(t, http.StatusOK, "")
		want := `["A shop for teapots",1000,"2026-03-24 12:00:00.000Z"]`
		if name == "two" {
			want = `["A",1,""] ["B",999,"2026-03-24 12:00:00.000Z"]`
		}
		if got := milestonesOf(t, hired.JSON["milestones"]); got != want {
			t.Errorf("%s: expected %s, got %s", name, want, got)
		}
	}
}

// TestBadMilestones: an offer that contradicts itself is refused, when it is made
// and when it is changed.
func TestBadMilestones(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish()
	many := make([]Body, services.MaxProposedMilestones+1)
	for n := range many {
		many[n] = Body{"title": "Step", "amount": 1}
	}
	one := func(change Body) []Body {
		list := steps()
		for field, value := range change {
			list[1][field] = value
		}
		return list
	}
	changed := NewStory(m).Publish()
	changed.Proposal = changed.offer(nil).Text("id")
	for name, scenario := range map[string]struct {
		change Body
		code   string
	}{
		"another sum":                {Body{"amount": 1001}, services.CodeMilestonesSum},
		"too many":                   {Body{"milestones": many, "amount": len(many)}, services.CodeTooManyMilestones},
		"no title":                   {Body{"milestones": one(Body{"title": "  "})}, services.CodeInvalidInput},
		"a long title":               {Body{"milestones": one(Body{"title": strings.Repeat("x", 141)})}, services.CodeInvalidInput},
		"no amount":                  {Body{"milestones": one(Body{"amount": nil})}, services.CodeNotAnInteger},
		"an amount as text":          {Body{"milestones": one(Body{"amount": "700"})}, services.CodeNotAnInteger},
		"half a cent":                {Body{"milestones": one(Body{"amount": 700.5})}, services.CodeNotAnInteger},
		"a yes as an amount":         {Body{"milestones": one(Body{"amount": true})}, services.CodeNotAnInteger},
		"an amount too large":        {Body{"milestones": one(Body{"amount": int64(collections.MaxAmount) + 1})}, services.CodeAmountOutOfRange},
		"nothing":                    {Body{"milestones": one(Body{"amount": 0})}, services.CodeAmountOutOfRange},
		"less than nothing":          {Body{"milestones": []Body{{"title": "A", "amount": 1300}, {"title": "B", "amount": -300}}}, services.CodeAmountOutOfRange},
		"a day that is over":         {Body{"milestones": one(Body{"dueAt": "2026-03-10T11:59:59Z"})}, services.CodeInvalidInput},
		"a day in a hundred years":   {Body{"milestones": one(Body{"dueAt": "2126-03-10T11:59:59Z"})}, services.CodeInvalidInput},
		"no day":                     {Body{"milestones": one(Body{"dueAt": "tomorrow"})}, services.CodeInvalidInput},
		"a field nobody knows":       {Body{"milestones": one(Body{"status": "released"})}, services.CodeInvalidInput},
		"an object":                  {Body{"milestones": Body{"title": "A", "amount": 1000}}, services.CodeInvalidInput},
		"a text":                     {Body{"milestones": "two of them"}, services.CodeInvalidInput},
		"a list of texts":            {Body{"milestones": []string{"A", "B"}}, services.CodeInvalidInput},
		"a modifier around the sum":  {Body{"amount+": 5}, services.CodeNotAnInteger},
		"a price that is not theirs": {Body{"amount": 999}, services.CodeMilestonesSum},
	} {
		if answer := s.offer(scenario.change); answer.Status != http.StatusBadRequest || answer.Code() != scenario.code {
			t.Errorf("A proposal with %s: expected 400 %s, got %d %s", name, scenario.code, answer.Status, answer.Raw)
		}
		if answer := changed.editProposal(scenario.change); answer.Status != http.StatusBadRequest || answer.Code() != scenario.code {
			t.Errorf("A proposal changed to %s: expected 400 %s, got %d %s", name, scenario.code, answer.Status, answer.Raw)
		}
	}
	refused := s.offer(Body{"milestones": one(Body{"amount": 0})})
	if data := refused.Object("data"); data.Number("row") != 2 || data.Text("field") != "milestones" || data.Text("part") != "amount" {
		t.Errorf("Expected to hear which row and what of it, got %s", refused.Raw)
	}
	if got := milestonesOf(t, changed.Client.View(collections.DomainProjects, collections.Proposals, changed.Proposal).JSON["milestones"]); got != stepsAsStored {
		t.Errorf("Expected nothing to have changed, got %s", got)
	}
	changed.editProposal(Body{"currency": "USD"}).Want(t, http.StatusBadRequest, services.CodeFieldReadOnly)
	m.Clock.Advance(60 * collections.Day)
	changed.Freelancer.SignIn()
	changed.editProposal(Body{"coverLetter": "The first day is over; the letter may still change."}).Want(t, http.StatusOK, "")
	m.Deliver()
}

// TestAcceptWhatWasRead: a client who has read one offer does not sign another.
func TestAcceptWhatWasRead(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish()
	s.Proposal = s.offer(nil).Text("id")
	read := s.Client.View(collections.DomainProjects, collections.Proposals, s.Proposal).Number("version")
	edited := s.editProposal(Body{"amount": 1300, "milestones": []Body{{"title": "All", "amount": 1300}}})
	edited.Want(t, http.StatusOK, "")
	accept := func(version int64) *Response {
		return s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/accept", Key(), Body{"version": version})
	}
	accept(read).Want(t, http.StatusConflict, services.CodeProposalChanged)
	hired := accept(edited.Number("version"))
	hired.Want(t, http.StatusOK, "")
	if got := hired.Object("contract").Number("amount"); got != 1300 {
		t.Errorf("Expected the contract to have the new price, got %d", got)
	}
	m.Deliver()
	notices := s.Client.List(collections.DomainMessages, collections.Notifications, "?filter=kind%3D%22proposal.changed%22")
	if len(idsOf(notices)) != 1 {
		t.Errorf("Expected the client to hear once of the change, got %s", notices.Raw)
	}
	m.Sound()
}

// TestEditsRaceWithAcceptance: whoever comes first wins; no edit brings an
// accepted proposal back, or changes its price afterwards.
func TestEditsRaceWithAcceptance(t *testing.T) {
	t.Parallel()
	m := New(t)
	for range 12 {
		s := NewStory(m).Publish()
		s.Proposal = s.offer(nil).Text("id")
		var wait sync.WaitGroup
		for n := range 4 {
			wait.Go(func() {
				answer, err := s.Freelancer.Try(http.MethodPatch, "/api/projects/api/collections/proposals/records/"+s.Proposal,
					Body{"amount": 2000 + n, "milestones": []Body{{"title": "All", "amount": 2000 + n}}})
				if err != nil || answer.Status >= http.StatusInternalServerError {
					t.Errorf("Failed to edit: %v %v", err, answer)
				}
			})
		}
		wait.Go(func() {
			answer, err := s.Client.Try(http.MethodPost, "/api/projects/api/proposals/"+s.Proposal+"/accept", Body{}, "Idempotency-Key", Key())
			if err != nil || answer.Status != http.StatusOK && answer.Code() != services.CodeConflict {
				t.Errorf("Failed to accept: %v %v", err, answer)
			}
		})
		wait.Wait()
		accepted := s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/accept", Key(), nil)
		if accepted.Status != http.StatusOK && accepted.Code() != services.CodeIllegalTransition {
			t.Errorf("Expected to accept it, or to have accepted it, got %s", accepted.Raw)
		}
	}
	m.Deliver()
	m.Sound()
}

// TestEditedProject: whoever proposed hears that the project is another one now,
// once, and nobody hears who else proposed. Its currency stays.
func TestEditedProject(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	other := &Story{Market: m, Client: s.Client, Freelancer: m.User(collections.RoleFreelancer), Project: s.Project, Amount: 77}
	other.Propose()
	edit := func(change Body) *Response {
		return s.Client.Do(http.MethodPatch, "/api/projects/api/collections/projects/records/"+s.Project, change)
	}
	edit(Body{"currency": "USD"}).Want(t, http.StatusBadRequest, services.CodeFieldReadOnly)
	edit(Body{"description": "With a checkout."}).Want(t, http.StatusOK, "")
	edit(Body{"description": "With a checkout."}).Want(t, http.StatusOK, "") // nothing new
	m.Deliver()
	for _, person := range []*Person{s.Freelancer, other.Freelancer} {
		list := person.List(collections.DomainMessages, collections.Notifications, "?filter=kind%3D%22project.changed%22")
		if len(idsOf(list)) != 1 || strings.Contains(string(list.Raw), "idders") {
			t.Errorf("Expected one notification that names no bidder, got %s", list.Raw)
		}
	}
	if list := s.Client.List(collections.DomainMessages, collections.Notifications, "?filter=kind%3D%22project.changed%22"); len(idsOf(list)) != 0 {
		t.Errorf("Expected the client to know already, got %s", list.Raw)
	}
}
