//go:build faults

// Package faults holds the long suites: crashes at named places, peers that go
// away, storms of requests. They run the real binary; `make faults` runs them.
package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Cleanup()
	tests.Cleanup()
	os.Exit(code)
}

// rounds is how often something is tried: LANCERSHUB_ROUNDS for a soak.
func rounds(standard int) int { return number("LANCERSHUB_ROUNDS", standard) }

// anywhere is a kill -9 from outside at a random moment.
const anywhere = "anywhere"

// places are where the marketplace dies, what goes on there, and what leads to it.
var places = []struct {
	name, moment string
	turn         turn
	// weight is how many of a hundred rounds it gets compared with others; 0 means 10.
	weight int
}{
	{"accept-checked", "users said yes to an acceptance, nothing is stored", hire, 0},
	{"accept-half", "inside the transaction of an acceptance", hire, 0},
	{"accept-committed", "the acceptance is stored, its answer lost", hire, 0},
	{"payment-claimed", "inside the transaction that begins a payment", pay, 0},
	{"payment-begun", "the payment is pending, nobody was asked", pay, 0},
	{"reserve-stored", "inside the transaction that reserves the milestone", pay, 0},
	{"reserve-committed", "the milestone is reserved, projects' answer lost", pay, 0},
	{"payment-checked", "users and projects said yes, nothing was charged", pay, 0},
	{"payment-charged", "the provider took the money, nothing is stored", pay, 0},
	{"payment-posted", "inside the transaction that holds the money", pay, 0},
	{"payment-committed", "the money is held, the answer lost", pay, 0},
	{"payment-failing", "inside the transaction of a declined payment", payDeclined, 0},
	{"payment-cancelled", "a charge was cancelled because time is up, nothing is stored", payLate, 2},
	{"complete-picked", "the completer took on what nobody asks for again", payAlone, 5},
	{"release-posted", "inside the transaction that releases", parts, 0},
	{"refund-posted", "inside the transaction that gives back", parts, 0},
	{"payments/release begun", "a release found no stored answer", parts, 0},
	{"payments/release stored", "the answer to a release is written, not committed", parts, 0},
	{"payments/release committed", "the release is committed, the answer lost", parts, 0},
	{"payments/refund stored", "the answer to a refund is written, not committed", parts, 0},
	{"payments/refund committed", "the refund is committed, the answer lost", parts, 0},
	{"refund-marked", "a refund is marked as sent, the provider not asked", parts, 0},
	{"refund-sent", "the provider gave back, its answer is lost", parts, 0},
	{"payments/ask-refund committed", "a refund is asked for, the answer lost", askRefund, 0},
	{"payments/decline-refund committed", "a refund is declined, the answer lost", askRefund, 0},
	{"milestones/approve stored", "the answer to an approval in part is written, not committed", roll, 0},
	{"milestones/approve committed", "the approval in part is committed, the answer lost", roll, 0},
	{"roll-posted", "inside the transaction that lets the rest roll on", roll, 0},
	{"contracts/bonus stored", "the bonus is added, not committed", bonus, 0},
	{"contracts/bonus committed", "the bonus is committed, the answer lost", bonus, 0},
	{"dispute-posted", "inside the transaction that locks a disputed amount", withdraw, 0},
	{"payments/dispute committed", "the dispute is open, the answer lost", withdraw, 0},
	{"disputes/answer committed", "the dispute is answered, the answer lost", withdraw, 0},
	{"disputes/offer committed", "an offer is stored, the answer lost", agree, 0},
	{"disputes/escalate committed", "the dispute is escalated, the answer lost", withdraw, 0},
	{"disputes/withdraw stored", "the dispute is withdrawn, not committed", withdraw, 0},
	{"disputes/withdraw committed", "the dispute is withdrawn, the answer lost", withdraw, 0},
	{"dispute-half", "a decision has released one part and not given back the other", agree, 0},
	{"disputes/accept stored", "the decision is written, not committed", agree, 0},
	{"disputes/accept committed", "the decision is committed, the answer lost", agree, 0},
	{"ruling-begun", "inside the transaction of a moderator's ruling", rule, 0},
	{"ruling-committed", "a moderator's ruling is committed, its answer lost", rule, 0},
	{"payout-posted", "inside the transaction that asks for a payout", payout, 0},
	{"payouts committed", "the payout is asked for, the answer lost", payout, 0},
	{"payout-marked", "the payout is marked as sent, the provider not asked", payout, 0},
	{"payout-sent", "the provider has the payout, its answer is lost", payout, 0},
	{"payout-settled", "inside the transaction that settles a payout", payout, 0},
	{"payout-ended", "inside the transaction that puts a failed payout back", payoutFails, 0},
	{"payouts/cancel committed", "the payout is cancelled, the answer lost", cancelPayout, 0},
	{"deadline-before-commit", "inside the transaction of a deadline that fires", account, 5},
	{"deadline-committed", "a deadline has fired", account, 5},
	{"reminder-half", "inside the transaction that reminds of a deadline", silence, 3},
	{"invoice-printed", "the PDF of an invoice is made, not stored", invoiced, 0},
	{"invoice-stored", "the PDF of an invoice is stored", invoiced, 0},
	{"relay-picked", "events are picked, none is sent", pay, 0},
	{"relay-sent", "an event is delivered, its sender does not know", pay, 0},
	{"relay-before-mark", "events are delivered and not yet marked so", pay, 0},
	{"relay-marked", "events are marked as delivered", pay, 0},
	{"inbox-noted", "an event is noted, not applied", pay, 0},
	{"inbox-before-commit", "an event is applied, not committed", pay, 0},
	{"inbox-committed", "an event is applied, its sender does not know", pay, 0},
	{"log-copied", "the log is copied into the database, and what of it is safe is not noted", parts, 3},
	{anywhere, "kill -9 from outside at a random moment", pay, 40},
}

