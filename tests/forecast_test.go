package tests

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

const earnings = "/api/payments/api/earnings/"

// askEarnings reads an answer about earnings into T.
func askEarnings[T any](t *testing.T, p *Person, path string) T {
	t.Helper()
	p.SignIn()
	answer := p.Do(http.MethodGet, earnings+path, nil)
	answer.Want(t, http.StatusOK, "")
	return into[T](t, answer)
}

func into[T any](t *testing.T, answer *Response) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(answer.Raw, &value); err != nil {
		t.Fatalf("Failed to read %s: %v", answer.Raw, err)
	}
	return value
}

func whatIf(t *testing.T, p *Person, body Body) services.WhatIfAnswer {
	t.Helper()
	p.SignIn()
	answer := p.Do(http.MethodPost, earnings+"what-if", body)
	answer.Want(t, http.StatusOK, "")
	return into[services.WhatIfAnswer](t, answer)
}

// wantSums fails unless all parts of a forecast add up exactly.
func wantSums(t *testing.T, f services.EarningsForecast) {
	t.Helper()
	sum := func(p services.ForecastParts) int64 {
		return p.Earned + p.Level + p.Trend + p.Season + p.Pooled + p.Committed + p.Probable + p.Late + p.Overdue + p.Speculative
	}
	var total int64
	for _, month := range f.Months {
		if got := sum(month.Parts); got != month.Mean {
			t.Errorf("Expected the parts of %s to be %d, got %d: %+v", month.Month, month.Mean, got, month.Parts)
		}
		if month.Lower95 > month.Lower80 || month.Lower80 > month.Mean || month.Mean > month.Upper80 || month.Upper80 > month.Upper95 || month.Lower95 < 0 {
			t.Errorf("Expected ordered ranges, got %+v", month)
		}
		total += month.Mean
	}
	if total != f.Total || sum(f.Parts) != f.Total {
		t.Errorf("Expected the total %d, got months of %d and parts of %d", f.Total, total, sum(f.Parts))
	}
	if f.Total95[0] > f.Total80[0] || f.Total80[0] > f.Total || f.Total > f.Total80[1] || f.Total80[1] > f.Total95[1] {
		t.Errorf("Expected ordered totals, got %d %v %v", f.Total, f.Total80, f.Total95)
	}
}

// planMilestone plans another milestone of a story's contract.
func (s *Story) planMilestone(amount int64, due time.Time) string {
	s.Market.tb.Helper()
	body := Body{"contract": s.Contract, "title": "Another step", "amount": amount}
	if !due.IsZero() {
		body["dueAt"] = due.Format(time.RFC3339)
	}
	s.Client.SignIn()
	created := s.Client.Create(collections.DomainProjects, collections.Milestones, body)
	created.Want(s.Market.tb, http.StatusOK, "")
	return created.Text("id")
}

