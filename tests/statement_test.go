package tests

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// TestStatement: every line's balance is the one before plus its amount, and the
// last is what the ledger says; days are those of the person's own zone.
func TestStatement(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	release := func(amount int64) {
		s.Client.SignIn()
		s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": amount}).Want(t, http.StatusOK, "")
		m.Deliver()
	}
	release(10_000)
	m.Clock.Advance(collections.Day)
	release(20_000)
	s.Freelancer.SignIn()
	read := func(p *Person, query string) [][]string {
		p.SignIn()
		answer := p.Do(http.MethodGet, "/api/payments/api/statement?format=csv"+query, nil)
		if answer.Want(t, http.StatusOK, ""); !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/csv") {
			t.Fatalf("Expected CSV, got %v", answer.Header)
		}
		rows, err := csv.NewReader(strings.NewReader(string(answer.Raw))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows[1:]
	}
	wantRows := func(rows [][]string, want ...string) {
		t.Helper()
		var got []string
		for _, row := range rows {
			got = append(got, strings.Join(row[2:5], " "))
		}
		if strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("Expected %q, got %q", want, got)
		}
	}
	wantRows(read(s.Freelancer, ""), "release 90.00 90.00", "release 180.00 270.00")
	wantRows(read(s.Freelancer, "&from=2026-03-11&to=2026-03-11"), "release 180.00 270.00")
	wantRows(read(s.Freelancer, "&currency=USD"))
	wantRows(read(s.Client, ""), "fund 1234.57 1234.57", "release -100.00 1134.57", "release -200.00 934.57")
	wantRows(read(m.User(collections.RoleClient), ""))
	s.Client.Do(http.MethodGet, "/api/payments/api/statement?from=yesterday", nil).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	m.Guest().Do(http.MethodGet, "/api/payments/api/statement", nil).Want(t, http.StatusUnauthorized, services.CodeAuthRequired)
	m.Sound()
}
