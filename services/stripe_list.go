package services

import (
	"context"
	"errors"
	"time"

	"github.com/stripe/stripe-go/v85"
)

// movedLate is how long after it was made an object of Stripe's may still move
// money: transfers are reversed and disputes decided months later.
const movedLate = 180 * 24 * time.Hour

// List implements Provider. Amounts are what was asked for: what Stripe keeps for
// itself (fees) is between Stripe and the operator. Objects without our labels are
// not ours.
func (p *Stripe) List(ctx context.Context, from, to time.Time) ([]Movement, error) {
	list := &movements{from: from, to: to}
	err := errors.Join(p.listCharges(ctx, list), p.listRefunds(ctx, list), p.listTransfers(ctx, list), p.listDisputes(ctx, list))
	return list.found, err
}

type movements struct {
	from, to time.Time
	found    []Movement
}

// add puts a movement of Stripe's. sign is that of the world account: -1 for money that came in.
func (m *movements) add(sign int64, kind MovementKind, key, ref string, amount int64, currency stripe.Currency, created int64) {
	minor, code := fromStripe(amount, currency)
	m.put(Movement{Key: key, Kind: kind, Ref: ref, Amount: sign * minor, Currency: code, At: time.Unix(created, 0)})
}

// put takes a movement in, if it belongs to the period and is ours.
func (m *movements) put(moved Movement) {
	if moved.Key != "" && moved.Amount != 0 && !moved.At.Before(m.from) && moved.At.Before(m.to) {
		m.found = append(m.found, moved)
	}
}

// since is the range of creation in which objects can have moved something in the period.
func (m *movements) since(late time.Duration) *stripe.RangeQueryParams {
	return &stripe.RangeQueryParams{GreaterThanOrEqual: max(0, m.from.Add(-late).Unix()), LesserThan: m.to.Add(time.Second - 1).Unix()}
}

func (p *Stripe) listCharges(ctx context.Context, list *movements) error {
	for charge, err := range p.client.V1Charges.List(ctx, &stripe.ChargeListParams{CreatedRange: list.since(0)}).All(ctx) {
		if err != nil {
			return err
		}
		if charge.Status == stripe.ChargeStatusSucceeded {
			list.add(-1, MovedIn, charge.Metadata[labelPayment], charge.ID, charge.AmountCaptured, charge.Currency, charge.Created)
		}
	}
	return nil
}

// listRefunds lists what went back. What the operator gave back at Stripe has no label of
// its own, but that of its charge: the ledger knows nothing of it, and must be told so.
func (p *Stripe) listRefunds(ctx context.Context, list *movements) error {
	params := &stripe.RefundListParams{CreatedRange: list.since(0), Expand: []*string{stripe.String("data.charge")}}
	for refund, err := range p.client.V1Refunds.List(ctx, params).All(ctx) {
		if err != nil {
			return err
		}
		key := refund.Metadata[labelPayment]
		if key == "" && refund.Charge != nil {
			key = refund.Charge.Metadata[labelPayment]
		}
		if refund.Status != stripe.RefundStatusFailed && refund.Status != stripe.RefundStatusCanceled {
			list.add(1, MovedBack, key, refund.ID, refund.Amount, refund.Currency, refund.Created)
		}
	}
	return nil
}

func (p *Stripe) listTransfers(ctx context.Context, list *movements) error {
	for transfer, err := range p.client.V1Transfers.List(ctx, &stripe.TransferListParams{CreatedRange: list.since(movedLate)}).All(ctx) {
		if err != nil {
			return err
		}
		key := transfer.Metadata[labelPayout]
		list.add(1, MovedOut, key, transfer.ID, transfer.Amount, transfer.Currency, transfer.Created)
		if transfer.Reversals == nil {
			continue
		}
		for _, reversal := range transfer.Reversals.Data {
			list.add(-1, MovedReturned, key, reversal.ID, reversal.Amount, reversal.Currency, reversal.Created)
		}
	}
	return nil
}
