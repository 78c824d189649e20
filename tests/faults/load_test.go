//go:build faults

package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

// Shares of the load: how often a client repeats what was answered, loses an
// answer or hangs up, and how often an answer between instances is lost.
const (
	repeats   = 0.3
	lostShare = 0.05
)

// load is a marketplace at work, with everything that runs in the background.
type load struct {
	t      *testing.T
	m      *tests.Market
	client *http.Client
	// silent is how many answers between instances were lost, dropped how many a client did not hear.
	silent, dropped, repeated atomic.Int64
	faulty                    atomic.Bool
	mu                        sync.Mutex
	// ends is what each payment must have come to, by id.
	ends map[string]ending
}

// ending is the one outcome of a payment that its people were told of.
type ending struct {
	status             string
	released, refunded int64
}

// TestLoad lets many people pay, release, give back and dispute at once, while
// they repeat themselves, hang up, and answers between the instances are lost. At
// the end every payment has the one outcome that was acknowledged, the ledger is
// sound, and the reconciliation finds nothing it cannot explain.
func TestLoad(t *testing.T) {
	t.Parallel()
	seed := tests.Seed(t)
	total, err := strconv.Atoi(os.Getenv("LANCERSHUB_PAYMENTS"))
	if err != nil {
		total = 10_000
	}
	const workers, couples = 24, 6
	l := newLoad(t, seed)
	stories := make([]*tests.Story, couples)
	for n := range stories {
		stories[n] = tests.NewStory(l.m)
		stories[n].Amount = 5_000
	}
	began := time.Now()
	var left atomic.Int64
	left.Store(int64(total))
	var all sync.WaitGroup
	for n := range workers {
		own := *stories[n%couples]
		client, freelancer := *own.Client, *own.Freelancer
		own.Client, own.Freelancer = &client, &freelancer
		w := &worker{load: l, Story: &own, random: rand.New(rand.NewPCG(seed, uint64(n)+300)), signedIn: time.Now()}
		all.Go(func() {
			for left.Add(-1) >= 0 && !t.Failed() {
				w.payment()
			}
		})
	}
	l.faulty.Store(true)
	all.Wait()
	took := time.Since(began)
	l.faulty.Store(false)
	if t.Failed() {
		t.Fatalf("LANCERSHUB_SEED=%d", seed)
	}
	l.settle()
	l.compare(total)
	l.m.Sound()
	if report := l.m.Reconcile(); report.Unexplained != 0 {
		t.Errorf("Expected nothing unexplained, got %+v", report)
	}
	t.Logf("%d payments in %s (%.0f a second), %d commands repeated, %d answers lost to clients, %d between instances; all compared in %s, LANCERSHUB_SEED=%d",
		total, took.Round(time.Second), float64(total)/took.Seconds(), l.repeated.Load(), l.dropped.Load(), l.silent.Load(), (time.Since(began) - took).Round(time.Second), seed)
}

func newLoad(t *testing.T, seed uint64) *load {
	t.Helper()
	l := &load{t: t, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, ends: map[string]ending{}}
	l.m = tests.New(t, func(o *services.Options) {
		o.Clock, o.Manual = services.SystemClock{}, false
		o.DecideAfter, o.PeerTimeout = time.Hour, patience
	})
	random, mu := rand.New(rand.NewPCG(seed, 299)), sync.Mutex{}
	for _, instance := range l.m.Instances {
		for _, peer := range instance.Peers {
			peer.Tap(func(ask http.RoundTripper) http.RoundTripper {
				return tripper(func(req *http.Request) (*http.Response, error) {
					mu.Lock()
					lost, before := l.faulty.Load() && random.Float64() < lostShare, random.IntN(2) == 0
					mu.Unlock()
					if !lost {
						return ask.RoundTrip(req)
					}
					l.silent.Add(1)
					if !before {
						if res, err := ask.RoundTrip(req); err == nil {
							_ = res.Body.Close()
						}
					}
					return nil, errors.New("the connection was reset")
				})
			})
		}
	}
	return l
}

// worker acts for a couple, with contracts of forty milestones each.
type worker struct {
	*load
	*tests.Story
	random   *rand.Rand
	signedIn time.Time
	paid     int
}

