package fuzz

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// step is a command that somebody may try at any moment, on records of collection.
type step struct {
	domain     collections.Domain
	collection string
	verb       string
	body       func(amount int64) string
}

var steps = func() []step {
	nothing := func(int64) string { return `{"reason":"because"}` }
	none := func(int64) string { return `{}` }
	amount := func(n int64) string { return fmt.Sprintf(`{"amount":%d,"reason":"because"}`, n) }
	rest := func(where string) func(int64) string {
		return func(n int64) string { return fmt.Sprintf(`{"amount":%d,"rest":%q,"reason":"because"}`, n, where) }
	}
	offer := func(n int64) string { return fmt.Sprintf(`{"toFreelancer":%d,"note":"well"}`, n) }
	milestones, contracts, paid, disputes := collections.Milestones, collections.Contracts, collections.Payments, collections.Disputes
	found := []step{
		{projects, milestones, "submit", func(int64) string { return `{"note":"done"}` }}, {projects, milestones, "request-changes", nothing},
		{projects, milestones, "approve", none}, {projects, milestones, "approve", rest(services.RestHold)}, {projects, milestones, "approve", rest(services.RestNext)},
		{projects, contracts, "end", nothing}, {projects, contracts, "bonus", func(n int64) string { return fmt.Sprintf(`{"amount":%d}`, n) }},
		{projects, collections.Projects, "cancel", nothing}, {projects, collections.Projects, "publish", none},
		{payments, paid, "decline-refund", nothing},
		{payments, disputes, "answer", offer}, {payments, disputes, "offer", offer}, {payments, disputes, "accept", offer},
		{payments, disputes, "escalate", nothing}, {payments, disputes, "withdraw", nothing},
		{payments, collections.Payouts, "cancel", nothing},
	}
	for _, verb := range []string{"release", "refund", "ask-refund", "dispute"} {
		found = append(found, step{payments, paid, verb, amount}, step{payments, paid, verb, nothing})
	}
	return found
}()

// acts are what is done otherwise than by a command on a record.
var acts = []func(s *scene, by *tests.Person, pick byte, amount int64){
	func(s *scene, _ *tests.Person, pick byte, _ int64) { s.later(pick) },
	func(s *scene, _ *tests.Person, _ byte, amount int64) {
		s.ask(request{domain: projects, method: http.MethodPost, path: records(collections.Milestones), token: s.Client.Token,
			body: fmt.Sprintf(`{"contract":%q,"title":"More","amount":%d}`, s.Contract, amount)})
	},
	func(s *scene, _ *tests.Person, pick byte, _ int64) {
		s.fund(s.pick(projects, collections.Milestones, pick))
	},
	func(s *scene, _ *tests.Person, _ byte, amount int64) {
		s.ask(request{domain: payments, method: http.MethodPost, path: records(collections.Payouts), token: s.Freelancer.Token, key: tests.Key(),
			body: fmt.Sprintf(`{"amount":%d,"currency":"EUR"}`, amount)})
	},
	func(s *scene, _ *tests.Person, pick byte, amount int64) {
		s.decide(collections.Disputes, pick, fmt.Sprintf(`{"ruling":"split","rulingToFreelancer":%d,"rulingReason":"fair"}`, amount))
	},
	func(s *scene, by *tests.Person, pick byte, _ int64) {
		from := collections.RecoverFromPlatform
		if by == s.Client {
			from = collections.RecoverFromFreelancer
		}
		s.decide(collections.Chargebacks, pick, fmt.Sprintf(`{"recovery":%q,"recoveryReason":"fair"}`, from))
	},
	func(s *scene, _ *tests.Person, pick byte, amount int64) {
		s.decide(collections.Payouts, pick, fmt.Sprintf(`{"moderation":%q,"reason":"look"}`, []string{"hold", "release", "refuse"}[amount%3]))
	},
	func(s *scene, by *tests.Person, pick byte, amount int64) {
		if s.sim == nil {
			return
		}
		if len(s.claims) == 0 || by == s.Client {
			s.claims = append(s.claims, s.sim.OpenDispute(s.Payment, min(amount, s.Amount), pick == 3))
		} else {
			s.sim.CloseDispute(s.claims[0], pick%2 == 0)
			s.claims = s.claims[1:]
		}
		s.bank()
	},
	func(s *scene, by *tests.Person, _ byte, _ int64) {
		s.ask(request{domain: users, method: http.MethodPost, path: "/api/users/" + by.ID + "/close", token: by.Token, key: tests.Key(), body: `{}`})
	},
}

// FuzzSteps: whatever the two and a moderator do in whatever order, with events delivered or not,
// whatever banks do and clocks say meanwhile, each answer is a yes or a reasoned no, and at the end everything agrees.
func FuzzSteps(f *testing.F) {
	g := on(f)
	f.Add([]byte{0, 20, 0, 30, 0, 0xc0, 0, 3, 0x40, 20, 18, 0xc0, 5, 9, 0xc0, 0, 5, 0, 0})                                                    // a refund is asked for, a part approved, a part given back, no
	f.Add([]byte{1, 6, 0x40, 9, 26, 0x41, 0, 22, 0x40, 40, 10, 0xc0, 10, 28, 0x40, 20, 17, 0x40, 0, 32, 0, 0})                                // bonus, dispute, ruling, the rest, the end
	f.Add([]byte{2, 16, 0x40, 50, 24, 0x42, 0, 27, 0x40, 20, 29, 0x40, 0, 24, 0x41, 0})                                                       // released, paid out and charged back
	f.Add([]byte{0x80, 25, 0x40, 100, 0, 0xc0, 0, 4, 0, 50, 22, 0x80, 10, 31, 0, 30, 18, 0x80, 5, 24, 0x42, 0, 27, 0x40, 20, 31, 0xc1, 0})    // a part rolls on while it is disputed and the bank wants some back
	f.Add([]byte{0x80, 0, 0xc0, 0, 22, 0x40, 50, 2, 0x40, 0, 31, 0x40, 30, 22, 0x40, 20, 14, 0x40, 0, 31, 0xc1, 0, 17, 0x40, 0, 19, 0xc0, 0}) // approved while disputed and charged back
	sandbox := &stage{Market: tests.New(g), banks: []string{services.BankAccount, services.BankReturned, services.BankFailed, services.BankSlow}}
	stripe := &stage{banks: []string{"acct_ok1"}}
	stripe.Market, stripe.sim = tests.NewStripe(g)
	for _, on := range []*stage{sandbox, stripe} {
		on.moderator = on.Superuser(payments)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		g.now = t
		if len(script) == 0 {
			return
		}
		on, source := sandbox, paySources[script[0]%4]
		if script[0] >= 0x80 {
			on, source = stripe, stripesim.CardOK
		}
		s := on.begin(t, source)
		s.play(script[1:min(len(script), 49)])
		s.agree()
		s.later(1)
		s.agree()
	})
}

// paySources are what a script can begin with in the sandbox.
var paySources = [4]string{services.SourceSuccess, services.SourceSuccess, services.SourceChargeback, services.SourceChargebackWon}
