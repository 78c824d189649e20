package services

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// InternalBook is where projects tells payments what it believes.
const InternalBook = InternalPrefix + "book"

// bookPage bounds one page of ProjectsBook.
const bookPage = 2000

// ProjectsBook is a page of what projects believes about money.
type ProjectsBook struct {
	Milestones []BookMilestone `json:"milestones"`
	// Problems are what projects finds wrong with itself; on the first page only.
	Problems []string `json:"problems"`
}

// BookMilestone is one milestone as projects sees it.
type BookMilestone struct {
	ID      string `json:"id" db:"id"`
	Status  string `json:"status" db:"status"`
	Payment string `json:"payment" db:"payment"`
	// Underway says that events about it have not arrived, or that it changed a moment ago.
	Underway bool `json:"underway" db:"underway"`
}

// bookChecks are what projects can check alone.
var bookChecks = []check{
	{"two accepted proposals for one project", `SELECT project AS subject FROM proposals WHERE status = 'accepted' GROUP BY project HAVING count(*) > 1`},
	{"a completed project has an open milestone", `SELECT m.id AS subject FROM milestones m JOIN projects p ON p.id = m.project
		WHERE p.status = 'completed' AND m.kind <> 'bonus' AND m.status NOT IN ('released', 'cancelled')`},
	{"all milestones of a project are paid and it is not completed", `SELECT p.id AS subject FROM projects p WHERE p.status = 'in_progress'
		AND EXISTS (SELECT 1 FROM milestones m WHERE m.project = p.id AND m.status = 'released' AND m.kind <> 'bonus')
		AND NOT EXISTS (SELECT 1 FROM milestones m WHERE m.project = p.id AND m.kind <> 'bonus' AND m.status NOT IN ('released', 'cancelled'))`},
}

// Book is what projects believes, a page after the milestone after.
func (s ProjectsService) Book(after string) (ProjectsBook, error) {
	return readProjectsBook(s.App, after, s.Clock.Now().UnixMilli())
}

func readProjectsBook(app core.App, after string, now int64) (ProjectsBook, error) {
	book := ProjectsBook{Milestones: []BookMilestone{}, Problems: []string{}}
	recent := dateTime(time.UnixMilli(now).Add(-settleTime)).String()
	err := app.ConcurrentDB().NewQuery(`SELECT m.id, m.status, m.payment, (m.updated > {:recent} OR EXISTS (
			SELECT 1 FROM outbox o WHERE o.state <> 'done' AND o.aggregate = 'milestones:' || m.id)) AS underway
		FROM milestones m WHERE m.id > {:after} ORDER BY m.id LIMIT {:limit}`).
		Bind(dbx.Params{"after": after, "limit": bookPage, "recent": recent}).All(&book.Milestones)
	if err != nil || after != "" {
		return book, err
	}
	if book.Problems, err = selectProblems(app, bookChecks); err != nil {
		return book, err
	}
	stale, err := selectProblems(app, []check{{"a reservation is kept for a payment that should long be decided", fmt.Sprintf(
		`SELECT payment AS subject FROM reservations WHERE state = 'reserved' AND decide_by < %d`, now-collections.Day.Milliseconds())}})
	book.Problems = append(book.Problems, stale...)
	return book, err
}

func (s *PaymentsService) askProjectsBook(ctx context.Context, after string) (ProjectsBook, error) {
	var book ProjectsBook
	err := s.Peers[collections.DomainProjects].Call(ctx, http.MethodPost, InternalBook, map[string]string{"after": after}, &book)
	return book, err
}

// projects compares each milestone with its payments.
func (r *Reconciler) projects(ctx context.Context, report *Reconciliation) error {
	if r.book == nil {
		report.waits("projects is not here to be compared with")
		return nil
	}
	for after := ""; ; {
		book, err := r.book(ctx, after)
		if err != nil {
			report.waits("projects does not answer: %v", err)
			return nil
		}
		for _, problem := range book.Problems {
			report.found("%s", problem)
		}
		if err := r.comparePage(report, after, book.Milestones); err != nil {
			return err
		}
		if len(book.Milestones) < bookPage {
			return nil
		}
		after = book.Milestones[len(book.Milestones)-1].ID
	}
}

// paidFor is what payments knows of one milestone.
type paidFor struct {
	Milestone string `db:"milestone"`
	Held      bool   `db:"held"`
	Settled   bool   `db:"settled"`
	Locked    bool   `db:"locked"`
	Underway  bool   `db:"underway"`
}

