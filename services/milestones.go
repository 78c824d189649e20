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
	// Amount is what was approved when that is not all, Reason why; Roll is where the rest goes.
	Amount int64  `json:"amount,omitempty"`
	Reason string `json:"reason,omitempty"`
	Roll   *Roll  `json:"roll,omitempty"`
}

// Submit hands work in.
func (s ProjectsService) Submit(cmd Command, id, note string, deliverables []string) (Answer, error) {
	return s.moveMilestone(cmd, id, note, "submit", collections.ByFreelancer, TopicMilestoneSent, deliverables...)
}

// RequestChanges sends work back.
func (s ProjectsService) RequestChanges(cmd Command, id, note string) (Answer, error) {
	return s.moveMilestone(cmd, id, note, "request-changes", collections.ByClient, TopicMilestoneChanges)
}

func (s ProjectsService) moveMilestone(cmd Command, id, note, verb string, by collections.Party, topic string, deliverables ...string) (Answer, error) {
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
			if err := s.handIn(tx, milestone.Id, deliverables); err != nil {
				return nil, err
			}
		}
		return milestone, s.tellMilestone(tx, topic, Move{
			Machine: collections.MilestoneMachine, Record: milestone, Verb: verb, By: cmd.Principal, Reason: truncate(note, 1000), Set: set,
		}, MilestoneNews{Note: note})
	})
}

// tellMilestone moves a milestone and tells the peers; news has what they cannot
// read off the milestone.
func (s ProjectsService) tellMilestone(tx core.App, topic string, move Move, news MilestoneNews) error {
	if err := Transition(tx, move); err != nil {
		return err
	}
	milestone := move.Record
	news.Milestone, news.Contract, news.Project = milestone.Id, milestone.GetString(collections.FieldContract), milestone.GetString(collections.FieldProject)
	news.Client, news.Freelancer = collections.Parties(milestone)
	news.Title, news.Payment, news.By = milestone.GetString(collections.FieldTitle), milestone.GetString(collections.MilestonePayment), move.By
	return s.Emit(tx, topic, collections.Milestones, milestone.Id, milestone.GetInt(collections.FieldVersion), news)
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
		milestone, err := s.followPayment(tx, news, "fund", map[string]any{collections.MilestonePayment: news.Payment})
		if err != nil {
			return err
		}
		return s.fundedBonus(tx, milestone)
	})
	s.Handle(TopicPaymentFailed, func(tx core.App, event Event) error {
		news, err := decode[PaymentNews](event)
		if err != nil {
			return err
		}
		return s.setReservation(tx, news.Payment, "released")
	})
	s.handleNotRolled()
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
		if _, err := s.followPayment(tx, news, step, nil); err != nil {
			return err
		}
		return s.settleContract(tx, news.Contract)
	}
}

func (s ProjectsService) followPayment(tx core.App, news PaymentNews, verb string, set map[string]any) (*core.Record, error) {
	milestone, err := tx.FindRecordById(collections.Milestones, news.Milestone)
	if err != nil {
		return nil, err
	}
	return milestone, Transition(tx, Move{Machine: collections.MilestoneMachine, Record: milestone, Verb: verb, By: System, Set: set})
}

func (s ProjectsService) setReservation(tx core.App, payment, state string) error {
	_, err := tx.DB().Update("reservations", dbx.Params{"state": state}, dbx.HashExp{"payment": payment}).Execute()
	return err
}