// TestPipeline follows money from a proposal to the release through the three
// buckets, for both sides: it is always in exactly one place.
func TestPipeline(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	s.Amount = 123_457
	const net = 123_457 - 12_345
	buckets := func(p *Person, view string, want ...int64) {
		t.Helper()
		m.Deliver()
		f := askEarnings[services.EarningsForecast](t, p, "forecast?currency=EUR&horizon=6&view="+view)
		wantSums(t, f)
		if got := []int64{f.Earned, f.Pipeline.Committed.Amount, f.Pipeline.Probable.Amount, f.Pipeline.Speculative.Amount}; !slices.Equal(got, want) {
			t.Errorf("Expected earned, committed, probable, speculative %v, got %v", want, got)
		}
	}
	buckets(s.Freelancer, "income", 0, 0, 0, net)
	buckets(s.Client, "spend", 0, 0, 0, 123_457)
	s.Client.SignIn()
	s.Hire()
	buckets(s.Freelancer, "income", 0, 0, net, 0)
	buckets(s.Client, "spend", 0, 0, 123_457, 0)
	s.Client.SignIn()
	s.Fund()
	planned := s.planMilestone(50_000, Start.AddDate(0, 2, 0))
	buckets(s.Freelancer, "income", 0, net, 45_000, 0)
	buckets(s.Client, "spend", 0, 123_457, 50_000, 0)
	pipeline := askEarnings[services.PipelineAnswer](t, s.Freelancer, "pipeline")
	if item := pipeline.Items[len(pipeline.Items)-1]; item.Item != planned || item.Month != "2026-05" || item.Counterpart != s.Client.ID || item.Pace != "due" {
		t.Errorf("Expected the planned milestone in May, got %+v", item)
	}

	// A part is released: what is left stays committed, nothing is counted twice.
	s.Client.SignIn()
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": 23_457}).Want(t, http.StatusOK, "")
	buckets(s.Freelancer, "income", 23_457-2_345, 90_000, 45_000, 0)
	buckets(s.Client, "spend", 23_457, 100_000, 50_000, 0)
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), nil).Want(t, http.StatusOK, "")
	buckets(s.Freelancer, "income", net, 0, 45_000, 0)

	// Three months on the planned one is overdue; the pipeline of each past day is what it was.
	m.Clock.Set(Start.AddDate(0, 3, 0))
	f := askEarnings[services.EarningsForecast](t, s.Freelancer, "forecast")
	if f.Pipeline.Overdue.Count != 1 || f.Parts.Overdue == 0 {
		t.Errorf("Expected an overdue milestone, got %+v", f.Pipeline)
	}
	if past := askEarnings[services.PipelineAnswer](t, s.Freelancer, "pipeline?at=2026-03-10"); len(past.Items) != 0 {
		t.Errorf("Expected nothing before the proposal, got %+v", past.Items)
	}
	past := askEarnings[services.PipelineAnswer](t, s.Freelancer, "pipeline?at=2026-03-11")
	if past.Probable.Amount != 45_000 || past.Overdue.Count != 0 {
		t.Errorf("Expected the milestone as it was planned, got %+v", past.PipelineSummary)
	}
	s.Freelancer.Do(http.MethodGet, earnings+"pipeline?at=2027-01-01", nil).Want(t, http.StatusBadRequest, services.CodeInvalidInput)

	// Nobody else sees any of it.
	other := askEarnings[services.EarningsForecast](t, m.User(collections.RoleFreelancer), "forecast?currency=EUR")
	if other.Total != 0 || len(other.Pipeline.Items) != 0 || other.Confidence.Level != "none" {
		t.Errorf("Expected nothing for a stranger, got %+v", other)
	}
	m.Guest().Do(http.MethodGet, earnings+"pipeline", nil).Want(t, http.StatusUnauthorized, services.CodeAuthRequired)
	m.Guest().Do(http.MethodGet, earnings+"forecasts", nil).Want(t, http.StatusUnauthorized, services.CodeAuthRequired)
	m.Guest().Do(http.MethodPost, earnings+"what-if", Body{}).Want(t, http.StatusUnauthorized, services.CodeAuthRequired)
	m.Sound()
}

