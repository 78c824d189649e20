package tests

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// deeds are what the audit log of a domain says: "actor action subject details".
func (m *Market) deeds(domain collections.Domain) []string {
	m.tb.Helper()
	found := []string{}
	report, err := services.VerifyAudit(m.tb.Context(), m.Instances[domain].App, func(row services.AuditRow) {
		found = append(found, row.Actor+" "+row.Action+" "+row.Subject+" "+row.Details)
	})
	if err != nil || len(report.Problems) > 0 {
		m.tb.Fatalf("Expected the audit log to be whole, got %+v, %v", report, err)
	}
	return found
}

// TestWhatSuperusersDoIsAudited: every write of a superuser leaves a row that names
// who, what and to what; a refused one and a read leave none.
func TestWhatSuperusersDoIsAudited(t *testing.T) {
	t.Parallel()
	m := New(t)
	person := m.User(collections.RoleClient)
	users := m.Superuser(collections.DomainUsers)
	by := "superuser:" + users.Email
	record := "/api/users/api/collections/users/records/" + person.ID
	users.Do(http.MethodGet, record, nil).Want(t, http.StatusOK, "")
	users.Do(http.MethodPatch, record, Body{"status": "nonsense"}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	if deeds := m.deeds(collections.DomainUsers); len(deeds) != 0 {
		t.Errorf("Expected reads and refusals to leave nothing, got %q", deeds)
	}
	users.Do(http.MethodPatch, record, Body{"status": collections.UserStatusSuspended, "headline": "a secret"}).Want(t, http.StatusOK, "")
	created := users.Create(collections.DomainUsers, "_superusers", Body{"email": "another@example.com", "password": "a long password", "passwordConfirm": "a long password"})
	created.Want(t, http.StatusOK, "")
	users.Do(http.MethodPost, "/api/users/api/collections/_superusers/auth-with-password", Body{"identity": users.Email, "password": "a long password"}).Want(t, http.StatusOK, "")
	if status := users.Do(http.MethodDelete, "/api/users/api/collections/_superusers/records/"+created.Text("id"), nil).Status; status != http.StatusNoContent {
		t.Errorf("Expected the superuser to be deleted, got %d", status)
	}
	users.Do(http.MethodPatch, "/api/users/api/settings", Body{"logs": Body{"maxDays": 9}}).Want(t, http.StatusOK, "")
	users.Do(http.MethodDelete, "/api/users/api/backups/auth-of-old.zip", nil) // there is none
	deeds := m.deeds(collections.DomainUsers)
	for n, want := range []string{
		by + " update users/" + person.ID, by + " create _superusers/" + created.Text("id"), by + " sign-in password", by + " delete _superusers/" + created.Text("id"), by + " request PATCH /api/settings",
		by + " request DELETE /api/backups/auth-of-old.zip",
	} {
		if n >= len(deeds) || !strings.HasPrefix(deeds[n], want) {
			t.Errorf("Expected row %d to be %q, got %q", n+1, want, deeds)
		}
	}
	if all := strings.Join(deeds, " "); strings.Contains(all, "a secret") || strings.Contains(all, "a long password") || !strings.Contains(all, "active → suspended") {
		t.Errorf("Expected names of fields, and values of none but a status, got %s", all)
	}
	if list := users.List(collections.DomainUsers, collections.AuditLog, "?sort=at"); list.Number("totalItems") != int64(len(deeds)) {
		t.Errorf("Expected superusers to read the log, got %s", list.Raw)
	}
	person.List(collections.DomainUsers, collections.AuditLog, "").Want(t, http.StatusUnauthorized, services.CodeTokenRevoked)
	m.User(collections.RoleClient).List(collections.DomainPayments, collections.AuditLog, "").Want(t, http.StatusForbidden, services.CodeForbidden)
}

// TestDecisionsAreAudited: a ruling, a recovery, a changed destination.
func TestDecisionsAreAudited(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	destination(s.Freelancer, services.BankAccount)
	opened := s.Client.Command(payments, "payments/"+s.Payment+"/dispute", Key(), Body{"amount": 10_000, "reason": "Late."})
	opened.Want(t, http.StatusOK, "")
	m.Deliver()
	list := s.Client.List(payments, collections.Disputes, "")
	item, _ := list.JSON["items"].([]any)[0].(map[string]any)
	dispute, _ := item["id"].(string)
	s.Freelancer.Command(payments, "disputes/"+dispute+"/answer", Key(), Body{"toFreelancer": 10_000, "note": "It was not."}).Want(t, http.StatusOK, "")
	s.Client.Command(payments, "disputes/"+dispute+"/escalate", Key(), Body{"reason": "No."}).Want(t, http.StatusOK, "")
	moderator := m.Superuser(payments)
	path := "/api/payments/api/collections/disputes/records/" + dispute
	moderator.Do(http.MethodPatch, path, Body{"ruling": "nonsense", "rulingReason": "x"})
	if deeds := m.deeds(payments); len(deeds) != 1 || !strings.HasPrefix(deeds[0], "user:"+s.Freelancer.ID+" add payoutDestinations/") {
		t.Fatalf("Expected the destination alone, got %q", deeds)
	}
	moderator.Do(http.MethodPatch, path, Body{"ruling": collections.RulingClient, "rulingReason": "See the terms."}).Want(t, http.StatusOK, "")
	if deeds := m.deeds(payments); len(deeds) != 2 || !strings.HasPrefix(deeds[1], "superuser:"+moderator.Email+" rule disputes/"+dispute) {
		t.Errorf("Expected the ruling, got %q", deeds)
	}
}

// TestAChangedAuditLogIsNoticed: the database refuses a change; where somebody goes
// past it, every check tells.
func TestAChangedAuditLogIsNoticed(t *testing.T) {
	t.Parallel()
	m := New(t)
	instance := m.Instances[payments]
	for _, action := range []string{"one", "two", "three"} {
		if err := instance.Audit(services.Deed{By: services.ByUser("x"), Action: action}); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{
		`UPDATE audit SET actor = 'y' WHERE seq = 2`, `DELETE FROM audit WHERE seq = 3`, `INSERT INTO audit SELECT 9, at, actor, action, subject, details, hash, substr(hash || 'x', 2) FROM audit WHERE seq = 3`,
		`INSERT INTO audit SELECT 4, at, actor, action, subject, details, prev, substr(hash || 'x', 2) FROM audit WHERE seq = 3`,
	} {
		if _, err := instance.App.DB().NewQuery(sql).Execute(); err == nil {
			t.Errorf("Expected the database to refuse %s", sql)
		}
	}
	m.deeds(payments)
	mustExec(t, m, payments, `DROP TRIGGER audit_keep; UPDATE audit SET actor = 'y' WHERE seq = 2`)
	if report := m.Reconcile(); report.Unexplained != 1 || !strings.Contains(report.Findings[0], "row 2 does not follow row 1") {
		t.Errorf("Expected the reconciliation to find it, got %+v", report.Findings)
	}
	if err := instance.CheckAudit(t.Context()); err != nil || instance.Ready(t.Context()).Checks["audit"] == "ok" {
		t.Errorf("Expected readiness to tell, got %v, %v", instance.Ready(t.Context()).Checks, err)
	}
}
