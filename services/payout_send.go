package services

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// payoutBatch bounds what one sweep takes on.
const payoutBatch = 100

// SendPayouts hands requested payouts to the provider and asks about those it
// has not settled, each at its own pace: exponential backoff with jitter, up to an hour.
func (s *PaymentsService) SendPayouts(ctx context.Context) error {
	if epoch, err := OpenEpoch(s.App); err != nil || epoch != nil {
		return err // restored, and still comparing with the peers: no money leaves
	}
	var due []string
	err := s.App.ConcurrentDB().Select("id").From(collections.Payouts).
		Where(dbx.NewExp("status IN ('requested', 'sent') AND onHold = FALSE AND nextTryAt <= {:now}", dbx.Params{"now": s.Clock.Now().UnixMilli()})).
		OrderBy("nextTryAt").Limit(payoutBatch).Column(&due)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range due {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.sendPayout(ctx, id); err != nil {
			errs = append(errs, fmt.Errorf("failed to send payout %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// sendPayout marks a payout as sent before the provider hears of it, so that
// nobody cancels what may be on its way, and then asks with the payout's own key:
// first to send it, later what became of it. A crash in between asks again.
func (s *PaymentsService) sendPayout(ctx context.Context, id string) error {
	transfer, mine, err := s.startSending(id)
	if err != nil || !mine {
		return err
	}
	failpoint("payout-marked")
	sent, err := s.send(ctx, transfer)
	failpoint("payout-sent")
	if err != nil {
		return err // the next try was set when this one began
	}
	return s.applyPayout(id, transfer, sent)
}

// startSending sets the time of the next try first: two workers never ask at once.
func (s *PaymentsService) startSending(id string) (transfer Transfer, mine bool, err error) {
	err = s.App.RunInTransaction(func(tx core.App) error {
		payout, err := tx.FindRecordById(collections.Payouts, id)
		if err != nil {
			return err
		}
		now, status := s.Clock.Now(), payout.GetString(collections.FieldStatus)
		if payout.GetBool(collections.PayoutOnHold) || intOf(payout, collections.FieldNextTryAt) > now.UnixMilli() ||
			status != collections.PayoutRequested && status != collections.PayoutSent {
			return nil
		}
		if number, waits := strings.CutPrefix(payout.GetString(collections.FieldProviderRef), waitsPrefix); waits {
			payout.Set(collections.FieldProviderRef, retryPrefix+number)
		}
		if transfer, err = transferOf(tx, payout); err != nil {
			return err
		}
		mine = true
		tries := payout.GetInt(collections.FieldTries)
		payout.Set(collections.FieldTries, tries+1)
		payout.Set(collections.FieldNextTryAt, now.Add(askAgain.after(tries)).UnixMilli())
		if status == collections.PayoutSent {
			return tx.SaveNoValidate(payout)
		}
		err = Transition(tx, Move{
			Machine: collections.PayoutMachine, Record: payout, Verb: "send", By: System,
			Set: map[string]any{collections.PayoutSentAt: now},
		})
		if err != nil {
			return err
		}
		return s.tellPayout(tx, TopicPayoutSent, payout, System)
	})
	return transfer, mine, err
}

// notOut tells whether nothing of a payout can be on its way: it was not sent, or its
// provider could not take it yet and has not been asked again.
func notOut(payout *core.Record) bool {
	status := payout.GetString(collections.FieldStatus)
	return status == collections.PayoutRequested ||
		status == collections.PayoutSent && strings.HasPrefix(payout.GetString(collections.FieldProviderRef), waitsPrefix)
}

// applyPayout records what the provider says about a payout. What it said before changes nothing,
// nor does a late answer about a try before the one that has begun: that one may be out.
func (s *PaymentsService) applyPayout(id string, asked Transfer, sent Sent) error {
	return s.App.RunInTransaction(func(tx core.App) error {
		payout, err := tx.FindRecordById(collections.Payouts, id)
		if err != nil {
			return err
		}
		status, ref := payout.GetString(collections.FieldStatus), payout.GetString(collections.FieldProviderRef)
		if _, ours := tryOf(sent.Ref); ref != asked.Ref && (ours || sent.Ref == "") {
			return nil
		}
		if sent.Ref != "" && ref != sent.Ref {
			payout.Set(collections.FieldProviderRef, sent.Ref)
			if err := tx.SaveNoValidate(payout); err != nil {
				return err
			}
			if err := holdIfGuarded(tx, payout); err != nil {
				return err
			}
		}
		switch {
		case sent.Outcome == OutcomeSucceeded && status == collections.PayoutSent:
			return s.settlePayout(tx, payout)
		case sent.Outcome == OutcomeDeclined && status == collections.PayoutSent:
			return s.endPayout(tx, payout, payoutEnd{
				verb: "fail", topic: TopicPayoutFailed, failure: "declined", reason: orElse(sent.Reason, "The bank did not take it."), by: System,
			})
		case (sent.Outcome == OutcomeReturned || sent.Outcome == OutcomeDeclined) && (status == collections.PayoutSettled || status == collections.PayoutSent):
			return s.endPayout(tx, payout, payoutEnd{
				verb: "return", topic: TopicPayoutReturned, failure: "returned", reason: orElse(sent.Reason, "The bank sent it back."), by: System,
			})
		}
		return nil
	})
}

func orElse(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return truncate(text, 1000)
}

// AskAboutPayout asks the provider what became of a payout, now and whatever its
// state: a bank may return what had settled. While a restore has not settled, only about that
// (else peer_unavailable): to ask about what the provider does not have would send it, and
// the backup may have as sent what failed afterwards.
func (s *PaymentsService) AskAboutPayout(ctx context.Context, id string) error {
	payout, err := s.App.FindRecordById(collections.Payouts, id)
	if err != nil {
		return notFoundOr(err)
	}
	status := payout.GetString(collections.FieldStatus)
	if notOut(payout) || status != collections.PayoutSent && status != collections.PayoutSettled {
		return nil // to ask about what is not out would send it
	}
	if status == collections.PayoutSent {
		if err := s.mayBeOut(s.App); err != nil {
			return err
		}
	}
	transfer, err := transferOf(s.App, payout)
	if err != nil {
		return err
	}
	sent, err := s.send(ctx, transfer)
	if err != nil {
		return err
	}
	return s.applyPayout(id, transfer, sent)
}

// send asks the provider that the destination belongs to.
func (s *PaymentsService) send(ctx context.Context, transfer Transfer) (Sent, error) {
	provider, err := s.providerNamed(transfer.Provider)
	if err != nil {
		return Sent{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	return provider.Send(ctx, transfer)
}

func transferOf(app core.App, payout *core.Record) (Transfer, error) {
	destination, err := app.FindRecordById(collections.PayoutDestinations, payout.GetString(collections.PayoutDestination))
	if err != nil {
		return Transfer{}, err
	}
	key := payout.Id
	if planted("a payout is sent under a new key") {
		key += ":" + payout.GetString(collections.FieldTries)
	}
	return Transfer{
		Key: key, Ref: payout.GetString(collections.FieldProviderRef), Amount: intOf(payout, collections.FieldAmount),
		Provider: destination.GetString(collections.FieldProvider),
		Currency: payout.GetString(collections.FieldCurrency), Destination: destination.GetString(collections.DestinationReference),
	}, nil
}
