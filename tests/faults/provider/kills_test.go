//go:build faults

package provider

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
	"github.com/lancershub/lancershub/tests/stripesim"
)

// patience bounds every wait; a loaded machine is slow, a hanging test is worse.
const patience = 90 * time.Second

// deaths are where the marketplace dies while money is between it and Stripe,
// and what leads there.
var deaths = []struct {
	place, moment string
	act           func(d *mortal)
}{
	{"payment-begun", "the payment is pending, Stripe was not asked", (*mortal).card},
	{"payment-checked", "users and projects said yes, Stripe was not asked", (*mortal).card},
	{"payment-charged", "Stripe charged the card, nothing is stored", (*mortal).card},
	{"payment-charged", "the client was asked to confirm, nothing is stored", (*mortal).challenge},
	{"payment-charged", "Stripe made a page to pay on, nothing is stored", (*mortal).page},
	{"payment-posted", "inside the transaction that holds the money", (*mortal).card},
	{"payment-posted", "the same, told by a webhook", (*mortal).page},
	{"payment-committed", "the money is held, the answer lost", (*mortal).card},
	{"payment-failing", "inside the transaction of a declined payment", (*mortal).declined},
	{"payment-cancelled", "Stripe gave back what was paid on a page that its client cancelled, nothing is stored", (*mortal).cancelled},
	{"payment-failing", "inside the transaction of a cancelled payment", (*mortal).cancelled},
	{"webhook-applied", "what a webhook told of is done, the webhook is not", (*mortal).page},
	{"refund-posted", "inside the transaction that gives back", (*mortal).giveBack},
	{"refund-marked", "a refund is marked as sent, Stripe was not asked", (*mortal).giveBack},
	{"refund-sent", "Stripe gave back, its answer is lost", (*mortal).giveBack},
	{"payout-marked", "a payout is marked as sent, Stripe was not asked", (*mortal).payOut},
	{"payout-sent", "Stripe transferred, its answer is lost", (*mortal).payOut},
	{"payout-settled", "inside the transaction that settles a payout", (*mortal).payOut},
	{"payout-ended", "inside the transaction that takes a transfer back", (*mortal).payOutReversed},
	{"chargeback-locked", "inside the transaction that locks what a bank wants back", (*mortal).chargedBack},
	{"anywhere", "kill -9 from outside at a random moment", (*mortal).everything},
}

// TestKillsAgainstStripe kills the real binary with kill -9 at every place where
// money is between it and Stripe's stand-in, which lives on. It is started again,
// what was not answered is repeated with the same key, webhooks come shuffled and
// twice; then both books agree about every payment and every payout, and nothing moved twice.
func TestKillsAgainstStripe(t *testing.T) {
	t.Parallel()
	seed := tests.Seed(t)
	const lanes = 2
	kills := make([]int, len(deaths))
	var mu sync.Mutex
	began := time.Now()
	t.Run("lanes", func(t *testing.T) {
		for lane := range lanes {
			t.Run(strconv.Itoa(lane), func(t *testing.T) {
				t.Parallel()
				d := newMortal(t, rand.New(rand.NewPCG(seed, uint64(lane))))
				for round := range rounds(4) {
					for n := range deaths {
						if (round+n)%lanes != lane {
							continue
						}
						d.dieAt(deaths[n].place, deaths[n].act)
						mu.Lock()
						kills[n]++
						mu.Unlock()
						if t.Failed() {
							t.Fatalf("LANCERSHUB_SEED=%d, died at %s (%s)\n%s", seed, deaths[n].place, deaths[n].moment, d.p.Log())
						}
					}
				}
				d.compare()
			})
		}
	})
	var table strings.Builder
	total := 0
	for n, death := range deaths {
		total += kills[n]
		fmt.Fprintf(&table, "| `%s` | %s | %d |\n", death.place, death.moment, kills[n])
	}
	t.Logf("%d kills in %s, LANCERSHUB_SEED=%d\n%s", total, time.Since(began).Round(time.Second), seed, table.String())
}

