package services

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
)

// Test destinations of the sandbox.
const (
	BankAccount  = "test_bank"
	BankSlow     = "test_bank_slow"
	BankFailed   = "test_bank_failed"
	BankReturned = "test_bank_returned"
)

// The sandbox's slow bank takes a day, and the one that returns what it took does so after two.
const (
	slowBank   = collections.Day
	returnBank = 2 * collections.Day
)

var sandboxBanks = []string{BankAccount, BankSlow, BankFailed, BankReturned}

// Name implements Provider.
func (Sandbox) Name() string { return ProviderSandbox }

// CheckDestination refuses a bank the sandbox does not know. Anything may follow
// the name of a test bank after a colon, as an account number would.
func (Sandbox) CheckDestination(_ context.Context, reference string) error {
	bank, _, _ := strings.Cut(reference, ":")
	for _, known := range sandboxBanks {
		if bank == known {
			return nil
		}
	}
	return badRequest(CodeDestUnknown, "There is no test bank %q; there are: %s.", bank, strings.Join(sandboxBanks, ", "))
}

// Send implements Provider.
func (s Sandbox) Send(_ context.Context, transfer Transfer) (Sent, error) {
	_, err := s.app.NonconcurrentDB().NewQuery(`INSERT INTO sandbox_payouts (key, amount, currency, destination, at)
		VALUES ({:key}, {:amount}, {:currency}, {:destination}, {:at}) ON CONFLICT DO NOTHING`).Bind(dbx.Params{
		"key": transfer.Key, collections.FieldAmount: transfer.Amount, collections.FieldCurrency: transfer.Currency, "destination": transfer.Destination,
		"at": s.clock.Now().UnixMilli(),
	}).Execute()
	if err != nil {
		return Sent{}, err
	}
	var known sandboxPayout
	err = s.app.DB().Select("key", collections.FieldAmount, collections.FieldCurrency, collections.PayoutDestination, "at").From("sandbox_payouts").Where(dbx.HashExp{"key": transfer.Key}).One(&known)
	if err != nil {
		return Sent{}, err
	}
	if known.Amount != transfer.Amount || known.Currency != transfer.Currency {
		return Sent{}, fmt.Errorf("the sandbox knows payout %s with another amount", transfer.Key)
	}
	return Sent{Outcome: known.outcome(s.clock.Now()), Ref: sandboxRef(transfer.Key)}, nil
}

type sandboxPayout struct {
	Key         string `db:"key"`
	Amount      int64  `db:"amount"`
	Currency    string `db:"currency"`
	Destination string `db:"destination"`
	At          int64  `db:"at"`
}

func (p sandboxPayout) outcome(now time.Time) Outcome {
	bank, _, _ := strings.Cut(p.Destination, ":")
	age := now.Sub(time.UnixMilli(p.At))
	switch {
	case bank == BankFailed:
		return OutcomeDeclined
	case bank == BankSlow && age < slowBank:
		return OutcomePending
	case bank == BankReturned && age >= returnBank:
		return OutcomeReturned
	}
	return OutcomeSucceeded
}

// movements is what the payout has moved by now.
func (p sandboxPayout) movements(now time.Time) []Movement {
	sent := time.UnixMilli(p.At)
	out := Movement{Key: p.Key, Kind: MovedOut, Ref: sandboxRef(p.Key), Amount: p.Amount, Currency: p.Currency, At: sent}
	switch outcome := p.outcome(now); {
	case outcome == OutcomeReturned:
		back := out
		back.Kind, back.Amount, back.At = MovedReturned, -p.Amount, sent.Add(returnBank)
		return []Movement{out, back}
	case outcome != OutcomeSucceeded:
		return nil
	}
	if bank, _, _ := strings.Cut(p.Destination, ":"); bank == BankSlow {
		out.At = sent.Add(slowBank)
	}
	return []Movement{out}
}
