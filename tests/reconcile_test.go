package tests

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

func mustExec(t *testing.T, m *Market, domain collections.Domain, sql string) {
	t.Helper()
	if _, err := m.Instances[domain].App.DB().NewQuery(sql).Execute(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// TestASoundMarketplaceReconciles: payments in every state, and nothing unexplained.
func TestASoundMarketplaceReconciles(t *testing.T) {
	t.Parallel()
	m := New(t)
	for _, act := range []func(s *Story){
		func(*Story) {},
		func(s *Story) { releasePart(s, 10_000) },
		func(s *Story) { releasePart(s, s.Amount) },
		func(s *Story) {
			releasePart(s, 10_000)
			s.Freelancer.Command(payments, "payments/"+s.Payment+"/refund", Key(), nil).Want(t, http.StatusOK, "")
		},
		func(s *Story) {
			s.Client.Command(payments, "payments/"+s.Payment+"/dispute", Key(), Body{"amount": 5_000, "reason": "Late."}).Want(t, http.StatusOK, "")
		},
	} {
		act(Funded(m))
	}
	undecided := Hired(m)
	undecided.Pay(Key(), Body{"source": services.SourcePending}).Want(t, http.StatusServiceUnavailable, services.CodeProviderPending)
	declined := Hired(m)
	declined.Pay(Key(), Body{"source": services.SourceDeclined}).Want(t, http.StatusPaymentRequired, services.CodePaymentDeclined)
	m.Deliver()
	if err := m.Payments().SendRefunds(t.Context()); err != nil {
		t.Fatal(err)
	}
	if report := m.Reconcile(); report.Unexplained != 0 || report.Transactions == 0 {
		t.Errorf("Expected nothing unexplained, got %+v", report)
	}
	reconciler := services.NewReconciler(m.Payments())
	if report, err := reconciler.Run(t.Context(), services.ReconcileRegular); err != nil || report.Unexplained != 0 {
		t.Errorf("Expected nothing unexplained in the last days, got %+v, %v", report, err)
	}
	m.Clock.Advance(60 * collections.Day)
	if report, err := reconciler.Run(t.Context(), services.ReconcileRegular); err != nil || report.Unexplained != 2 {
		t.Errorf("Expected only the payment that should long be decided and its reservation, got %+v, %v", report, err)
	}
	if last, err := services.LastReconciliation(m.Instances[payments].App); err != nil || last == nil || last.Unexplained != 2 || last.Occasion != services.ReconcileRegular {
		t.Errorf("Expected the report to be stored, got %+v, %v", last, err)
	}
}

// TestReconciliationFinds breaks one thing at a time, past everything that guards it.
func TestReconciliationFinds(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]struct {
		domain collections.Domain
		sql    string
		want   string
	}{
		"a charge the ledger does not know":     {payments, `INSERT INTO sandbox_charges (key, amount, currency, source, outcome, at) VALUES ('unknowncharge00', 77, 'EUR', '', 'succeeded', 1)`, "sandbox says that unknowncharge00 moved -0.77"},
		"a charge the provider forgot":          {payments, `DELETE FROM sandbox_charges`, "sandbox says that"},
		"a charge of another amount":            {payments, `UPDATE sandbox_charges SET amount = amount + 1`, "sandbox says that"},
		"a payment that says more was released": {payments, `UPDATE payments SET released = released + 1, amount = amount + 1`, "released amount of a payment is not what was posted"},
		"a held amount that is not there":       {payments, `UPDATE payments SET amount = amount + 1`, "held amount of a payment is not what its account holds"},
		"an invoice that is gone":               {payments, `DROP TRIGGER invoices_stay; DELETE FROM invoices WHERE kind = 'invoice'`, "a release has no invoice"},
		"a fee that was not invoiced":           {payments, `DROP TRIGGER invoices_stay; DELETE FROM invoices WHERE kind = 'fee'`, "a fee has no invoice"},
		"a gap in the numbers":                  {payments, `DROP TRIGGER invoices_keep; UPDATE invoices SET seq = 7, series = 'X' WHERE kind = 'fee'`, "a gap in the numbers of invoices: X"},
		"an invoice of another amount":          {payments, `DROP TRIGGER invoices_keep; UPDATE invoices SET amount = 1 WHERE kind = 'invoice'`, "or one about another amount"},
		"an entry that was changed":             {payments, `DROP TRIGGER ledger_entry_keep; UPDATE ledger_entry SET amount = amount + 1 WHERE id = 1`, "currency does not sum to zero"},
		"a milestone that nobody paid for":      {collections.DomainProjects, `UPDATE milestones SET status = 'released', updated = created`, "is released; of its payments one is held: true, one is settled: false"},
		"approved work that is not paid":        {collections.DomainProjects, `UPDATE milestones SET status = 'approved', updated = created`, "is approved; of its payments one is held: true"},
		"a payment for no milestone":            {payments, `UPDATE payments SET milestone = 'nomilestonehere', updated = created`, "which projects does not know"},
		"a completed project with open work":    {collections.DomainProjects, `UPDATE projects SET status = 'completed'`, "a completed project has an open milestone"},
		"two accepted proposals":                {collections.DomainProjects, `DROP INDEX IF EXISTS idx_proposals_live; DROP INDEX IF EXISTS idx_proposals_accepted; INSERT INTO proposals (id, project, status) SELECT 'secondaccepted0', project, 'accepted' FROM proposals LIMIT 1`, "two accepted proposals"},
		"a payout that never arrives":           {payments, `INSERT INTO payouts (id, status, sentAt, amount, currency) VALUES ('lostpayout00000', 'sent', '2026-02-01 00:00:00.000Z', 5, 'EUR')`, "a provider has neither paid out nor refused for ten days: lostpayout00000"},
		"a refund that nobody answers":          {payments, `INSERT INTO provider_refunds (id, payment, charge, provider, amount, currency, tries, state, created) VALUES ('r', 'somepayment0000', 'c', 'sandbox', 5, 'EUR', 10, 'sent', 1)`, "for ten days what is due of a payment: somepayment0000"},
		"an event that was given up":            {payments, `UPDATE outbox SET state = 'parked' WHERE seq = 1`, "events of payments were given up"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := New(t)
			s := Funded(m)
			releasePart(s, 10_000)
			if report := m.Reconcile(); report.Unexplained != 0 {
				t.Fatalf("Expected nothing unexplained before, got %+v", report)
			}
			for _, sql := range strings.Split(damage.sql, ";") {
				mustExec(t, m, damage.domain, sql)
			}
			report := m.Reconcile()
			if !strings.Contains(strings.Join(report.Findings, "\n"), damage.want) {
				t.Errorf("Expected %q to be found, got %q (waiting %q)", damage.want, report.Findings, report.Waiting)
			}
		})
	}
}