// TestPipelineOfOlderFolder: projects tells of what happened before payments
// listened, step by step, and payments then knows what it would have known.
func TestPipelineOfOlderFolder(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	m.Clock.Advance(collections.Day)
	s.Client.SignIn()
	s.Hire()
	m.Clock.Advance(collections.Day)
	s.Client.SignIn()
	s.Fund()
	m.Deliver()
	read := func() string {
		var rows []struct {
			Row string `db:"row"`
		}
		err := m.Instances[payments].App.DB().NewQuery(`SELECT json_array(id, version, kind, status, title, project, contract, client, freelancer, currency, amount, fee, position, days, due, created, at) AS row
			FROM pipeline_item ORDER BY id, version`).All(&rows)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(rows)
	}
	before := read()
	if !strings.Contains(before, "funded") || !strings.Contains(before, "accepted") {
		t.Fatalf("Expected a funded milestone and an accepted proposal, got %s", before)
	}
	for domain, statement := range map[collections.Domain]string{payments: `DELETE FROM pipeline_item`, collections.DomainProjects: `DELETE FROM pipeline_told`} {
		app := m.Instances[domain].App
		if _, err := app.DB().NewQuery(statement).Execute(); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"outbox", "inbox"} {
			if _, err := app.DB().NewQuery(`DELETE FROM ` + table + ` WHERE id LIKE 'pipeline:%'`).Execute(); err != nil {
				t.Fatal(err)
			}
		}
	}
	projects := services.ProjectsService{Instance: m.Instances[collections.DomainProjects]}
	if err := projects.TellPipeline(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.Deliver()
	if after := read(); after != before {
		t.Errorf("Expected what was told at the time:\n%s\ngot\n%s", before, after)
	}
	if err := projects.TellPipeline(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.Sound()
}

// busyYear is a freelancer who was paid on the 20th of each of n months by two
// clients in turn; the clock stands at the 10th of the month after.
func busyYear(m *Market, n int) (*Story, *Person) {
	s := NewStory(m)
	second := m.User(collections.RoleClient)
	first := s.Client
	for k := range n {
		m.Clock.Set(time.Date(2026, 4+time.Month(k), 20, 12, 0, 0, 0, time.UTC))
		s.Client = first
		if k%2 == 1 {
			s.Client = second
		}
		s.Amount = 100_000 + int64(k%3)*10_000
		s.Client.SignIn()
		s.Freelancer.SignIn()
		s.Publish().Propose().Hire().Fund()
		s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), nil).Want(m.tb, http.StatusOK, "")
		m.Deliver()
	}
	m.Clock.Set(time.Date(2026, 4+time.Month(n), 10, 12, 0, 0, 0, time.UTC))
	s.Client = first
	return s, second
}

// TestForecast asks for the forecast of a busy freelancer, and what would change it.
func TestForecast(t *testing.T) {
	t.Parallel()
	m := New(t)
	s, second := busyYear(m, 8)
	for _, horizon := range []int{1, 3, 12} {
		f := askEarnings[services.EarningsForecast](t, s.Freelancer, fmt.Sprintf("forecast?horizon=%d", horizon))
		if len(f.Months) != horizon || f.Months[0].Month != "2026-12" || f.Currency != "EUR" || len(f.History) != 8 {
			t.Fatalf("Expected %d months from December on, got %+v", horizon, f)
		}
		wantSums(t, f)
	}
	s.Freelancer.Do(http.MethodGet, earnings+"forecast?horizon=13", nil).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	s.Freelancer.Do(http.MethodGet, earnings+"forecast?horizon=x", nil).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	s.Freelancer.Do(http.MethodGet, earnings+"forecast?currency=eur", nil).Want(t, http.StatusBadRequest, services.CodeUnknownCurrency)
	f := askEarnings[services.EarningsForecast](t, s.Freelancer, "forecast?horizon=6")
	if f.Confidence.Level != "early" || f.Confidence.Months != 8 || f.Parts.Season != 0 {
		t.Errorf("Expected an early estimate without a season, got %+v %+v", f.Confidence, f.Parts)
	}
	if f.Backtest.Months == 0 || f.Backtest.Unit == 0 {
		t.Errorf("Expected a backtest, got %+v", f.Backtest)
	}
	kinds := []string{}
	for _, why := range f.Why {
		kinds = append(kinds, why.Kind)
		if why.Text == "" {
			t.Errorf("Expected a sentence for %q", why.Kind)
		}
	}
	for _, want := range []string{"history", "backtest", "no_record", "client", "downside"} {
		if !slices.Contains(kinds, want) {
			t.Errorf("Expected the reason %q, got %v", want, kinds)
		}
	}
	if !strings.HasPrefix(f.Sentence, "This month and the next 5: about ") || !strings.Contains(f.Sentence, " EUR (likely ") {
		t.Errorf("Expected a sentence, got %q", f.Sentence)
	}
	spend := askEarnings[services.EarningsForecast](t, second, "forecast?horizon=3")
	if wantSums(t, spend); spend.Perspective != services.PerspectiveSpend || spend.Total == 0 {
		t.Errorf("Expected the client's spend, got %+v", spend)
	}
	dollars := askEarnings[services.EarningsForecast](t, s.Freelancer, "forecast?currency=USD")
	if dollars.Total != 0 || len(dollars.History) != 0 {
		t.Errorf("Expected no dollars, got %+v", dollars)
	}

	t.Run("what if", func(t *testing.T) { checkWhatIf(t, m, s, second, f) })
	t.Run("CSV", func(t *testing.T) {
		s.Freelancer.SignIn()
		for _, path := range []string{"forecast?", "forecasts?", "pipeline?"} {
			answer := s.Freelancer.Do(http.MethodGet, earnings+path+"format=csv", nil)
			answer.Want(t, http.StatusOK, "")
			if rows, err := csv.NewReader(strings.NewReader(string(answer.Raw))).ReadAll(); err != nil || len(rows) == 0 {
				t.Errorf("Expected a table, got %v: %s", err, answer.Raw)
			}
		}
	})
}

