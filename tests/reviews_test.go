package tests

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// secretWords are in a sealed review and nowhere else.
const secretWords = "Xylophone quality"

func completed(m *Market) *Story {
	m.tb.Helper()
	s := submitted(m)
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", Key(), nil).Want(m.tb, http.StatusOK, "")
	m.Deliver()
	return s
}

func (s *Story) review(author *Person, rating int, body string) *Response {
	s.Market.tb.Helper()
	return author.Create(collections.DomainProjects, collections.Reviews, Body{"contract": s.Contract, "rating": rating, "body": body})
}

func reviewOf(p *Person, contract, author string) *Response {
	p.tb.Helper()
	filter := url.QueryEscape(fmt.Sprintf("contract = %q && author = %q", contract, author))
	items, _ := p.List(collections.DomainProjects, collections.Reviews, "?filter="+filter).JSON["items"].([]any)
	if len(items) == 0 {
		return &Response{}
	}
	found, _ := items[0].(map[string]any)
	return &Response{JSON: found}
}

// TestSealedReviewIsUnreadable: until the other has written too, nobody learns
// what is in a review: by reading, filtering, sorting, expanding, listening,
// from the timeline, a notification, the chat, or the answer to the writer.
func TestSealedReviewIsUnreadable(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	s.review(s.Client, 5, "Too early.").Want(t, http.StatusConflict, services.CodeContractRunning)
	s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()

	stranger := m.User(collections.RoleClient, collections.RoleFreelancer)
	people := map[string]*Person{guest: m.Guest(), theClient: s.Client, freelancer: s.Freelancer, "stranger": stranger}
	streams := map[string]*stream{}
	for name, person := range people {
		streams[name] = listen(t, person, collections.DomainProjects, "reviews/*", "timeline/*", "deadlines/*")
	}
	written := s.Client.Create(collections.DomainProjects, collections.Reviews, Body{
		"contract": s.Contract, "rating": 2, "body": secretWords, "categories": Body{"quality": 2, "timeliness": 3},
	}, "Idempotency-Key", "review-1")
	written.Want(t, http.StatusOK, "")
	m.Deliver()
	if strings.Contains(string(written.Raw), "Xylophone") || written.Number("rating") != 0 || written.Text("status") != collections.ReviewSealed {
		t.Errorf("Expected a sealed answer, got %s", written.Raw)
	}
	id := written.Text("id")

	for name, person := range people {
		party := person == s.Client || person == s.Freelancer
		if got := person.View(collections.DomainProjects, collections.Reviews, id).Status == http.StatusOK; got != party {
			t.Errorf("%s: expected to see that there is a review: %v, got %v", name, party, got)
		}
		for _, filter := range []string{`rating = 2`, `rating > 0`, `body ~ "Xylo"`, `body != ""`, `categories ~ "quality"`, `categories.quality = 2`, `publishedAt != ""`} {
			query := url.QueryEscape(fmt.Sprintf("id = %q && (%s)", id, filter))
			if found := idsOf(person.List(collections.DomainProjects, collections.Reviews, "?filter="+query)); len(found) > 0 {
				t.Errorf("%s: expected nothing to match %s", name, filter)
			}
		}
		for path, raw := range everything(person) {
			if strings.Contains(raw, "Xylophone") {
				t.Errorf("%s: expected no trace of the review in %s", name, path)
			}
		}
		own := person.Do(http.MethodGet, "/api/projects/api/reviews/"+id+"/own", nil)
		if readable := own.Text("body") == secretWords; readable != (person == s.Client) {
			t.Errorf("%s: expected the author's words for the author alone, got %s", name, own.Raw)
		}
		if party && !streams[name].heard("timeline/*", 30*time.Second) {
			t.Errorf("%s: expected to hear of the timeline", name)
		}
		if streams[name].heard("Xylophone", 50*time.Millisecond) || streams[name].heard(`"rating":2`, 0) {
			t.Errorf("%s: expected no trace of the review in realtime", name)
		}
	}

	s.review(s.Freelancer, 4, "Clear words, quick answers.").Want(t, http.StatusOK, "")
	m.Deliver()
	for name, person := range people {
		seen := person.View(collections.DomainProjects, collections.Reviews, id)
		if seen.Text("body") != secretWords || seen.Number("rating") != 2 || seen.Object("categories").Number("timeliness") != 3 {
			t.Errorf("%s: expected the published review, got %s", name, seen.Raw)
		}
		if !streams[name].heard("Xylophone", 30*time.Second) {
			t.Errorf("%s: expected to hear of the published review", name)
		}
	}
	replayed := s.Client.Create(collections.DomainProjects, collections.Reviews, Body{
		"contract": s.Contract, "rating": 2, "body": secretWords, "categories": Body{"quality": 2, "timeliness": 3},
	}, "Idempotency-Key", "review-1")
	if string(replayed.Raw) != string(written.Raw) {
		t.Errorf("Expected the same answer, got %s", replayed.Raw)
	}
	s.review(s.Client, 1, "Once more.").Want(t, http.StatusConflict, services.CodeAlreadyReviewed)
	m.Sound()
}