// mortal is a marketplace in a process that dies, Stripe's stand-in, which does
// not, and a couple who go on.
type mortal struct {
	*tests.Story
	t      *testing.T
	sim    *stripesim.Server
	m      *tests.Market
	random *rand.Rand
	data   string

	mu    sync.Mutex
	p     *process.Process
	died  int
	stale time.Time
}

func newMortal(t *testing.T, random *rand.Rand) *mortal {
	t.Helper()
	d := &mortal{t: t, random: random, data: filepath.Join(t.TempDir(), "data"), sim: stripesim.New(t, time.Now)}
	d.p = d.start(process.FreePort(t))
	d.m = tests.Remote(t, "http://"+d.p.Addr)
	d.Story = tests.Hired(d.m)
	account := d.Freelancer.Create(collections.DomainPayments, collections.PayoutDestinations, tests.Body{"label": "Main", "reference": "acct_ok1"})
	account.Want(t, http.StatusOK, "")
	d.await(collections.PayoutDestinations, account.Text("id"), collections.FieldStatus, collections.DestinationActive)
	d.stale = time.Now().Add(5 * time.Minute)
	return d
}

func (d *mortal) armed() string { return d.data + ".armed" }

func (d *mortal) start(addr string) *process.Process {
	return process.Start(d.t, addr, d.data, []string{
		"LANCERSHUB_FAILPOINTS=" + d.armed(), "LANCERSHUB_STRIPE_KEY=" + d.sim.Key, "LANCERSHUB_STRIPE_WEBHOOK_SECRET=" + d.sim.Secret,
	}, "--provider", "stripe", "--stripe-api", d.sim.URL, "--sweep-every", "200ms", "--clock", "destination-hold=1s")
}

// dieAt arms a place and acts until the process has died there and everybody has an answer.
func (d *mortal) dieAt(place string, act func(d *mortal)) {
	d.t.Helper()
	if time.Now().After(d.stale) {
		d.Client.SignIn()
		d.Freelancer.SignIn()
		d.stale = time.Now().Add(5 * time.Minute)
	}
	before := d.deaths()
	for until := time.Now().Add(patience); d.deaths() == before && !d.t.Failed(); {
		if time.Now().After(until) {
			d.t.Errorf("Expected to die at %s", place)
			return
		}
		// What has no key is made before anything is armed.
		added := d.Client.Create(collections.DomainProjects, collections.Milestones, tests.Body{"contract": d.Contract, "title": "A step", "amount": 5_000})
		added.Want(d.t, http.StatusOK, "")
		d.Milestone, d.Payment = added.Text("id"), ""
		if place == "anywhere" {
			p := d.process()
			time.AfterFunc(time.Duration(d.random.IntN(150))*time.Millisecond, p.Kill)
		} else if err := errors.Join(os.WriteFile(d.armed()+".new", []byte(place+" 1"), 0o600), os.Rename(d.armed()+".new", d.armed())); err != nil {
			d.t.Fatal(err)
		}
		act(d)
		d.tell()
	}
	_ = os.Remove(d.armed())
}

func (d *mortal) deaths() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.died
}

func (d *mortal) process() *process.Process {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.p
}

// revive starts the process again if the one that was seen is dead.
func (d *mortal) revive(seen *process.Process) {
	if !seen.Died(2 * time.Second) {
		return // a connection broke, the process lives
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.p == seen {
		d.died++
		d.p = d.start(seen.Addr)
	}
}

// try asks until there is an answer that does not say "ask again".
func (d *mortal) try(by *tests.Person, method, path string, body any, headers ...string) *tests.Response {
	d.t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		seen := d.process()
		answer, err := by.Try(method, path, body, headers...)
		if err != nil {
			d.revive(seen)
		} else if answer.Code() != services.CodeInProgress && answer.Status != http.StatusServiceUnavailable {
			return answer
		}
	}
	d.t.Errorf("Expected an answer to %s %s", method, path)
	return &tests.Response{}
}

// command repeats a money command with its key until it is answered.
func (d *mortal) command(by *tests.Person, path string, body tests.Body) *tests.Response {
	d.t.Helper()
	if body == nil {
		body = tests.Body{}
	}
	return d.try(by, http.MethodPost, "/api/payments/api/"+path, body, "Idempotency-Key", tests.Key())
}