// TestWhatIsGivenBackByHandIsFound: the ledger still holds what the provider has not got any more.
func TestWhatIsGivenBackByHandIsFound(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := payBack(m, stripesim.CardOK)
	if report := m.Reconcile(); report.Unexplained != 0 {
		t.Fatalf("Expected nothing unexplained before, got %+v", report)
	}
	sim.RefundByHand(s.Payment)
	if report := m.Reconcile(); !strings.Contains(strings.Join(report.Findings, "\n"), "stripe says that "+s.Payment) {
		t.Errorf("Expected the payment that was given back by hand to be found, got %q (waiting %q)", report.Findings, report.Waiting)
	}
}

// TestWhatIsUnderWayIsNoFinding: events that have not arrived explain a difference.
func TestWhatIsUnderWayIsNoFinding(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), nil).Want(t, http.StatusOK, "")
	if report := m.Reconcile(); report.Unexplained != 0 || !strings.Contains(strings.Join(report.Waiting, "\n"), s.Milestone) {
		t.Errorf("Expected the milestone to wait, got %+v", report)
	}
	m.Deliver()
	if report := m.Reconcile(); report.Unexplained != 0 || len(report.Waiting) != 0 {
		t.Errorf("Expected nothing to wait, got %+v", report)
	}
}

