package tests

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// deadline reads the newest deadline of a kind on a record of projects, as person sees it.
func deadline(p *Person, kind, subject string) *Response {
	p.tb.Helper()
	filter := url.QueryEscape(fmt.Sprintf("kind = %q && subject = %q", kind, subject))
	items, _ := p.List(collections.DomainProjects, collections.Deadlines, "?sort=-created,-version&filter="+filter).JSON["items"].([]any)
	if len(items) == 0 {
		return &Response{}
	}
	found, _ := items[0].(map[string]any)
	return &Response{JSON: found}
}

func dueAt(t *testing.T, d *Response) time.Time {
	t.Helper()
	due, err := time.Parse("2006-01-02 15:04:05.000Z", d.Text("dueAt"))
	if err != nil {
		t.Fatalf("Expected a due date, got %v", d.JSON)
	}
	return due
}

func submitted(m *Market) *Story {
	m.tb.Helper()
	s := Funded(m)
	s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), Body{"note": "Done."}).Want(m.tb, http.StatusOK, "")
	m.Deliver()
	return s
}

func (s *Story) milestone() string {
	s.Client.SignIn() // the clock may have outlived the token
	return s.Client.View(collections.DomainProjects, collections.Milestones, s.Milestone).Text("status")
}

func (s *Story) payment() string {
	s.Client.SignIn()
	return s.Client.View(collections.DomainPayments, collections.Payments, s.Payment).Text("status")
}

func reminders(t *testing.T, m *Market, kind string) int {
	t.Helper()
	var n int
	for _, domain := range []collections.Domain{collections.DomainProjects, collections.DomainPayments} {
		var count int
		err := m.Instances[domain].App.DB().Select("count(*)").From("outbox").
			Where(dbx.NewExp("topic = 'deadline.reminder' AND payload LIKE {:kind}", dbx.Params{"kind": "%\"kind\":\"" + kind + "\"%"})).Row(&count)
		if err != nil {
			t.Fatal(err)
		}
		n += count
	}
	return n
}

func TestSubmittedWorkIsPaidAfterTwoReminders(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	d := deadline(s.Freelancer, collections.DeadlineAutoRelease, s.Milestone)
	if due := dueAt(t, d); !due.Equal(Start.Add(14*24*time.Hour)) || d.Text("favour") != "freelancer" || d.Text("project") != s.Project {
		t.Fatalf("Expected the release in 14 days in favour of the freelancer, got %v", d.JSON)
	}
	for _, step := range []struct {
		after     time.Duration
		reminders int
		payment   string
	}{
		{6 * collections.Day, 0, "held"}, {collections.Day, 1, "held"}, {5 * collections.Day, 2, "held"},
		{2*collections.Day - time.Minute, 2, "held"}, {time.Minute, 2, "released"}, {30 * collections.Day, 2, "released"},
	} {
		m.Clock.Advance(step.after)
		m.Tick()
		m.Tick() // a second look changes nothing
		if got := reminders(t, m, collections.DeadlineAutoRelease); got != step.reminders || s.payment() != step.payment {
			t.Fatalf("At %s: expected %d reminders and the payment %s, got %d and %s", m.Clock.Now(), step.reminders, step.payment, got, s.payment())
		}
	}
	d = deadline(s.Client, collections.DeadlineAutoRelease, s.Milestone)
	if d.Text("status") != collections.DeadlineFired || s.milestone() != collections.MilestoneReleased {
		t.Errorf("Expected a fired deadline and a released milestone, got %v and %s", d.JSON, s.milestone())
	}
	s.Freelancer.SignIn()
	rows := s.Freelancer.List(collections.DomainProjects, collections.Timeline, "?filter="+url.QueryEscape("verb = 'approve'"))
	if !strings.Contains(string(rows.Raw), "no answer within 14 days") {
		t.Errorf("Expected the timeline to say why, got %s", rows.Raw)
	}
	m.Sound()
}

