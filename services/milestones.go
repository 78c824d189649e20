package services

import (
	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// MilestoneNews is the payload of the milestone.* events.
type MilestoneNews struct {
	Milestone  string `json:"milestone"`
	Contract   string `json:"contract"`
	Project    string `json:"project"`
	Title      string `json:"title"`
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	Payment    string `json:"payment"`
	By         string `json:"by"`
	Note       string `json:"note,omitempty"`
}

// Submit hands work in.
func (s ProjectsService) Submit(cmd Command, id, note string) (Answer, error) {
	return s.moveMilestone(cmd, id, note, "submit", collections.ByFreelancer, TopicMilestoneSent)
}

// RequestChanges sends work back.
func (s ProjectsService) RequestChanges(cmd Command, id, note string) (Answer, error) {
	return s.moveMilestone(cmd, id, note, "request-changes", collections.ByClient, TopicMilestoneChanges)
}

// Approve accepts work. Its held payment is released by payments when it hears of it.
func (s ProjectsService) Approve(cmd Command, id, note string) (Answer, error) {
	return s.moveMilestone(cmd, id, note, "approve", collections.ByClient, TopicMilestoneApproved)
}

func (s ProjectsService) moveMilestone(cmd Command, id, note, verb string, by collections.Party, topic string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		milestone, err := partyTo(tx, collections.Milestones, id, cmd.Principal, by)
		if err != nil {
			return nil, err
		}
		set := map[string]any{}
		if note != "" {
			set[collections.MilestoneNote] = note
		}
		if verb == "submit" {
			set[collections.MilestoneSubmittedAt] = s.Clock.Now()
		}
		return milestone, s.tellMilestone(tx, topic, note, Move{
			Machine: collections.MilestoneMachine, Record: milestone, Verb: verb, By: cmd.Principal, Reason: truncate(note, 1000), Set: set,
		})
	})
}

// tellMilestone moves a milestone and tells the peers.
func (s ProjectsService) tellMilestone(tx core.App, topic, note string, move Move) error {
	if err := Transition(tx, move); err != nil {
		return err
	}
	milestone := move.Record
	client, freelancer := collections.Parties(milestone)
	return s.Emit(tx, topic, collections.Milestones, milestone.Id, milestone.GetInt(collections.FieldVersion), MilestoneNews{
		Milestone: milestone.Id, Contract: milestone.GetString(collections.FieldContract), Project: milestone.GetString(collections.FieldProject),
		Title: milestone.GetString(collections.FieldTitle), Client: client, Freelancer: freelancer,
		Payment: milestone.GetString(collections.MilestonePayment), By: move.By, Note: note,
	})
}

// HandlePayments makes projects follow what payments decides.
func (s ProjectsService) HandlePayments() {
	s.Handle(TopicPaymentHeld, func(tx core.App, event Event) error {
		news, err := decode[PaymentNews](event)
		if err != nil {
			return err
		}
		if err := s.setReservation(tx, news.Payment, "settled"); err != nil {
			return err
		}
		return s.followPayment(tx, news, "fund", map[string]any{collections.MilestonePayment: news.Payment})
	})
	s.Handle(TopicPaymentFailed, func(tx core.App, event Event) error {
		news, err := decode[PaymentNews](event)
		if err != nil {
			return err
		}
		return s.setReservation(tx, news.Payment, "released")
	})
	s.Handle(TopicPaymentReleased, s.onSettled("release"))
	s.Handle(TopicPaymentRefunded, s.onSettled("cancel"))
}

// onSettled closes the milestone of a payment of which nothing is held any more,
// and with the last one the contract and the project.
func (s ProjectsService) onSettled(verb string) EventHandler {
	return func(tx core.App, event Event) error {
		news, err := decode[PaymentNews](event)
		if err != nil || news.Held > 0 {
			return err // a part: the rest stays held
		}
		if err := s.setReservation(tx, news.Payment, "released"); err != nil {
			return err
		}
		step := verb
		if news.Released > 0 {
			step = "release" // part released, part refunded: the work was paid for
		}
		if err := s.followPayment(tx, news, step, nil); err != nil {
			return err
		}
		return s.settleContract(tx, news.Contract)
	}
}

func (s ProjectsService) followPayment(tx core.App, news PaymentNews, verb string, set map[string]any) error {
	milestone, err := tx.FindRecordById(collections.Milestones, news.Milestone)
	if err != nil {
		return err
	}
	return Transition(tx, Move{Machine: collections.MilestoneMachine, Record: milestone, Verb: verb, By: System, Set: set})
}

func (s ProjectsService) setReservation(tx core.App, payment, state string) error {
	_, err := tx.DB().Update("reservations", dbx.Params{"state": state}, dbx.HashExp{"payment": payment}).Execute()
	return err
}
