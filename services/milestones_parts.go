package services

import (
	"math"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/security"

	"github.com/lancershub/lancershub/collections"
)

// Approval is how a client accepts work: wholly, or an Amount of it with a
// reason, where the Rest stays held ("hold") or funds the next milestone ("next").
type Approval struct {
	Amount             int64
	Rest, Reason, Note string
}

// What happens with the rest of a partial approval.
const (
	RestHold = "hold"
	RestNext = "next"
)

// Roll is held money that becomes the payment of the next milestone.
type Roll struct {
	Payment   string `json:"payment"`
	Milestone string `json:"milestone"`
	Title     string `json:"title"`
	Amount    int64  `json:"amount"`
}

// Approve accepts work. What is approved of its held payment is released by
// payments when it hears of it.
func (s ProjectsService) Approve(cmd Command, id string, approval Approval, signedInAt time.Time) (Answer, error) {
	if approval.Rest != "" && approval.Rest != RestHold && approval.Rest != RestNext {
		return Answer{}, badRequest(CodeInvalidInput, "The rest goes to %q or %q.", RestHold, RestNext).With("field", "rest")
	}
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		milestone, err := partyTo(tx, collections.Milestones, id, cmd.Principal, collections.ByClient)
		if err != nil {
			return nil, err
		}
		left := intOf(milestone, collections.FieldAmount) - intOf(milestone, collections.MilestoneApprovedAmount)
		paid := approval.Amount
		if paid == 0 {
			paid = left
		}
		if err := s.mayRelease(paid, milestone.GetString(collections.FieldCurrency), signedInAt); err != nil {
			return nil, err
		}
		if paid == left {
			return milestone, s.approveAll(tx, milestone, cmd.Principal, approval.Note)
		}
		if approval.Amount > left {
			return nil, badRequest(CodeAmountOutOfRange, "The amount must be from 1 to %d, which is what is left to approve.", left).With("left", left)
		}
		if strings.TrimSpace(approval.Reason) == "" {
			return nil, badRequest(CodeReasonRequired, "Say why you pay less than agreed; the freelancer reads it.").With("field", collections.FieldReason)
		}
		return milestone, s.approvePart(tx, milestone, cmd.Principal, left, approval)
	})
}

func (s ProjectsService) approveAll(tx core.App, milestone *core.Record, by, note string) error {
	set := map[string]any{collections.MilestoneApprovedAmount: milestone.GetInt(collections.FieldAmount)}
	if note != "" {
		set[collections.MilestoneNote] = note
	}
	return s.tellMilestone(tx, TopicMilestoneApproved, Move{
		Machine: collections.MilestoneMachine, Record: milestone, Verb: "approve", By: by, Reason: truncate(note, 1000), Set: set,
	}, MilestoneNews{Note: note})
}

// approvePart releases a part. The milestone goes on when the rest stays held; it
// ends here when the rest moves on.
func (s ProjectsService) approvePart(tx core.App, milestone *core.Record, by string, left int64, approval Approval) error {
	move := Move{
		Machine: collections.MilestoneMachine, Record: milestone, Verb: "approve-part", By: by, Reason: approval.Reason,
		Set: map[string]any{
			collections.MilestoneApprovedAmount: intOf(milestone, collections.MilestoneApprovedAmount) + approval.Amount,
			collections.MilestoneUnderpayment:   approval.Reason,
		},
	}
	news := MilestoneNews{Note: approval.Note, Amount: approval.Amount, Reason: approval.Reason}
	if approval.Rest != RestNext {
		return s.tellMilestone(tx, TopicMilestonePart, move, news)
	}
	var err error
	if news.Roll, err = s.rollOn(tx, milestone, left-approval.Amount); err != nil {
		return err
	}
	move.Verb = "approve"
	return s.tellMilestone(tx, TopicMilestoneApproved, move, news)
}

// rollOn prepares the next milestone for amount of held money: what the money
// does not cover becomes a planned milestone of its own, so that each payment
// keeps paying for exactly one milestone. The reservation keeps other payments away.
func (s ProjectsService) rollOn(tx core.App, milestone *core.Record, amount int64) (*Roll, error) {
	contract := milestone.GetString(collections.FieldContract)
	planned, err := tx.FindRecordsByFilter(collections.Milestones, "contract = {:contract} && position > {:position} && status = 'planned' && kind != 'bonus'", "position", 1, 0,
		dbx.Params{collections.FieldContract: contract, "position": milestone.GetInt(collections.MilestonePosition)})
	if err != nil {
		return nil, err
	}
	if len(planned) == 0 {
		return nil, conflict(CodeNoNextMilestone, "No planned milestone follows this one: add one first, or let the rest stay held.")
	}
	next := planned[0]
	costs := intOf(next, collections.FieldAmount)
	if amount > costs {
		return nil, conflict(CodeAmountOutOfRange, "The rest (%d) is more than the next milestone costs (%d): approve more, or let the rest stay held.", amount, costs).With("max", costs)
	}
	roll := &Roll{
		Payment: security.RandomStringWithAlphabet(core.DefaultIdLength, core.DefaultIdAlphabet), Milestone: next.Id,
		Title: next.GetString(collections.FieldTitle), Amount: amount,
	}
	if err := s.splitMilestone(tx, next, amount); err != nil {
		return nil, err
	}
	// Payments decides this one when it hears of it, however long that takes.
	return roll, s.insertReservation(tx, roll.Payment, next, ReservationRequest{DecideBy: math.MaxInt64})
}