// TestNothingIsPaidWithoutWorkOrNotice: a due date releases nothing by itself,
// work sent back stops the clock, and a downtime takes no notice away.
func TestNothingIsPaidWithoutWorkOrNotice(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	m.Clock.Advance(40 * collections.Day)
	m.Tick()
	if s.payment() != collections.PaymentHeld {
		t.Fatalf("Expected money to stay held while nothing was handed in, got %s", s.payment())
	}
	submit := func() {
		s.Freelancer.SignIn()
		s.Client.SignIn()
		s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
	}
	submit()
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/request-changes", Key(), Body{"note": "Not blue."}).Want(t, http.StatusOK, "")
	m.Deliver()
	if d := deadline(s.Client, collections.DeadlineAutoRelease, s.Milestone); d.Text("status") != collections.DeadlineCancelled {
		t.Fatalf("Expected changes to stop the clock, got %v", d.JSON)
	}
	m.Clock.Advance(20 * collections.Day)
	m.Tick()
	if s.payment() != collections.PaymentHeld {
		t.Fatalf("Expected money to stay held while changes are due, got %s", s.payment())
	}
	submit()
	m.Clock.Advance(20 * collections.Day) // the server was off past both reminders and the end
	m.Tick()
	s.Client.SignIn()
	if got := reminders(t, m, collections.DeadlineAutoRelease); got != 1 || s.payment() != collections.PaymentHeld {
		t.Fatalf("Expected one late reminder and no release yet, got %d and %s", got, s.payment())
	}
	m.Clock.Advance(2*collections.Day - time.Second)
	m.Tick()
	if s.payment() != collections.PaymentHeld {
		t.Fatal("Expected the notice of two days to be kept")
	}
	m.Clock.Advance(time.Second)
	m.Tick()
	s.Client.SignIn()
	if s.payment() != collections.PaymentStateReleased {
		t.Fatalf("Expected the release after the notice, got %s", s.payment())
	}
	m.Sound()
}

func TestProposalsAndProjectsExpire(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish()
	m.Clock.Advance(20 * collections.Day)
	s.Freelancer.SignIn()
	s.Propose() // activity: the project has its 30 days again
	m.Clock.Advance(29 * collections.Day)
	m.Tick()
	s.Client.SignIn()
	s.Freelancer.SignIn()
	if status := s.Client.View(collections.DomainProjects, collections.Projects, s.Project).Text("status"); status != collections.ProjectOpen {
		t.Fatalf("Expected an open project, got %s", status)
	}
	m.Clock.Advance(collections.Day)
	m.Tick()
	s.Freelancer.SignIn()
	proposal := s.Freelancer.View(collections.DomainProjects, collections.Proposals, s.Proposal)
	if proposal.Text("status") != collections.ProposalArchived || !strings.Contains(proposal.Text("reason"), "30 days") {
		t.Errorf("Expected the proposal archived with its reason, got %s", proposal.Raw)
	}
	m.Clock.Advance(6 * collections.Day)
	m.Tick()
	s.Client.SignIn()
	project := s.Client.View(collections.DomainProjects, collections.Projects, s.Project)
	if project.Text("status") != collections.ProjectExpired {
		t.Fatalf("Expected the project to expire, got %s", project.Raw)
	}
	s.Client.Command(collections.DomainProjects, "projects/"+s.Project+"/publish", Key(), nil).Want(t, http.StatusOK, "")
	if d := deadline(s.Client, collections.DeadlineProjectExpiry, s.Project); d.Text("status") != collections.DeadlineArmed {
		t.Errorf("Expected a new clock, got %v", d.JSON)
	}
}

func TestDormantMoneyGoesBack(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	m.Clock.Advance(76 * collections.Day)
	m.Tick()
	m.Clock.Advance(7 * collections.Day)
	m.Tick()
	if got := reminders(t, m, collections.DeadlineDormant); got != 2 {
		t.Fatalf("Expected notices at 76 and 83 days, got %d", got)
	}
	m.Clock.Advance(7 * collections.Day)
	m.Tick()
	s.Client.SignIn()
	if s.payment() != collections.PaymentStateRefunded {
		t.Errorf("Expected dormant money to go back to the client, got %s", s.payment())
	}
	m.Sound()
}

// TestMoneyIsNotForgottenBeforeAllIsHeard hands work in an hour before held money would
// go back, and lets payments hear of it only after its clock has run out. Payments asks
// projects first: the money stays, also while projects cannot say.
func TestMoneyIsNotForgottenBeforeAllIsHeard(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	for _, days := range []int{76, 7} {
		m.Clock.Advance(time.Duration(days) * collections.Day)
		m.Tick()
	}
	m.Clock.Advance(7*collections.Day - time.Hour)
	s.Freelancer.SignIn()
	s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
	m.Clock.Advance(2 * time.Hour)
	fire := m.Instances[collections.DomainPayments].FireDeadlines
	held := func(when string) {
		t.Helper()
		s.Client.SignIn()
		if status := s.Client.View(collections.DomainPayments, collections.Payments, s.Payment).Text("status"); status != collections.PaymentHeld {
			t.Fatalf("%s: expected the money to be held, got %s", when, status)
		}
	}
	m.run(collections.DomainProjects, `ALTER TABLE outbox RENAME TO unreadable`)
	if err := fire(t.Context()); err == nil {
		t.Error("Expected the operator to hear that projects cannot say")
	}
	held("projects cannot say")
	m.run(collections.DomainProjects, `ALTER TABLE unreadable RENAME TO outbox`)
	m.Clock.Advance(time.Minute)
	if err := fire(t.Context()); err != nil {
		t.Errorf("Expected the clock to wait without a word, got %v", err)
	}
	held("news are under way")
	m.Deliver()
	m.Clock.Advance(time.Minute)
	m.Tick()
	held("the news have arrived")
	if status, due := s.dormant(); status != collections.DeadlineArmed || !strings.HasPrefix(due, m.Clock.Now().Add(90*collections.Day-time.Minute).Format("2006-01-02")) {
		t.Errorf("Expected 90 more days, got %s until %s", status, due)
	}
	m.Sound()
}

