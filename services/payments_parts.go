package services

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// handleApprovals makes payments follow approvals: all that is held for a
// milestone, or the approved part, is released; the rest may roll on.
func (s *PaymentsService) handleApprovals() {
	s.Handle(TopicMilestoneApproved, func(tx core.App, event Event) error {
		news, err := decode[MilestoneNews](event)
		if err != nil {
			return err
		}
		payment, err := livePayment(tx, news.Milestone)
		if err != nil {
			return err
		}
		if news.Roll != nil {
			rolled, err := s.roll(tx, payment, news)
			if err != nil || !rolled {
				return err
			}
		}
		if err := s.owe(tx, payment); err != nil {
			return err
		}
		if payment == nil || heldOf(payment) == 0 {
			// Released directly before the approval arrived, or all of it is locked and now owed.
			s.Logger.Info("an approved milestone has nothing to release", "milestone", news.Milestone)
			return nil
		}
		reason := news.Reason
		if reason == "" {
			reason = "The milestone was approved."
		}
		return s.release(tx, payment, 0, news.By, reason)
	})
	s.Handle(TopicMilestonePart, func(tx core.App, event Event) error {
		news, err := decode[MilestoneNews](event)
		if err != nil {
			return err
		}
		payment, err := livePayment(tx, news.Milestone)
		if err != nil || payment == nil {
			return err
		}
		paid := min(news.Amount, heldOf(payment))
		if err := s.owePart(tx, payment, intOf(payment, collections.PaymentOwedPart)+news.Amount-paid); err != nil || paid == 0 {
			return err
		}
		return s.release(tx, payment, paid, news.By, news.Reason)
	})
}

// owe remembers that work was approved whose money a dispute or a chargeback locks.
func (s *PaymentsService) owe(tx core.App, payment *core.Record) error {
	if payment == nil || lockedOf(payment) == 0 || payment.GetBool(collections.PaymentOwed) {
		return nil
	}
	payment.Set(collections.PaymentOwed, true)
	return tx.SaveNoValidate(payment)
}

// owePart remembers what is owed of approvals in part: what is released or given
// back meanwhile is not, so it is never more than what is locked.
func (s *PaymentsService) owePart(tx core.App, payment *core.Record, owed int64) error {
	owed = max(0, min(owed, lockedOf(payment)))
	if owed == intOf(payment, collections.PaymentOwedPart) {
		return nil
	}
	payment.Set(collections.PaymentOwedPart, owed)
	return tx.SaveNoValidate(payment)
}

// payOwed releases what is held again and not locked any more of work that was
// approved meanwhile, all of it or a part: nobody would approve it once more.
func (s *PaymentsService) payOwed(tx core.App, payment *core.Record, reason string) error {
	owed := intOf(payment, collections.PaymentOwedPart)
	paid := min(owed, heldOf(payment))
	if payment.GetBool(collections.PaymentOwed) {
		paid = heldOf(payment)
	}
	if err := s.owePart(tx, payment, owed-paid); err != nil || paid == 0 {
		return err
	}
	return s.release(tx, payment, paid, System, reason)
}

// settleOwed is what of approvals in part is still owed when a decision gave toFreelancer.
func (s *PaymentsService) settleOwed(tx core.App, payment *core.Record, toFreelancer int64) error {
	return s.owePart(tx, payment, intOf(payment, collections.PaymentOwedPart)-toFreelancer)
}

// roll moves held money on to the payment of the next milestone. When less is
// held than the approval counted on (it was released or given back at the same
// moment), the approved part is released, the rest stays held and projects takes
// the milestone back; it returns false then.
func (s *PaymentsService) roll(tx core.App, payment *core.Record, news MilestoneNews) (bool, error) {
	if payment == nil || heldOf(payment) <= news.Roll.Amount || payment.GetString(collections.FieldStatus) != collections.PaymentHeld {
		return false, s.notRolled(tx, payment, news)
	}
	err := Transition(tx, Move{
		Machine: collections.PaymentMachine, Record: payment, Verb: "roll", By: news.By, Reason: news.Reason,
		Set: map[string]any{collections.PaymentRolled: intOf(payment, collections.PaymentRolled) + news.Roll.Amount},
	})
	if err != nil {
		return false, err
	}
	next := core.NewRecord(payment.Collection())
	next.Id = news.Roll.Payment
	for _, field := range []string{
		collections.FieldProject, collections.FieldContract, collections.FieldClient, collections.FieldFreelancer, collections.FieldCurrency,
		collections.ContractFeePlan, collections.PaymentProjectTitle, collections.PaymentSource,
	} {
		next.Set(field, payment.Get(field))
	}
	next.Load(map[string]any{
		collections.FieldMilestone: news.Roll.Milestone, collections.FieldTitle: news.Roll.Title, collections.FieldAmount: news.Roll.Amount,
		collections.PaymentRolledFrom: payment.Id, collections.FieldStatus: collections.PaymentMachine.Initial, collections.FieldVersion: 1,
	})
	if planted("the rest is lost on its way") {
		return true, nil
	}
	if err := tx.SaveNoValidate(next); err != nil {
		return false, err
	}
	now := s.Clock.Now()
	err = Transition(tx, Move{
		Machine: collections.PaymentMachine, Record: next, Verb: "hold", By: news.By, Reason: news.Reason,
		Set: map[string]any{collections.PaymentHeldAt: now},
	})
	if err != nil {
		return false, err
	}
	err = Post(tx, now, Posting{
		Ref: KindRoll + ":" + next.Id, Kind: KindRoll, Payment: next.Id, Currency: next.GetString(collections.FieldCurrency),
		Entries: []Entry{{AccountHold(payment.Id), -news.Roll.Amount}, {AccountHold(next.Id), news.Roll.Amount}},
	})
	if err != nil {
		return false, err
	}
	failpoint("roll-posted")
	return true, s.Emit(tx, TopicPaymentHeld, collections.Payments, next.Id, next.GetInt(collections.FieldVersion), paymentNews(next, news.Roll.Amount, news.By))
}

