package tests

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// crossChecks select, per instance, what must not be.
var crossChecks = map[collections.Domain][]struct{ problem, sql string }{
	collections.DomainProjects: {
		{"two accepted proposals for one project", `SELECT project AS subject FROM proposals WHERE status = 'accepted' GROUP BY project HAVING count(*) > 1`},
		{"a project in progress without exactly one contract", `SELECT p.id AS subject FROM projects p LEFT JOIN contracts c ON c.project = p.id
			WHERE p.status IN ('in_progress', 'completed') GROUP BY p.id HAVING count(c.id) <> 1`},
		{"a contract without a milestone", `SELECT c.id AS subject FROM contracts c LEFT JOIN milestones m ON m.contract = c.id WHERE m.id IS NULL`},
		{"an accepted proposal without a contract", `SELECT p.id AS subject FROM proposals p LEFT JOIN contracts c ON c.proposal = p.id WHERE p.status = 'accepted' AND c.id IS NULL`},
		{"a submitted proposal on a project that is taken", `SELECT s.id AS subject FROM proposals s JOIN projects p ON p.id = s.project WHERE s.status = 'submitted' AND p.status <> 'open'`},
		{"a contract on other terms than its proposal", `SELECT c.id AS subject FROM contracts c JOIN proposals p ON p.id = c.proposal
			WHERE c.amount <> p.amount OR c.currency <> p.currency OR c.freelancer <> p.freelancer OR json_extract(p.feePlan, '$.version') <> json_extract(c.feePlan, '$.version')`},
		{"proposed milestones that do not add up to the price", `SELECT p.id AS subject FROM proposals p WHERE json_array_length(p.milestones) > 0
			AND p.amount <> (SELECT sum(json_extract(m.value, '$.amount')) FROM json_each(p.milestones) m)`},
		{"two sealed reviews of one contract", `SELECT contract AS subject FROM reviews WHERE status = 'sealed' GROUP BY contract HAVING count(*) > 1`},
		{"a sealed review without its words, or with them in sight", `SELECT r.id AS subject FROM reviews r LEFT JOIN sealed_reviews w ON w.review = r.id
			WHERE (r.status = 'sealed') <> (w.review IS NOT NULL) OR (r.status IN ('open', 'sealed', 'expired') AND (r.rating <> 0 OR r.body <> ''))`},
		{"a reputation that its reviews do not add up to", `SELECT p.person AS subject FROM reputation p WHERE (p.reviews, p.stars) <>
			(SELECT count(*), coalesce(sum(r.rating), 0) FROM reviews r WHERE r.subject = p.person AND r.status IN ('published', 'replied'))`},
		{"events not delivered", `SELECT id AS subject FROM outbox WHERE state <> 'done'`},
	},
	collections.DomainPayments: {
		{"the provider sent what no payout asks for", `SELECT key AS subject FROM sandbox_payouts WHERE key NOT IN (SELECT id FROM payouts)`},
		{"the provider kept the charge of a payment that failed", `SELECT c.key AS subject FROM sandbox_charges c JOIN payments p ON p.id = c.key WHERE p.status = 'failed' AND c.outcome = 'succeeded'`},
		{"two live payments for one milestone", `SELECT milestone AS subject FROM payments WHERE status IN ('held', 'disputed', 'released', 'split') GROUP BY milestone HAVING count(*) > 1`},
		{"events not delivered", `SELECT id AS subject FROM outbox WHERE state <> 'done'`},
	},
	collections.DomainMessages: {
		{"two chats for one contract", `SELECT contract AS subject FROM chats WHERE contract <> '' GROUP BY contract, kind HAVING count(*) > 1`},
		{"a chat without two members", `SELECT c.id AS subject FROM chats c LEFT JOIN members m ON m.chat = c.id WHERE c.kind = 'direct' GROUP BY c.id HAVING count(m.id) <> 2`},
		{"an unread count below zero", `SELECT m.id AS subject FROM members m JOIN chats c ON c.id = m.chat WHERE c.lastSeq < m.lastReadSeq + m.ownAfter`},
		{"a gap in the numbers of a chat", `SELECT c.id AS subject FROM chats c LEFT JOIN messages m ON m.chat = c.id GROUP BY c.id HAVING count(m.id) <> c.lastSeq`},
	},
}

// Problems checks everything that must hold across the instances once all
// events are delivered, and returns a sentence for each thing that does not.
func Problems(apps map[collections.Domain]core.App) ([]string, error) {
	problems := []string{}
	for domain, checks := range crossChecks {
		for _, check := range checks {
			var subjects []string
			if err := apps[domain].DB().NewQuery(check.sql).Column(&subjects); err != nil {
				return nil, err
			}
			for _, subject := range subjects {
				problems = append(problems, check.problem+": "+subject)
			}
		}
	}
	report, err := services.VerifyLedger(context.Background(), apps[collections.DomainPayments])
	if err != nil {
		return nil, err
	}
	problems = append(problems, report.Problems...)
	money, err := services.MoneyProblems(apps[collections.DomainPayments])
	if err != nil {
		return nil, err
	}
	problems = append(problems, money...)
	more, err := settledProjects(apps)
	return append(problems, more...), err
}