// TestDeadlinesAreTheirPartiesOwn: nobody else sees a deadline, nobody writes one.
func TestDeadlinesAreTheirPartiesOwn(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	stranger := m.User(collections.RoleClient, collections.RoleFreelancer)
	for _, p := range []*Person{stranger, m.Guest()} {
		if list := p.List(collections.DomainProjects, collections.Deadlines, ""); list.Number("totalItems") != 0 {
			t.Errorf("Expected no deadline to be seen, got %s", list.Raw)
		}
	}
	d := deadline(s.Client, collections.DeadlineAutoRelease, s.Milestone)
	path := "/api/projects/api/collections/deadlines/records/" + d.Text("id")
	for _, method := range []string{http.MethodPatch, http.MethodDelete} {
		if answer := s.Client.Do(method, path, Body{"dueAt": "2030-01-01 00:00:00.000Z"}); answer.Status < 400 {
			t.Errorf("Expected %s to be refused, got %d", method, answer.Status)
		}
	}
}

// TestMissingDeadlinesAreStarted: data from before deadlines existed gets its
// clocks at start, at full length.
func TestMissingDeadlinesAreStarted(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := submitted(m)
	projects := m.Instances[collections.DomainProjects]
	if _, err := projects.App.NonconcurrentDB().Delete(collections.Deadlines, nil).Execute(); err != nil {
		t.Fatal(err)
	}
	m.Clock.Advance(10 * collections.Day)
	for range 2 {
		if err := projects.ArmMissing(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.Client.SignIn()
	list := s.Client.List(collections.DomainProjects, collections.Deadlines, "?filter="+url.QueryEscape("kind = 'auto-release'"))
	if list.Number("totalItems") != 1 {
		t.Fatalf("Expected one deadline, got %s", list.Raw)
	}
	d := deadline(s.Client, collections.DeadlineAutoRelease, s.Milestone)
	if want := Start.Add(24 * collections.Day); !dueAt(t, d).Equal(want) {
		t.Errorf("Expected it at full length, until %s, got %v", want, d.JSON)
	}
}

func TestClockSettings(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{
		"14d/7d/2d": "336h0m0s [168h0m0s 48h0m0s]", "5d": "120h0m0s [48h0m0s]", "36h": "36h0m0s []", "10d/1d/3d": "240h0m0s [72h0m0s 24h0m0s]",
	} {
		timer, err := services.ParseClock(collections.DeadlineAutoRelease, setting)
		if got := fmt.Sprint(timer.After, " ", timer.Remind); err != nil || got != want {
			t.Errorf("%s: expected %s, got %s, %v", setting, want, got, err)
		}
	}
	for _, setting := range []string{"", "x", "-1d", "0d", "5d/6d", "99999d", "5d/"} {
		if timer, err := services.ParseClock(collections.DeadlineAutoRelease, setting); err == nil {
			t.Errorf("Expected %q to be refused, got %v", setting, timer)
		}
	}
	if _, err := services.ParseClock("coffee-break", "5m"); err == nil || !strings.Contains(err.Error(), collections.DeadlineAutoRelease) {
		t.Errorf("Expected the known kinds to be named, got %v", err)
	}
}

// TestWorkThatWaitsIsNotForgotten: where clients have longer to look at work than held money
// lies before it is forgotten, work that was handed in is paid and not given back.
func TestWorkThatWaitsIsNotForgotten(t *testing.T) {
	t.Parallel()
	m := New(t, func(o *services.Options) {
		timer, err := services.ParseClock(collections.DeadlineAutoRelease, "120d")
		if err != nil {
			t.Fatal(err)
		}
		o.Clocks = map[string]services.Timer{collections.DeadlineAutoRelease: timer}
	})
	s := Funded(m)
	s.Freelancer.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/submit", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	for range 22 {
		m.Clock.Advance(5 * collections.Day)
		m.Tick()
	}
	s.Client.SignIn()
	if status := paymentStatus(s); status != collections.PaymentHeld {
		t.Fatalf("Expected the money to wait with the work, it is %s", status)
	}
	for range 6 { // the reminders come first
		m.Clock.Advance(5 * collections.Day)
		m.Tick()
	}
	s.Client.SignIn()
	if status := paymentStatus(s); status != collections.PaymentStateReleased {
		t.Errorf("Expected the work to be paid when its time is up, it is %s", status)
	}
	m.Sound()
}
