package services

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/stripe/stripe-go/v85"
)

// Refund implements Provider.
func (p *Stripe) Refund(ctx context.Context, refund Refund) (Sent, error) {
	amount, refused := toStripe(refund.Amount, refund.Currency)
	if refused != "" {
		return Sent{Outcome: OutcomeDeclined, Reason: refused}, nil
	}
	if !strings.HasPrefix(refund.ChargeRef, prefixIntent) {
		return Sent{}, fmt.Errorf("it is not known what stripe calls the charge of payment %s", refund.Charge)
	}
	before, err := p.findRefund(ctx, refund)
	if err != nil {
		return Sent{}, p.silent("refund", refund.Key, err)
	}
	if before == nil {
		before, err = p.client.V1Refunds.Create(ctx, &stripe.RefundCreateParams{
			Params: idempotent("refund:" + refund.Key), PaymentIntent: stripe.String(refund.ChargeRef), Amount: stripe.Int64(amount),
			Metadata: map[string]string{labelPayment: refund.Payment, labelRefund: refund.Key},
		})
	}
	if err != nil {
		// No refund can be missing yet: what is, is a charge that we know was paid.
		if refused, reason := p.refusal(err); refused && !isMissing(err) {
			return Sent{Outcome: OutcomeDeclined, Reason: reason}, nil
		}
		_ = p.silent("refund", refund.Key, err)
		return Sent{Outcome: OutcomeIndeterminate}, nil
	}
	if before.Amount != amount {
		return Sent{}, fmt.Errorf("stripe knows %s with another amount", before.ID)
	}
	sent := Sent{Outcome: OutcomePending, Ref: before.ID}
	switch before.Status {
	case stripe.RefundStatusSucceeded:
		sent.Outcome = OutcomeSucceeded
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		sent.Outcome, sent.Reason = OutcomeDeclined, string(before.FailureReason)
	}
	return sent, nil
}

// findRefund looks for a refund that was made before.
func (p *Stripe) findRefund(ctx context.Context, refund Refund) (*stripe.Refund, error) {
	if refund.Ref != "" {
		return p.client.V1Refunds.Retrieve(ctx, refund.Ref, nil)
	}
	for found, err := range p.client.V1Refunds.List(ctx, &stripe.RefundListParams{PaymentIntent: stripe.String(refund.ChargeRef)}).All(ctx) {
		if err != nil {
			return nil, err
		}
		if found.Metadata[labelRefund] == refund.Key {
			return found, nil
		}
	}
	return nil, nil
}

// References of ours instead of Stripe's: the transfer was refused for want of balance,
// and the next one is this numbered try. Stripe remembers a refusal by its key, so
// another key is needed then, and only then.
const (
	// waitsPrefix says that nothing of it is out: the next try has not begun.
	waitsPrefix = "waits:"
	// retryPrefix says that the next try has begun, and may have made the transfer.
	retryPrefix = "retry:"
)

// tryOf is the number of the try that a reference of ours names.
func tryOf(ref string) (number int, ours bool) {
	for _, prefix := range []string{waitsPrefix, retryPrefix} {
		if digits, ok := strings.CutPrefix(ref, prefix); ok {
			number, _ = strconv.Atoi(digits)
			return number, true
		}
	}
	return 1, false
}

// Send implements Provider.
func (p *Stripe) Send(ctx context.Context, transfer Transfer) (Sent, error) {
	amount, refused := toStripe(transfer.Amount, transfer.Currency)
	if refused != "" {
		return Sent{Outcome: OutcomeDeclined, Reason: refused}, nil
	}
	before, err := p.findTransfer(ctx, transfer)
	if err != nil {
		return Sent{}, p.silent("transfer", transfer.Key, err)
	}
	try, _ := tryOf(transfer.Ref)
	if before == nil {
		before, err = p.client.V1Transfers.Create(ctx, &stripe.TransferCreateParams{
			Params: idempotent(fmt.Sprintf("payout:%s:%d", transfer.Key, try)), Amount: stripe.Int64(amount), Currency: stripe.String(strings.ToLower(transfer.Currency)),
			Destination: stripe.String(transfer.Destination), TransferGroup: stripe.String(transfer.Key), Metadata: map[string]string{labelPayout: transfer.Key},
		})
	}
	if err != nil {
		return p.notSent(transfer, try, err)
	}
	if before.Amount != amount || !strings.EqualFold(string(before.Currency), transfer.Currency) {
		return Sent{}, fmt.Errorf("stripe knows %s with another amount", before.ID)
	}
	if before.Reversed {
		return Sent{Outcome: OutcomeReturned, Ref: before.ID, Reason: "The transfer was reversed."}, nil
	}
	return Sent{Outcome: OutcomeSucceeded, Ref: before.ID}, nil
}

func (p *Stripe) notSent(transfer Transfer, try int, err error) (Sent, error) {
	var e *stripe.Error
	if errors.As(err, &e) && (e.Code == stripe.ErrorCodeBalanceInsufficient || e.Code == stripe.ErrorCodeInsufficientFunds) {
		// What clients paid is not available at Stripe for some days: no fault of the freelancer's.
		p.logger.Warn("the balance at Stripe does not suffice for a payout; it is tried again", "payout", transfer.Key)
		return Sent{Outcome: OutcomePending, Ref: waitsPrefix + strconv.Itoa(try+1)}, nil
	}
	if refused, reason := p.refusal(err); refused {
		return Sent{Outcome: OutcomeDeclined, Reason: reason}, nil
	}
	_ = p.silent("transfer", transfer.Key, err)
	return Sent{Outcome: OutcomeIndeterminate}, nil
}

// findTransfer looks for a transfer that was made before.
func (p *Stripe) findTransfer(ctx context.Context, transfer Transfer) (*stripe.Transfer, error) {
	if _, ours := tryOf(transfer.Ref); transfer.Ref != "" && !ours {
		return p.client.V1Transfers.Retrieve(ctx, transfer.Ref, nil)
	}
	for found, err := range p.client.V1Transfers.List(ctx, &stripe.TransferListParams{TransferGroup: stripe.String(transfer.Key)}).All(ctx) {
		if err != nil {
			return nil, err
		}
		if found.Metadata[labelPayout] == transfer.Key {
			return found, nil
		}
	}
	return nil, nil
}