// everything reads all that person can list on all instances, by path.
func everything(person *Person) map[string]string {
	read := map[string]string{}
	for _, domain := range collections.Domains {
		for name := range collections.RulesOf(domain) {
			read[string(domain)+"/"+name] = string(person.List(domain, name, "?perPage=500&expand=author,subject,client,freelancer,chat,sender").Raw)
		}
	}
	return read
}

// TestReviewWindowEnds: what one side wrote is published when the time is up,
// the other cannot write any more, and each is reminded only of what is missing.
func TestReviewWindowEnds(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := completed(m)
	s.review(s.Client, 5, secretWords).Want(t, http.StatusOK, "")
	m.Deliver()
	m.Clock.Advance(11*collections.Day + time.Minute)
	m.Tick()
	for person, want := range map[*Person]int{s.Client: 0, s.Freelancer: 1} {
		person.SignIn()
		if got := person.List(collections.DomainMessages, collections.Notifications, "?filter="+url.QueryEscape(`kind = "deadline.reminder" && params.kind = "review-window"`)).Number("totalItems"); got != int64(want) {
			t.Errorf("Expected %d reminders, got %d", want, got)
		}
	}
	if raw := reviewOf(s.Freelancer, s.Contract, s.Client.ID); raw.Text("body") != "" {
		t.Errorf("Expected the review to be sealed still, got %v", raw.JSON)
	}
	m.Clock.Advance(3 * collections.Day)
	m.Tick()
	m.Tick()
	s.Client.SignIn()
	s.Freelancer.SignIn()
	if got := reviewOf(m.Guest(), s.Contract, s.Client.ID); got.Text("body") != secretWords || got.Text("status") != collections.ReviewPublished {
		t.Errorf("Expected the review to be published, got %v", got.JSON)
	}
	if got := reviewOf(s.Freelancer, s.Contract, s.Freelancer.ID); got.Text("status") != collections.ReviewExpired {
		t.Errorf("Expected the other one to be over, got %v", got.JSON)
	}
	s.review(s.Freelancer, 1, "Revenge.").Want(t, http.StatusConflict, services.CodeReviewTooLate)
	profile := m.Guest().View(collections.DomainUsers, collections.Users, s.Freelancer.ID)
	if profile.Number("rating") != 500 || profile.Number("reviewCount") != 1 || profile.Number("completedContracts") != 1 {
		t.Errorf("Expected the rating on the profile, got %s", profile.Raw)
	}
	m.Sound()
}

// TestReplyToReview: whom a review is about answers it, once.
func TestReplyToReview(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := completed(m)
	s.review(s.Client, 3, "Fine.").Want(t, http.StatusOK, "")
	id := reviewOf(s.Client, s.Contract, s.Client.ID).Text("id")
	reply := func(p *Person, key, words string) *Response {
		return p.Command(collections.DomainProjects, "reviews/"+id+"/reply", key, Body{"note": words})
	}
	stranger := m.User(collections.RoleFreelancer)
	reply(stranger, "", "Hello").Want(t, http.StatusNotFound, services.CodeNotFound)
	reply(s.Freelancer, "", "I have not read it.").Want(t, http.StatusConflict, services.CodeIllegalTransition)
	s.review(s.Freelancer, 4, "Good.").Want(t, http.StatusOK, "")
	reply(s.Client, "", "Me again").Want(t, http.StatusForbidden, services.CodeForbidden)
	reply(stranger, "", "Hello").Want(t, http.StatusForbidden, services.CodeForbidden)
	reply(s.Freelancer, "", " ").Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	first := reply(s.Freelancer, "r1", "Thank you.")
	first.Want(t, http.StatusOK, "")
	if again := reply(s.Freelancer, "r1", "Thank you."); string(again.Raw) != string(first.Raw) {
		t.Errorf("Expected the same answer, got %s", again.Raw)
	}
	reply(s.Freelancer, "", "And another thing.").Want(t, http.StatusConflict, services.CodeIllegalTransition)
	if got := m.Guest().View(collections.DomainProjects, collections.Reviews, id); got.Text("reply") != "Thank you." {
		t.Errorf("Expected everybody to read the reply, got %s", got.Raw)
	}
	m.Deliver()
	m.Sound()
}

