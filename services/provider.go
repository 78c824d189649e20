package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
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
	// Key makes the charge happen once, however often it is asked for.
	Key      string
	Amount   int64
	Currency string
	// Source is what pays: a token of the provider, or a test source.
	Source string
}

// Transfer is a payout as it is asked of a payment provider.
type Transfer struct {
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

// Provider takes money in from outside and sends it out.
type Provider interface {
	// Name is "sandbox" or "stripe".
	Name() string
	// CheckDestination refuses an account that nothing can be paid out to.
	CheckDestination(ctx context.Context, reference string) error
	// Send pays out, or tells what became of the transfer with this key before.
	Send(ctx context.Context, transfer Transfer) (Sent, error)
	// Charge takes the money, or tells what became of the charge with this key before.
	Charge(ctx context.Context, charge Charge) (Outcome, error)
	// Cancel makes sure that the charge with this key is not, or no longer,
	// taken. It is safe to repeat, also for a key that was never charged.
	Cancel(ctx context.Context, key string) error
	// List has everything that the provider moved from (inclusive) to (exclusive),
	// in no particular order. What is under way and has moved nothing is not in it.
	List(ctx context.Context, from, to time.Time) ([]Movement, error)
}

// ProviderSandbox is the name of the provider that moves no money.
const ProviderSandbox = "sandbox"

// Test sources of the sandbox. A payment that names none succeeds.
const (
	SourceSuccess       = "test_success"
	SourceDeclined      = "test_declined"
	SourcePending       = "test_pending"
	SourceIndeterminate = "test_indeterminate"
)

var sandboxOutcomes = map[string]Outcome{
	"": OutcomeSucceeded, SourceSuccess: OutcomeSucceeded, SourceDeclined: OutcomeDeclined,
	SourcePending: OutcomePending, SourceIndeterminate: OutcomeIndeterminate,
}

// Sandbox is the provider until another is configured: no money moves, and test
// sources decide what happens. Its own records survive a restart, as a real
// provider's would.
type Sandbox struct {
	app   core.App
	clock Clock
}

// CheckSource refuses a source the sandbox does not know.
func (Sandbox) CheckSource(source string) error {
	if _, ok := sandboxOutcomes[source]; !ok {
		return badRequest(CodeInvalidInput, "There is no test source %q; there are: %s, %s, %s, %s.", source,
			SourceSuccess, SourceDeclined, SourcePending, SourceIndeterminate)
	}
	return nil
}

// Charge implements Provider.
func (s Sandbox) Charge(_ context.Context, charge Charge) (Outcome, error) {
	var before struct {
		Amount   int64  `db:"amount"`
		Currency string `db:"currency"`
		Outcome  string `db:"outcome"`
	}
	err := s.app.DB().Select("amount", "currency", "outcome").From("sandbox_charges").Where(dbx.HashExp{"key": charge.Key}).One(&before)
	if err == nil {
		if before.Amount != charge.Amount || before.Currency != charge.Currency {
			return "", fmt.Errorf("the sandbox knows charge %s with another amount", charge.Key)
		}
		return Outcome(before.Outcome), nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	outcome, ok := sandboxOutcomes[charge.Source]
	if !ok {
		outcome = OutcomeDeclined
	}
	_, err = s.app.NonconcurrentDB().Insert("sandbox_charges", dbx.Params{
		"key": charge.Key, "amount": charge.Amount, "currency": charge.Currency, "source": charge.Source,
		"outcome": string(outcome), "at": s.clock.Now().UnixMilli(),
	}).Execute()
	return outcome, err
}

// Cancel implements Provider. A cancelled key stays known as declined, so that a
// late attempt to charge it takes nothing.
func (s Sandbox) Cancel(_ context.Context, key string) error {
	_, err := s.app.NonconcurrentDB().NewQuery(`INSERT INTO sandbox_charges (key, amount, currency, source, outcome, at)
		VALUES ({:key}, 0, '', '', 'declined', {:at}) ON CONFLICT (key) DO UPDATE SET outcome = 'declined'`).
		Bind(dbx.Params{"key": key, "at": s.clock.Now().UnixMilli()}).Execute()
	return err
}
