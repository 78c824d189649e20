package services

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// refundAttempts is how often a provider is asked to give back what it said it
// could not; then a person has to look. A day lies between two attempts.
const (
	refundAttempts = 3
	refundPause    = 24 * time.Hour
)

// refundOrder is a row of provider_refunds: what a provider is to give back,
// because the ledger says that it left us.
type refundOrder struct {
	ID        string `db:"id"`
	Payment   string `db:"payment"`
	Charge    string `db:"charge"`
	ChargeRef string `db:"charge_ref"`
	Provider  string `db:"provider"`
	Amount    int64  `db:"amount"`
	Currency  string `db:"currency"`
	Ref       string `db:"ref"`
	Attempt   int    `db:"attempt"`
	Tries     int    `db:"tries"`
	State     string `db:"state"`
}

// States of refund orders. What is ready, sent or done has left the ledger; what has
// failed is kept there for the client (AccountOwed).
const (
	refundReady  = "ready"
	refundSent   = "sent"
	refundDone   = "done"
	refundFailed = "failed"
)

const refundOrderSQL = `SELECT id, payment, charge, charge_ref, provider, amount, currency, ref, attempt, tries, state FROM provider_refunds`

// key is what the provider knows the present attempt by.
func (o refundOrder) key() string { return o.ID + ":" + strconv.Itoa(o.Attempt) }

// orderRefund stores, in the transaction of the posting, that the provider is to
// give amount back out of the charge that paid for payment.
func (s *PaymentsService) orderRefund(tx core.App, payment *core.Record, amount int64) error {
	charge, err := chargedPayment(tx, payment)
	if err != nil {
		return err
	}
	_, err = tx.DB().Insert("provider_refunds", dbx.Params{
		"id":      fmt.Sprintf("%s:%s:%d", KindRefund, payment.Id, payment.GetInt(collections.FieldVersion)),
		"payment": payment.Id, "charge": charge.Id, "charge_ref": charge.GetString(collections.FieldProviderRef),
		"provider": orElse(charge.GetString(collections.FieldProvider), ProviderSandbox), collections.FieldAmount: amount,
		collections.FieldCurrency: payment.GetString(collections.FieldCurrency), "created": s.Clock.Now().UnixMilli(),
	}).Execute()
	return err
}

// chargedPayment is the payment that was charged: money that rolled on from
// milestone to milestone came in with the first.
func chargedPayment(tx core.App, payment *core.Record) (*core.Record, error) {
	for payment.GetString(collections.PaymentRolledFrom) != "" {
		before, err := tx.FindRecordById(collections.Payments, payment.GetString(collections.PaymentRolledFrom))
		if err != nil {
			return nil, err
		}
		payment = before
	}
	return payment, nil
}

// SendRefunds hands refunds to the provider and asks about those it has not
// settled, each at its own pace.
func (s *PaymentsService) SendRefunds(ctx context.Context) error {
	if epoch, err := OpenEpoch(s.App); err != nil || epoch != nil {
		return err // restored, and still comparing with the peers: no money leaves
	}
	var due []refundOrder
	err := s.App.ConcurrentDB().NewQuery(refundOrderSQL + `
		WHERE state IN ('ready', 'sent') AND next_at <= {:now} ORDER BY next_at LIMIT {:limit}`).
		Bind(dbx.Params{"now": s.Clock.Now().UnixMilli(), "limit": payoutBatch}).All(&due)
	if err != nil {
		return err
	}
	var errs []error
	for _, order := range due {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.sendRefund(ctx, order); err != nil {
			errs = append(errs, fmt.Errorf("failed to give back %s: %w", order.ID, err))
		}
	}
	return errors.Join(errs...)
}

// sendRefund sets the time of the next try first: two workers never ask at once,
// and a crash in between asks again with the same key.
func (s *PaymentsService) sendRefund(ctx context.Context, order refundOrder) error {
	now := s.Clock.Now()
	result, err := s.App.NonconcurrentDB().NewQuery(`UPDATE provider_refunds SET state = 'sent', tries = tries + 1, next_at = {:next}
		WHERE id = {:id} AND state IN ('ready', 'sent') AND attempt = {:attempt} AND tries = {:tries}`).
		Bind(dbx.Params{"id": order.ID, "attempt": order.Attempt, "tries": order.Tries, "next": now.Add(askAgain.after(order.Tries)).UnixMilli()}).Execute()
	if mine, err := oneRow(result, err); err != nil || !mine {
		return err
	}
	failpoint("refund-marked")
	order.State = refundSent
	return s.askRefund(ctx, order)
}

// askRefund asks the provider to give back, or what became of that.
func (s *PaymentsService) askRefund(ctx context.Context, order refundOrder) error {
	provider, err := s.providerNamed(order.Provider)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	sent, err := provider.Refund(ctx, Refund{
		Key: order.key(), Ref: order.Ref, Payment: order.Payment, Charge: order.Charge, ChargeRef: order.ChargeRef,
		Amount: order.Amount, Currency: order.Currency,
	})
	failpoint("refund-sent")
	if err != nil {
		_, setErr := setRefund(s.App, order, dbx.Params{"last_error": truncate(err.Error(), 500)})
		return errors.Join(err, setErr)
	}
	return s.applyRefund(order, sent)
}

// applyRefund records what the provider says about a refund.
func (s *PaymentsService) applyRefund(order refundOrder, sent Sent) error {
	refused := sent.Outcome == OutcomeDeclined || sent.Outcome == OutcomeReturned
	var err error
	switch {
	case sent.Outcome == OutcomeSucceeded && order.State == refundFailed:
		return s.givenAfterAll(order, sent.Ref)
	case sent.Outcome == OutcomeSucceeded:
		_, err = setRefund(s.App, order, dbx.Params{"state": refundDone, "ref": sent.Ref, "last_error": ""})
	case !refused && sent.Ref != "":
		_, err = setRefund(s.App, order, dbx.Params{"ref": sent.Ref})
	case refused && order.State != refundFailed && order.Attempt < refundAttempts:
		// A definite no: only then may it be asked for under a new key.
		_, err = setRefund(s.App, order, dbx.Params{
			"state": refundReady, "ref": "", "attempt": order.Attempt + 1, "tries": 0, "last_error": truncate(sent.Reason, 500),
			"next_at": s.Clock.Now().Add(refundPause).UnixMilli(),
		})
	case refused && order.State != refundFailed:
		return s.refuseRefund(order, sent.Reason)
	}
	return err // nil when nothing is new
}

// setRefund writes what became of the present attempt, unless the order has gone on
// since it was read: then it says false.
func setRefund(tx core.App, order refundOrder, set dbx.Params) (bool, error) {
	result, err := tx.NonconcurrentDB().Update("provider_refunds", set, dbx.HashExp{"id": order.ID, "attempt": order.Attempt, "state": order.State}).Execute()
	return oneRow(result, err)
}
