package tests

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// TestARestoredPaymentThatHadFailedFailsAgain: a backup has a payment as undecided that
// failed afterwards. Its peers know that it did, so it fails again, what the provider
// has of it goes back, and the restore settles without anybody's help.
func TestARestoredPaymentThatHadFailedFailsAgain(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := Hired(m)
	s.Payment = s.Pay("page", nil).Object("data").Text("payment")
	app := m.Instances[payments].App
	backup := []string{
		`CREATE TABLE backup AS SELECT * FROM payments`, `CREATE TABLE backup_idem AS SELECT * FROM idem`,
	}
	restore := []string{
		`DELETE FROM payments`, `INSERT INTO payments SELECT * FROM backup`, `DELETE FROM idem`, `INSERT INTO idem SELECT * FROM backup_idem`,
		`DELETE FROM outbox WHERE aggregate LIKE 'payments:%'`, `DELETE FROM timeline WHERE subject = '` + s.Payment + `'`,
	}
	for _, sql := range backup {
		mustExec(t, m, payments, sql)
	}
	taken := m.Clock.Now()
	sim.Pay(s.Payment)
	s.Client.Command(payments, "payments/"+s.Payment+"/cancel", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	for _, sql := range restore {
		mustExec(t, m, payments, sql)
	}
	m.Clock.Advance(time.Minute)
	if err := services.BeginEpoch(app, taken, m.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	// Nobody has been asked yet: nothing is given back on a guess.
	s.Client.Command(payments, "payments/"+s.Payment+"/cancel", Key(), nil).Want(t, http.StatusServiceUnavailable, services.CodePeerUnavailable)
	if err := m.Instances[payments].SettleEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if epoch, err := services.OpenEpoch(app); err != nil || epoch == nil || !strings.Contains(epoch.Findings, ":payment.failed") {
		t.Fatalf("Expected the peers to know that it failed, got %+v %v", epoch, err)
	}
	s.Pay("page", nil).Want(t, http.StatusConflict, services.CodeConflict)
	if err := m.Instances[payments].SettleEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if epoch, err := services.OpenEpoch(app); err != nil || epoch != nil {
		t.Errorf("Expected the restore to be settled, got %+v %v", epoch, err)
	}
	if status := paymentStatus(s); status != collections.PaymentFailed {
		t.Errorf("Expected the payment to have failed again, got %s", status)
	}
	m.Deliver()
	wantBook(m, sim)
	m.Sound()
}

// TestAnAttemptThatLostItsLockDecidesNothing: while one attempt waits, its time is up
// and another begins, which gives back what the first took. Only one of them may decide.
func TestAnAttemptThatLostItsLockDecidesNothing(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := Hired(m)
	app := m.Instances[payments].App
	other := make(chan error, 1)
	began := false
	sim.Break(func(r stripesim.Request) stripesim.Fault {
		if began || !strings.HasSuffix(r.Path, "/confirm") {
			return stripesim.None
		}
		began = true
		m.Clock.Advance(time.Hour)
		go func() { other <- m.Payments().Complete(t.Context()) }()
		var locked int
		for range 3_000 { // until the other attempt has the payment
			err := app.ConcurrentDB().NewQuery(`SELECT count(*) FROM payments WHERE status = 'pending' AND lockedUntil > ` + strconv.FormatInt(m.Clock.Now().UnixMilli(), 10)).Row(&locked)
			if err != nil || locked > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		return stripesim.None
	})
	answer := s.Pay(Key(), Body{"source": stripesim.CardOK})
	if err := <-other; err != nil {
		t.Fatal(err)
	}
	if !began {
		t.Fatal("Expected the payment to be confirmed")
	}
	if answer.Status == http.StatusOK {
		t.Errorf("Expected the first attempt not to hold the payment, got %s", answer.Raw)
	}
	sim.Break(nil)
	complete(m)
	wantBook(m, sim)
	m.Sound()
}

// TestWhatAFailedPaymentTookGoesBack: a charge that had failed succeeds after all, and the
// webhook that says so is lost. The provider's list has it.
func TestWhatAFailedPaymentTookGoesBack(t *testing.T) {
	t.Parallel()
	m, sim := NewStripe(t)
	s := Hired(m)
	declined := s.Pay(Key(), Body{"source": stripesim.CardDeclined})
	declined.Want(t, http.StatusPaymentRequired, services.CodePaymentDeclined)
	s.Payment = declined.Object("data").Text("payment")
	m.Deliver()
	sim.TakeAfterAll(s.Payment)
	if report := m.Reconcile(); report.Unexplained != 0 || len(report.Waiting) != 1 {
		t.Errorf("Expected the charge to be found and given back, got %v, waiting %v", report.Findings, report.Waiting)
	}
	if report := m.Reconcile(); report.Unexplained != 0 || len(report.Waiting) != 0 {
		t.Errorf("Expected nothing to be left, got %v, waiting %v", report.Findings, report.Waiting)
	}
	for range 2 { // the bank sends it back, and it is given back once more
		sim.FailRefund(s.Payment)
		if report := m.Reconcile(); report.Unexplained != 0 {
			t.Errorf("Expected it to be given back once more, got %v", report.Findings)
		}
	}
	sim.FailRefund(s.Payment)
	if report := m.Reconcile(); report.Unexplained != 1 {
		t.Errorf("Expected money that cannot be given back to be found, got %v, waiting %v", report.Findings, report.Waiting)
	}
	m.Sound()
}
