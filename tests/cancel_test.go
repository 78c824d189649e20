package tests

import (
	"net/http"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// TestCancelAPendingPayment: its client ends what the provider has not decided, once
// and for good, and the milestone can be paid again.
func TestCancelAPendingPayment(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	key := Key()
	pending := s.Pay(key, Body{"source": services.SourcePending})
	pending.Want(t, http.StatusServiceUnavailable, services.CodeProviderPending)
	data, _ := pending.JSON["data"].(map[string]any)
	s.Payment, _ = data["payment"].(string)
	path, cancel := "payments/"+s.Payment+"/cancel", Key()
	s.Freelancer.Command(payments, path, Key(), nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	s.Client.Command(payments, path, "", nil).Want(t, http.StatusBadRequest, services.CodeKeyRequired)
	first := s.Client.Command(payments, path, cancel, nil)
	first.Want(t, http.StatusOK, "")
	if again := s.Client.Command(payments, path, cancel, nil); string(again.Raw) != string(first.Raw) || first.Text("status") != collections.PaymentFailed || first.Text("failure") != services.CodePaymentCancelled {
		t.Errorf("Expected the same answer twice, got %s and %s", first.Raw, again.Raw)
	}
	s.Client.Command(payments, path, Key(), nil).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	s.Pay(key, Body{"source": services.SourcePending}).Want(t, http.StatusConflict, services.CodePaymentCancelled)
	m.Deliver()
	s.Fund()
	s.Client.Command(payments, "payments/"+s.Payment+"/cancel", Key(), nil).Want(t, http.StatusConflict, services.CodeIllegalTransition)
	m.Sound()
}

// TestCancelOnTheProvidersPage: the page is closed, and what somebody paid on it a
// moment before goes back.
func TestCancelOnTheProvidersPage(t *testing.T) {
	t.Parallel()
	for _, paid := range []bool{false, true} {
		m, sim := NewStripe(t)
		s := Hired(m)
		confirm := s.Pay(Key(), nil)
		confirm.Want(t, http.StatusPaymentRequired, services.CodeConfirmPayment)
		data, _ := confirm.JSON["data"].(map[string]any)
		s.Payment, _ = data["payment"].(string)
		if paid {
			sim.Pay(s.Payment)
		}
		s.Client.Command(payments, "payments/"+s.Payment+"/cancel", Key(), nil).Want(t, http.StatusOK, "")
		m.Deliver()
		if err := m.Sweep(); err != nil {
			t.Fatal(err)
		}
		m.SameAsProvider(sim)
		paidAgain := s.Pay(Key(), Body{"source": stripesim.CardOK})
		paidAgain.Want(t, http.StatusOK, "")
		m.Deliver()
		m.SameAsProvider(sim)
		m.Sound()
	}
}