func checkWhatIf(t *testing.T, m *Market, s *Story, second *Person, f services.EarningsForecast) {
	t.Helper()
	gone := whatIf(t, s.Freelancer, Body{"horizon": 6, "changes": []Body{{"kind": "drop_client", "client": second.ID}}})
	wantSums(t, *gone.After)
	if gone.Before.Total != f.Total || gone.After.Total >= gone.Before.Total || gone.Difference != gone.After.Total-gone.Before.Total {
		t.Errorf("Expected less without a client, got %d and %d", gone.Before.Total, gone.After.Total)
	}
	more := whatIf(t, s.Freelancer, Body{"horizon": 6, "changes": []Body{{"kind": "add_contract", "amounts": []int{0, 80_000, 80_000}}}})
	wantSums(t, *more.After)
	if more.Difference <= 0 || more.MonthDifferences[0] != 0 || more.MonthDifferences[1] <= 0 {
		t.Errorf("Expected more from the second month on, got %+v", more.MonthDifferences)
	}
	s.Client.SignIn()
	s.Freelancer.SignIn()
	s.Amount = 300_000
	s.Publish().Propose().Hire().Fund()
	m.Deliver()
	pipeline := askEarnings[services.PipelineAnswer](t, s.Freelancer, "pipeline")
	item := pipeline.Items[0]
	late := whatIf(t, s.Freelancer, Body{"horizon": 6, "changes": []Body{{"kind": "delay", "item": item.Item, "months": 3}}})
	wantSums(t, *late.After)
	if item.Amount != 270_000 || late.MonthDifferences[0] >= 0 || late.MonthDifferences[3] <= 0 {
		t.Errorf("Expected %+v three months later, got %v", item, late.MonthDifferences)
	}
	stored := askEarnings[services.PipelineAnswer](t, s.Freelancer, "pipeline")
	if stored.Items[0].Month != item.Month {
		t.Errorf("Expected that a question changes nothing, got %+v", stored.Items[0])
	}
	for name, changes := range map[string]any{
		"nothing": []Body{}, "an unknown kind": []Body{{"kind": "win the lottery"}}, "a stranger": []Body{{"kind": "drop_client", "client": "nobody"}},
		"somebody else's item": []Body{{"kind": "delay", "item": "nothing", "months": 1}}, "no delay": []Body{{"kind": "delay", "item": item.Item}},
		"a fraction": []Body{{"kind": "add_contract", "amounts": []float64{1.5}}}, "a debt": []Body{{"kind": "add_contract", "amounts": []int{-5}}},
		"too far": []Body{{"kind": "add_contract", "amounts": make([]int, 13)}},
	} {
		answer := s.Freelancer.Do(http.MethodPost, earnings+"what-if", Body{"changes": changes})
		if answer.Status != http.StatusBadRequest || answer.Code() == "" {
			t.Errorf("%s: expected a refusal with a code, got %d %s", name, answer.Status, answer.Raw)
		}
	}
	s.Freelancer.Do(http.MethodPost, earnings+"what-if", "{").Want(t, http.StatusBadRequest, services.CodeInvalidInput)
}

