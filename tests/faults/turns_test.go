//go:build faults

package faults

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

const (
	projects = collections.DomainProjects
	payments = collections.DomainPayments
)

// turn is one thing a couple does, again and again, until the process dies in it.
type turn func(l *lane, c *couple)

func (c *couple) nextMilestone() string {
	milestone := c.planned[0]
	c.planned = c.planned[1:]
	return milestone
}

// fund pays for a planned milestone and returns its payment, or "" when time ran out.
func (l *lane) fund(c *couple, milestone, source string, amount int64) string {
	paid := l.command(c, c.Client, "/api/payments/api/collections/payments/records", tests.Body{
		"project": c.Project, "milestone": milestone, "amount": amount, "currency": "EUR", "source": source,
	})
	switch {
	case paid.Status == http.StatusOK:
		return paid.Text("id")
	case paid.Status == http.StatusPaymentRequired && source == services.SourceDeclined:
	case paid.Status == http.StatusConflict && paid.Code() == services.CodeConflict: // not decided in time
	default:
		l.t.Errorf("Expected the payment to be held, got %d: %s (after %s)", paid.Status, paid.Raw, l.killed)
	}
	return ""
}

// pay funds a milestone and releases it.
func pay(l *lane, c *couple) {
	payment := l.fund(c, c.nextMilestone(), "", 5_000)
	if payment != "" {
		l.want(c, c.Client, "/api/payments/api/payments/"+payment+"/release", nil)
	}
}

func payDeclined(l *lane, c *couple) { l.fund(c, c.nextMilestone(), services.SourceDeclined, 5_000) }

// payLate never gets an answer from the provider: the payment fails by itself.
func payLate(l *lane, c *couple) { l.fund(c, c.nextMilestone(), services.SourcePending, 5_000) }

// payAlone asks once for a payment the provider does not decide, and leaves the
// rest to the completer: it fails when its time is up.
func payAlone(l *lane, c *couple) {
	seen, _ := l.current()
	asked, err := c.Client.Try(http.MethodPost, "/api/payments/api/collections/payments/records", tests.Body{
		"project": c.Project, "milestone": c.nextMilestone(), "amount": 5_000, "currency": "EUR", "source": services.SourcePending,
	}, "Idempotency-Key", tests.Key())
	if err != nil {
		l.revive(seen)
		return
	}
	if payment := asked.Object("data").Text("payment"); payment != "" {
		l.await(c.Client, payments, collections.Payments, payment, collections.PaymentFailed)
	}
}

// parts releases and gives back small parts of what is held.
func parts(l *lane, c *couple) {
	out, back := l.pick(100)+1, l.pick(100)+1
	l.money(c, c.Client, "release", tests.Body{"amount": out})
	c.released += out
	l.money(c, c.Freelancer, "refund", tests.Body{"amount": back})
	c.refunded += back
}

func askRefund(l *lane, c *couple) {
	l.money(c, c.Client, "ask-refund", tests.Body{"amount": 5})
	l.money(c, c.Freelancer, "decline-refund", nil)
}

// dispute opens one about 1000 and returns its path. The freelancer should get 200, says the client.
func (l *lane) dispute(c *couple) string {
	opened := l.money(c, c.Client, "dispute", tests.Body{"amount": 1000, "toFreelancer": 200, "reason": "The lid is missing."})
	return "/api/payments/api/disputes/" + opened.Text("id") + "/"
}

// agree ends a dispute with an offer that is accepted: 400 to the freelancer, 600 back.
func agree(l *lane, c *couple) {
	path := l.dispute(c)
	l.want(c, c.Freelancer, path+"answer", tests.Body{"toFreelancer": 900})
	l.want(c, c.Freelancer, path+"offer", tests.Body{"toFreelancer": 400})
	l.want(c, c.Client, path+"accept", tests.Body{"toFreelancer": 400})
	c.released, c.refunded = c.released+400, c.refunded+600
}

func withdraw(l *lane, c *couple) {
	path := l.dispute(c)
	l.want(c, c.Freelancer, path+"answer", tests.Body{"toFreelancer": 900})
	l.want(c, c.Freelancer, path+"escalate", nil)
	l.want(c, c.Client, path+"withdraw", nil)
}

// payout asks for one and waits for its end: couple 0's bank takes it, couple 1's does not.
func payout(l *lane, c *couple) {
	asked := l.want(c, c.Freelancer, "/api/payments/api/collections/payouts/records", tests.Body{"amount": 1_000, "currency": "EUR"})
	l.await(c.Freelancer, payments, collections.Payouts, asked.Text("id"), collections.PayoutSettled, collections.PayoutFailed)
}

func cancelPayout(l *lane, c *couple) {
	asked := l.want(c, c.Freelancer, "/api/payments/api/collections/payouts/records", tests.Body{"amount": 1_000, "currency": "EUR"})
	answer := l.command(c, c.Freelancer, "/api/payments/api/payouts/"+asked.Text("id")+"/cancel", nil)
	if answer.Status != http.StatusOK && answer.Status != http.StatusConflict { // sent before
		l.t.Errorf("Expected to cancel the payout or to be too late, got %d: %s", answer.Status, answer.Raw)
	}
	l.await(c.Freelancer, payments, collections.Payouts, asked.Text("id"), collections.PayoutSettled, collections.PayoutFailed)
}

// account names a new one, which fires a deadline when it has cooled off.
func account(l *lane, c *couple) {
	made := l.want(c, c.Freelancer, "/api/payments/api/collections/payoutDestinations/records", tests.Body{"label": "Another", "reference": services.BankAccount})
	l.await(c.Freelancer, payments, collections.PayoutDestinations, made.Text("id"), collections.DestinationActive)
}

