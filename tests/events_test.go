package tests

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// heard records what arrives at messages, and refuses what refuse says.
type heard struct {
	order  []string
	refuse func(event services.Event) bool
}

func (h *heard) listen(m *Market) {
	m.Instances[collections.DomainMessages].Handle(services.TopicPaymentFailed, func(_ core.App, event services.Event) error {
		if h.refuse != nil && h.refuse(event) {
			return errors.New("not now")
		}
		h.order = append(h.order, event.ID)
		return nil
	})
	m.Instances[collections.DomainProjects].Handle(services.TopicPaymentFailed, func(core.App, services.Event) error { return nil })
}

func emit(t *testing.T, m *Market, id string, version int) {
	t.Helper()
	payments := m.Instances[collections.DomainPayments]
	err := payments.App.RunInTransaction(func(tx core.App) error {
		return payments.Emit(tx, services.TopicPaymentFailed, collections.Payments, id, version, map[string]string{"payment": id})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEventsStayInOrderWithinTheirAggregate(t *testing.T) {
	t.Parallel()
	m := New(t)
	failing := true
	h := &heard{refuse: func(event services.Event) bool {
		return failing && event.Aggregate == "payments:a" && event.Version == 1
	}}
	h.listen(m)
	emit(t, m, "a", 1)
	emit(t, m, "a", 2)
	emit(t, m, "b", 1)
	_ = m.Drain(t.Context()) // reports that a:1 was refused
	if got := strings.Join(h.order, " "); got != "payments:b:1:payment.failed" {
		t.Errorf("Expected only b to pass while a is refused, got %q", got)
	}
	failing = false
	_ = m.Drain(t.Context())
	if len(h.order) != 1 {
		t.Errorf("Expected a to wait for its next try, got %v", h.order)
	}
	m.Clock.Advance(2 * time.Minute)
	m.Deliver()
	if got := strings.Join(h.order[1:], " "); got != "payments:a:1:payment.failed payments:a:2:payment.failed" {
		t.Errorf("Expected a:1 before a:2, got %q", got)
	}
}

func TestAnEventThatNeverPassesIsParked(t *testing.T) {
	t.Parallel()
	m := New(t)
	h := &heard{refuse: func(event services.Event) bool { return event.Aggregate == "payments:a" }}
	h.listen(m)
	emit(t, m, "a", 1)
	_ = m.Drain(t.Context())
	m.Clock.Advance(25 * time.Hour)
	_ = m.Drain(t.Context())
	h.refuse = nil
	m.Clock.Advance(time.Hour)
	m.Deliver()
	if len(h.order) != 0 {
		t.Errorf("Expected a parked event to stay parked, got %v", h.order)
	}
	ready := m.Guest().Do(http.MethodGet, services.ReadyPath, nil)
	if !strings.Contains(string(ready.Raw), `"parked":1`) {
		t.Errorf("Expected the parked event to be shown, got %s", ready.Raw)
	}
}

func TestAnEventIsAppliedOnce(t *testing.T) {
	t.Parallel()
	m := New(t)
	h := &heard{}
	h.listen(m)
	messages := m.Instances[collections.DomainMessages]
	event := services.Event{ID: "payments:a:1:payment.failed", Topic: services.TopicPaymentFailed, Aggregate: "payments:a", Version: 1, Payload: json.RawMessage(`{"payment":"a"}`)}
	for range 3 {
		if err := messages.Receive(collections.DomainPayments, event); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.order) != 1 {
		t.Errorf("Expected one effect, got %d", len(h.order))
	}
	event.Payload = json.RawMessage(`{"payment":"b"}`)
	if code := services.Code(messages.Receive(collections.DomainPayments, event)); code != services.CodeEventConflict {
		t.Errorf("Expected event_conflict for the same id with another content, got %q", code)
	}
}

func TestRequireVerified(t *testing.T) {
	t.Parallel()
	m := New(t, func(o *services.Options) { o.RequireVerified = true })
	s := NewStory(m).Publish()
	propose := func() *Response {
		return s.Freelancer.Create(collections.DomainProjects, collections.Proposals, Body{"project": s.Project, "amount": s.Amount, "days": 1})
	}
	propose().Want(t, http.StatusForbidden, services.CodeNotVerified)
	verify(t, m, s.Freelancer)
	m.Deliver()
	proposed := propose()
	proposed.Want(t, http.StatusOK, "")
	s.Proposal = proposed.Text("id")
	accept := func() *Response {
		return s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/accept", "", nil)
	}
	accept().Want(t, http.StatusForbidden, services.CodeNotVerified)
	verify(t, m, s.Client)
	accept().Want(t, http.StatusOK, "") // users is asked, so this needs no event
}

// verify does what following the link in the mail does.
func verify(t *testing.T, m *Market, p *Person) {
	t.Helper()
	app := m.Instances[collections.DomainUsers].App
	record, err := app.FindRecordById(collections.Users, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	record.SetVerified(true)
	if err := app.Save(record); err != nil {
		t.Fatal(err)
	}
}

// posting writes p into the ledger, in a transaction.
func posting(m *Market, p services.Posting) func(tx core.App) error {
	return func(tx core.App) error { return services.Post(tx, m.Clock.Now(), p) }
}

func TestTheLedgerRefusesWhatDoesNotAddUp(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	app := m.Instances[collections.DomainPayments].App
	post := func(ref, currency string, entries ...services.Entry) func(core.App) error {
		return posting(m, services.Posting{Ref: ref, Kind: "test", Currency: currency, Entries: entries})
	}
	sql := func(statements string) func(core.App) error {
		return func(tx core.App) error {
			_, err := tx.DB().NewQuery(statements).Execute()
			return err
		}
	}
	hold, world := services.AccountHold(s.Payment), services.AccountWorld
	for name, attempt := range map[string]struct {
		run  func(core.App) error
		want string
	}{
		"unbalanced":            {post("t1", "EUR", services.Entry{Account: world, Amount: 5}, services.Entry{Account: hold, Amount: -4}), "unbalanced"},
		"one entry":             {post("t2", "EUR", services.Entry{Account: world, Amount: 5}), "fewer than two"},
		"overdrawn":             {post("t3", "EUR", services.Entry{Account: world, Amount: s.Amount + 1}, services.Entry{Account: hold, Amount: -s.Amount - 1}), "overdrawn"},
		"the same reference":    {post(services.KindFund+":"+s.Payment, "EUR", services.Entry{Account: world, Amount: -5}, services.Entry{Account: hold, Amount: 5}), "UNIQUE"},
		"an unsealed one":       {sql(`INSERT INTO ledger_tx (ref, kind, at) VALUES ('t4', 'test', 1)`), "FOREIGN KEY"},
		"a late entry":          {sql(`INSERT INTO ledger_entry (tx, account, currency, amount, at) SELECT tx, account, currency, 1, 1 FROM ledger_entry LIMIT 1`), "late entry"},
		"a zero entry":          {sql(`INSERT INTO ledger_entry (tx, account, currency, amount, at) SELECT 'x', account, currency, 0, 1 FROM ledger_entry LIMIT 1`), "CHECK"},
		"a foreign currency":    {sql(`INSERT INTO ledger_entry (tx, account, currency, amount, at) SELECT 'x', account, 'USD', 1, 1 FROM ledger_entry LIMIT 1`), "cross-currency"},
		"an edited entry":       {sql(`UPDATE ledger_entry SET amount = amount + 1`), "append only"},
		"a deleted entry":       {sql(`DELETE FROM ledger_entry`), "append only"},
		"an edited transaction": {sql(`UPDATE ledger_tx SET kind = 'other'`), "append only"},
		"a deleted seal":        {sql(`DELETE FROM ledger_seal`), "append only"},
		"an edited account":     {sql(`UPDATE ledger_account SET protected = 0`), "append only"},
	} {
		err := app.RunInTransaction(attempt.run)
		if err == nil || !strings.Contains(err.Error(), attempt.want) {
			t.Errorf("%s: expected to be refused as %q, got %v", name, attempt.want, err)
		}
	}
	if _, err := app.NonconcurrentDB().NewQuery(`UPDATE ledger_balance SET amount = amount + 1 WHERE account = (SELECT min(account) FROM ledger_balance)`).Execute(); err != nil {
		t.Fatal(err)
	}
	report, err := services.VerifyLedger(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Problems) == 0 {
		t.Error("Expected the verification to notice a balance changed by hand")
	}
}

// crowd emits many events about a and b in turn, and listens to what of it is committed at messages.
func crowd(t *testing.T, m *Market, refuse func(event services.Event) bool) (committed func() []string) {
	t.Helper()
	var heard []string
	m.Instances[collections.DomainMessages].Handle(services.TopicPaymentFailed, func(tx core.App, event services.Event) error {
		if refuse(event) {
			return errors.New("not now")
		}
		tx.TxInfo().OnComplete(func(err error) error {
			if err == nil {
				heard = append(heard, strings.TrimSuffix(event.ID, ":payment.failed"))
			}
			return nil
		})
		return nil
	})
	m.Instances[collections.DomainProjects].Handle(services.TopicPaymentFailed, func(core.App, services.Event) error { return nil })
	for version := 1; version <= 20; version++ {
		emit(t, m, "a", version)
		emit(t, m, "b", version)
	}
	return func() []string { return heard }
}

// numbered are the events up to a version, in the order in which crowd emits them.
func numbered(aggregates []string, to int) []string {
	var all []string
	for version := 1; version <= to; version++ {
		for _, aggregate := range aggregates {
			all = append(all, fmt.Sprintf("payments:%s:%d", aggregate, version))
		}
	}
	return all
}

// tapped counts requests for events from payments to messages, and loses some of the answers.
func tapped(m *Market, lose func(path string) bool) (together, single *atomic.Int64) {
	together, single = &atomic.Int64{}, &atomic.Int64{}
	m.Instances[collections.DomainPayments].Peers[collections.DomainMessages].Tap(func(ask http.RoundTripper) http.RoundTripper {
		return tap(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == services.InternalTogether {
				together.Add(1)
			} else {
				single.Add(1)
			}
			res, err := ask.RoundTrip(req)
			if err == nil && lose(req.URL.Path) {
				_ = res.Body.Close()
				return nil, errors.New("the answer was lost")
			}
			return res, err
		})
	})
	return together, single
}

func TestACrowdOfEventsGoesTogether(t *testing.T) {
	t.Parallel()
	m := New(t)
	together, single := tapped(m, func(string) bool { return false })
	committed := crowd(t, m, func(services.Event) bool { return false })
	m.Deliver()
	if want := numbered([]string{"a", "b"}, 20); !slices.Equal(committed(), want) {
		t.Errorf("Expected %v, got %v", want, committed())
	}
	if together.Load() != 3 || single.Load() != 0 {
		t.Errorf("Expected forty events to go in three requests, they went in %d and %d single ones", together.Load(), single.Load())
	}
}

// TestOneEventOfACrowdIsRefused refuses one in the middle: everything else passes, and nothing twice.
func TestOneEventOfACrowdIsRefused(t *testing.T) {
	t.Parallel()
	m := New(t)
	failing := true
	committed := crowd(t, m, func(event services.Event) bool {
		return failing && event.Aggregate == "payments:a" && event.Version == 12
	})
	if err := m.Drain(t.Context()); err == nil {
		t.Error("Expected the refusal to be reported")
	}
	inOrder := func(aggregate string) []string {
		return slices.DeleteFunc(slices.Clone(committed()), func(id string) bool { return !strings.HasPrefix(id, "payments:"+aggregate+":") })
	}
	if want := numbered([]string{"a"}, 11); !slices.Equal(inOrder("a"), want) {
		t.Errorf("Expected what is before the refused one, got %v", inOrder("a"))
	}
	if want := numbered([]string{"b"}, 20); !slices.Equal(inOrder("b"), want) {
		t.Errorf("Expected all of the other payment, got %v", inOrder("b"))
	}
	failing = false
	m.Clock.Advance(2 * time.Minute)
	m.Deliver()
	if want := numbered([]string{"a"}, 20); !slices.Equal(inOrder("a"), want) || len(committed()) != 40 {
		t.Errorf("Expected the rest in order and nothing twice, got %v", committed())
	}
}

// TestTheAnswerToACrowdIsLost applies events and loses every answer to a bunch: they go one by one then, and nothing happens twice.
func TestTheAnswerToACrowdIsLost(t *testing.T) {
	t.Parallel()
	m := New(t)
	together, single := tapped(m, func(path string) bool { return path == services.InternalTogether })
	committed := crowd(t, m, func(services.Event) bool { return false })
	m.Deliver()
	got := slices.Clone(committed())
	slices.Sort(got)
	want := numbered([]string{"a", "b"}, 20)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("Expected each once, got %v", committed())
	}
	if together.Load() != 1 || single.Load() != 40 {
		t.Errorf("Expected one bunch and then forty single requests, got %d and %d", together.Load(), single.Load())
	}
}