// splitMilestone makes a planned milestone cost amount; what it cost more becomes
// a planned milestone behind it.
func (s ProjectsService) splitMilestone(tx core.App, next *core.Record, amount int64) error {
	more := intOf(next, collections.FieldAmount) - amount
	if more == 0 {
		return nil
	}
	position := next.GetInt(collections.MilestonePosition)
	following, err := tx.FindRecordsByFilter(collections.Milestones, "contract = {:contract} && position > {:position}", "-position", 0, 0,
		dbx.Params{collections.FieldContract: next.GetString(collections.FieldContract), "position": position})
	if err != nil {
		return err
	}
	for _, later := range following {
		later.Set(collections.MilestonePosition, later.GetInt(collections.MilestonePosition)+1)
		if err := tx.SaveNoValidate(later); err != nil {
			return err
		}
	}
	rest := core.NewRecord(next.Collection())
	for _, field := range []string{collections.FieldContract, collections.FieldProject, collections.FieldClient, collections.FieldFreelancer, collections.FieldCurrency, collections.FieldStatus, collections.MilestoneDueAt} {
		rest.Set(field, next.Get(field))
	}
	rest.Load(map[string]any{
		collections.FieldTitle: truncate(next.GetString(collections.FieldTitle), 130) + " (rest)", collections.FieldAmount: more,
		collections.MilestonePosition: position + 1, collections.FieldVersion: 1,
	})
	if err := tx.SaveNoValidate(rest); err != nil {
		return err
	}
	next.Set(collections.FieldAmount, amount)
	return tx.SaveNoValidate(next)
}

// Bonus adds a milestone on top of what was agreed. It is paid for like any other
// and approved by itself as soon as its money is held.
// Nobody looks at it again in between, so much of it needs a fresh sign-in now.
func (s ProjectsService) Bonus(cmd Command, id string, amount int64, note string, signedInAt time.Time) (Answer, error) {
	if err := CheckAmount(amount); err != nil {
		return Answer{}, err
	}
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		contract, err := partyTo(tx, collections.Contracts, id, cmd.Principal, collections.ByClient)
		if err != nil {
			return nil, err
		}
		if status := contract.GetString(collections.FieldStatus); status == collections.ContractEnded {
			return nil, illegal(collections.ContractMachine, "bonus", status)
		}
		if err := s.mayRelease(amount, contract.GetString(collections.FieldCurrency), signedInAt); err != nil {
			return nil, err
		}
		milestones, err := tx.FindCachedCollectionByNameOrId(collections.Milestones)
		if err != nil {
			return nil, err
		}
		bonus := core.NewRecord(milestones)
		s.fillMilestone(bonus, contract)
		position, err := lastPosition(tx, contract.Id)
		if err != nil {
			return nil, err
		}
		bonus.Load(map[string]any{
			collections.FieldContract: contract.Id, collections.FieldTitle: "Bonus", collections.FieldAmount: amount,
			collections.MilestoneKind: collections.MilestoneKindBonus, collections.MilestonePosition: position + 1, collections.MilestoneNote: note,
		})
		return bonus, tx.Save(bonus)
	})
}

// EditMilestone refuses to make a bonus large that was small when it was promised.
func (s ProjectsService) EditMilestone(milestone *core.Record, signedInAt time.Time) error {
	bonus := milestone.GetString(collections.MilestoneKind) == collections.MilestoneKindBonus
	if !bonus || !changed(milestone, collections.FieldAmount) {
		return nil
	}
	return s.mayRelease(intOf(milestone, collections.FieldAmount), milestone.GetString(collections.FieldCurrency), signedInAt)
}

// fundedBonus approves a bonus that has just been paid for.
func (s ProjectsService) fundedBonus(tx core.App, milestone *core.Record) error {
	if milestone.GetString(collections.MilestoneKind) != collections.MilestoneKindBonus {
		return nil
	}
	return s.approveAll(tx, milestone, milestone.GetString(collections.FieldClient), milestone.GetString(collections.MilestoneNote))
}
