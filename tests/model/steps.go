package model

import (
	"fmt"

	"github.com/lancershub/lancershub/collections"
)

// create is phase 1, and the beginning of phase 2 unless the process dies.
func (w *World) create() {
	if w.payment.status == "" && !w.crash() {
		w.payment = record{machine: collections.PaymentMachine, status: collections.PaymentMachine.Initial, version: 1}
		w.decideBy = w.clock + 20
	}
	if !w.crash() {
		w.decide(false)
	}
}

// decide is phases 2 and 3: by the client's request, a retry, or the completer.
// calm says that nobody crashes any more.
func (w *World) decide(calm bool) {
	dies := func() bool { return !calm && w.crash() }
	if w.payment.status != collections.PaymentPending {
		return
	}
	if w.clock > w.decideBy {
		if !w.cancel() || dies() {
			return
		}
		w.fail()
		return
	}
	silent := w.down && w.bug != SilenceIsYes
	if silent || dies() {
		return
	}
	if !w.eligible && !w.down { // a no, which an earlier attempt may not have heard
		if w.cancel() && !dies() {
			w.fail()
		}
		return
	}
	if w.milestone.status == collections.MilestonePlanned && !w.down {
		w.reserved = true
	}
	if dies() || !w.charge() || dies() {
		return
	}
	if w.payment.move("hold") {
		w.world, w.held = w.world-w.amount, w.held+w.amount
		w.emit("held")
	}
}

// charge asks the provider, whose answer may get lost after it took the money.
func (w *World) charge() bool {
	key := "payment"
	if w.bug == NewKeyPerTry {
		key = fmt.Sprint("payment", w.tries)
	}
	w.tries++
	if w.charges["cancelled"] > 0 {
		return false
	}
	w.charges[key] = w.amount
	return w.random.IntN(5) > 0
}

func (w *World) cancel() bool {
	if w.bug != NoCancel {
		w.charges = map[string]int{"cancelled": 1}
	}
	return true
}

func (w *World) fail() {
	if w.payment.move("fail") {
		w.emit("failed")
	}
}

// take releases or gives back a part; what is more than is held is refused.
func (w *World) take(verb string, part int) {
	if part > w.held {
		return
	}
	step := verb + "-part"
	if part == w.held && w.locked == 0 {
		step = verb
		if verb == "release" && w.refunded > 0 || verb == "refund" && w.released > 0 {
			step = "split"
		}
	}
	if w.crash() || !w.payment.move(step) {
		return
	}
	w.held -= part
	if verb == "release" {
		w.released, w.available = w.released+part, w.available+part
		w.emit("released")
	} else {
		w.refunded, w.world = w.refunded+part, w.world+part
		w.emit("refunded")
	}
}

func (w *World) openDispute() {
	if w.held == 0 || w.crash() || !w.payment.move("dispute") {
		return
	}
	w.dispute = record{machine: collections.DisputeMachine, status: collections.DisputeMachine.Initial}
	w.locked = 1 + w.random.IntN(w.held)
	w.held -= w.locked
}

func (w *World) closeDispute() {
	if w.dispute.status == "" || w.dispute.status == collections.DisputeClosed || w.crash() {
		return
	}
	if !w.dispute.move("withdraw") || !w.payment.move("resume") {
		panic("a dispute cannot be closed")
	}
	w.held, w.locked = w.held+w.locked, 0
}

func (w *World) requestPayout() {
	if w.available == 0 || (w.payout.status != "" && w.payout.status != collections.PayoutSettled) || w.crash() {
		return
	}
	w.payout = record{machine: collections.PayoutMachine, status: collections.PayoutMachine.Initial, version: w.payout.version + 1}
	w.transit, w.available = w.available, 0
}

// sendPayout marks a payout before the bank hears of it, and asks with its own key.
func (w *World) sendPayout(calm bool) {
	dies := func() bool { return !calm && w.crash() }
	if w.payout.status == collections.PayoutRequested && !dies() {
		w.payout.move("send")
	}
	if w.payout.status != collections.PayoutSent || dies() {
		return
	}
	key := fmt.Sprint("payout", w.settledPayouts)
	if w.bug == NewKeyPerTry {
		key = fmt.Sprint("payout", len(w.sent))
	}
	w.sent[key] = w.transit
	if dies() || !w.payout.move("settle") {
		return
	}
	w.world, w.transit = w.world+w.transit, 0
	w.settledPayouts++
}

// relay delivers the first event of the outbox: in order, at least once.
func (w *World) relay(calm bool) {
	for _, e := range w.outbox {
		if e.done {
			continue
		}
		if w.bug == MarkBeforeSend {
			e.done = true
		}
		if w.down || !calm && w.random.IntN(5) == 0 { // lost on the way
			return
		}
		w.receive(e)
		if !calm && (w.crash() || w.random.IntN(4) == 0) { // applied, and the sender does not know
			return
		}
		e.done = true
		return
	}
}

// receive applies an event at projects once.
func (w *World) receive(e *event) {
	if w.inbox[e.id] && w.bug != NoInbox {
		return
	}
	w.inbox[e.id] = true
	switch e.topic {
	case "held":
		if !w.milestone.move("fund") {
			w.wrong = "money is held for a milestone that cannot be funded"
		}
	case "failed":
		w.reserved = false
	default:
		if e.held > 0 {
			return
		}
		verb := "cancel"
		if e.released > 0 {
			verb = "release"
		}
		if !w.milestone.move(verb) {
			w.wrong = "a milestone does not follow its payment: " + verb + " in " + w.milestone.status
		}
	}
}

// always is what must be true after every step.
func (w *World) always() string {
	switch sum := w.held + w.available + w.transit + w.locked + w.world; {
	case w.wrong != "":
		return w.wrong
	case sum != 0:
		return fmt.Sprintf("the accounts sum to %d", sum)
	case w.held < 0 || w.available < 0 || w.transit < 0 || w.locked < 0:
		return "an account is below zero"
	case w.held > 0 && w.payment.status != collections.PaymentHeld && w.payment.status != collections.PaymentDisputed:
		return "money is held for a payment that is " + w.payment.status
	case w.held > 0 && !w.eligible:
		return "money is held for somebody who may not pay"
	}
	return ""
}

// settled is what must be true when the storm is over.
func (w *World) settled() string {
	took := 0
	for key, amount := range w.charges {
		if key != "cancelled" {
			took += amount
		}
	}
	paid := 0
	for _, amount := range w.sent {
		paid += amount
	}
	entered := w.payment.status != "" && w.payment.status != collections.PaymentPending && w.payment.status != collections.PaymentFailed
	for _, e := range w.outbox {
		if !e.done {
			return "an event was not delivered: " + e.id
		}
	}
	switch {
	case w.payment.status == collections.PaymentPending:
		return "a payment is pending for ever"
	case entered && took != w.amount:
		return fmt.Sprintf("the provider took %d for a payment of %d", took, w.amount)
	case !entered && took != 0:
		return fmt.Sprintf("the provider took %d for a payment that is %q", took, w.payment.status)
	case paid != w.world+w.amount-w.refunded && entered:
		return fmt.Sprintf("the bank got %d, the ledger says %d", paid, w.world+w.amount-w.refunded)
	case entered != (w.milestone.status != collections.MilestonePlanned):
		return "milestone and payment disagree: " + w.milestone.status + ", " + w.payment.status
	case entered && (w.held+w.locked == 0) != (w.milestone.status == collections.MilestoneReleased || w.milestone.status == collections.MilestoneCancelled):
		return "milestone and payment disagree about the end: " + w.milestone.status + ", " + w.payment.status
	}
	return ""
}
