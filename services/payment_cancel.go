package services

import (
	"context"
	"net/http"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// CancelPayment ends a payment that is not decided, because its client changed
// their mind. First the provider is made to take nothing any more (or to give back
// what it took), with no transaction open; then the payment fails, and both the key
// that began it and the one that cancelled it have their answer. A crash in between
// leaves it pending: the same key cancels it again, or its time is up, as it is when the
// provider does not answer. However it fails then, the key has its answer (see failed).
func (s *PaymentsService) CancelPayment(ctx context.Context, cmd Command, id string) (Answer, error) {
	if stored, err := Replay(s.App, cmd); err != nil || stored != nil {
		return replayed(stored), err
	}
	payment, err := partyTo(s.App, collections.Payments, id, cmd.Principal, collections.ByClient)
	if err != nil {
		return Answer{}, err
	}
	if status := payment.GetString(collections.FieldStatus); status != collections.PaymentPending {
		if stored, err := Replay(s.App, cmd); err != nil || stored != nil {
			return replayed(stored), err // it has ended since the key was looked up
		}
		return Answer{}, illegal(collections.PaymentMachine, "cancel", status)
	}
	begun, err := s.begunBy(payment)
	if err != nil {
		return Answer{}, err
	}
	if payment, err = s.lockPayment(id); err != nil {
		return Answer{}, err
	}
	if payment == nil {
		return Answer{}, pendingAnswer() // somebody is deciding it at this moment
	}
	if err := s.claimCancel(cmd, id); err != nil {
		return Answer{}, s.unlock(payment, err)
	}
	provider, err := s.providerNamed(payment.GetString(collections.FieldProvider))
	if err == nil {
		err = s.cancelCharge(ctx, provider, s.chargeOf(payment))
	}
	if err != nil {
		return Answer{}, s.cancelLater(payment, err)
	}
	failpoint("payment-cancelled")
	var answer Answer
	_, err = s.conclude(begun, payment, func(tx core.App, payment *core.Record) (Answer, error) {
		refused, err := s.failed(tx, payment, cancelled(payment))
		if err != nil {
			return Answer{}, err
		}
		if answer, err = answerOf(http.StatusOK, payment); err != nil {
			return Answer{}, err
		}
		return refused, cmd.store(tx, s.Clock, answer)
	})
	if err == nil && answer.Status == 0 {
		err = conflict(CodeConflict, "The payment was decided at the same moment. Load it again.")
	}
	return answer, err
}

func routeCancelPayment(id string) string { return collections.Payments + "/" + id + "/cancel" }

// claimCancel remembers that the key wants the payment to end, before anything is given back.
func (s *PaymentsService) claimCancel(cmd Command, id string) error {
	return inTurn(s.App, 0, func(tx core.App) error {
		row, err := cmd.find(tx)
		if err != nil || row != nil {
			return err // an attempt before has claimed it
		}
		return cmd.claim(tx, s.Clock, id, s.Clock.Now())
	})
}

// cancelWanted tells whether a cancellation of the payment was begun and has no answer yet.
func cancelWanted(app core.App, payment *core.Record) (wanted bool, err error) {
	err = app.DB().NewQuery(`SELECT EXISTS (SELECT 1 FROM idem WHERE principal = {:client} AND route = {:route} AND status = 0)`).
		Bind(dbx.Params{"client": payment.GetString(collections.FieldClient), "route": routeCancelPayment(payment.Id)}).Row(&wanted)
	return wanted, err
}

// answerCancels is what the keys that wanted the payment to end answer from now on: it has ended.
func answerCancels(tx core.App, payment *core.Record) error {
	answer, err := answerOf(http.StatusOK, payment)
	if err != nil {
		return err
	}
	_, err = tx.DB().Update("idem", dbx.Params{"status": answer.Status, "body": answer.Body, "locked_until": 0}, dbx.HashExp{
		"principal": payment.GetString(collections.FieldClient), "route": routeCancelPayment(payment.Id), "status": 0,
	}).Execute()
	return err
}

// cancelLater ends an attempt at a cancellation. A provider that did not answer may have given
// back, or may not: the time of the payment is up now, so that whoever looks next goes on with
// that, and does not hold what its client does not want any more.
func (s *PaymentsService) cancelLater(payment *core.Record, cause error) error {
	if Code(cause) != CodeProviderSilent {
		return s.unlock(payment, cause)
	}
	late := s.Clock.Now().UnixMilli() - 1
	return s.putOff(payment, late, dbx.Params{collections.PaymentDecideBy: late, collections.PaymentConfirmURL: ""}, cause)
}

// begunBy is the command that began a payment.
func (s *PaymentsService) begunBy(payment *core.Record) (Command, error) {
	cmd := Command{Principal: payment.GetString(collections.FieldClient), Route: routeCreatePayment}
	err := s.App.DB().Select("key", "fingerprint").From("idem").
		Where(dbx.HashExp{"principal": cmd.Principal, "route": routeCreatePayment, "resource": payment.Id}).Row(&cmd.Key, &cmd.Fingerprint)
	return cmd, err
}

// failure is why a payment fails, and by whom.
type failure struct {
	verb, by string
	reason   *Error
}

// cancelled is the failure of a payment that its client did not want any more.
func cancelled(payment *core.Record) failure {
	return failure{
		verb: "cancel", by: payment.GetString(collections.FieldClient),
		reason: Failf(http.StatusConflict, CodePaymentCancelled, "This payment was cancelled by its client; nothing was taken."),
	}
}

// failed fails a payment in tx: nothing is held, the reservation is given up by
// event. It returns what the key that began it answers from now on; those that cancelled
// it and heard no answer have theirs, too.
func (s *PaymentsService) failed(tx core.App, payment *core.Record, f failure) (Answer, error) {
	err := Transition(tx, Move{
		Machine: collections.PaymentMachine, Record: payment, Verb: f.verb, By: f.by, Reason: f.reason.Message,
		Set: map[string]any{collections.PaymentFailure: f.reason.Code, collections.FieldReason: f.reason.Message, collections.PaymentConfirmURL: ""},
	})
	if err != nil {
		return Answer{}, err
	}
	if err := s.Emit(tx, TopicPaymentFailed, collections.Payments, payment.Id, payment.GetInt(collections.FieldVersion), paymentNews(payment, 0, f.by)); err != nil {
		return Answer{}, err
	}
	if err := s.toldBefore(tx, collections.Payments, payment.Id); err != nil {
		return Answer{}, err
	}
	if err := answerCancels(tx, payment); err != nil {
		return Answer{}, err
	}
	failpoint("payment-failing")
	return answerOf(f.reason.Status, f.reason.With("payment", payment.Id).Body())
}
