package fuzz

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// scene is a story in which every command may be tried at any moment, on any of its records.
type scene struct {
	*tests.Story
	moderator *tests.Person
	t         *testing.T
	// sim stands in for Stripe, claims are what banks want back there; nil and none in the sandbox.
	sim    *stripesim.Server
	claims []string
}

// stage is a marketplace with two people for several scripts: hashing passwords takes longest.
type stage struct {
	*tests.Market
	sim                *stripesim.Server
	moderator          *tests.Person
	banks              []string
	client, freelancer *tests.Person
	scripts            int
}

// begin is a story up to the held payment. Every few scripts there are other people, with another bank.
func (on *stage) begin(t *testing.T, source string) *scene {
	t.Helper()
	const together = 8
	s := &scene{Story: &tests.Story{Market: on.Market, Amount: 123_457}, moderator: on.moderator, t: t, sim: on.sim}
	if fresh := on.scripts%together == 0; fresh || !s.renew(on.client) || !s.renew(on.freelancer) {
		on.client, on.freelancer = on.User(collections.RoleClient), on.User(collections.RoleFreelancer)
		bank := on.banks[on.scripts/together%len(on.banks)]
		on.freelancer.Create(payments, collections.PayoutDestinations, tests.Body{"label": "Bank", "reference": bank}).Want(t, http.StatusOK, "")
	}
	on.scripts++
	s.Client, s.Freelancer = on.client, on.freelancer
	s.Publish().Propose().Hire()
	paid := s.Pay(tests.Key(), tests.Body{"source": source})
	paid.Want(t, http.StatusOK, "")
	s.Payment = paid.Text("id")
	on.Deliver()
	return s
}

func (s *scene) ask(r request) {
	s.t.Helper()
	ask(s.t, s.Market, r)
}

// pick is one of the story's records, the oldest for 0, or one that there is not.
func (s *scene) pick(domain collections.Domain, collection string, pick byte) string {
	s.t.Helper()
	switch collection {
	case collections.Contracts:
		return s.Contract
	case collections.Projects:
		return s.Project
	}
	var ids []string
	ours := dbx.HashExp{collections.FieldContract: s.Contract}
	if collection == collections.Payouts {
		ours = dbx.HashExp{collections.FieldFreelancer: s.Freelancer.ID}
	}
	err := s.Market.Instances[domain].App.DB().Select("id").From(collection).Where(ours).OrderBy("created", "rowid").Column(&ids)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(ids) == 0 {
		return "nosuchrecord000"
	}
	if collection == collections.Payouts {
		return ids[len(ids)-1] // of many scripts
	}
	return ids[int(pick)%len(ids)]
}

// fund pays for a milestone what it costs.
func (s *scene) fund(milestone string) {
	s.t.Helper()
	record, err := s.Market.Instances[projects].App.FindRecordById(collections.Milestones, milestone)
	if err != nil {
		return
	}
	s.ask(request{domain: payments, method: http.MethodPost, path: records(collections.Payments), token: s.Client.Token, key: tests.Key(),
		body: fmt.Sprintf(`{"project":%q,"milestone":%q,"amount":%d,"currency":"EUR","source":%q}`, s.Project, milestone, record.GetInt(collections.FieldAmount), s.source())})
}

func (s *scene) source() string {
	if s.sim != nil {
		return stripesim.CardOK
	}
	return ""
}

// decide is what a moderator saves in the admin UI.
func (s *scene) decide(collection string, pick byte, body string) {
	s.t.Helper()
	s.ask(request{domain: payments, method: http.MethodPatch, path: records(collection) + "/" + s.pick(payments, collection, pick), token: s.moderator.Token, body: body})
}

// bank learns what providers did.
func (s *scene) bank() {
	s.t.Helper()
	if err := s.Market.Sweep(); err != nil {
		s.t.Error(err)
	}
}

// later lets time pass, and what is due and under way happens.
func (s *scene) later(how byte) {
	s.t.Helper()
	waits := []time.Duration{2 * time.Minute, 25 * time.Hour, 3 * collections.Day, 6 * collections.Day, 8 * collections.Day, 15 * collections.Day, 95 * collections.Day}
	s.Market.Clock.Advance(waits[int(how)%len(waits)])
	s.Market.Tick()
	s.bank()
	for _, person := range []*tests.Person{s.Client, s.Freelancer} {
		s.renew(person)
	}
}