// settledProjects compares projects and payments: a project is completed if and
// only if the payments of all its milestones settled, and a milestone is funded
// if and only if a payment is held for it.
func settledProjects(apps map[collections.Domain]core.App) ([]string, error) {
	var milestones []struct {
		ID      string `db:"id"`
		Status  string `db:"status"`
		Kind    string `db:"kind"`
		Project string `db:"project_status"`
	}
	err := apps[collections.DomainProjects].DB().NewQuery(`SELECT m.id, m.status, m.kind, p.status AS project_status
		FROM milestones m JOIN projects p ON p.id = m.project`).All(&milestones)
	if err != nil {
		return nil, err
	}
	var payments []struct {
		Milestone string `db:"milestone"`
		Status    string `db:"status"`
		Locked    bool   `db:"locked"`
	}
	err = apps[collections.DomainPayments].DB().NewQuery(`SELECT milestone, status, disputed + chargedBack > 0 AS locked FROM payments WHERE status <> 'failed'`).All(&payments)
	if err != nil {
		return nil, err
	}
	held, settled, locked := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range payments {
		locked[p.Milestone] = locked[p.Milestone] || p.Locked
		held[p.Milestone] = held[p.Milestone] || p.Status == collections.PaymentHeld || p.Status == collections.PaymentDisputed
		settled[p.Milestone] = settled[p.Milestone] || p.Status == collections.PaymentStateReleased || p.Status == collections.PaymentSplit
	}
	problems := []string{}
	for _, m := range milestones {
		waiting := slices.Contains([]string{collections.MilestoneFunded, collections.MilestoneSubmitted, collections.MilestoneChangesRequested}, m.Status)
		owed := m.Status == collections.MilestoneApproved && locked[m.ID] // paid when nothing locks it any more
		if waiting != held[m.ID] && !owed {
			problems = append(problems, "milestone and payment disagree about money held: "+m.ID+" is "+m.Status)
		}
		if (m.Status == collections.MilestoneReleased) != settled[m.ID] {
			problems = append(problems, "milestone and payment disagree about money released: "+m.ID+" is "+m.Status)
		}
		if m.Project == collections.ProjectCompleted && m.Kind != collections.MilestoneKindBonus && m.Status != collections.MilestoneReleased && m.Status != collections.MilestoneCancelled {
			problems = append(problems, "a completed project has an open milestone: "+m.ID)
		}
	}
	return problems, nil
}

// Apps are the databases of the marketplace.
func (m *Market) Apps() map[collections.Domain]core.App {
	apps := map[collections.Domain]core.App{}
	for domain, instance := range m.Instances {
		apps[domain] = instance.App
	}
	return apps
}

// Sound fails the test unless all invariants hold.
func (m *Market) Sound() {
	m.tb.Helper()
	problems, err := Problems(m.Apps())
	if err != nil {
		m.tb.Fatalf("Failed to check the invariants: %v", err)
	}
	for _, problem := range problems {
		m.tb.Error("Broken invariant:", problem)
	}
}

// Reconcile runs a reconciliation as a superuser, some minutes later.
func (m *Market) Reconcile() *services.Reconciliation {
	m.tb.Helper()
	m.Clock.Advance(5 * time.Minute)
	report, err := services.NewReconciler(m.Payments()).Run(context.Background(), services.ReconcileOnDemand)
	if err != nil {
		m.tb.Fatal(err)
	}
	return report
}

// SoundIn fails the test unless all invariants hold in the data of a stopped marketplace.
func SoundIn(tb testing.TB, data string) {
	tb.Helper()
	apps := map[collections.Domain]core.App{}
	for _, domain := range collections.Domains {
		instance, err := services.OpenInstance(domain, services.Options{DataDir: data})
		if err != nil {
			tb.Fatal(err)
		}
		defer instance.Close()
		apps[domain] = instance.App
	}
	problems, err := Problems(apps)
	if err != nil {
		tb.Fatal(err)
	}
	lost, err := neverReceived(apps)
	if err != nil {
		tb.Fatal(err)
	}
	for _, problem := range append(problems, lost...) {
		tb.Error("Broken invariant:", problem)
	}
}

// neverReceived are the events that a sender takes for delivered and their receiver has not noted.
func neverReceived(apps map[collections.Domain]core.App) (problems []string, err error) {
	for sender, app := range apps {
		var told []struct{ ID, Peer, Topic string }
		if err := app.DB().NewQuery(`SELECT id, peer, topic FROM outbox WHERE state = 'done'`).All(&told); err != nil {
			return nil, err
		}
		for receiver, other := range apps {
			var ids []string
			if err := other.DB().NewQuery(`SELECT id FROM inbox WHERE source = {:source}`).Bind(dbx.Params{"source": string(sender)}).Column(&ids); err != nil {
				return nil, err
			}
			noted := make(map[string]bool, len(ids))
			for _, id := range ids {
				noted[id] = true
			}
			for _, event := range told {
				if event.Peer == string(receiver) && !noted[event.ID] {
					problems = append(problems, fmt.Sprintf("%s takes %s %s for delivered, and %s never received it", sender, event.Topic, event.ID, receiver))
				}
			}
		}
	}
	return problems, nil
}
