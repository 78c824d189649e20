package services

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// chargeOf is what a provider is asked for to fund a payment. Asked again it is
// the same, so that the provider knows it again.
func (s *PaymentsService) chargeOf(payment *core.Record) Charge {
	since := payment.GetDateTime(collections.FieldCreated).Time()
	return Charge{
		Key: payment.Id, Ref: payment.GetString(collections.FieldProviderRef), Since: since,
		Amount: intOf(payment, collections.FieldAmount), Currency: payment.GetString(collections.FieldCurrency),
		Source: payment.GetString(collections.PaymentSource), ReturnURL: s.Options.PublicURL + "/payments/" + payment.Id,
		Until: since.Add(s.Options.ConfirmWithin),
	}
}

// charge asks the provider, who has a while to answer: longer than peers have,
// because it asks a bank.
func (*PaymentsService) charge(ctx context.Context, provider Provider, charge Charge) (Charged, error) {
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	return provider.Charge(ctx, charge)
}

func (s *PaymentsService) cancelCharge(ctx context.Context, provider Provider, charge Charge) error {
	if planted("what was taken is not given back") {
		return nil
	}
	// Restored from a backup: what looks undecided may be held and known to others, and no money leaves before that is known.
	if epoch, known, err := s.knownElsewhere(charge.Key); err != nil {
		return err
	} else if epoch != nil && (known != knownToHaveFailed || !epoch.heardAll(s.Peers)) {
		return s.comparing()
	}
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	return provider.Cancel(ctx, charge)
}

// comparing is the answer while a restored instance does not know yet what it has forgotten.
func (s *PaymentsService) comparing() error {
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodePeerUnavailable, RetryAfter: s.Options.SweepEvery,
		Message: "The marketplace was restored from a backup and is comparing what it knows. Ask again with the same Idempotency-Key.",
	}
}

// decideLate is what happens to a payment whose time is up: nothing may be taken
// any more, then it has failed. A client who confirmed in time is not punished for
// our being late: what the provider has is taken to be decided like any other.
func (s *PaymentsService) decideLate(ctx context.Context, cmd Command, payment *core.Record, provider Provider, charge Charge) (done bool, answer Answer, err error) {
	_, known, err := s.knownElsewhere(payment.Id)
	if err != nil {
		return true, Answer{}, s.unlock(payment, err)
	}
	if known == knownToBeMore {
		return false, Answer{}, nil // it is decided once more, by the same questions, and so the same way
	}
	if payment.GetString(collections.PaymentConfirmURL) != "" {
		charged, err := s.charge(ctx, provider, charge)
		if err != nil {
			return true, Answer{}, s.unlock(payment, err)
		}
		if charged.Outcome == OutcomeSucceeded {
			return false, Answer{}, nil
		}
		if charged.Outcome == OutcomeIndeterminate {
			return true, Answer{}, s.undecided(payment, charged) // it may be paid
		}
	}
	if err := s.cancelCharge(ctx, provider, charge); err != nil {
		return true, Answer{}, s.unlock(payment, err)
	}
	failpoint("payment-cancelled")
	late := failure{verb: "fail", by: System, reason: Failf(http.StatusConflict, CodeConflict, "The payment could not be completed in time; nothing was taken.")}
	answer, err = s.conclude(cmd, payment, func(tx core.App, payment *core.Record) (Answer, error) {
		wanted, err := cancelWanted(tx, payment)
		if err != nil {
			return Answer{}, err
		}
		if wanted {
			late = cancelled(payment)
		}
		return s.failed(tx, payment, late)
	})
	return true, answer, err
}

// elsewhere is what peers know of a restored payment and this instance forgot.
type elsewhere int

const (
	knownToNobody elsewhere = iota
	// knownToHaveFailed is a payment of which nothing else is known. It failed after the
	// provider had refused it, or had been made to give back what it took, and it never
	// was anything else: what the provider has of it is given back, as always.
	knownToHaveFailed
	// knownToBeMore is a payment that was held.
	knownToBeMore
)

// knownElsewhere returns the restore that is open, if any, and what peers know of a
// payment, as far as they have been asked.
func (s *PaymentsService) knownElsewhere(id string) (epoch *Epoch, known elsewhere, err error) {
	if epoch, err = OpenEpoch(s.App); err != nil || epoch == nil {
		return nil, knownToNobody, err
	}
	for _, finding := range strings.Fields(epoch.Findings) {
		switch {
		case !strings.Contains(finding, ":"+collections.Payments+":"+id+":"):
		case strings.HasSuffix(finding, ":"+TopicPaymentFailed):
			known = max(known, knownToHaveFailed)
		default:
			known = knownToBeMore
		}
	}
	return epoch, known, nil
}

// toldBefore marks what peers know already of something that a restored instance has done
// once more as delivered: the same event with another content (who ended it, how much was
// still held) is refused.
func (s *PaymentsService) toldBefore(tx core.App, collection, id string) error {
	epoch, err := OpenEpoch(s.App)
	if err != nil || epoch == nil {
		return err
	}
	aggregate := collection + ":" + id
	for _, finding := range strings.Fields(epoch.Findings) {
		peer, event, _ := strings.Cut(finding, ":")
		if !strings.HasPrefix(event, aggregate+":") {
			continue
		}
		_, err := tx.DB().Update("outbox", dbx.Params{"state": "done"},
			dbx.NewExp("peer = {:peer} AND aggregate = {:aggregate} AND state <> 'done' AND id = {:event}", dbx.Params{"peer": peer, "aggregate": aggregate, "event": event})).Execute()
		if err != nil {
			return err
		}
	}
	return nil
}