// TestCrashMatrix kills the real binary with kill -9 at every named place of
// every path that moves money, while several couples are at work. It is started
// again, everybody repeats what was not answered with the same keys, and then
// what is stored must be exactly what was acknowledged; every few deaths all
// invariants are checked offline.
func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	seed := tests.Seed(t)
	random := rand.New(rand.NewPCG(seed, 1))
	folder, couples, moderator := prepare(t, 5)
	order := []int{}
	only := strings.FieldsFunc(os.Getenv("LANCERSHUB_PLACES"), func(r rune) bool { return r == ',' })
	for total := rounds(1000); len(order) < total; {
		for n, place := range places {
			if len(only) > 0 && !slices.Contains(only, place.name) {
				continue
			}
			weight := place.weight
			if weight == 0 {
				weight = 10
			}
			if random.IntN(10) < weight%10 || weight >= 10 {
				order = append(order, slices.Repeat([]int{n}, max(1, weight/10))...)
			}
		}
	}
	order = order[:rounds(1000)]
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	twice := doubleFaults(t, random)
	const lanes = 3
	table := newOutcomes()
	began := time.Now()
	t.Run("lanes", func(t *testing.T) {
		for n := range lanes {
			own := rand.New(rand.NewPCG(seed, uint64(n)+2))
			t.Run(strconv.Itoa(n), func(t *testing.T) {
				t.Parallel()
				l := newLane(t, folder, couples, moderator, own)
				for i := n; i < len(order) && !t.Failed(); i += lanes {
					table.add(order[i], l.dieAt(order[i], nil))
					if i/lanes%12 == 11 {
						l.verify()
					}
				}
				for i := n; i < len(twice) && !t.Failed(); i += lanes {
					table.addTwice(twice[i], l.dieAt(twice[i].first, &twice[i].again))
					if i/lanes%12 == 11 {
						l.verify()
					}
				}
				if t.Failed() {
					t.Logf("LANCERSHUB_SEED=%d, last death at %s\n%s", seed, l.killed, l.logs())
					return
				}
				l.verify()
			})
		}
	})
	table.report(t, seed, time.Since(began))
}

// death is a place to die at, and at which visit of it.
type death struct {
	place string
	visit int
}

// dieAt lets the couples work until the process dies at a place (and again, when
// it starts after that), and goes on until everybody has an answer. It returns
// what was found on disk after the last death.
func (l *lane) dieAt(number int, again *death) map[string]int {
	place := places[number]
	main := l.couples[0]
	if place.name == "payout-ended" {
		main = l.couples[1]
	}
	if strings.HasPrefix(place.name, "deadline") {
		main = l.couples[2]
	}
	for _, c := range l.couples {
		l.ready(c)
	}
	p, deaths := l.current()
	deaths++
	if again != nil {
		deaths++
	}
	l.again = again
	first := death{place.name, 1 + int(l.pick(2))}
	if place.weight%10 > 0 {
		first.visit = 1 // it takes seconds to come there once
	}
	l.arm(first, p)
	var all sync.WaitGroup
	for _, c := range l.couples[3:] {
		all.Go(func() {
			for l.alive(deaths) {
				parts(l, c)
			}
		})
	}
	for until := time.Now().Add(patience); l.alive(deaths); {
		place.turn(l, main)
		if time.Now().After(until) {
			l.t.Errorf("Expected to die at %s", l.killed)
			break
		}
		l.refill(main)
	}
	all.Wait()
	_ = os.Remove(l.armFile())
	for _, c := range append([]*couple{main}, l.couples[3:]...) {
		l.check(c)
	}
	return l.fates
}

// alive tells whether there have been fewer deaths.
func (l *lane) alive(deaths int) bool {
	_, now := l.current()
	return now < deaths && !l.t.Failed()
}

// outcomes counts, by place, the deaths and what was found of the commands under way.
type outcomes struct {
	mu     sync.Mutex
	deaths map[int]int
	fates  map[int]map[string]int
	// again are the second deaths of double faults, by their place.
	again map[string]*second
}

func newOutcomes() *outcomes {
	return &outcomes{deaths: map[int]int{}, fates: map[int]map[string]int{}, again: map[string]*second{}}
}

func (o *outcomes) add(place int, fates map[string]int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.deaths[place]++
	if o.fates[place] == nil {
		o.fates[place] = map[string]int{}
	}
	for fate, n := range fates {
		o.fates[place][fate] += n
	}
}

// report logs the table and, if LANCERSHUB_REPORT names a file, writes it there.
func (o *outcomes) report(t *testing.T, seed uint64, took time.Duration) {
	t.Helper()
	var text strings.Builder
	total := 0
	fmt.Fprintln(&text, "| dies at | when | kills | unanswered commands of which the disk had nothing | had begun | had all |\n| --- | --- | --: | --: | --: | --: |")
	for n, place := range places {
		total += o.deaths[n]
		f := o.fates[n]
		fmt.Fprintf(&text, "| `%s` | %s | %d | %d | %d | %d |\n", place.name, place.moment, o.deaths[n], f[nothing], f[begun], f[done])
	}
	t.Logf("%d kills at %d places in %s, LANCERSHUB_SEED=%d\n%s", total, len(places), took.Round(time.Second), seed, text.String())
	o.reportTwice(t, &text)
	if path := os.Getenv("LANCERSHUB_REPORT"); path != "" {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Error(err)
		}
	}
}