// roll approves a part of a milestone and lets the rest pay for the next one.
func roll(l *lane, c *couple) {
	first := c.nextMilestone()
	if l.fund(c, first, "", 5_000) == "" || !l.await(c.Client, projects, collections.Milestones, first, collections.MilestoneFunded) {
		return
	}
	next := l.following(c, first)
	l.want(c, c.Client, "/api/projects/api/milestones/"+first+"/approve", tests.Body{"amount": 2_000, "rest": "next", "reason": "The rest comes later."})
	c.planned = slices.DeleteFunc(c.planned, func(id string) bool { return id == next })
	if !l.await(c.Client, projects, collections.Milestones, first, collections.MilestoneReleased) || !l.await(c.Client, projects, collections.Milestones, next, collections.MilestoneFunded) {
		return
	}
	l.want(c, c.Client, "/api/projects/api/milestones/"+next+"/approve", nil)
	l.await(c.Client, projects, collections.Milestones, next, collections.MilestoneReleased)
}

// following is the planned milestone after one, as projects has it: what the couple added
// (refill) when the process died is there, and the couple does not know of it.
func (l *lane) following(c *couple, milestone string) string {
	after := l.get(c.Client, projects, collections.Milestones, milestone).Number(collections.MilestonePosition)
	query := url.Values{"sort": {collections.MilestonePosition}, "perPage": {"1"}, "filter": {fmt.Sprintf("contract = '%s' && status = 'planned' && kind != 'bonus' && position > %d", c.Contract, after)}}
	list := l.read(c.Client, services.Prefix(projects)+"/api/collections/milestones/records?"+query.Encode())
	var page struct{ Items []struct{ ID string } }
	if err := json.Unmarshal(list.Raw, &page); err != nil || len(page.Items) != 1 {
		l.t.Errorf("Expected a planned milestone after %s, got %s", milestone, list.Raw)
		return ""
	}
	return page.Items[0].ID
}

// bonus is paid for and released at once.
func bonus(l *lane, c *couple) {
	added := l.want(c, c.Client, "/api/projects/api/contracts/"+c.Contract+"/bonus", tests.Body{"amount": 700})
	if l.fund(c, added.Text("id"), "", 700) != "" {
		l.await(c.Client, projects, collections.Milestones, added.Text("id"), collections.MilestoneReleased)
	}
}

// hire goes from a project to a contract. What is created without a key is made before anything is armed.
func hire(l *lane, c *couple) {
	hired := l.want(c, c.Client, "/api/projects/api/proposals/"+c.proposals[0]+"/accept", nil)
	c.proposals = c.proposals[1:]
	if hired.Object("contract").Text("id") == "" {
		l.t.Errorf("Expected a contract, got %s", hired.Raw)
	}
}

// payoutFails is payout of a couple whose bank takes nothing.
func payoutFails(l *lane, c *couple) { payout(l, c) }

// rule is a dispute that a moderator decides: 300 to the freelancer, 700 back. What
// is done in the admin UI has no key: who gets no answer looks, and does it again.
func rule(l *lane, c *couple) {
	path := l.dispute(c)
	l.want(c, c.Freelancer, path+"answer", tests.Body{"toFreelancer": 900})
	l.want(c, c.Freelancer, path+"escalate", nil)
	id := strings.Split(path, "/")[5]
	for until := time.Now().Add(patience); time.Now().Before(until); {
		seen, _ := l.current()
		answer, err := l.moderator.Try(http.MethodPatch, "/api/payments/api/collections/disputes/records/"+id, tests.Body{
			collections.DisputeRuling: collections.RulingSplit, collections.DisputeRulingAmount: 300, collections.DisputeRulingReason: "The lid is half there.",
		})
		if err != nil {
			l.revive(seen)
			continue
		}
		if status := l.get(c.Client, payments, collections.Disputes, id).Text("status"); status == collections.DisputeClosed {
			c.released, c.refunded = c.released+300, c.refunded+700
			return
		}
		if answer.Status == http.StatusOK {
			break
		}
	}
	l.t.Errorf("Expected the dispute to be ruled on (after %s)", l.killed)
}

// silence hands work in and lets the client say nothing: there is a reminder, and then it is paid.
func silence(l *lane, c *couple) {
	milestone := c.nextMilestone()
	payment := l.fund(c, milestone, "", 5_000)
	if payment == "" || !l.await(c.Client, projects, collections.Milestones, milestone, collections.MilestoneFunded) {
		return
	}
	l.want(c, c.Freelancer, "/api/projects/api/milestones/"+milestone+"/submit", nil)
	l.await(c.Client, payments, collections.Payments, payment, collections.PaymentStateReleased)
	l.await(c.Client, projects, collections.Milestones, milestone, collections.MilestoneReleased)
}

// invoiced pays, and waits for the PDF of an invoice about it.
func invoiced(l *lane, c *couple) {
	payment := l.fund(c, c.nextMilestone(), "", 5_000)
	if payment == "" {
		return
	}
	l.want(c, c.Client, "/api/payments/api/payments/"+payment+"/release", nil)
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		seen, _ := l.current()
		list, err := c.Client.Try(http.MethodGet, "/api/payments/api/collections/invoices/records?filter=payment='"+payment+"'%26%26pdf!=''", nil)
		if err != nil {
			l.revive(seen)
		} else if list.Number("totalItems") > 0 {
			return
		}
	}
	l.t.Errorf("Expected the invoice of %s to be stored (after %s)", payment, l.killed)
}
