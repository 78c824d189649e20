package hooks

import (
	"errors"
	"net/http"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindPayouts registers how freelancers get their money.
func bindPayouts(i *services.Instance, payments *services.PaymentsService) error {
	payments.HandlePayoutDeadlines()
	i.App.OnRecordCreateRequest(collections.PayoutDestinations).BindFunc(addDestination(payments))
	i.App.OnRecordCreateRequest(collections.Payouts).BindFunc(requestPayout(payments))
	i.App.OnRecordUpdateRequest(collections.Payouts).BindFunc(moderatePayout(payments))
	onServe(i, func(e *core.ServeEvent) {
		command(e, collections.PayoutDestinations, "remove", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
			return payments.RemoveDestination(c.Command, c.ID)
		})
		command(e, collections.Payouts, "cancel", true, func(_ *core.RequestEvent, c call) (services.Answer, error) {
			return payments.CancelPayout(c.Command, c.ID)
		})
		e.Router.GET("/api/payouts/balance", func(e *core.RequestEvent) error {
			user, err := requireUser(e)
			if err != nil {
				return err
			}
			balances, err := payments.PayoutBalances(e.Request.Context(), user.Id)
			if err != nil {
				return err
			}
			return e.JSON(http.StatusOK, map[string]any{"balances": balances})
		})
	})
	return errors.Join(i.Every(i.Options.SweepEvery, "send payouts", payments.SendPayouts), i.AtStart("send payouts", payments.SendPayouts))
}

func addDestination(payments *services.PaymentsService) func(e *core.RecordRequestEvent) error {
	return func(e *core.RecordRequestEvent) error {
		cmd, body, err := creation(e, false, collections.FieldFreelancer, collections.DestinationLabel, collections.DestinationReference, collections.FieldStatus)
		if err != nil {
			return err
		}
		answer, err := payments.AddDestination(e.Request.Context(), cmd, signedInAt(e.RequestEvent), text(body, collections.DestinationLabel), text(body, collections.DestinationReference))
		if err != nil {
			return err
		}
		return writeAnswer(e.RequestEvent, answer)
	}
}

func requestPayout(payments *services.PaymentsService) func(e *core.RecordRequestEvent) error {
	return func(e *core.RecordRequestEvent) error {
		cmd, body, err := creation(e, true, collections.FieldFreelancer, collections.FieldAmount, collections.FieldCurrency, collections.FieldStatus)
		if err != nil {
			return err
		}
		answer, err := payments.RequestPayout(e.Request.Context(), cmd, int64(e.Record.GetInt(collections.FieldAmount)), text(body, collections.FieldCurrency))
		if err != nil {
			return err
		}
		return writeAnswer(e.RequestEvent, answer)
	}
}

// moderatePayout carries out what a moderator chose in the admin UI. Nothing else about a payout can be edited.
func moderatePayout(payments *services.PaymentsService) func(e *core.RecordRequestEvent) error {
	return func(e *core.RecordRequestEvent) error {
		if err := onlyEdited(e, collections.PayoutModeration, collections.FieldReason); err != nil {
			return err
		}
		payout, err := payments.ModeratePayout(actorOf(e.RequestEvent), e.Record.Id, e.Record.GetString(collections.PayoutModeration), e.Record.GetString(collections.FieldReason))
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, payout)
	}
}
