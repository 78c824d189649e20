package hooks

import (
	"net/http"
	"slices"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindDisputes is the table of what people can do in a dispute.
func bindDisputes(e *core.ServeEvent, p *services.PaymentsService) {
	command(e, collections.Payments, "dispute", true, func(e *core.RequestEvent, c call) (services.Answer, error) {
		return p.Dispute(c.Command, c.ID, services.DisputeRequest{
			Amount: c.Body.Amount, ToFreelancer: c.Body.ToFreelancer, Category: c.Body.Category, Reason: c.Body.Reason,
		}, signedInAt(e))
	})
	position := func(verb string, take func(c call, signedInAt time.Time) (services.Answer, error)) {
		command(e, collections.Disputes, verb, true, func(e *core.RequestEvent, c call) (services.Answer, error) {
			if c.Body.ToFreelancer == nil { // nothing said is not "nothing for the freelancer": that may end the dispute
				return services.Answer{}, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "Say how much of the disputed amount the freelancer gets.").With("field", collections.DisputeToFreelancer)
			}
			return take(c, signedInAt(e))
		})
	}
	position("answer", func(c call, signedInAt time.Time) (services.Answer, error) {
		return p.AnswerDispute(c.Command, c.ID, *c.Body.ToFreelancer, c.Body.Note, signedInAt)
	})
	position("offer", func(c call, signedInAt time.Time) (services.Answer, error) {
		return p.Offer(c.Command, c.ID, *c.Body.ToFreelancer, c.Body.Note, signedInAt)
	})
	position("accept", func(c call, signedInAt time.Time) (services.Answer, error) {
		return p.AcceptOffer(c.Command, c.ID, *c.Body.ToFreelancer, signedInAt)
	})
	command(e, collections.Disputes, "escalate", true, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.Escalate(c.Command, c.ID, c.Body.Reason)
	})
	command(e, collections.Disputes, "withdraw", true, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.WithdrawDispute(c.Command, c.ID, c.Body.Reason)
	})
}

// bindRulings lets a moderator decide a dispute in the admin UI: filling in the
// ruling and saving carries it out. Nothing else of a dispute is edited by hand.
func bindRulings(i *services.Instance, p *services.PaymentsService) {
	i.App.OnRecordUpdateRequest(collections.Disputes).BindFunc(func(e *core.RecordRequestEvent) error {
		if err := onlyEdited(e, collections.DisputeRuling, collections.DisputeRulingAmount, collections.DisputeRulingReason); err != nil {
			return err
		}
		record := e.Record
		ruled, err := p.Rule(actorOf(e.RequestEvent), record.Id, record.GetString(collections.DisputeRuling),
			int64(record.GetInt(collections.DisputeRulingAmount)), record.GetString(collections.DisputeRulingReason))
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, ruled)
	})
}

// bindRecoveries lets a moderator say in the admin UI who bears a lost chargeback.
func bindRecoveries(i *services.Instance, p *services.PaymentsService) {
	i.App.OnRecordUpdateRequest(collections.Chargebacks).BindFunc(func(e *core.RecordRequestEvent) error {
		if err := onlyEdited(e, collections.ChargebackRecovery, collections.ChargebackRecoveryReason); err != nil {
			return err
		}
		record, err := p.Recover(actorOf(e.RequestEvent), e.Record.Id, e.Record.GetString(collections.ChargebackRecovery), e.Record.GetString(collections.ChargebackRecoveryReason))
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, record)
	})
}

// bindRefusals lets a moderator say in the admin UI what becomes of a refund that a
// provider refused for good.
func bindRefusals(i *services.Instance, p *services.PaymentsService) {
	i.App.OnRecordUpdateRequest(collections.RefusedRefunds).BindFunc(func(e *core.RecordRequestEvent) error {
		if err := onlyEdited(e, collections.RefusalDecision, collections.RefusalDecisionReason); err != nil {
			return err
		}
		record, err := p.DecideRefund(actorOf(e.RequestEvent), e.Record.Id, e.Record.GetString(collections.RefusalDecision), e.Record.GetString(collections.RefusalDecisionReason))
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, record)
	})
}

// onlyEdited refuses an edit by hand of anything but fields.
func onlyEdited(e *core.RecordRequestEvent, fields ...string) error {
	before := e.Record.Original()
	for _, field := range e.Collection.Fields.FieldNames() {
		if field != collections.FieldUpdated && !slices.Contains(fields, field) && e.Record.GetString(field) != before.GetString(field) {
			return sealed(field)
		}
	}
	return nil
}
