package services

import (
	"database/sql"
	"errors"
	"net/http"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// ContractNews is the payload of the contract.* events.
type ContractNews struct {
	Contract   string `json:"contract"`
	Project    string `json:"project"`
	Title      string `json:"title"`
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	Amount     int64  `json:"amount"`
	Currency   string `json:"currency"`
	By         string `json:"by,omitempty"`
	Reason     string `json:"reason,omitempty"`
}

func contractNews(contract *core.Record, by string) ContractNews {
	client, freelancer := collections.Parties(contract)
	return ContractNews{
		Contract: contract.Id, Project: contract.GetString(collections.FieldProject), Title: contract.GetString(collections.FieldTitle),
		Client: client, Freelancer: freelancer, Amount: int64(contract.GetInt(collections.FieldAmount)),
		Currency: contract.GetString(collections.FieldCurrency), By: by, Reason: contract.GetString(collections.FieldReason),
	}
}

// EndContract ends a contract before its last payment. Either party may, while
// no money is held; milestones not yet paid are cancelled, and so is the project.
func (s ProjectsService) EndContract(cmd Command, id, reason string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		contract, err := eitherParty(tx, collections.Contracts, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		project := contract.GetString(collections.FieldProject)
		if err := noMoneyHeld(tx, project); err != nil {
			return nil, err
		}
		err = Transition(tx, Move{
			Machine: collections.ContractMachine, Record: contract, Verb: "end", By: cmd.Principal, Reason: reason,
			Set: map[string]any{collections.FieldReason: reason, collections.FieldClosedAt: s.Clock.Now()},
		})
		if err != nil {
			return nil, err
		}
		if err := s.cancelMilestones(tx, id, "The contract was ended."); err != nil {
			return nil, err
		}
		if err := s.closeProject(tx, project, "abandon", "The contract was ended."); err != nil {
			return nil, err
		}
		if err := s.openReviews(tx, contract); err != nil {
			return nil, err
		}
		return contract, s.Emit(tx, TopicContractEnded, collections.Contracts, id, contract.GetInt(collections.FieldVersion), contractNews(contract, cmd.Principal))
	})
}

// eitherParty loads a record of which user is client or freelancer.
func eitherParty(tx core.App, collection, id, user string) (*core.Record, error) {
	record, err := tx.FindRecordById(collection, id)
	if err != nil {
		return nil, notFoundOr(err)
	}
	if client, freelancer := collections.Parties(record); user != client && user != freelancer {
		return nil, notFound()
	}
	return record, nil
}

func (s ProjectsService) cancelMilestones(tx core.App, contract, reason string) error {
	open, err := tx.FindRecordsByFilter(collections.Milestones, "contract = {:contract} && status != 'released' && status != 'cancelled'", "position", 0, 0,
		dbx.Params{"contract": contract})
	if err != nil {
		return err
	}
	for _, milestone := range open {
		if err := Transition(tx, Move{Machine: collections.MilestoneMachine, Record: milestone, Verb: "cancel", By: System, Reason: reason}); err != nil {
			return err
		}
	}
	return nil
}

func (s ProjectsService) closeProject(tx core.App, id, verb, reason string) error {
	project, err := tx.FindRecordById(collections.Projects, id)
	if err != nil {
		return err
	}
	return Transition(tx, Move{
		Machine: collections.ProjectMachine, Record: project, Verb: verb, By: System, Reason: reason,
		Set: map[string]any{collections.FieldClosedAt: s.Clock.Now()},
	})
}

// settleContract completes contract and project when no milestone is open any
// more and at least one was paid.
func (s ProjectsService) settleContract(tx core.App, id string) error {
	var count struct {
		Open int `db:"open"`
		Paid int `db:"paid"`
	}
	// A bonus nobody paid for keeps nothing open.
	err := tx.DB().NewQuery(`SELECT coalesce(sum(status NOT IN ('released', 'cancelled') AND NOT (status = 'planned' AND kind = 'bonus')), 0) AS open, coalesce(sum(status = 'released'), 0) AS paid
		FROM milestones WHERE contract = {:contract}`).Bind(dbx.Params{"contract": id}).One(&count)
	if err != nil || count.Open > 0 || count.Paid == 0 {
		return err
	}
	contract, err := tx.FindRecordById(collections.Contracts, id)
	if err != nil || contract.GetString(collections.FieldStatus) == collections.ContractCompleted {
		return err // completed before: this was a bonus
	}
	err = Transition(tx, Move{
		Machine: collections.ContractMachine, Record: contract, Verb: "complete", By: System, Reason: "The last payment was released.",
		Set: map[string]any{collections.FieldClosedAt: s.Clock.Now()},
	})
	if err != nil {
		return err
	}
	if err := s.closeProject(tx, contract.GetString(collections.FieldProject), "complete", "The last payment was released."); err != nil {
		return err
	}
	if err := errors.Join(s.openReviews(tx, contract), s.countCompleted(tx, contract)); err != nil {
		return err
	}
	return s.Emit(tx, TopicContractCompleted, collections.Contracts, id, contract.GetInt(collections.FieldVersion), contractNews(contract, System))
}

