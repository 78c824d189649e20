package services

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"
)

// confirmedQuery tells the web app from which of the two ways a client comes back:
// the provider's word may arrive after the client. It proves nothing.
const confirmedQuery = "?confirmed=1"

// The first letters of Stripe's ids say what they name.
const (
	prefixSession = "cs_"
	prefixIntent  = "pi_"
)

// Charge implements Provider. Making something takes no money: a session waits
// for its client, an intent for its confirmation. So the first question may be
// repeated, and what was made is looked at before every step.
func (p *Stripe) Charge(ctx context.Context, charge Charge) (Charged, error) {
	amount, refused := toStripe(charge.Amount, charge.Currency)
	if refused != "" {
		return Charged{Outcome: OutcomeDeclined, Reason: refused}, nil
	}
	ref, err := p.begin(ctx, charge, amount)
	if err != nil {
		return p.unknown(charge, "charge", err)
	}
	if strings.HasPrefix(ref, prefixSession) {
		return p.session(ctx, ref, charge, amount)
	}
	return p.intent(ctx, ref, charge, amount)
}

// unknown makes an answer of an error: a definite no, or that we do not know.
func (p *Stripe) unknown(charge Charge, what string, err error) (Charged, error) {
	if refused, reason := p.refusal(err); refused {
		return Charged{Outcome: OutcomeDeclined, Ref: charge.Ref, Reason: reason}, nil
	}
	_ = p.silent(what, charge.Key, err)
	return Charged{Outcome: OutcomeIndeterminate, Ref: charge.Ref}, nil
}

// begin returns what Stripe calls the charge. What was made before is known by
// our record of it, by the idempotency key while Stripe remembers that, and by
// its label: Stripe keeps an error under a key, too, so the key alone may never tell.
func (p *Stripe) begin(ctx context.Context, charge Charge, amount int64) (string, error) {
	if charge.Ref != "" {
		return charge.Ref, nil
	}
	if p.clock.Now().Sub(charge.Since) > keyLife {
		if ref, err := p.findMade(ctx, charge); err != nil {
			return "", lookError{err}
		} else if ref != "" {
			return ref, nil
		}
	}
	ref, err := p.make(ctx, charge, amount)
	if err == nil {
		return ref, nil
	}
	if refused, _ := p.refusal(err); !refused {
		if found, lookErr := p.findMade(ctx, charge); lookErr == nil && found != "" {
			return found, nil
		}
	}
	return "", err
}

// make makes what waits for the client: an intent if there is something to pay
// with, else a page to pay on. It takes no money.
func (p *Stripe) make(ctx context.Context, charge Charge, amount int64) (string, error) {
	labels := map[string]string{labelPayment: charge.Key}
	currency := stripe.String(strings.ToLower(charge.Currency))
	if charge.Source != "" {
		intent, err := p.client.V1PaymentIntents.Create(ctx, &stripe.PaymentIntentCreateParams{
			Params: idempotent("charge:" + charge.Key), Amount: stripe.Int64(amount), Currency: currency,
			PaymentMethod: stripe.String(charge.Source), Metadata: labels, TransferGroup: stripe.String(charge.Key),
			AutomaticPaymentMethods: &stripe.PaymentIntentCreateAutomaticPaymentMethodsParams{Enabled: stripe.Bool(true)},
		})
		if err != nil {
			return "", err
		}
		return intent.ID, nil
	}
	session, err := p.client.V1CheckoutSessions.Create(ctx, &stripe.CheckoutSessionCreateParams{
		Params: idempotent("charge:" + charge.Key), Mode: stripe.String(string(stripe.CheckoutSessionModePayment)),
		ClientReferenceID: stripe.String(charge.Key), Metadata: labels,
		SuccessURL: stripe.String(charge.ReturnURL + confirmedQuery), CancelURL: stripe.String(charge.ReturnURL), ExpiresAt: stripe.Int64(charge.Until.Unix()),
		LineItems: []*stripe.CheckoutSessionCreateLineItemParams{{
			Quantity: stripe.Int64(1),
			PriceData: &stripe.CheckoutSessionCreateLineItemPriceDataParams{
				Currency: currency, UnitAmount: stripe.Int64(amount),
				ProductData: &stripe.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: stripe.String("LancersHub payment " + charge.Key)},
			},
		}},
		PaymentIntentData: &stripe.CheckoutSessionCreatePaymentIntentDataParams{Metadata: labels, TransferGroup: stripe.String(charge.Key)},
	})
	if err != nil {
		return "", err
	}
	return session.ID, nil
}

