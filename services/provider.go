package services

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// Outcome is what a payment provider says about a charge.
type Outcome string

// Outcomes of a charge. Indeterminate means that we do not know: it is asked
// about again with the same key, never charged under a new one.
const (
	OutcomeSucceeded     Outcome = "succeeded"
	OutcomeDeclined      Outcome = "declined"
	OutcomePending       Outcome = "pending"
	OutcomeIndeterminate Outcome = "indeterminate"
	// OutcomeReturned is of payouts: a bank took the money and sent it back.
	OutcomeReturned Outcome = "returned"
)

// Charge is what is asked of a payment provider.
type Charge struct {
	// Key makes the charge happen once, however often it is asked for. It is the payment's id.
	Key string
	// Ref is what the provider called it when it was asked before, if it said.
	Ref string
	// Since is when it was asked for first: a provider forgets keys after a while.
	Since    time.Time
	Amount   int64
	Currency string
	// Source is what pays: a token of the provider, or a test source.
	Source string
	// ReturnURL is where a client goes who has confirmed it, Until when that must have been.
	ReturnURL string
	Until     time.Time
}

// Charged is what became of a charge.
type Charged struct {
	Outcome Outcome
	// Ref is what the provider calls it.
	Ref string
	// ConfirmURL is where the client confirms it; set while the provider waits for that.
	ConfirmURL string
	// Reason says in words why it was declined.
	Reason string
}

// Refund is money to be given back out of a charge.
type Refund struct {
	// Key makes the refund happen once, however often it is asked for.
	Key string
	// Ref is what the provider called it when it was asked before, if it said.
	Ref string
	// Payment gives back, out of the charge with the key Charge, which the provider calls ChargeRef.
	Payment, Charge, ChargeRef string
	Amount                     int64
	Currency                   string
}

// attempt is which try of the refund this is: what its key ends in.
func (r Refund) attempt() int {
	number, _ := strconv.Atoi(r.Key[strings.LastIndexByte(r.Key, ':')+1:])
	return number
}

// Transfer is a payout as it is asked of a payment provider.
type Transfer struct {
	// Provider is whose destination it goes to.
	Provider string
	// Key makes the transfer happen once, however often it is asked for.
	Key string
	// Ref is what the provider called it when it was asked before, if it said.
	Ref         string
	Amount      int64
	Currency    string
	Destination string
}

// Sent is what became of a transfer.
type Sent struct {
	Outcome Outcome
	// Ref is what the provider calls it.
	Ref string
	// Reason says in words why it was declined or returned.
	Reason string
}

// MovementKind says what a Movement was for.
type MovementKind string

// Kinds of movements.
const (
	MovedIn          MovementKind = "charge"
	MovedBack        MovementKind = "refund"
	MovedOut         MovementKind = "payout"
	MovedReturned    MovementKind = "payout-returned"
	MovedChargedBack MovementKind = "chargeback"
	MovedWon         MovementKind = "chargeback-won"
)

// Movement is money that a provider took in or let go, as the provider itself
// remembers it. It is what the world account is compared with.
type Movement struct {
	// Key is our id of what it belongs to: a payment for charges, refunds and
	// chargebacks, a payout for payouts. A provider may know several movements of
	// one key (a charge that was cancelled after all is a charge and a refund), so
	// sums by key are what must agree, not single movements.
	Key  string
	Kind MovementKind
	// Ref is what the provider calls it.
	Ref string
	// Amount has the sign it has on our world account: money that came in to us is
	// negative, money that left is positive. Minor units.
	Amount   int64
	Currency string
	// At is when the provider moved it.
	At time.Time
}

// Provider takes money in from outside and sends it out. Its methods talk to
// somebody else: none may be called inside a transaction.
type Provider interface {
	// Name is "sandbox" or "stripe".
	Name() string
	// CheckSource refuses what nothing can be paid with.
	CheckSource(source string) error
	// CheckDestination refuses an account that nothing can be paid out to.
	CheckDestination(ctx context.Context, reference string) error
	// Send pays out, or tells what became of the transfer with this key before.
	Send(ctx context.Context, transfer Transfer) (Sent, error)
	// Charge takes the money, or tells what became of the charge with this key before.
	Charge(ctx context.Context, charge Charge) (Charged, error)
	// Cancel makes sure that the charge is not, or no longer, taken. It is safe to
	// repeat, also for one that was never asked for.
	Cancel(ctx context.Context, charge Charge) error
	// Refund gives back, or tells what became of the refund with this key before.
	Refund(ctx context.Context, refund Refund) (Sent, error)
	// Chargeback tells how a chargeback stands; nil means that it is about no charge of ours.
	Chargeback(ctx context.Context, ref string) (*Chargeback, error)
	// Chargebacks has those that began since then.
	Chargebacks(ctx context.Context, since time.Time) ([]Chargeback, error)
	// List has everything that the provider moved from (inclusive) to (exclusive),
	// in no particular order. What is under way and has moved nothing is not in it.
	List(ctx context.Context, from, to time.Time) ([]Movement, error)
}
