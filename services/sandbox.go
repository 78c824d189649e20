package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// ProviderSandbox is the name of the provider that moves no money.
const ProviderSandbox = "sandbox"

// Test sources of the sandbox. A payment that names none succeeds.
const (
	SourceSuccess       = "test_success"
	SourceDeclined      = "test_declined"
	SourcePending       = "test_pending"
	SourceIndeterminate = "test_indeterminate"
	// SourceRefundRefused is taken, and not given back before a moderator asks once more.
	SourceRefundRefused = "test_refund_refused"
)

var sandboxOutcomes = map[string]Outcome{
	"": OutcomeSucceeded, SourceSuccess: OutcomeSucceeded, SourceDeclined: OutcomeDeclined,
	SourcePending: OutcomePending, SourceIndeterminate: OutcomeIndeterminate,
	SourceChargeback: OutcomeSucceeded, SourceChargebackWon: OutcomeSucceeded, SourceRefundRefused: OutcomeSucceeded,
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
		return badRequest(CodeInvalidInput, "There is no test source %q; there are: %s, %s, %s, %s, %s, %s, %s.", source,
			SourceSuccess, SourceDeclined, SourcePending, SourceIndeterminate, SourceChargeback, SourceChargebackWon, SourceRefundRefused)
	}
	return nil
}

// Charge implements Provider.
func (s Sandbox) Charge(_ context.Context, charge Charge) (Charged, error) {
	var before struct {
		Amount   int64  `db:"amount"`
		Currency string `db:"currency"`
		Outcome  string `db:"outcome"`
	}
	ref := sandboxRef(charge.Key)
	err := rowFixed(s.app, `SELECT amount, currency, outcome FROM sandbox_charges WHERE key = ?`, []any{charge.Key}, &before.Amount, &before.Currency, &before.Outcome)
	if err == nil {
		if before.Amount != charge.Amount || before.Currency != charge.Currency {
			return Charged{}, fmt.Errorf("the sandbox knows charge %s with another amount", charge.Key)
		}
		return Charged{Outcome: Outcome(before.Outcome), Ref: ref}, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Charged{}, err
	}
	outcome, ok := sandboxOutcomes[charge.Source]
	if !ok {
		outcome = OutcomeDeclined
	}
	_, err = execFixed(s.app, `INSERT INTO sandbox_charges (key, amount, currency, source, outcome, at) VALUES (?, ?, ?, ?, ?, ?)`,
		charge.Key, charge.Amount, charge.Currency, charge.Source, string(outcome), s.clock.Now().UnixMilli())
	return Charged{Outcome: outcome, Ref: ref}, err
}

// Cancel implements Provider. A cancelled key stays known as declined, so that a
// late attempt to charge it takes nothing.
func (s Sandbox) Cancel(_ context.Context, charge Charge) error {
	_, err := s.app.NonconcurrentDB().NewQuery(`INSERT INTO sandbox_charges (key, amount, currency, source, outcome, at)
		VALUES ({:key}, {:amount}, {:currency}, '', 'declined', {:at}) ON CONFLICT (key) DO UPDATE SET outcome = 'declined'`).
		Bind(dbx.Params{"key": charge.Key, collections.FieldAmount: charge.Amount, collections.FieldCurrency: charge.Currency, "at": s.clock.Now().UnixMilli()}).Execute()
	return err
}

// Refund implements Provider.
func (s Sandbox) Refund(_ context.Context, refund Refund) (Sent, error) {
	var source string
	err := s.app.DB().Select("source").From("sandbox_charges").Where(dbx.HashExp{"key": refund.Charge}).Row(&source)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Sent{}, err
	}
	if source == SourceRefundRefused && refund.attempt() <= refundAttempts {
		return Sent{Outcome: OutcomeDeclined, Reason: "The test source takes nothing back."}, nil
	}
	_, err = s.app.NonconcurrentDB().NewQuery(`INSERT INTO sandbox_refunds (key, payment, charge, amount, currency, at)
		VALUES ({:key}, {:payment}, {:charge}, {:amount}, {:currency}, {:at}) ON CONFLICT DO NOTHING`).Bind(dbx.Params{
		"key": refund.Key, "payment": refund.Payment, "charge": refund.Charge, collections.FieldAmount: refund.Amount, collections.FieldCurrency: refund.Currency,
		"at": s.clock.Now().UnixMilli(),
	}).Execute()
	return Sent{Outcome: OutcomeSucceeded, Ref: sandboxRef(refund.Key)}, err
}
