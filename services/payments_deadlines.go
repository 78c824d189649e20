package services

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// HandleDeadlines says what the deadlines of payments do, and what keeps them away.
func (s *PaymentsService) HandleDeadlines() {
	s.OnDeadline(collections.DeadlineDormant, func(tx core.App, payment *core.Record) error {
		if err := s.payOwed(tx, payment, "The milestone had been approved."); err != nil || heldOf(payment) == 0 {
			return err // what was approved is not forgotten
		}
		reason := fmt.Sprintf("Nothing was handed in for %s.", lengthOf(s.Options.Clocks[collections.DeadlineDormant].After))
		return s.refund(tx, payment, 0, System, reason)
	})
	s.AskBefore(collections.DeadlineDormant, s.heardOfMilestone)
	s.handleDisputeDeadlines()
	for _, topic := range []string{TopicMilestoneSent, TopicMilestoneChanges} {
		s.Handle(topic, func(tx core.App, event Event) error {
			news, err := decode[MilestoneNews](event)
			if err != nil {
				return err
			}
			payment, err := livePayment(tx, news.Milestone)
			if err != nil || payment == nil {
				return err
			}
			return s.RestartDeadline(tx, collections.DeadlineDormant, payment.Id)
		})
	}
}

// heardOfMilestone makes sure that projects has nothing more to tell of the milestone of
// a payment. After a downtime both wake up at once: work that was handed in before it
// is not forgotten money only because we have not been told yet.
func (s *PaymentsService) heardOfMilestone(ctx context.Context, payment *core.Record) error {
	ctx, cancel := context.WithTimeout(ctx, s.Options.PeerTimeout)
	defer cancel()
	var answer MilestoneTold
	err := s.Peers[collections.DomainProjects].Call(ctx, http.MethodGet, InternalMilestone+payment.GetString(collections.FieldMilestone), nil, &answer)
	if err == nil && answer.Underway {
		return errNotYet
	}
	return err
}

// livePayment is the payment of which something is held for a milestone, or nil.
func livePayment(tx core.App, milestone string) (*core.Record, error) {
	found, err := tx.FindRecordsByFilter(collections.Payments, "milestone = {:milestone} && (status = 'held' || status = 'disputed')", "", 1, 0,
		dbx.Params{"milestone": milestone})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}
