package tests

import (
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// providerSum adds up what the provider says it moved, in EUR.
func providerSum(m *Market) int64 {
	m.tb.Helper()
	moved, err := m.Payments().Provider.List(m.tb.Context(), time.Time{}, m.Clock.Now().Add(time.Second))
	if err != nil {
		m.tb.Fatal(err)
	}
	var sum int64
	for _, movement := range moved {
		if movement.Currency == "EUR" {
			sum += movement.Amount
		}
	}
	return sum
}

// wantWorld fails the test unless the provider's list adds up to our world account.
func wantWorld(m *Market) {
	m.tb.Helper()
	world, err := services.Balance(m.Instances[collections.DomainPayments].App, services.AccountWorld, "EUR")
	if err != nil {
		m.tb.Fatal(err)
	}
	if sum := providerSum(m); sum != world {
		m.tb.Errorf("Expected the provider to have moved %d like our world account, its list has %d", world, sum)
	}
}

func TestTheProvidersListIsTheWorldAccount(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Earned(m)
	wantWorld(m)
	declined := Hired(m)
	declined.Pay(Key(), Body{"source": services.SourceDeclined})
	destination(s.Freelancer, services.BankReturned)
	coolOff(m, s.Freelancer)
	id := payout(s.Freelancer, Key(), 5_000).Text("id")
	wantWorld(m) // asked for, not sent
	send(m)
	wantWorld(m)
	m.Clock.Advance(2 * collections.Day)
	if err := m.Payments().AskAboutPayout(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	m.Deliver()
	wantWorld(m)
	m.Deliver()
	m.Sound()
}
