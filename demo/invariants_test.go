package demo_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/demo"
	"github.com/lancershub/lancershub/tests"
)

// expectations say what a loaded marketplace has at least.
var expectations = []struct {
	what   string
	domain collections.Domain
	sql    string
	least  int
}{
	{"people", collections.DomainUsers, "SELECT id FROM users WHERE verified", demo.Small.People},
	{"projects", collections.DomainProjects, "SELECT id FROM projects", demo.Small.Projects},
	{"proposals", collections.DomainProjects, "SELECT id FROM proposals", demo.Small.Proposals},
	{"drafts", collections.DomainProjects, "SELECT id FROM projects WHERE status = 'draft'", 1},
	{"open projects", collections.DomainProjects, "SELECT id FROM projects WHERE status = 'open'", 3},
	{"projects in progress", collections.DomainProjects, "SELECT id FROM projects WHERE status = 'in_progress'", 4},
	{"completed projects", collections.DomainProjects, "SELECT id FROM projects WHERE status = 'completed'", 5},
	{"cancelled projects", collections.DomainProjects, "SELECT id FROM projects WHERE status = 'cancelled'", 2},
	{"withdrawn proposals", collections.DomainProjects, "SELECT id FROM proposals WHERE status = 'withdrawn'", 1},
	{"rejected proposals", collections.DomainProjects, "SELECT id FROM proposals WHERE status = 'rejected'", 10},
	{"work sent back", collections.DomainProjects, "SELECT id FROM milestones WHERE status = 'changes_requested'", 1},
	{"people with a picture", collections.DomainUsers, "SELECT id FROM users WHERE avatar <> ''", demo.Small.People},
	{"projects with files", collections.DomainProjects, "SELECT id FROM projects WHERE attachments <> '[]'", 5},
	{"deliverables handed in", collections.DomainProjects, "SELECT id FROM deliverables WHERE submittedAt <> ''", 6},
	{"held payments", collections.DomainPayments, "SELECT id FROM payments WHERE status = 'held'", 3},
	{"undecided payments", collections.DomainPayments, "SELECT id FROM payments WHERE status = 'pending'", 2},
	{"refunded payments", collections.DomainPayments, "SELECT id FROM payments WHERE status = 'refunded'", 1},
	{"split payments", collections.DomainPayments, "SELECT id FROM payments WHERE status = 'split'", 1},
	{"payments released in part", collections.DomainPayments, "SELECT id FROM payments WHERE status = 'held' AND released > 0", 1},
	{"currencies", collections.DomainPayments, "SELECT DISTINCT currency FROM payments WHERE status = 'released'", 2},
	{"unread chats", collections.DomainMessages, "SELECT c.id FROM chats c JOIN members m ON m.chat = c.id WHERE m.lastReadSeq < c.lastSeq", 2},
	{"new notifications", collections.DomainMessages, "SELECT id FROM notifications WHERE readAt = ''", 5},
	{"read notifications", collections.DomainMessages, "SELECT id FROM notifications WHERE readAt <> ''", 5},
}

// checkSound checks everything that must hold in a loaded marketplace: the
// ledger adds up, no project is completed without settled payments, every event
// has arrived, nothing is missing and nothing lies in the future.
func checkSound(t *testing.T, market loaded) {
	t.Helper()
	problems, err := tests.Problems(market.apps)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Error("Broken invariant:", problem)
	}
	for domain, app := range market.apps {
		if left := column(t, app, "SELECT id FROM outbox WHERE state <> 'done'"); len(left) > 0 {
			t.Errorf("Expected every event of %s to be delivered, left: %v", domain, left)
		}
		for _, name := range []string{"users", "projects", "proposals", "milestones", "payments", "messages", "notifications", "timeline"} {
			if !app.HasTable(name) {
				continue
			}
			late := "SELECT updated FROM " + name + " WHERE updated > '" + market.now.Format("2006-01-02 15:04:05.000Z") + "'"
			if found := column(t, app, late); len(found) > 0 {
				t.Errorf("Expected nothing in %s/%s after %s, got %v", domain, name, market.now, found)
			}
		}
	}
	for _, expected := range expectations {
		if got := len(column(t, market.apps[expected.domain], expected.sql)); got < expected.least {
			t.Errorf("Expected at least %d %s, got %d", expected.least, expected.what, got)
		}
	}
}

// checkEveryMonth checks that the demo freelancer earned something in every month.
func checkEveryMonth(t *testing.T, market loaded) {
	t.Helper()
	id := column(t, market.apps[collections.DomainUsers], "SELECT id FROM users WHERE email = '"+demo.FreelancerEmail+"'")[0]
	months := column(t, market.apps[collections.DomainPayments], `SELECT DISTINCT strftime('%Y-%m', e.at / 1000, 'unixepoch')
		FROM ledger_account a JOIN ledger_entry e ON e.account = a.id WHERE a.owner = '`+id+`' AND e.amount > 0`)
	first := time.Date(market.now.Year(), market.now.Month(), 1, 0, 0, 0, 0, time.UTC)
	for m := range demo.Small.Months {
		if month := first.AddDate(0, -m, 0).Format("2006-01"); !slices.Contains(months, month) {
			t.Errorf("Expected income in %s, got income in %v", month, months)
		}
	}
}

func column(t *testing.T, app core.App, sql string) []string {
	t.Helper()
	var values []string
	if err := app.DB().NewQuery(sql).Column(&values); err != nil {
		t.Fatalf("Failed to query %s: %v", sql, err)
	}
	return values
}