// renew takes new tokens, by the refresh token while it is good: that hashes no
// password. Who closed their account gets none: it returns false.
func (s *scene) renew(person *tests.Person) bool {
	s.t.Helper()
	const refresh, signIn = "/api/users/api/auth/refresh", "/api/users/api/collections/users/auth-with-password?refreshToken=body"
	got, err := person.Try(http.MethodPost, refresh, tests.Body{"refreshToken": person.Refresh})
	if err == nil && got.Status != http.StatusOK {
		got, err = person.Try(http.MethodPost, signIn, tests.Body{"identity": person.Email, "password": person.Password})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if got.Status == http.StatusOK {
		person.Token, person.Refresh = got.Text("token"), got.Object("meta").Text("refreshToken")
	}
	return got.Status == http.StatusOK
}

// play does what a script says: three bytes a step, what, by whom on which record, and how much.
func (s *scene) play(script []byte) {
	s.t.Helper()
	for ; len(script) >= 3; script = script[3:] {
		by, pick := s.Client, script[1]&0x0f
		if script[1]&0x80 != 0 {
			by = s.Freelancer
		}
		amount := int64(script[2])*1000 + 1
		if script[2] == 0xff {
			amount = s.Amount
		}
		if n := int(script[0]) % (len(steps) + len(acts)); n < len(steps) {
			step := steps[n]
			s.ask(request{
				domain: step.domain, method: http.MethodPost, path: "/api/" + step.collection + "/" + s.pick(step.domain, step.collection, pick) + "/" + step.verb,
				token: by.Token, key: tests.Key(), body: step.body(amount),
			})
		} else {
			acts[n-len(steps)](s, by, pick, amount)
		}
		if script[1]&0x40 != 0 {
			s.Market.Deliver()
		}
	}
	s.Market.Deliver()
}

// agree checks that what both read in different places is the same money.
func (s *scene) agree() {
	s.t.Helper()
	apps := s.Market.Apps()
	problems, err := tests.Problems(apps)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, problem := range problems {
		s.t.Error("Broken invariant:", problem)
	}
	var sums struct {
		Held   int64 `db:"held"`
		Net    int64 `db:"net"`
		Broken int   `db:"broken"`
	}
	err = apps[payments].DB().NewQuery(`SELECT coalesce(sum(rest - locked), 0) AS held, coalesce(sum(released - fee), 0) AS net,
		coalesce(sum(rest < locked OR (status IN ('held', 'disputed')) <> (rest > 0)), 0) AS broken
		FROM (SELECT status, released, fee, amount - released - refunded - rolled AS rest, disputed + chargedBack AS locked FROM payments WHERE client = {:client} AND status NOT IN ('pending', 'failed'))`).
		Bind(dbx.Params{"client": s.Client.ID}).One(&sums)
	if err != nil {
		s.t.Fatal(err)
	}
	if sums.Broken > 0 {
		s.t.Error("Expected each payment to be open as long as something is held")
	}
	var recovered int64
	if err := apps[payments].DB().Select("coalesce(sum(recovered), 0)").From(collections.Chargebacks).Where(dbx.HashExp{"freelancer": s.Freelancer.ID}).Row(&recovered); err != nil {
		s.t.Fatal(err)
	}
	money := s.Market.Payments()
	spent, err := money.Statement(s.Client.ID, services.PerspectiveSpend, services.StatementQuery{})
	if err != nil {
		s.t.Fatal(err)
	}
	if held := lastBalance(spent); held != sums.Held {
		s.t.Errorf("Expected the client's statement to end with the %d that are held, got %d", sums.Held, held)
	}
	earned, err := money.Statement(s.Freelancer.ID, services.PerspectiveIncome, services.StatementQuery{})
	if err != nil {
		s.t.Fatal(err)
	}
	summary, err := money.Summary(s.Freelancer.ID, services.PerspectiveIncome)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(summary.Currencies) == 0 {
		summary.Currencies = make([]services.CurrencySummary, 1)
	}
	book := summary.Currencies[0]
	if available := lastBalance(earned); available != book.Available {
		s.t.Errorf("Expected the freelancer's statement to end with the %d that are available, got %d", book.Available, available)
	}
	if book.Total != sums.Net-recovered || book.Available+book.InTransit+book.PaidOut != book.Total {
		s.t.Errorf("Expected the earnings to be what payments released less fees and %d recovered, %d, and to be somewhere, got %+v", recovered, sums.Net-recovered, book)
	}
}

func lastBalance(s *services.Statement) int64 {
	if len(s.Lines) == 0 {
		return 0
	}
	return s.Lines[len(s.Lines)-1].Balance
}
