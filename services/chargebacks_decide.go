package services

import (
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// advance takes one record as far as the provider is: taken, then won or lost.
func (s *PaymentsService) advance(tx core.App, record *core.Record, chargeback Chargeback) error {
	if record.GetString(collections.FieldStatus) != collections.ChargebackOpen {
		return nil
	}
	lost := chargeback.Status == collections.ChargebackLost
	if (chargeback.Taken || lost) && !record.GetBool(collections.ChargebackTaken) {
		if err := s.take(tx, record); err != nil {
			return err
		}
	}
	switch chargeback.Status {
	case collections.ChargebackWon:
		return s.win(tx, record)
	case collections.ChargebackLost:
		return s.lose(tx, record)
	}
	return nil
}

// chargebackParts splits the amount of a chargeback (minor units) into what was
// still held, and locked, and the rest, which the platform loses when the bank takes it.
func chargebackParts(record *core.Record) (locked, lost int64) {
	locked = intOf(record, collections.ChargebackLocked)
	return locked, intOf(record, collections.FieldAmount) - locked
}

// take books that the bank has the money: what was locked is gone, the rest is a
// loss, until it is won back.
func (s *PaymentsService) take(tx core.App, record *core.Record) error {
	locked, lost := chargebackParts(record)
	err := Transition(tx, Move{
		Machine: collections.ChargebackMachine, Record: record, Verb: "take", By: System, Reason: record.GetString(collections.FieldReason),
		Set: map[string]any{collections.ChargebackTaken: true},
	})
	if err != nil {
		return err
	}
	return s.postChargeback(tx, record, KindChargebackTaken,
		Entry{AccountChargeback(record.Id), -locked}, Entry{AccountLoss, -lost}, Entry{AccountWorld, locked + lost})
}

// win reverses what was booked: the locked money is held again.
func (s *PaymentsService) win(tx core.App, record *core.Record) error {
	locked, lost := chargebackParts(record)
	if record.GetBool(collections.ChargebackTaken) {
		err := s.postChargeback(tx, record, KindChargebackBack,
			Entry{AccountWorld, -locked - lost}, Entry{AccountLoss, lost}, Entry{AccountChargeback(record.Id), locked})
		if err != nil {
			return err
		}
	}
	payment, err := s.endChargeback(tx, record, "win", collections.ChargebackWon, locked)
	if err != nil {
		return err
	}
	if locked > 0 {
		err = s.postChargeback(tx, record, KindUnchargeback, Entry{AccountChargeback(record.Id), -locked}, Entry{AccountHold(payment.Id), locked})
		if err != nil {
			return err
		}
	}
	if err := s.tellChargeback(tx, TopicChargebackClosed, record); err != nil {
		return err
	}
	return s.payOwed(tx, payment, "The milestone had been approved, and the bank left the money here.")
}

// lose settles the locked part as given back to the client. What had been
// released stays guarded until a moderator says who bears it.
func (s *PaymentsService) lose(tx core.App, record *core.Record) error {
	locked, _ := chargebackParts(record)
	payment, err := s.endChargeback(tx, record, "lose", collections.ChargebackLost, locked)
	if err != nil {
		return err
	}
	if locked > 0 {
		if err := s.gone(tx, payment, locked); err != nil {
			return err
		}
	}
	if err := s.tellChargeback(tx, TopicChargebackClosed, record); err != nil {
		return err
	}
	return s.payOwed(tx, payment, "The milestone had been approved, and the bank left this part of the money here.")
}

// gone makes the payment say that a part went back to its client. The money left
// when the bank took it, so nothing is posted.
func (s *PaymentsService) gone(tx core.App, payment *core.Record, amount int64) error {
	verb := "refund-part"
	set := map[string]any{collections.PaymentRefunded: intOf(payment, collections.PaymentRefunded) + amount}
	if heldOf(payment) == amount && lockedOf(payment) == 0 {
		verb = "refund"
		if intOf(payment, collections.PaymentReleased) > 0 {
			verb = "split"
		}
		set[collections.PaymentSettledAt] = s.Clock.Now()
	}
	err := Transition(tx, Move{Machine: collections.PaymentMachine, Record: payment, Verb: verb, By: System, Reason: "The client's bank took the money back.", Set: set})
	if err != nil {
		return err
	}
	return s.Emit(tx, TopicPaymentRefunded, collections.Payments, payment.Id, payment.GetInt(collections.FieldVersion), paymentNews(payment, amount, System))
}

// endChargeback closes the record and unlocks its part of the payment.
func (s *PaymentsService) endChargeback(tx core.App, record *core.Record, verb, state string, locked int64) (*core.Record, error) {
	set := map[string]any{collections.FieldClosedAt: s.Clock.Now()}
	if state == collections.ChargebackWon {
		set[collections.ChargebackGuarded] = 0
	}
	err := Transition(tx, Move{
		Machine: collections.ChargebackMachine, Record: record, Verb: verb, By: System, Reason: record.GetString(collections.FieldReason), Set: set,
	})
	if err != nil {
		return nil, err
	}
	payment, err := tx.FindRecordById(collections.Payments, record.GetString(collections.ChargebackPayment))
	if err != nil {
		return nil, err
	}
	if err := s.ResumeDeadlines(tx, payment.Id, byChargeback(record.Id)); err != nil {
		return nil, err
	}
	others, err := stillPaused(tx, payment.Id)
	if err != nil {
		return nil, err
	}
	shown := state
	if others != "" { // only chargebacks keep a payment's deadlines still
		shown = collections.ChargebackOpen
	}
	return payment, Transition(tx, Move{
		Machine: collections.PaymentMachine, Record: payment, Verb: "chargeback-" + state, By: System, Reason: "The bank decided.",
		Set: map[string]any{collections.PaymentChargedBack: intOf(payment, collections.PaymentChargedBack) - locked, collections.PaymentChargeback: shown},
	})
}

// guardedOf is what a freelancer has and cannot pay out for now, because a
// client's bank wants it back, or has it and nobody has said who bears that.
func guardedOf(app core.App, freelancer, currency string) (int64, error) {
	var sum int64
	err := app.DB().NewQuery(`SELECT coalesce(sum(guarded), 0) FROM chargebacks WHERE freelancer = {:freelancer} AND currency = {:currency} AND guarded > 0`).
		Bind(dbx.Params{collections.FieldFreelancer: freelancer, collections.FieldCurrency: currency}).Row(&sum)
	return sum, err
}

// holdPayouts stops payouts of which nothing is out, when what is left does not cover
// what is guarded. A moderator lets them go on.
func (s *PaymentsService) holdPayouts(tx core.App, record *core.Record) error {
	if intOf(record, collections.ChargebackGuarded) == 0 {
		return nil
	}
	freelancer, currency := record.GetString(collections.FieldFreelancer), record.GetString(collections.FieldCurrency)
	if covered, err := coversGuarded(tx, freelancer, currency); err != nil || covered {
		return err
	}
	waiting, err := tx.FindRecordsByFilter(collections.Payouts, "freelancer = {:freelancer} && currency = {:currency} && (status = 'requested' || status = 'sent')", "", 0, 0,
		dbx.Params{collections.FieldFreelancer: freelancer, collections.FieldCurrency: currency})
	if err != nil {
		return err
	}
	for _, payout := range waiting {
		if !notOut(payout) {
			continue
		}
		if err := holdPayout(tx, payout); err != nil {
			return err
		}
	}
	return nil
}

// coversGuarded tells whether what a freelancer has available covers what is guarded.
func coversGuarded(tx core.App, freelancer, currency string) (bool, error) {
	guarded, err := guardedOf(tx, freelancer, currency)
	if err != nil {
		return false, err
	}
	available, err := Balance(tx, AccountAvailable(freelancer), currency)
	return available >= guarded, err
}

func holdPayout(tx core.App, payout *core.Record) error {
	payout.Set(collections.PayoutOnHold, true)
	payout.Set(collections.PayoutModeration, collections.ModerationHold)
	payout.Set(collections.FieldReason, "A client's bank wants money back that was paid to you.")
	return tx.SaveNoValidate(payout)
}

// holdIfGuarded stops a payout of which nothing is out, as turns out now: it could have been when
// the chargeback came. A moderator who had let it go meant it.
func holdIfGuarded(tx core.App, payout *core.Record) error {
	if !notOut(payout) || payout.GetString(collections.PayoutModeration) == collections.ModerationRelease {
		return nil
	}
	covered, err := coversGuarded(tx, payout.GetString(collections.FieldFreelancer), payout.GetString(collections.FieldCurrency))
	if err != nil || covered {
		return err
	}
	return holdPayout(tx, payout)
}

// Recover carries out what a moderator decided about the guarded part of a lost
// chargeback: the platform bears it, or the freelancer gives back as much of it as
// is available.
func (s *PaymentsService) Recover(by Actor, id, from, reason string) (record *core.Record, err error) {
	if from != collections.RecoverFromPlatform && from != collections.RecoverFromFreelancer {
		return nil, badRequest(CodeInvalidInput, "A recovery is from the %q or from the %q.", collections.RecoverFromPlatform, collections.RecoverFromFreelancer)
	}
	if strings.TrimSpace(reason) == "" {
		return nil, badRequest(CodeReasonRequired, "A recovery needs a reason: both sides read it.").With("field", collections.ChargebackRecoveryReason)
	}
	err = s.App.RunInTransaction(func(tx core.App) error {
		if record, err = tx.FindRecordById(collections.Chargebacks, id); err != nil {
			return notFoundOr(err)
		}
		guarded := intOf(record, collections.ChargebackGuarded)
		if record.GetString(collections.FieldStatus) == collections.ChargebackLost && guarded == 0 {
			return conflict(CodeConflict, "It is decided who bears this, or there was nothing to decide.")
		}
		freelancer, currency := record.GetString(collections.FieldFreelancer), record.GetString(collections.FieldCurrency)
		available, err := Balance(tx, AccountAvailable(freelancer), currency)
		if err != nil {
			return err
		}
		taken := min(guarded, available)
		if from == collections.RecoverFromPlatform {
			taken = 0
		}
		err = Transition(tx, Move{
			Machine: collections.ChargebackMachine, Record: record, Verb: "recover", By: Moderator, Reason: reason,
			Set: map[string]any{
				collections.ChargebackRecovery: from, collections.ChargebackRecoveryReason: reason,
				collections.ChargebackRecovered: taken, collections.ChargebackGuarded: 0,
			},
		})
		if err != nil {
			return err
		}
		if taken > 0 {
			err = s.postChargeback(tx, record, KindRecovery, Entry{AccountAvailable(freelancer), -taken}, Entry{AccountLoss, taken})
		}
		if err != nil {
			return err
		}
		deed := Deed{by, "recover", collections.Chargebacks + "/" + id, map[string]any{collections.ChargebackRecovery: from, collections.ChargebackRecovered: taken}}
		if err := Audit(tx, s.Clock.Now(), deed); err != nil {
			return err
		}
		return s.tellChargeback(tx, TopicChargebackRecovered, record)
	})
	return record, err
}