// findMade looks for what was made for a charge by its label, among what was made
// since the charge was first asked for.
func (p *Stripe) findMade(ctx context.Context, charge Charge) (string, error) {
	window := &stripe.RangeQueryParams{GreaterThanOrEqual: charge.Since.Add(-5 * time.Minute).Unix(), LesserThanOrEqual: charge.Since.Add(keyLife).Unix()}
	page := stripe.ListParams{Limit: stripe.Int64(100)}
	if charge.Source != "" {
		for intent, err := range p.client.V1PaymentIntents.List(ctx, &stripe.PaymentIntentListParams{ListParams: page, CreatedRange: window}).All(ctx) {
			if err != nil {
				return "", err
			}
			if intent.Metadata[labelPayment] == charge.Key {
				return intent.ID, nil
			}
		}
		return "", nil
	}
	for session, err := range p.client.V1CheckoutSessions.List(ctx, &stripe.CheckoutSessionListParams{ListParams: page, CreatedRange: window}).All(ctx) {
		if err != nil {
			return "", err
		}
		if session.Metadata[labelPayment] == charge.Key {
			return session.ID, nil
		}
	}
	return "", nil
}

// session looks at a page on which the client pays.
func (p *Stripe) session(ctx context.Context, ref string, charge Charge, amount int64) (Charged, error) {
	session, err := p.client.V1CheckoutSessions.Retrieve(ctx, ref, &stripe.CheckoutSessionRetrieveParams{Expand: []*string{stripe.String("payment_intent.latest_charge")}})
	if err != nil {
		return p.unknown(withRef(charge, ref), "session", lookError{err})
	}
	switch session.Status {
	case stripe.CheckoutSessionStatusOpen:
		return Charged{Outcome: OutcomePending, Ref: ref, ConfirmURL: session.URL}, nil
	case stripe.CheckoutSessionStatusExpired:
		return Charged{Outcome: OutcomeDeclined, Ref: ref, Reason: "It was not confirmed in time."}, nil
	}
	if session.PaymentIntent == nil {
		return Charged{Outcome: OutcomePending, Ref: ref}, nil
	}
	charged, err := p.taken(ctx, session.PaymentIntent, charge, amount)
	if charged.Outcome == OutcomePending {
		charged.ConfirmURL = "" // confirmed already; the bank takes its time
	}
	return charged, err
}

// lookAt reads an intent with the charge it made.
func (p *Stripe) lookAt(ctx context.Context, intent string) (*stripe.PaymentIntent, error) {
	return p.client.V1PaymentIntents.Retrieve(ctx, intent, &stripe.PaymentIntentRetrieveParams{Expand: []*string{stripe.String("latest_charge")}})
}

// intent looks at a payment with a payment method, and confirms it once.
func (p *Stripe) intent(ctx context.Context, ref string, charge Charge, amount int64) (Charged, error) {
	intent, err := p.lookAt(ctx, ref)
	if err != nil {
		return p.unknown(withRef(charge, ref), "intent", lookError{err})
	}
	if intent.Status == stripe.PaymentIntentStatusRequiresConfirmation {
		intent, err = p.client.V1PaymentIntents.Confirm(ctx, ref, &stripe.PaymentIntentConfirmParams{
			Params: idempotent("confirm:" + charge.Key), ReturnURL: stripe.String(charge.ReturnURL),
		})
		if err != nil {
			return p.notConfirmed(ctx, withRef(charge, ref), amount, err)
		}
	}
	return p.taken(ctx, intent, charge, amount)
}

// taken is the outcome of an intent whose charge is expanded.
func (p *Stripe) taken(ctx context.Context, intent *stripe.PaymentIntent, charge Charge, amount int64) (Charged, error) {
	charged, err := outcomeOf(intent, amount, charge.Currency)
	if err != nil {
		return charged, err
	}
	return p.unlessCancelled(ctx, intent, charge, charged)
}

