package tests

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// watch lets every instance look for what operators must know, and sends the mails.
func (m *Market) watch() {
	m.tb.Helper()
	for _, domain := range collections.Domains {
		if err := m.Instances[domain].Watch(); err != nil {
			m.tb.Fatal(err)
		}
		m.Clock.Advance(time.Second)
	}
	m.Deliver()
	if err := (services.UsersService{Instance: m.Instances[collections.DomainUsers]}).SendMails(m.tb.Context()); err != nil {
		m.tb.Fatal(err)
	}
}

// TestOperatorsAreToldOnce: by mail, when something needs a person and when it is
// over, however often it is looked for.
func TestOperatorsAreToldOnce(t *testing.T) {
	t.Parallel()
	m := New(t)
	box := UsePostOffice(m)
	superuser := m.Superuser(collections.DomainUsers)
	s := payBack(m, services.SourceChargeback)
	told := func() string {
		m.watch()
		mails, texts := box.Taken()
		for _, mail := range mails {
			if to := mail.Header.Get("To"); !strings.Contains(to, superuser.Email) {
				t.Errorf("Expected superusers alone to be told, got %s", to)
			}
		}
		return strings.Join(texts, "\n")
	}
	if text := told(); text != "" {
		t.Errorf("Expected nothing to tell, got %s", text)
	}
	m.Clock.Advance(2 * time.Minute)
	look(m)
	if text := told(); !strings.Contains(text, "wants 1234.57 EUR of payment "+s.Payment+" back") {
		t.Errorf("Expected operators to hear of the chargeback, got %q", text)
	}
	mustExec(t, m, payments, `UPDATE payments SET amount = amount + 1`)
	m.Reconcile()
	if text := told(); !strings.Contains(text, "Reconciliation: ") || strings.Contains(text, "wants 1234.57") {
		t.Errorf("Expected operators to hear of what does not add up and of nothing twice, got %q", text)
	}
	m.Reconcile()
	if text := told(); text != "" {
		t.Errorf("Expected the same finding not to be told again, got %q", text)
	}
	mustExec(t, m, payments, `UPDATE payments SET amount = amount - 1`)
	m.Clock.Advance(24 * time.Hour)
	look(m) // the bank has decided
	m.Reconcile()
	if text := told(); !strings.Contains(text, "Over now:") || !strings.Contains(text, "wants 1234.57") || !strings.Contains(text, "Reconciliation: ") {
		t.Errorf("Expected operators to hear that both are over, got %q", text)
	}
	mustExec(t, m, payments, `INSERT INTO outbox (id, peer, topic, aggregate, version, payload, created, state) VALUES ('x', 'messages', 'x', 'x', 1, '{}', 1, 'parked')`)
	if text := told(); !strings.Contains(text, "given up after a day") {
		t.Errorf("Expected operators to hear of a parked event, got %q", text)
	}
	s.Client.SignIn()
	if s.Client.List(collections.DomainUsers, collections.MailQueue, "").Status != http.StatusForbidden {
		t.Error("Expected users not to see the queue")
	}
}