func (d *mortal) want(by *tests.Person, path string, body tests.Body) *tests.Response {
	d.t.Helper()
	answer := d.command(by, path, body)
	if answer.Status != http.StatusOK {
		d.t.Errorf("Expected %s to succeed, got %d: %s", path, answer.Status, answer.Raw)
	}
	return answer
}

// await waits until a field of a payments record is one of these, and returns which.
func (d *mortal) await(collection, id, field string, values ...string) string {
	d.t.Helper()
	now := ""
	for until := time.Now().Add(patience); time.Now().Before(until) && !d.t.Failed(); time.Sleep(10 * time.Millisecond) {
		by := d.Client
		if collection == collections.Payouts || collection == collections.PayoutDestinations {
			by = d.Freelancer
		}
		now = d.try(by, http.MethodGet, "/api/payments/api/collections/"+collection+"/records/"+id, nil).Text(field)
		if slices.Contains(values, now) {
			return now
		}
	}
	d.t.Errorf("Expected %s of %s/%s to be one of %v, it is %q", field, collection, id, values, now)
	return now
}

// tell delivers what happened at Stripe, shuffled and some of it twice, until each is taken.
func (d *mortal) tell() {
	d.t.Helper()
	for _, body := range stripesim.Disorder(d.random, d.sim.Events(), 0) {
		for until := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			seen := d.process()
			status, answer := d.sim.Post("http://"+seen.Addr+"/api/payments"+services.WebhookPath+"stripe", body, d.sim.Sign(body, time.Now()))
			if status == http.StatusOK {
				break
			}
			if status == 0 {
				d.revive(seen)
			}
			if time.Now().After(until) {
				d.t.Fatalf("Expected a webhook to be taken, got %d %s", status, answer)
			}
		}
	}
}

// pay asks for a payment with a source and returns the code of the answer.
func (d *mortal) pay(source string) string {
	d.t.Helper()
	answer := d.command(d.Client, "collections/payments/records", tests.Body{
		"project": d.Project, "milestone": d.Milestone, "amount": 5_000, "currency": "EUR", "source": source,
	})
	if d.Payment = answer.Text("id"); d.Payment == "" {
		d.Payment = answer.Object("data").Text("payment")
	}
	if d.Payment == "" {
		d.t.Errorf("Expected a payment, got %d: %s", answer.Status, answer.Raw)
	}
	return answer.Code()
}

func (d *mortal) card() {
	if code := d.pay(stripesim.CardOK); code != "" {
		d.t.Errorf("Expected the payment to be held, got %s", code)
	}
}

func (d *mortal) declined() {
	if code := d.pay(stripesim.CardDeclined); code != services.CodePaymentDeclined {
		d.t.Errorf("Expected the payment to be declined, got %s", code)
	}
}

// page pays where Stripe says; we hear of it by webhook.
func (d *mortal) page() { d.confirm("") }

func (d *mortal) challenge() { d.confirm(stripesim.CardChallenged) }

func (d *mortal) confirm(source string) {
	if code := d.pay(source); code != services.CodeConfirmPayment {
		d.t.Errorf("Expected to be asked to confirm, got %q", code)
		return
	}
	d.sim.Pay(d.Payment)
	d.tell()
	d.await(collections.Payments, d.Payment, collections.FieldStatus, collections.PaymentHeld)
}

// cancelled pays on a page and cancels before we hear of it, unless the completer was first.
func (d *mortal) cancelled() {
	if code := d.pay(""); code != services.CodeConfirmPayment {
		d.t.Errorf("Expected to be asked to confirm, got %q", code)
		return
	}
	d.sim.Pay(d.Payment)
	answer := d.command(d.Client, "payments/"+d.Payment+"/cancel", nil)
	// What a death broke off goes on by itself: then there is nothing left to cancel.
	if code := answer.Code(); answer.Status != http.StatusOK && code != services.CodeIllegalTransition && code != services.CodeConflict {
		d.t.Errorf("Expected the payment to be cancelled, got %d: %s", answer.Status, answer.Raw)
	}
	if d.await(collections.Payments, d.Payment, collections.FieldStatus, collections.PaymentFailed, collections.PaymentHeld) == collections.PaymentFailed {
		d.moved(d.Payment, 0)
	}
}