// notRolled pays what can be paid of the approved part, and tells projects.
func (s *PaymentsService) notRolled(tx core.App, payment *core.Record, news MilestoneNews) error {
	told := NotRolled{Payment: news.Roll.Payment, Milestone: news.Milestone, Unpaid: news.Amount}
	if payment != nil {
		if paid := min(news.Amount, heldOf(payment)); paid > 0 {
			if err := s.release(tx, payment, paid, news.By, news.Reason); err != nil {
				return err
			}
			told.Unpaid -= paid
		}
		told.Held = heldOf(payment)+lockedOf(payment) > 0
	}
	return s.Emit(tx, TopicPaymentNotRolled, collections.Payments, news.Roll.Payment, 1, told)
}

// NotRolled is the payload of payment.not_rolled: the reservation of Payment is
// void; Held says whether anything is still held for the approved milestone, locked
// or not; Unpaid is what of the approved part was not paid.
type NotRolled struct {
	Payment   string `json:"payment"`
	Milestone string `json:"milestone"`
	Held      bool   `json:"held"`
	Unpaid    int64  `json:"unpaid,omitempty"`
}

// handleNotRolled takes an approval back whose rest could not roll on.
func (s ProjectsService) handleNotRolled() {
	s.Handle(TopicPaymentNotRolled, func(tx core.App, event Event) error {
		news, err := decode[NotRolled](event)
		if err != nil {
			return err
		}
		if err := s.setReservation(tx, news.Payment, "released"); err != nil || !news.Held {
			return err
		}
		milestone, err := tx.FindRecordById(collections.Milestones, news.Milestone)
		if err != nil || milestone.GetString(collections.FieldStatus) != collections.MilestoneApproved {
			return err
		}
		return Transition(tx, Move{
			Machine: collections.MilestoneMachine, Record: milestone, Verb: "reopen", By: System, Reason: "Less was held than the rest that was to move on.",
			Set: map[string]any{collections.MilestoneApprovedAmount: max(0, intOf(milestone, collections.MilestoneApprovedAmount)-news.Unpaid)},
		})
	})
}

// AskRefund asks the freelancer to give back what is held, or amount of it.
// Only the freelancer gives back; asking again replaces the question.
func (s *PaymentsService) AskRefund(cmd Command, id string, amount int64, reason string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		payment, err := partyTo(tx, collections.Payments, id, cmd.Principal, collections.ByClient)
		if err != nil {
			return nil, err
		}
		if amount, err = part(payment, "ask-refund", amount); err != nil {
			return nil, err
		}
		return payment, s.tellRefund(tx, TopicRefundAsked, payment, "ask-refund", cmd.Principal, amount, reason)
	})
}

// DeclineRefund is the freelancer's no to what was asked.
func (s *PaymentsService) DeclineRefund(cmd Command, id, reason string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		payment, err := partyTo(tx, collections.Payments, id, cmd.Principal, collections.ByFreelancer)
		if err != nil {
			return nil, err
		}
		if intOf(payment, collections.PaymentRefundAsked) == 0 {
			return nil, conflict(CodeConflict, "No refund was asked for.")
		}
		return payment, s.tellRefund(tx, TopicRefundDeclined, payment, "decline-refund", cmd.Principal, 0, reason)
	})
}

func (s *PaymentsService) tellRefund(tx core.App, topic string, payment *core.Record, verb, by string, asked int64, reason string) error {
	news := intOf(payment, collections.PaymentRefundAsked) // what was asked, when it is declined
	if asked > 0 {
		news = asked
	}
	err := Transition(tx, Move{
		Machine: collections.PaymentMachine, Record: payment, Verb: verb, By: by, Reason: reason,
		Set: map[string]any{collections.PaymentRefundAsked: asked, collections.PaymentRefundReason: reason},
	})
	if err != nil {
		return err
	}
	return s.Emit(tx, topic, collections.Payments, payment.Id, payment.GetInt(collections.FieldVersion), paymentNews(payment, news, by))
}
