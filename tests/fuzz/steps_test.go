package fuzz

import (
	"net/http"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
)

// step is a command that somebody may try at any moment.
type step struct {
	domain collections.Domain
	// path with the story's record in place of %.
	record func(s *tests.Story) string
	verb   string
	body   func(amount int64) string
}

var steps = func() []step {
	milestone := func(s *tests.Story) string { return "milestones/" + s.Milestone }
	payment := func(s *tests.Story) string { return "payments/" + s.Payment }
	contract := func(s *tests.Story) string { return "contracts/" + s.Contract }
	project := func(s *tests.Story) string { return "projects/" + s.Project }
	nothing := func(int64) string { return `{"reason":"because"}` }
	amount := func(n int64) string { return `{"amount":` + itoa(n) + `,"reason":"because"}` }
	found := []step{
		{projects, milestone, "submit", func(int64) string { return `{"note":"done"}` }}, {projects, milestone, "request-changes", nothing}, {projects, milestone, "approve", func(int64) string { return `{}` }},
		{projects, milestone, "approve", func(n int64) string { return `{"amount":` + itoa(n) + `,"rest":"hold","reason":"because"}` }},
		{projects, contract, "end", nothing}, {projects, project, "cancel", nothing}, {projects, project, "publish", func(int64) string { return `{}` }},
	}
	for _, verb := range []string{"release", "refund", "ask-refund", "dispute"} {
		found = append(found, step{payments, payment, verb, amount}, step{payments, payment, verb, nothing})
	}
	return append(found, step{payments, payment, "decline-refund", nothing})
}()

func itoa(n int64) string {
	const digits = "0123456789"
	if n < 10 {
		return string(digits[n])
	}
	return itoa(n/10) + string(digits[n%10])
}

// FuzzSteps: whatever the two do in whatever order, with events delivered or not,
// each answer is a yes or a reasoned no, and at the end everything agrees.
func FuzzSteps(f *testing.F) {
	g := on(f)
	f.Add([]byte{0, 1, 4, 2, 0, 0})
	f.Add([]byte{14, 9, 128 + 11, 7, 0, 1, 130, 2})
	f.Add([]byte{7, 7, 9, 200, 13, 3, 141, 1, 0, 1, 2, 2})
	f.Add([]byte{3, 1, 131, 2, 128, 1, 8, 9})
	m := tests.New(g)
	f.Fuzz(func(t *testing.T, script []byte) {
		g.now = t
		s := tests.Funded(m)
		if len(script) > 24 {
			script = script[:24]
		}
		for n := 0; n+1 < len(script); n += 2 {
			step := steps[int(script[n]&0x3f)%len(steps)]
			by := s.Client
			if script[n]&0x80 != 0 {
				by = s.Freelancer
			}
			ask(t, m, request{
				domain: step.domain, method: http.MethodPost, path: "/api/" + step.record(s) + "/" + step.verb, token: by.Token, key: tests.Key(),
				body: step.body(int64(script[n+1])*1000 + 1),
			})
			if script[n]&0x40 != 0 {
				m.Deliver()
			}
		}
		m.Deliver()
		sound(t, m)
		got := ask(t, m, request{domain: payments, method: http.MethodGet, path: records("payments") + "/" + s.Payment, token: s.Client.Token})
		whole, ended := s.Amount, got.number("released")+got.number("refunded")+got.number("rolled")
		if state, _ := got.json["status"].(string); (state == collections.PaymentHeld || state == collections.PaymentDisputed) != (ended < whole) {
			t.Errorf("Expected the payment to be open as long as something is held, got %s", got.raw)
		}
	})
}