// moved waits until Stripe has moved so much about a payment or payout.
func (d *mortal) moved(key string, amount int64) {
	d.t.Helper()
	sum := int64(0)
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		sum = 0
		for _, entry := range d.sim.Book() {
			if entry.Key == key {
				sum += entry.Amount
			}
		}
		if sum == amount {
			return
		}
		if seen := d.process(); seen.Died(0) {
			d.revive(seen) // nobody asks, so nobody would notice
		}
	}
	d.t.Errorf("Expected Stripe to have moved %d for %s, it has moved %d", amount, key, sum)
}

func (d *mortal) giveBack() {
	d.card()
	d.want(d.Freelancer, "payments/"+d.Payment+"/refund", tests.Body{"amount": 2_000})
	d.moved(d.Payment, -3_000)
	d.want(d.Freelancer, "payments/"+d.Payment+"/refund", nil)
	d.moved(d.Payment, 0)
}

func (d *mortal) paidOut() string {
	d.card()
	d.want(d.Client, "payments/"+d.Payment+"/release", nil)
	asked := d.want(d.Freelancer, "collections/payouts/records", tests.Body{"amount": 4_000, "currency": "EUR"}).Text("id")
	d.await(collections.Payouts, asked, collections.FieldStatus, collections.PayoutSettled)
	d.moved(asked, 4_000)
	return asked
}

func (d *mortal) payOut() { d.paidOut() }

func (d *mortal) payOutReversed() {
	asked := d.paidOut()
	d.sim.Reverse(asked)
	d.tell()
	d.await(collections.Payouts, asked, collections.FieldStatus, collections.PayoutReturned)
}

func (d *mortal) chargedBack() {
	d.card()
	dispute := d.sim.OpenDispute(d.Payment, 5_000, false)
	d.tell()
	d.await(collections.Payments, d.Payment, collections.PaymentChargeback, collections.ChargebackOpen)
	won := d.random.IntN(2) == 0
	d.sim.CloseDispute(dispute, won)
	d.tell()
	d.await(collections.Payments, d.Payment, collections.PaymentChargeback, map[bool]string{true: collections.ChargebackWon, false: collections.ChargebackLost}[won])
}

func (d *mortal) everything() {
	[]func(){d.page, d.giveBack, d.payOut}[d.random.IntN(3)]()
}

// compare stops the marketplace and compares the two books: by payment, by
// payout, and in all.
func (d *mortal) compare() {
	d.t.Helper()
	d.tell()
	d.m.Deliver()
	if err := d.p.Stop(); err != nil {
		d.t.Errorf("Expected a graceful stop, got %v\n%s", err, d.p.Log())
	}
	tests.SoundIn(d.t, d.data)
	instance, err := services.OpenInstance(collections.DomainPayments, services.Options{DataDir: d.data})
	if err != nil {
		d.t.Fatal(err)
	}
	defer instance.Close()
	var ours []struct {
		Key    string `db:"key"`
		Amount int64  `db:"amount"`
	}
	// The postings of a payout carry its id in their ref.
	err = instance.App.DB().NewQuery(`SELECT CASE WHEN t.payment <> '' THEN t.payment ELSE substr(t.ref, instr(t.ref, ':') + 1, 15) END AS key, sum(e.amount) AS amount
		FROM ledger_entry e JOIN ledger_account a ON a.id = e.account JOIN ledger_tx t ON t.ref = e.tx
		WHERE a.name = 'world:psp' GROUP BY 1`).All(&ours)
	if err != nil {
		d.t.Fatal(err)
	}
	difference := map[string]int64{}
	for _, row := range ours {
		difference[row.Key] += row.Amount
	}
	for _, entry := range d.sim.Book() {
		difference[entry.Key] -= entry.Amount
	}
	for key, amount := range difference {
		if amount != 0 {
			d.t.Errorf("Expected both books to agree about %s, ours has %d more", key, amount)
		}
	}
}
