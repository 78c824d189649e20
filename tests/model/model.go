// Package model is a small, pure model of how money moves between projects,
// payments and a payment provider: the state machines of collections, a ledger
// of three accounts per payment, outbox and inbox, a network that loses, repeats
// and delays, and processes that crash between any two steps. Everything random
// comes from one seed, so a run can be repeated.
//
// What it covers: the order of the three phases of a payment, the exchange of
// events, partial releases and refunds, disputes, payouts, and that the tables of
// transitions allow what the protocol needs and nothing that loses money. It
// does not cover SQL, HTTP, permissions or fees: the suites that run the real
// program do.
package model

import (
	"fmt"
	"math/rand/v2"

	"github.com/lancershub/lancershub/collections"
)

// record is a thing with a state machine.
type record struct {
	machine collections.Machine
	status  string
	version int
}

// move is Transition without a database: it obeys the real table.
func (r *record) move(verb string) bool {
	edge, ok := r.machine.Edge(verb)
	if !ok {
		panic("the machine of " + r.machine.Collection + " has no " + verb)
	}
	for _, from := range edge.From {
		if from == r.status {
			if edge.To != collections.Same {
				r.status = edge.To
			}
			r.version++
			return true
		}
	}
	return false
}

// event is a row of an outbox. What it says is in topic and held.
type event struct {
	id, topic      string
	held, released int
	done           bool
}

// inbox has the ids of what was applied.
type inbox map[string]bool

// Bug switches one rule of the protocol off, to show that the model notices.
type Bug string

// The bugs the model knows.
const (
	NoBug          Bug = ""
	NoInbox        Bug = "events are applied again when they are delivered again"
	MarkBeforeSend Bug = "events are marked before they are sent"
	SilenceIsYes   Bug = "a peer that does not answer is taken for a yes"
	NewKeyPerTry   Bug = "the provider is asked with a new key at each try"
	NoCancel       Bug = "a payment that failed is not cancelled at the provider"
	NoCompleter    Bug = "nobody finishes what a crash left"
)

// World is one milestone, its payment, and everybody who has a part in it.
type World struct {
	random *rand.Rand
	bug    Bug
	amount int
	clock  int

	milestone, payment, dispute, payout record
	reserved                            bool
	// held, available, paid and world are the ledger's accounts; they sum to zero.
	held, available, transit, locked, world int
	released, refunded                      int
	decideBy                                int
	// charges are what the provider took, by key; sent what it paid out.
	charges, sent map[string]int
	tries         int
	outbox        []*event
	inbox         inbox
	// eligible is what users says; down says which peer does not answer now.
	eligible, down bool
	settledPayouts int
	// wrong is what a receiver could not do.
	wrong string
}

// NewWorld returns the world of a seed.
func NewWorld(seed uint64, bug Bug) *World {
	random := rand.New(rand.NewPCG(seed, 7))
	return &World{
		random: random, bug: bug, amount: 1 + random.IntN(1000), eligible: random.IntN(8) > 0,
		milestone: record{machine: collections.MilestoneMachine, status: collections.MilestoneMachine.Initial},
		charges:   map[string]int{}, sent: map[string]int{}, inbox: inbox{},
	}
}

// crash says whether the process dies here. Every effect of one transaction is
// made after the last crash that could prevent it: transactions are atomic.
func (w *World) crash() bool { return w.random.IntN(12) == 0 }

func (w *World) emit(topic string) {
	w.outbox = append(w.outbox, &event{id: fmt.Sprintf("%d:%s", w.payment.version, topic), topic: topic, held: w.held + w.locked, released: w.released})
}

// Run takes steps, lets everything settle, and returns what is wrong, or "".
func (w *World) Run(steps int) string {
	for range steps {
		w.clock++
		w.down = w.random.IntN(6) == 0
		w.step()
		if wrong := w.always(); wrong != "" {
			return wrong
		}
	}
	// The storm is over: nobody crashes, everybody answers.
	w.down = false
	for range 400 {
		w.clock++
		if w.bug != NoCompleter {
			w.decide(true)
		}
		w.sendPayout(true)
		w.relay(true)
	}
	if wrong := w.always(); wrong != "" {
		return wrong
	}
	return w.settled()
}

func (w *World) step() {
	switch w.random.IntN(12) {
	case 0, 1:
		w.create()
	case 2:
		if w.bug != NoCompleter {
			w.decide(false)
		}
	case 3, 4, 5:
		w.relay(false)
	case 6:
		w.take("release", 1+w.random.IntN(w.amount))
	case 7:
		w.take("refund", 1+w.random.IntN(w.amount))
	case 8:
		w.openDispute()
	case 9:
		w.closeDispute()
	case 10:
		w.requestPayout()
	default:
		w.sendPayout(false)
	}
}
