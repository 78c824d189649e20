package tests

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// TestPlatformTotals: what passed through, what was kept, how many disputes and
// hirings, for superusers of the two instances and nobody else.
func TestPlatformTotals(t *testing.T) {
	t.Parallel()
	m := New(t)
	quiet := Funded(m)
	releasePart(quiet, 100_000)
	loud := Funded(m)
	loud.Client.Command(payments, "payments/"+loud.Payment+"/dispute", Key(), Body{"amount": 1_000, "reason": "Late."}).Want(t, http.StatusOK, "")
	NewStory(m).Publish()
	m.Clock.Advance(31 * collections.Day)
	m.Clock.Advance(time.Hour)
	later := Hired(m)
	later.Fund()
	releasePart(later, 50_000)
	moderator := m.Superuser(payments)
	const path = "/api/payments/api/platform/totals"
	totals := moderator.Do(http.MethodGet, path, nil)
	totals.Want(t, http.StatusOK, "")
	list, _ := totals.JSON["currencies"].([]any)
	if len(list) != 1 {
		t.Fatalf("Expected one currency, got %s", totals.Raw)
	}
	record, _ := list[0].(map[string]any)
	euro := &Response{JSON: record}
	if euro.Number("gmv") != 150_000 || euro.Number("fees") != 15_000 || euro.Number("takeRatePercent") != 10 || euro.Number("paymentsHeld") != 3 || euro.Number("disputeRatePercent") != 33 {
		t.Errorf("Expected the totals of three payments, got %s", totals.Raw)
	}
	if months, _ := euro.Object("forecast").JSON["months"].([]any); len(months) != 3 || !strings.Contains(string(totals.Raw), `"month":"2026-06"`) {
		t.Errorf("Expected a forecast from the current month on, got %s", totals.Raw)
	}
	april := moderator.Do(http.MethodGet, path+"?from=2026-04&format=csv", nil)
	rows, err := csv.NewReader(strings.NewReader(string(april.Raw))).ReadAll()
	if err != nil || len(rows) != 5 || strings.Join(rows[1][:6], " ") != "EUR 2026-04 past 500.00 50.00 10.00" {
		t.Errorf("Expected April and the forecast, got %v %q", err, rows)
	}
	moderator.Do(http.MethodGet, path+"?from=yesterday", nil).Want(t, http.StatusBadRequest, services.CodeInvalidInput)

	const hiring = "/api/projects/api/platform/totals"
	hired := m.Superuser(collections.DomainProjects).Do(http.MethodGet, hiring, nil)
	if hired.Want(t, http.StatusOK, ""); hired.Number("published") != 4 || hired.Number("filled") != 3 || hired.Number("fillRatePercent") != 75 {
		t.Errorf("Expected three of four projects filled, got %s", hired.Raw)
	}
	later.Client.SignIn()
	for _, closed := range []string{path, hiring} {
		m.Guest().Do(http.MethodGet, closed, nil).Want(t, http.StatusUnauthorized, services.CodeAuthRequired)
		later.Client.Do(http.MethodGet, closed, nil).Want(t, http.StatusForbidden, services.CodeForbidden)
	}
}