// TestForecastsAreScored stores the forecast of each month and looks at it when
// the months are over.
func TestForecastsAreScored(t *testing.T) {
	t.Parallel()
	m := New(t)
	s, _ := busyYear(m, 8)
	service := m.Payments()
	refresh := func() {
		t.Helper()
		if err := service.RefreshForecasts(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	refresh()
	first := askEarnings[services.ForecastHistory](t, s.Freelancer, "forecasts")
	if len(first.Forecasts) != 1 || first.Forecasts[0].Day != "2026-12-10" || len(first.Forecasts[0].Months) != 12 || first.Record.Months != 0 {
		t.Fatalf("Expected one forecast that nothing is known of, got %+v", first)
	}
	refresh()
	for day := range 40 { // over the new year
		m.Clock.Set(time.Date(2026, 12, 11+day, 3, 0, 0, 0, time.UTC))
		refresh()
	}
	history := askEarnings[services.ForecastHistory](t, s.Freelancer, "forecasts")
	days := []string{}
	for _, f := range history.Forecasts {
		days = append(days, f.Day)
	}
	// Today and two weeks of days, the first of December, the first of January.
	if len(days) != 17 || days[len(days)-1] != "2026-12-10" || days[0] != "2027-01-19" || !slices.Contains(days, "2027-01-01") {
		t.Errorf("Expected two weeks and the first of each month, got %v", days)
	}
	oldest := history.Forecasts[len(history.Forecasts)-1]
	december, january := oldest.Months[0], oldest.Months[1]
	if december.Actual == nil || *december.Actual != 0 || december.Hit80 == nil || january.Actual != nil {
		t.Errorf("Expected December to be over and January not, got %+v %+v", december, january)
	}
	if history.Record.Months != 1 || history.Record.MeanError != december.Mean || history.Record.Bias != december.Mean {
		t.Errorf("Expected the error of December, %d, got %+v", december.Mean, history.Record)
	}

	// Six scored months make a record of one's own.
	for month := range 4 {
		m.Clock.Set(time.Date(2027, 2+time.Month(month), 2, 3, 0, 0, 0, time.UTC))
		refresh()
	}
	f := askEarnings[services.EarningsForecast](t, s.Freelancer, "forecast")
	if f.Record.Months < 6 || !slices.ContainsFunc(f.Why, func(why services.Reason) bool { return why.Kind == "record" }) {
		t.Errorf("Expected a record of one's own, got %+v", f.Record)
	}

	// A settlement makes the forecast of the day anew, once, whoever was in it.
	s.Client.SignIn()
	s.Freelancer.SignIn()
	s.Publish().Propose().Hire().Fund()
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	before := askEarnings[services.ForecastHistory](t, s.Freelancer, "forecasts").Forecasts[0]
	m.Clock.Advance(time.Minute)
	service.MarkStale(s.Freelancer.ID, s.Client.ID)
	if err := service.RefreshStale(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := askEarnings[services.ForecastHistory](t, s.Freelancer, "forecasts").Forecasts[0]
	if after.Day != before.Day || !after.At.After(before.At) || after.Months[0].Parts.Earned == 0 {
		t.Errorf("Expected the forecast of %s anew, got %+v", before.Day, after)
	}
	other := askEarnings[services.ForecastHistory](t, m.User(collections.RoleFreelancer), "forecasts?currency=EUR")
	if len(other.Forecasts) != 0 {
		t.Errorf("Expected none of a stranger's, got %+v", other)
	}
}