// notConfirmed tells what a confirmation that was refused means. A 402 is the bank's no. A 400
// is about the request, and may mean that somebody was faster: the intent itself says more. One
// that still waits to be confirmed would take the money of whoever confirms it, so it ends.
func (p *Stripe) notConfirmed(ctx context.Context, charge Charge, amount int64, cause error) (Charged, error) {
	if refused, _ := p.refusal(cause); !refused || stripeStatus(cause) == http.StatusPaymentRequired {
		return p.unknown(charge, "confirmation", cause)
	}
	intent, err := p.lookAt(ctx, charge.Ref)
	if err != nil {
		return p.unknown(charge, "intent", lookError{err})
	}
	if intent.Status != stripe.PaymentIntentStatusRequiresConfirmation {
		return p.taken(ctx, intent, charge, amount)
	}
	if _, err := p.client.V1PaymentIntents.Cancel(ctx, charge.Ref, nil); err != nil {
		return p.unknown(charge, "cancellation", lookError{err})
	}
	return p.unknown(charge, "confirmation", cause)
}

func withRef(charge Charge, ref string) Charge {
	charge.Ref = ref
	return charge
}

// outcomeOf reads what an intent says.
func outcomeOf(intent *stripe.PaymentIntent, amount int64, currency string) (Charged, error) {
	charged := Charged{Outcome: OutcomePending, Ref: intent.ID}
	if intent.Amount != amount || !strings.EqualFold(string(intent.Currency), currency) {
		return charged, fmt.Errorf("stripe knows %s with another amount", intent.ID)
	}
	switch intent.Status {
	case stripe.PaymentIntentStatusSucceeded:
		if intent.AmountReceived != amount {
			return charged, fmt.Errorf("stripe took another amount for %s", intent.ID)
		}
		charged.Outcome = OutcomeSucceeded
	case stripe.PaymentIntentStatusCanceled, stripe.PaymentIntentStatusRequiresPaymentMethod:
		charged.Outcome = OutcomeDeclined
		if intent.LastPaymentError != nil {
			charged.Reason = intent.LastPaymentError.Msg
		}
	case stripe.PaymentIntentStatusRequiresAction:
		if next := intent.NextAction; next != nil && next.RedirectToURL != nil {
			charged.ConfirmURL = next.RedirectToURL.URL
		}
	}
	return charged, nil
}

// unlessCancelled is the outcome of an intent whose charge is expanded. What was given back
// is not taken: a cancellation may have died, or heard no answer, before its payment failed,
// and the operator may have given it back at Stripe.
func (p *Stripe) unlessCancelled(ctx context.Context, intent *stripe.PaymentIntent, charge Charge, charged Charged) (Charged, error) {
	if charged.Outcome != OutcomeSucceeded || intent.LatestCharge == nil || intent.LatestCharge.AmountRefunded == 0 {
		return charged, nil
	}
	if gaveAllBack(intent) {
		return Charged{Outcome: OutcomeDeclined, Ref: intent.ID, Reason: "It was given back."}, nil
	}
	for refund, err := range p.client.V1Refunds.List(ctx, &stripe.RefundListParams{PaymentIntent: stripe.String(intent.ID)}).All(ctx) {
		if err != nil {
			return p.unknown(withRef(charge, intent.ID), "refunds", lookError{err})
		}
		sentBack := refund.Status == stripe.RefundStatusFailed || refund.Status == stripe.RefundStatusCanceled
		if strings.HasPrefix(refund.Metadata[labelRefund], keyOfCancel) && !sentBack {
			return Charged{Outcome: OutcomeDeclined, Ref: intent.ID, Reason: "It was cancelled and given back."}, nil
		}
	}
	return charged, nil
}

// stillTaking is the answer while nobody can say whether the money will be taken.
func stillTaking() error {
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodeProviderPending, RetryAfter: time.Minute,
		Message: "The bank is deciding about this payment, so it cannot be cancelled now. Ask again with the same Idempotency-Key.",
	}
}

// Cancel implements Provider: an open page is closed, an intent cancelled, money
// that was taken is given back. What was made and not found by its label cannot
// take money: its address was given to nobody.
func (p *Stripe) Cancel(ctx context.Context, charge Charge) (err error) {
	ref := charge.Ref
	if ref == "" {
		if ref, err = p.findMade(ctx, charge); err != nil {
			return p.silent("cancellation", charge.Key, err)
		}
	}
	if strings.HasPrefix(ref, prefixSession) {
		if ref, err = p.closeSession(ctx, ref); err != nil {
			return err
		}
	}
	if ref == "" {
		return nil
	}
	return p.cancelIntent(ctx, ref, charge)
}