// hire makes a contract of its own; one with a thousand milestones would be slow, and there is none.
func (w *worker) hire() {
	w.Publish().Propose()
	hired := w.command(w.Client, "/api/projects/api/proposals/"+w.Proposal+"/accept", tests.Body{})
	if w.Contract = hired.Object("contract").Text("id"); w.Contract == "" {
		w.t.Errorf("Expected a contract, got %d %s", hired.Status, hired.Raw)
	}
}

// once sends a command and reads its answer, unless something goes wrong.
func (w *worker) once(by *tests.Person, path, key string, raw []byte, drop bool) (status int, answer []byte, err error) {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	if drop {
		w.dropped.Add(1)
		if w.random.IntN(2) == 0 {
			time.AfterFunc(time.Duration(w.random.IntN(15_000))*time.Microsecond, cancel)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, by.Base()+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", by.Token)
	req.Header.Set("Idempotency-Key", key)
	res, err := w.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	if drop {
		return 0, nil, errors.New("the answer was lost")
	}
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// command repeats a command with one key until it is decided, and some of them after that.
func (w *worker) command(by *tests.Person, path string, body tests.Body) *tests.Response {
	raw, err := json.Marshal(body)
	if err != nil {
		w.t.Error(err)
		return &tests.Response{}
	}
	key := tests.Key()
	response := &tests.Response{}
	for until := time.Now().Add(patience); time.Now().Before(until); {
		response.Status, response.Raw, err = w.once(by, path, key, raw, w.random.Float64() < lostShare)
		if err != nil {
			continue
		}
		response.JSON = nil
		_ = json.Unmarshal(response.Raw, &response.JSON)
		if response.Status == http.StatusServiceUnavailable || response.Code() == services.CodeInProgress {
			pause(w.random)
			continue
		}
		if w.random.Float64() < repeats {
			w.again(by, path, key, raw, response)
		}
		return response
	}
	w.t.Errorf("Expected %s to be decided, got %d %s %v", path, response.Status, response.Raw, err)
	return response
}

// again repeats a command that was decided: the answer is the same.
func (w *worker) again(by *tests.Person, path, key string, raw []byte, before *tests.Response) {
	w.repeated.Add(1)
	status, answer, err := w.once(by, path, key, raw, false)
	if err != nil || before.Status == http.StatusOK && (status != before.Status || !bytes.Equal(answer, before.Raw)) {
		w.t.Errorf("Expected the same answer to the same key, got %d %s %v for %s", status, answer, err, before.Raw)
	}
}

// payment leads one payment to an end that is drawn, and notes what was acknowledged.
func (w *worker) payment() {
	if time.Since(w.signedIn) > 5*time.Minute {
		w.Client.SignIn()
		w.Freelancer.SignIn()
		w.signedIn = time.Now()
	}
	if w.paid++; w.paid%40 == 1 {
		w.hire()
	}
	added := w.Client.Create(projects, collections.Milestones, tests.Body{"contract": w.Contract, "title": "A step", "amount": 5_000})
	if added.Status != http.StatusOK {
		w.t.Errorf("Expected a milestone, got %s", added.Raw)
		return
	}
	w.Milestone = added.Text("id")
	chance := w.random.Float64()
	source := ""
	if chance < 0.05 {
		source = services.SourceDeclined
	}
	paid := w.command(w.Client, "/api/payments/api/collections/payments/records", tests.Body{
		"project": w.Project, "milestone": w.Milestone, "amount": 5_000, "currency": "EUR", "source": source,
	})
	if source != "" {
		w.ended(paid.Object("data").Text("payment"), ending{collections.PaymentFailed, 0, 0})
		return
	}
	if w.Payment = paid.Text("id"); paid.Status != http.StatusOK {
		w.t.Errorf("Expected to pay, got %d %s", paid.Status, paid.Raw)
		return
	}
	switch {
	case chance < 0.10: // stays held
		w.ended(w.Payment, ending{collections.PaymentHeld, 0, 0})
	case chance < 0.60:
		w.must(w.Client, "release", nil)
		w.ended(w.Payment, ending{collections.PaymentStateReleased, 5_000, 0})
	case chance < 0.75:
		w.must(w.Freelancer, "refund", nil)
		w.ended(w.Payment, ending{collections.PaymentStateRefunded, 0, 5_000})
	case chance < 0.88:
		w.must(w.Client, "release", tests.Body{"amount": 1_234})
		w.must(w.Freelancer, "refund", nil)
		w.ended(w.Payment, ending{collections.PaymentSplit, 1_234, 3_766})
	case chance < 0.95:
		w.race()
	default:
		opened := w.must(w.Client, "dispute", tests.Body{"amount": 2_000, "toFreelancer": 500, "reason": "The lid is missing."})
		dispute := "/api/payments/api/disputes/" + opened.Text("id") + "/"
		w.command(w.Freelancer, dispute+"answer", tests.Body{"toFreelancer": 1_500})
		w.command(w.Freelancer, dispute+"offer", tests.Body{"toFreelancer": 1_000})
		w.command(w.Client, dispute+"accept", tests.Body{"toFreelancer": 1_000})
		w.must(w.Client, "release", nil)
		w.ended(w.Payment, ending{collections.PaymentSplit, 4_000, 1_000})
	}
}

// race releases and gives back at once: one of them wins.
func (w *worker) race() {
	path := "/api/payments/api/payments/" + w.Payment + "/"
	other := &worker{load: w.load, Story: w.Story, random: rand.New(rand.NewPCG(w.random.Uint64(), 1))}
	var given *tests.Response
	var both sync.WaitGroup
	both.Go(func() { given = other.command(w.Freelancer, path+"refund", tests.Body{}) })
	released := w.command(w.Client, path+"release", tests.Body{})
	both.Wait()
	switch {
	case released.Status == http.StatusOK && given.Status == http.StatusConflict:
		w.ended(w.Payment, ending{collections.PaymentStateReleased, 5_000, 0})
	case given.Status == http.StatusOK && released.Status == http.StatusConflict:
		w.ended(w.Payment, ending{collections.PaymentStateRefunded, 0, 5_000})
	default:
		w.t.Errorf("Expected one to win, got %s and %s", released.Raw, given.Raw)
	}
}

func (w *worker) must(by *tests.Person, verb string, body tests.Body) *tests.Response {
	if body == nil {
		body = tests.Body{}
	}
	answer := w.command(by, "/api/payments/api/payments/"+w.Payment+"/"+verb, body)
	if answer.Status != http.StatusOK {
		w.t.Errorf("Expected to %s, got %d %s", verb, answer.Status, answer.Raw)
	}
	return answer
}

func (l *load) ended(payment string, end ending) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, twice := l.ends[payment]; twice || payment == "" {
		l.t.Errorf("Expected payment %q to end once", payment)
	}
	l.ends[payment] = end
}

// settle waits until everything in the background is done.
func (l *load) settle() {
	l.t.Helper()
	var left string
	for until := time.Now().Add(3 * patience); time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
		left = ""
		for domain, instance := range l.m.Instances {
			var waiting int
			if err := instance.App.DB().NewQuery(`SELECT count(*) FROM outbox WHERE state <> 'done'`).Row(&waiting); err != nil {
				l.t.Fatal(err)
			}
			if waiting > 0 {
				left += fmt.Sprintf("%d events of %s ", waiting, domain)
			}
		}
		var refunds int
		if err := l.m.Instances[payments].App.DB().NewQuery(`SELECT count(*) FROM provider_refunds WHERE state <> 'done'`).Row(&refunds); err != nil {
			l.t.Fatal(err)
		}
		if left == "" && refunds == 0 {
			return
		}
	}
	l.t.Errorf("Expected everything to be settled, left: %s", left)
}

// compare holds what is stored against what was acknowledged.
func (l *load) compare(total int) {
	l.t.Helper()
	var rows []struct {
		ID       string `db:"id"`
		Status   string `db:"status"`
		Released int64  `db:"released"`
		Refunded int64  `db:"refunded"`
	}
	if err := l.m.Instances[payments].App.DB().NewQuery(`SELECT id, status, released, refunded FROM payments`).All(&rows); err != nil {
		l.t.Fatal(err)
	}
	if len(rows) != total || len(l.ends) != total {
		l.t.Errorf("Expected %d payments, there are %d, and %d were acknowledged", total, len(rows), len(l.ends))
	}
	counts := map[string]int{}
	for _, row := range rows {
		if got, want := (ending{row.Status, row.Released, row.Refunded}), l.ends[row.ID]; got != want {
			l.t.Errorf("Expected payment %s to have come to %+v, got %+v", row.ID, want, got)
		}
		counts[row.Status]++
	}
	var table []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		table = append(table, fmt.Sprintf("%d %s", counts[status], status))
	}
	l.t.Log(strings.Join(table, ", "))
}