// failAgain ends a restored payment as it had ended: the questions could be answered
// otherwise by now, and its client was told that nothing was taken.
func (s *PaymentsService) failAgain(ctx context.Context, cmd Command, payment *core.Record) (Answer, error) {
	if err := s.giveBackLate(ctx, payment); err != nil {
		return Answer{}, s.unlock(payment, err)
	}
	return s.fail(cmd, payment, Failf(http.StatusConflict, CodeConflict, "The payment had failed before the marketplace was restored from a backup; nothing was taken."))
}

func declined(charged Charged) *Error {
	reason := ""
	if charged.Reason != "" {
		reason = " The provider says: " + truncate(charged.Reason, 300)
	}
	return Failf(http.StatusPaymentRequired, CodePaymentDeclined,
		"The payment was declined: nothing was taken. Use another source and a new Idempotency-Key.%s", reason)
}

// undecided keeps what the provider said so far, sets when it is asked again,
// and makes the answer to the client.
func (s *PaymentsService) undecided(payment *core.Record, charged Charged) error {
	set := dbx.Params{}
	if charged.Ref != "" {
		set[collections.FieldProviderRef] = charged.Ref
	}
	// Who did not answer has not said that there is nothing to confirm any more.
	if charged.Outcome != OutcomeIndeterminate && charged.ConfirmURL != payment.GetString(collections.PaymentConfirmURL) {
		set[collections.PaymentConfirmURL] = charged.ConfirmURL
	}
	decideBy := intOf(payment, collections.PaymentDecideBy)
	if until := s.chargeOf(payment).Until.UnixMilli(); charged.ConfirmURL != "" && decideBy < until {
		decideBy = until // a person needs longer than a machine
		set[collections.PaymentDecideBy] = decideBy
	}
	answer := &Error{
		Status: http.StatusServiceUnavailable, Code: CodeProviderPending, RetryAfter: s.Options.SweepEvery,
		Message: "The payment provider has not decided yet; nothing is held so far. Ask again with the same Idempotency-Key.",
		Data:    map[string]any{"payment": payment.Id},
	}
	if charged.ConfirmURL != "" {
		answer = Failf(http.StatusPaymentRequired, CodeConfirmPayment, "Confirm the payment with the provider; nothing is held so far. Then ask again with the same Idempotency-Key.").
			With("payment", payment.Id).With(collections.PaymentConfirmURL, charged.ConfirmURL)
		answer.RetryAfter = s.Options.SweepEvery
	}
	return s.putOff(payment, decideBy, set, answer)
}

// unlock lets the next attempt begin, the sweep's after a while, and returns cause.
func (s *PaymentsService) unlock(payment *core.Record, cause error) error {
	return s.putOff(payment, intOf(payment, collections.PaymentDecideBy), dbx.Params{}, cause)
}

// putOff ends an attempt that decided nothing. A client may ask again at once; the
// sweep does more and more rarely, but not later than the payment must be decided.
// An attempt that has lost its lock has learned nothing that counts.
func (s *PaymentsService) putOff(payment *core.Record, decideBy int64, set dbx.Params, cause error) error {
	now := s.Clock.Now()
	tries := payment.GetInt(collections.FieldTries)
	next := now.Add(askAgain.after(tries)).UnixMilli()
	if late := time.UnixMilli(decideBy); now.Before(late) {
		next = min(next, late.Add(time.Millisecond).UnixMilli())
	}
	set[collections.PaymentLockedUntil], set[collections.FieldTries], set[collections.FieldNextTryAt] = 0, tries+1, next
	result, err := s.App.NonconcurrentDB().Update(collections.Payments, set, dbx.HashExp{
		collections.FieldID: payment.Id, collections.FieldStatus: collections.PaymentPending,
		collections.PaymentLockedUntil: intOf(payment, collections.PaymentLockedUntil),
	}).Execute()
	mine, err := oneRow(result, err)
	if err != nil {
		s.Logger.Error("failed to unlock a payment", "payment", payment.Id, "error", err)
	} else if !mine {
		return pendingAnswer()
	}
	return cause
}

// Confirmation is where a client confirms a payment that waits for it.
type Confirmation struct {
	Status     string `json:"status"`
	ConfirmURL string `json:"confirmUrl"`
}

// Confirmation tells the client of a payment, and nobody else, where to confirm
// it; the address is empty when there is nothing to confirm (any more).
func (s *PaymentsService) Confirmation(user, id string) (*Confirmation, error) {
	payment, err := s.App.FindRecordById(collections.Payments, id)
	if err != nil {
		return nil, notFoundOr(err)
	}
	if payment.GetString(collections.FieldClient) != user {
		return nil, notFound()
	}
	confirmation := &Confirmation{Status: payment.GetString(collections.FieldStatus)}
	if confirmation.Status == collections.PaymentPending {
		confirmation.ConfirmURL = payment.GetString(collections.PaymentConfirmURL)
	}
	return confirmation, nil
}
