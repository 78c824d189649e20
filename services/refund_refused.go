package services

import (
	"fmt"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// A refund that its provider refused for good has not left us: the money comes back
// into the ledger, to an account that keeps it for the client, because the payment it
// was held for is settled. A moderator then says that it is asked for once more, under
// a new key (the last one ended with a definite no), or that they have paid the client
// in another way. Each is one conditional UPDATE of the order together with its posting:
// there is never both.

// refuseRefund takes back what a provider refused for good, and shows it.
func (s *PaymentsService) refuseRefund(order refundOrder, reason string) error {
	s.Logger.Error("a provider refuses for good to give back: a person must look", "refund", order.ID, "provider", order.Provider, "reason", reason)
	return s.App.RunInTransaction(func(tx core.App) error {
		mine, err := setRefund(tx, order, dbx.Params{"state": refundFailed, "last_error": truncate(reason, 500)})
		if err != nil || !mine {
			return err
		}
		err = s.postRefund(tx, order, KindRefused, Entry{AccountWorld, -order.Amount}, Entry{AccountOwed(order.ID), order.Amount})
		if err != nil {
			return err
		}
		payment, err := tx.FindRecordById(collections.Payments, order.Payment)
		if err != nil {
			return err
		}
		if err := s.showRefusal(tx, order, payment, reason); err != nil {
			return err
		}
		return s.tellOrder(tx, TopicRefundRefused, order, payment, "")
	})
}

func (s *PaymentsService) showRefusal(tx core.App, order refundOrder, payment *core.Record, reason string) error {
	col, err := tx.FindCachedCollectionByNameOrId(collections.RefusedRefunds)
	if err != nil {
		return err
	}
	record := core.NewRecord(col)
	for _, field := range []string{collections.FieldClient, collections.FieldFreelancer, collections.FieldProject, collections.FieldTitle} {
		record.Set(field, payment.GetString(field))
	}
	record.Load(map[string]any{
		collections.RefusalOrder: order.ID, collections.RefusalPayment: payment.Id, collections.RefusalAttempt: order.Attempt,
		collections.FieldAmount: order.Amount, collections.FieldCurrency: order.Currency, collections.FieldProvider: order.Provider,
		collections.FieldReason: truncate(reason, 500), collections.RefusalState: collections.RefusalOpen,
	})
	return tx.SaveNoValidate(record)
}

// postRefund moves what an order is about; each attempt moves once each way.
func (s *PaymentsService) postRefund(tx core.App, order refundOrder, kind string, entries ...Entry) error {
	return Post(tx, s.Clock.Now(), Posting{
		Ref: fmt.Sprintf("%s:%s:%d", kind, order.ID, order.Attempt), Kind: kind, Payment: order.Payment, Currency: order.Currency, Entries: entries,
	})
}

func (s *PaymentsService) tellOrder(tx core.App, topic string, order refundOrder, payment *core.Record, reason string) error {
	news := paymentNews(payment, order.Amount, System)
	news.Reason = reason
	return s.Emit(tx, topic, "refunds", order.ID, order.Attempt, news)
}

// givenAfterAll is a provider that gave back what it had refused. What a bank does with
// that later is another attempt, which the provider knows by what it called this one.
func (s *PaymentsService) givenAfterAll(order refundOrder, ref string) error {
	return s.App.RunInTransaction(func(tx core.App) error {
		mine, err := setRefund(tx, order, dbx.Params{"state": refundDone, "ref": ref, "attempt": order.Attempt + 1, "last_error": ""})
		if err != nil || !mine {
			return err
		}
		record, err := openRefusal(tx, order.ID)
		if err != nil {
			return err
		}
		if err := s.closeRefusal(tx, record, collections.RefusalSettled); err != nil {
			return err
		}
		return s.postRefund(tx, order, KindRefundAgain, Entry{AccountOwed(order.ID), -order.Amount}, Entry{AccountWorld, order.Amount})
	})
}

func openRefusal(tx core.App, order string) (*core.Record, error) {
	return firstWhere(tx, collections.RefusedRefunds, "refundOrder = {:order} AND state = 'open'", dbx.Params{"order": order})
}

func (s *PaymentsService) closeRefusal(tx core.App, record *core.Record, state string) error {
	record.Set(collections.RefusalState, state)
	record.Set(collections.FieldClosedAt, s.Clock.Now())
	return tx.SaveNoValidate(record)
}

// DecideRefund carries out what a moderator decided about a refused refund.
func (s *PaymentsService) DecideRefund(by Actor, id, decision, reason string) (record *core.Record, err error) {
	if decision != collections.RefusalRetry && decision != collections.RefusalPaidAnother {
		return nil, badRequest(CodeInvalidInput, "Decide %q or %q.", collections.RefusalRetry, collections.RefusalPaidAnother).With("field", collections.RefusalDecision)
	}
	if decision == collections.RefusalPaidAnother && strings.TrimSpace(reason) == "" {
		return nil, badRequest(CodeReasonRequired, "Say how the client was paid: they read it.").With("field", collections.RefusalDecisionReason)
	}
	err = s.App.RunInTransaction(func(tx core.App) error {
		if record, err = tx.FindRecordById(collections.RefusedRefunds, id); err != nil {
			return notFoundOr(err)
		}
		if state := record.GetString(collections.RefusalState); state != collections.RefusalOpen {
			return conflict(CodeConflict, "This is decided: it is %s.", state)
		}
		var order refundOrder
		if err := tx.DB().NewQuery(refundOrderSQL + ` WHERE id = {:id}`).Bind(dbx.Params{"id": record.GetString(collections.RefusalOrder)}).One(&order); err != nil {
			return err
		}
		if decision == collections.RefusalRetry {
			if err := notWithTheirBank(tx, order.Charge); err != nil {
				return err
			}
		}
		record.Set(collections.RefusalDecision, decision)
		record.Set(collections.RefusalDecisionReason, reason)
		if err := s.carryOut(tx, order, record, reason); err != nil {
			return err
		}
		return Audit(tx, s.Clock.Now(), Deed{by, "decide", collections.RefusedRefunds + "/" + id, map[string]any{
			collections.RefusalDecision: decision, collections.FieldAmount: order.Amount, collections.RefusalPayment: order.Payment,
		}})
	})
	return record, err
}

// chainSQL has a charge and the payments that its money rolled on to.
const chainSQL = `WITH RECURSIVE chain (id) AS (SELECT {:charge} UNION SELECT p.id FROM chain c CROSS JOIN payments p ON p.rolledFrom = c.id AND p.rolledFrom <> '') `

// notWithTheirBank refuses to give back once more what the client's bank takes, or took,
// back itself: who waits in vain for a refund asks there next, and would be paid twice.
func notWithTheirBank(tx core.App, charge string) error {
	var asked bool
	err := tx.DB().NewQuery(chainSQL + `SELECT EXISTS (SELECT 1 FROM chain CROSS JOIN chargebacks c ON c.payment = chain.id WHERE c.status IN ('open', 'lost'))`).
		Bind(dbx.Params{"charge": charge}).Row(&asked)
	if err == nil && asked {
		return conflict(CodeConflict, "The client's bank has a chargeback of this payment: asked again, the provider could pay twice. Wait for the bank; if it gives the money back, decide %q and say so.",
			collections.RefusalPaidAnother)
	}
	return err
}

// carryOut begins a new attempt either way: what is still told of the last one is
// about nothing any more.
func (s *PaymentsService) carryOut(tx core.App, order refundOrder, record *core.Record, reason string) error {
	set, state, kind, to := dbx.Params{"state": refundReady, "next_at": 0}, collections.RefusalRetried, KindRefundAgain, AccountWorld
	paid := record.GetString(collections.RefusalDecision) == collections.RefusalPaidAnother
	if paid {
		set, state, kind, to = dbx.Params{"state": refundDone, "last_error": truncate("paid in another way: "+reason, 500)}, collections.RefusalPaid, KindPaidElsewhere, AccountElsewhere
	}
	set["attempt"], set["tries"], set["ref"] = order.Attempt+1, 0, ""
	order.State = refundFailed
	mine, err := setRefund(tx, order, set)
	if err != nil {
		return err
	}
	if !mine {
		return conflict(CodeConflict, "The refund went on at the same moment. Load it again.")
	}
	if err := s.closeRefusal(tx, record, state); err != nil {
		return err
	}
	err = s.postRefund(tx, order, kind, Entry{AccountOwed(order.ID), -order.Amount}, Entry{to, order.Amount})
	if err != nil || !paid {
		return err
	}
	payment, err := tx.FindRecordById(collections.Payments, order.Payment)
	if err != nil {
		return err
	}
	order.Attempt++ // the next version of the order
	return s.tellOrder(tx, TopicRefundPaid, order, payment, reason)
}
