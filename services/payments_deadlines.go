package services

import (
	"fmt"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// HandleDeadlines says what the deadlines of payments do, and what keeps them away.
func (s *PaymentsService) HandleDeadlines() {
	s.OnDeadline(collections.DeadlineDormant, func(tx core.App, payment *core.Record) error {
		reason := fmt.Sprintf("Nothing was handed in for %s.", lengthOf(s.Options.Clocks[collections.DeadlineDormant].After))
		return s.refund(tx, payment, 0, System, reason)
	})
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

// livePayment is the payment of which something is held for a milestone, or nil.
func livePayment(tx core.App, milestone string) (*core.Record, error) {
	found, err := tx.FindRecordsByFilter(collections.Payments, "milestone = {:milestone} && (status = 'held' || status = 'disputed')", "", 1, 0,
		dbx.Params{"milestone": milestone})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}