// ChangedMilestone refuses, in the transaction of the change, new terms for a
// milestone that a payment is under way for: the client would pay for the old ones.
func (ProjectsService) ChangedMilestone(tx core.App, milestone *core.Record) error {
	before := milestone.Original()
	if before.GetInt(collections.FieldAmount) == milestone.GetInt(collections.FieldAmount) {
		return CheckAmount(int64(milestone.GetInt(collections.FieldAmount)))
	}
	var live int
	err := tx.DB().Select("count(*)").From("reservations").
		Where(dbx.NewExp("milestone = {:milestone} AND state <> 'released'", dbx.Params{"milestone": milestone.Id})).Row(&live)
	if err != nil {
		return err
	}
	if live > 0 {
		return conflict(CodeMilestoneTaken, "A payment for this milestone is under way, so its amount cannot change.")
	}
	return CheckAmount(int64(milestone.GetInt(collections.FieldAmount)))
}

// NewMilestone fills in what the server decides about a milestone the client adds.
func (s ProjectsService) NewMilestone(milestone *core.Record, client string) error {
	contract, err := partyTo(s.App, collections.Contracts, milestone.GetString(collections.FieldContract), client, collections.ByClient)
	if err != nil {
		return err
	}
	if status := contract.GetString(collections.FieldStatus); status != collections.ContractActive {
		return Failf(http.StatusConflict, CodeConflict, "Milestones can be added to an active contract only; this one is %s.", status)
	}
	if given := milestone.GetString(collections.FieldCurrency); given != "" && given != contract.GetString(collections.FieldCurrency) {
		return badRequest(CodeMismatch, "The contract is in %s, so the milestone must be too.", contract.GetString(collections.FieldCurrency))
	}
	milestone.SetRaw(addedMilestone, true)
	s.fillMilestone(milestone, contract)
	return CheckAmount(int64(milestone.GetInt(collections.FieldAmount)))
}

// addedMilestone marks a milestone that a client adds, on its way to the database.
const addedMilestone = "@added"

// AddMilestone stores a milestone that a client adds: behind the last one unless
// they said where, and only while the contract still runs.
func (ProjectsService) AddMilestone(tx core.App, milestone *core.Record, save func() error) error {
	if added, _ := milestone.GetRaw(addedMilestone).(bool); !added {
		return save()
	}
	contract := milestone.GetString(collections.FieldContract)
	_, err := firstWhere(tx, collections.Contracts, "id = {:id} AND status = 'active'", dbx.Params{"id": contract})
	if errors.Is(err, sql.ErrNoRows) {
		return conflict(CodeConflict, "The contract ended at the same moment.")
	}
	if err != nil {
		return err
	}
	if milestone.GetInt(collections.MilestonePosition) == 0 {
		last, err := lastPosition(tx, contract)
		if err != nil {
			return err
		}
		milestone.Set(collections.MilestonePosition, last+1)
		return save()
	}
	taken, err := tx.CountRecords(collections.Milestones, dbx.HashExp{collections.FieldContract: contract, collections.MilestonePosition: milestone.GetInt(collections.MilestonePosition)})
	if err != nil {
		return err
	}
	if taken > 0 {
		return conflict(CodeConflict, "Another milestone of the contract has this position.").With("field", collections.MilestonePosition)
	}
	return save()
}

// lastPosition is the position of the last milestone of a contract.
func lastPosition(app core.App, contract string) (last int, err error) {
	err = app.DB().Select("coalesce(max(position), 0)").From(collections.Milestones).Where(dbx.HashExp{collections.FieldContract: contract}).Row(&last)
	return last, err
}
