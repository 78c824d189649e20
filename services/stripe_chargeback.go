package services

import (
	"context"
	"time"

	"github.com/stripe/stripe-go/v85"

	"github.com/lancershub/lancershub/collections"
)

// Chargeback implements Provider. Stripe calls it a dispute.
func (p *Stripe) Chargeback(ctx context.Context, ref string) (*Chargeback, error) {
	dispute, err := p.client.V1Disputes.Retrieve(ctx, ref, &stripe.DisputeRetrieveParams{Expand: []*string{stripe.String("payment_intent")}})
	if err != nil {
		if isMissing(err) {
			return nil, nil
		}
		return nil, p.silent("chargeback", ref, err)
	}
	return chargebackOf(dispute), nil
}

// Chargebacks implements Provider.
func (p *Stripe) Chargebacks(ctx context.Context, since time.Time) ([]Chargeback, error) {
	var found []Chargeback
	for dispute, err := range p.client.V1Disputes.List(ctx, p.disputes(&stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()})).All(ctx) {
		if err != nil {
			return found, p.silent("chargebacks", "", err)
		}
		if chargeback := chargebackOf(dispute); chargeback != nil {
			found = append(found, *chargeback)
		}
	}
	return found, nil
}

func (*Stripe) disputes(created *stripe.RangeQueryParams) *stripe.DisputeListParams {
	return &stripe.DisputeListParams{CreatedRange: created, Expand: []*string{stripe.String("data.payment_intent")}}
}

// chargebackOf reads a dispute; nil means that it is about something else than a payment of ours.
func chargebackOf(dispute *stripe.Dispute) *Chargeback {
	if dispute.PaymentIntent == nil || dispute.PaymentIntent.Metadata[labelPayment] == "" {
		return nil
	}
	amount, currency := fromStripe(dispute.Amount, dispute.Currency)
	chargeback := &Chargeback{
		Ref: dispute.ID, Payment: dispute.PaymentIntent.Metadata[labelPayment], Amount: amount, Currency: currency,
		Status: collections.ChargebackOpen, Reason: string(dispute.Reason),
	}
	for _, moved := range dispute.BalanceTransactions {
		chargeback.Taken = chargeback.Taken || moved.Amount < 0
	}
	if details := dispute.EvidenceDetails; details != nil && details.DueBy > 0 {
		chargeback.DueBy = time.Unix(details.DueBy, 0)
	}
	switch dispute.Status {
	case stripe.DisputeStatusWon, stripe.DisputeStatusWarningClosed:
		chargeback.Status = collections.ChargebackWon
	case stripe.DisputeStatusLost:
		chargeback.Status = collections.ChargebackLost
	case stripe.DisputeStatusPrevented: // settled with the bank before it began, by giving the money back or not
		chargeback.Status = collections.ChargebackWon
		if chargeback.Taken {
			chargeback.Status = collections.ChargebackLost
		}
	}
	return chargeback
}

func (p *Stripe) listDisputes(ctx context.Context, list *movements) error {
	for dispute, err := range p.client.V1Disputes.List(ctx, p.disputes(list.since(movedLate))).All(ctx) {
		if err != nil {
			return err
		}
		if dispute.PaymentIntent == nil {
			continue
		}
		// The balance may be in another currency than the dispute: what counts is the dispute's amount.
		for _, moved := range dispute.BalanceTransactions {
			key := dispute.PaymentIntent.Metadata[labelPayment]
			if moved.Amount < 0 {
				list.add(1, MovedChargedBack, key, dispute.ID, dispute.Amount, dispute.Currency, moved.Created)
			} else {
				list.add(-1, MovedWon, key, dispute.ID, dispute.Amount, dispute.Currency, moved.Created)
			}
		}
	}
	return nil
}