// TestReviewInput refuses what is no review, and what is not the writer's to set.
func TestReviewInput(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := completed(m)
	for name, attempt := range map[string]struct {
		change Body
		status int
		code   string
	}{
		"no rating":               {Body{"rating": nil}, http.StatusBadRequest, services.CodeInvalidInput},
		"no star":                 {Body{"rating": 0}, http.StatusBadRequest, services.CodeInvalidInput},
		"six stars":               {Body{"rating": 6}, http.StatusBadRequest, services.CodeInvalidInput},
		"half a star":             {Body{"rating": 4.5}, http.StatusBadRequest, services.CodeNotAnInteger},
		"a rating in words":       {Body{"rating": "five"}, http.StatusBadRequest, services.CodeNotAnInteger},
		"a negative rating":       {Body{"rating": -1}, http.StatusBadRequest, services.CodeAmountOutOfRange},
		"an unknown category":     {Body{"categories": Body{"looks": 5}}, http.StatusBadRequest, services.CodeInvalidInput},
		"the other's category":    {Body{"categories": Body{"payment": 5}}, http.StatusBadRequest, services.CodeInvalidInput},
		"a category out of range": {Body{"categories": Body{"quality": 9}}, http.StatusBadRequest, services.CodeInvalidInput},
		"categories as a list":    {Body{"categories": []int{1}}, http.StatusBadRequest, services.CodeInvalidInput},
		"a very long review":      {Body{"body": strings.Repeat("x", 4001)}, http.StatusBadRequest, services.CodeInvalidInput},
		"another author":          {Body{"author": s.Freelancer.ID}, http.StatusBadRequest, services.CodeInvalidInput},
		"a status":                {Body{"status": "published"}, http.StatusBadRequest, services.CodeStatusReadOnly},
		"no contract":             {Body{"contract": ""}, http.StatusNotFound, services.CodeNotFound},
		"somebody else's":         {Body{"contract": "nosuchcontract0"}, http.StatusNotFound, services.CodeNotFound},
	} {
		body := Body{"contract": s.Contract, "rating": 5, "body": "Fine."}
		for field, value := range attempt.change {
			body[field] = value
		}
		answer := s.Client.Create(collections.DomainProjects, collections.Reviews, body)
		if answer.Status != attempt.status || answer.Code() != attempt.code {
			t.Errorf("%s: expected %d %s, got %d: %s", name, attempt.status, attempt.code, answer.Status, answer.Raw)
		}
	}
	if answer := s.review(m.User(collections.RoleClient), 5, "I was not there."); answer.Status != http.StatusNotFound {
		t.Errorf("Expected a stranger not to review, got %d", answer.Status)
	}
	if answer := s.review(m.Guest(), 5, "Nor I."); answer.Code() != services.CodeAuthRequired {
		t.Errorf("Expected a guest not to review, got %d", answer.Status)
	}
}

// TestBothReviewAtOnce: whoever is second publishes both; there is no moment at
// which both are in and both sealed.
func TestBothReviewAtOnce(t *testing.T) {
	t.Parallel()
	m := New(t)
	for range 5 {
		s := completed(m)
		var wait sync.WaitGroup
		for n, person := range []*Person{s.Client, s.Freelancer, s.Client, s.Freelancer} {
			wait.Go(func() {
				answer, err := person.Try(http.MethodPost, "/api/projects/api/collections/reviews/records", Body{"contract": s.Contract, "rating": 3 + n%2})
				if err != nil || answer.Status != http.StatusOK && answer.Code() != services.CodeAlreadyReviewed {
					t.Errorf("Expected to review once, got %v %v", answer, err)
				}
			})
		}
		wait.Wait()
		m.Deliver()
		list := m.Guest().List(collections.DomainProjects, collections.Reviews, "?filter="+url.QueryEscape(fmt.Sprintf("contract = %q", s.Contract)))
		if list.Number("totalItems") != 2 {
			t.Errorf("Expected both reviews to be published, got %s", list.Raw)
		}
	}
	m.Sound()
}