// closeSession closes a page. It returns the intent of one on which somebody paid.
func (p *Stripe) closeSession(ctx context.Context, ref string) (string, error) {
	// What was open a moment ago may be paid by now: then closing fails, and a second look shows it.
	for range 2 {
		session, err := p.client.V1CheckoutSessions.Retrieve(ctx, ref, nil)
		if err != nil {
			return "", p.silent("session", ref, err)
		}
		switch {
		case session.Status == stripe.CheckoutSessionStatusExpired:
			return "", nil
		case session.Status == stripe.CheckoutSessionStatusComplete && session.PaymentIntent != nil:
			return session.PaymentIntent.ID, nil
		}
		if _, err = p.client.V1CheckoutSessions.Expire(ctx, ref, nil); err == nil {
			return "", nil
		}
	}
	return "", fmt.Errorf("stripe does not close the session %s", ref)
}

func (p *Stripe) cancelIntent(ctx context.Context, ref string, charge Charge) error {
	for range 2 {
		intent, err := p.client.V1PaymentIntents.Retrieve(ctx, ref, nil)
		if err != nil {
			return p.silent("intent", ref, err)
		}
		switch intent.Status {
		case stripe.PaymentIntentStatusCanceled:
			return nil
		case stripe.PaymentIntentStatusProcessing:
			return stillTaking()
		case stripe.PaymentIntentStatusSucceeded:
			return p.giveBackAll(ctx, ref, charge)
		}
		if _, err = p.client.V1PaymentIntents.Cancel(ctx, ref, nil); err == nil {
			return nil
		}
	}
	return fmt.Errorf("stripe does not cancel the intent %s", ref)
}

// keyOfCancel begins what a refund of a charge that was cancelled is labelled with; the key of the charge follows.
const keyOfCancel = "cancel:"

// giveBackAll returns money that was taken for a payment that has failed. Without an
// answer the payment must not fail yet: nobody would ask for the money again. A refund
// that a bank sent back is made once more under another key, at most refundAttempts times.
func (p *Stripe) giveBackAll(ctx context.Context, ref string, charge Charge) error {
	refund := Refund{Key: keyOfCancel + charge.Key, Payment: charge.Key, Charge: charge.Key, ChargeRef: ref, Amount: charge.Amount, Currency: charge.Currency}
	for attempt := 2; ; attempt++ {
		sent, err := p.Refund(ctx, refund)
		switch {
		case err != nil:
			return err
		case sent.Outcome == OutcomeIndeterminate:
			return p.silent("refund", refund.Key, fmt.Errorf("it is not known whether %s was given back", ref))
		case sent.Outcome != OutcomeDeclined:
			return nil
		case sent.Ref == "" && (p.nothingLeft(ctx, ref) || p.withTheirBank(ctx, ref)):
			return nil
		case sent.Ref == "" || attempt > refundAttempts:
			return fmt.Errorf("stripe does not give back %s: %s", ref, sent.Reason)
		}
		refund.Key = fmt.Sprintf("%s%s:%d", keyOfCancel, charge.Key, attempt)
	}
}

// nothingLeft tells whether all that an intent took went back already: the operator may have given it back at Stripe.
func (p *Stripe) nothingLeft(ctx context.Context, ref string) bool {
	intent, err := p.lookAt(ctx, ref)
	if err != nil {
		_ = p.silent("intent", ref, err)
		return false
	}
	return gaveAllBack(intent)
}

// gaveAllBack tells whether all went back that an intent took, whose charge is expanded.
func gaveAllBack(intent *stripe.PaymentIntent) bool {
	return intent.LatestCharge != nil && intent.LatestCharge.AmountRefunded > 0 && intent.LatestCharge.AmountRefunded >= intent.AmountReceived
}

// withTheirBank tells whether the client's bank takes, or took, back itself what an intent took.
// Nobody gives that back once more; what the bank leaves here after all, reconciling finds.
func (p *Stripe) withTheirBank(ctx context.Context, intent string) bool {
	for dispute, err := range p.client.V1Disputes.List(ctx, &stripe.DisputeListParams{PaymentIntent: stripe.String(intent)}).All(ctx) {
		if err != nil {
			_ = p.silent("disputes", intent, err)
			return false
		}
		if dispute.Status != stripe.DisputeStatusWon && dispute.Status != stripe.DisputeStatusWarningClosed {
			return true
		}
	}
	return false
}