// TestReconciliationIsForSuperusers: the route, and what readiness and metrics say.
func TestReconciliationIsForSuperusers(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	const path = "/api/payments/api/ledger/reconcile"
	s.Client.Do(http.MethodPost, path, Body{}).Want(t, http.StatusForbidden, services.CodeForbidden)
	m.Guest().Do(http.MethodPost, path, Body{}).Want(t, http.StatusUnauthorized, services.CodeAuthRequired)
	moderator := m.Superuser(payments)
	m.Clock.Advance(5 * time.Minute)
	report := moderator.Do(http.MethodPost, path, Body{})
	if report.Want(t, http.StatusOK, ""); report.Number("unexplained") != 0 || report.Number("transactions") == 0 {
		t.Errorf("Expected nothing unexplained, got %s", report.Raw)
	}
	if list := moderator.List(payments, "reconciliations", ""); len(idsOf(list)) != 1 {
		t.Errorf("Expected the run in the admin UI, got %s", list.Raw)
	}
	metrics := m.Guest().Do(http.MethodGet, "/metrics", nil) // from this machine
	for _, want := range []string{`lancershub_unexplained{domain="payments"} 0`, `lancershub_outbox_parked{domain="messages"} 0`, `lancershub_reservations_stale{domain="projects"} 0`} {
		if !strings.Contains(string(metrics.Raw), want+"\n") {
			t.Errorf("Expected %s in the metrics, got %s", want, metrics.Raw)
		}
	}
	if strings.Count(string(metrics.Raw), "# TYPE lancershub_outbox_ready") != 1 {
		t.Errorf("Expected each metric to be explained once, got %s", metrics.Raw)
	}
	for _, closed := range []*Response{
		m.Guest().Do(http.MethodGet, "/metrics", nil, "X-Forwarded-For", "127.0.0.1"),
		m.Guest().Do(http.MethodGet, "/api/payments/metrics", nil), m.Guest().Do(http.MethodGet, "/api/payments//metrics/", nil),
	} {
		if strings.Contains(string(closed.Raw), "lancershub_") {
			t.Errorf("Expected no metrics outside, got %d %s", closed.Status, closed.Raw)
		}
	}
}

// TestModeratorsViews: what is behind the money is for superusers, without bodies.
func TestModeratorsViews(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	releasePart(s, 10_000)
	m.Reconcile()
	moderator := m.Superuser(payments)
	s.Client.SignIn()
	for _, view := range []string{"ledgerEntries", "ledgerBalances", "ledgerTransactions", "reconciliations", "outboxEvents", "inboxEvents", "idempotencyKeys", "platformMonths"} {
		list := moderator.List(payments, view, "?perPage=1")
		if list.Want(t, http.StatusOK, ""); len(idsOf(list)) != 1 {
			t.Errorf("Expected rows in %s, got %s", view, list.Raw)
			continue
		}
		for _, secret := range []string{`"body"`, `"payload"`, `"fingerprint"`} {
			if strings.Contains(string(list.Raw), secret) {
				t.Errorf("Expected no %s in %s", secret, view)
			}
		}
		id := idsOf(list)[0]
		for who, person := range map[string]*Person{"guest": m.Guest(), "client": s.Client} {
			for _, path := range []string{"", "?filter=id!=''", "/" + id} {
				answer := person.Do(http.MethodGet, strings.ReplaceAll("/api/payments/api/collections/"+view+"/records"+path, " ", "%20"), nil)
				if answer.Status != http.StatusForbidden && answer.Status != http.StatusUnauthorized && answer.Status != http.StatusNotFound {
					t.Errorf("Expected %s to be closed to a %s, got %d %s", view, who, answer.Status, answer.Raw)
				}
			}
		}
		if answer := moderator.Create(payments, view, Body{"amount": 1}); answer.Status < 400 {
			t.Errorf("Expected nobody to write %s, got %s", view, answer.Raw)
		}
	}
}