// comparePage compares one page of milestones, and looks for payments of
// milestones in its range that projects does not know.
func (r *Reconciler) comparePage(report *Reconciliation, after string, milestones []BookMilestone) error {
	last := "~" // after every id
	if len(milestones) == bookPage {
		last = milestones[len(milestones)-1].ID
	}
	var rows []paidFor
	err := r.payments.App.ConcurrentDB().NewQuery(`SELECT milestone, max(status IN ('held', 'disputed')) AS held, max(status IN ('released', 'split')) AS settled,
		max(status = 'disputed' OR chargedBack > 0) AS locked,
		max(updated > {:recent} OR EXISTS (SELECT 1 FROM outbox o WHERE o.state <> 'done' AND o.aggregate = 'payments:' || p.id)) AS underway
		FROM payments p WHERE status NOT IN ('failed', 'pending') AND milestone > {:after} AND milestone <= {:last} GROUP BY milestone`).
		Bind(dbx.Params{"after": after, "last": last, "recent": dateTime(time.UnixMilli(report.At).Add(-settleTime)).String()}).All(&rows)
	if err != nil {
		return fmt.Errorf("failed to read the payments of milestones: %w", err)
	}
	paid := make(map[string]paidFor, len(rows))
	for _, row := range rows {
		paid[row.Milestone] = row
	}
	for _, m := range milestones {
		ours := paid[m.ID]
		delete(paid, m.ID)
		wantsHeld := slices.Contains([]string{collections.MilestoneFunded, collections.MilestoneSubmitted, collections.MilestoneChangesRequested}, m.Status)
		approved := m.Status == collections.MilestoneApproved // paid in a moment, or when a dispute or a chargeback ends
		settled := m.Status == collections.MilestoneReleased
		if wantsHeld == ours.Held && settled == ours.Settled || approved && (ours.Locked || ours.Underway || m.Underway) {
			continue
		}
		sentence := fmt.Sprintf("milestone %s is %s; of its payments one is held: %t, one is settled: %t", m.ID, m.Status, ours.Held, ours.Settled)
		if ours.Underway || m.Underway {
			report.waits("%s", sentence)
			continue
		}
		report.found("%s", sentence)
	}
	for _, milestone := range sortedKeys(paid) {
		report.found("payments has money for milestone %s, which projects does not know", milestone)
	}
	return nil
}

// events looks at what each instance still has to tell the others.
func (r *Reconciler) events(ctx context.Context, report *Reconciliation) error {
	s := r.payments
	if s.relay == nil {
		return nil // beside the marketplace: it looks itself
	}
	own, err := s.relay.Backlog()
	if err != nil {
		return err
	}
	backlogs := map[collections.Domain]*Backlog{collections.DomainPayments: &own}
	for domain, peer := range s.Peers {
		_, raw, err := peer.Get(ctx, ReadyPath)
		var ready Readiness
		if err != nil || json.Unmarshal(raw, &ready) != nil {
			report.waits("%s does not say what it has to tell", domain)
			continue
		}
		backlogs[domain] = &ready.Outbox
		if state := ready.Checks[checkAudit]; state != "ok" && state != auditNotYet && state != "" {
			report.found("%s: %s", domain, state)
		}
	}
	for _, domain := range collections.Domains {
		backlog := backlogs[domain]
		switch {
		case backlog == nil:
		case backlog.Parked > 0:
			report.found("%d events of %s were given up after a day of trying", backlog.Parked, domain)
		case backlog.OldestSeconds > 60:
			report.waits("%d events of %s wait, the oldest for %d seconds", backlog.Ready, domain, backlog.OldestSeconds)
		}
	}
	return nil
}

// ReconcileIn reconciles a data folder, also while it is served. What is not in
// the folder (projects, a provider over the network) is not compared.
func ReconcileIn(ctx context.Context, options Options) (report *Reconciliation, err error) {
	options = options.withDefaults()
	err = beside(options, []collections.Domain{collections.DomainPayments}, func(app core.App) error {
		instance := &Instance{Domain: collections.DomainPayments, Options: options, Clock: options.Clock, Logger: options.Logger, Peers: map[collections.Domain]*Peer{}}
		instance.App, _ = app.(*core.BaseApp)
		service := &PaymentsService{Instance: instance, providers: map[string]Provider{ProviderSandbox: Sandbox{app: app, clock: options.Clock}}}
		reconciler := &Reconciler{payments: service}
		run := func(projects core.App) (err error) {
			if projects != nil {
				reconciler.book = func(_ context.Context, after string) (ProjectsBook, error) {
					return readProjectsBook(projects, after, options.Clock.Now().UnixMilli())
				}
			}
			report, err = reconciler.Run(ctx, ReconcileOnDemand)
			return err
		}
		if _, err := os.Stat(filepath.Join(options.DataDir, string(collections.DomainProjects), dataFile)); err != nil {
			return run(nil)
		}
		return beside(options, []collections.Domain{collections.DomainProjects}, run)
	})
	return report, err
}

// summary says in a line how it went.
func (r *Reconciliation) summary() string {
	if r.Unexplained == 0 {
		return fmt.Sprintf("%d ledger transactions and everything beside them agree", r.Transactions)
	}
	return fmt.Sprintf("%d things do not agree: %s", r.Unexplained, strings.Join(r.Findings[:min(len(r.Findings), 3)], "; "))
}
