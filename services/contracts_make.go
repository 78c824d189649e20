package services

import (
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// makeContract freezes the terms of an accepted proposal and the fee plan it was
// sent under, and makes its milestones.
func (s ProjectsService) makeContract(tx core.App, proposal *core.Record, category string) (contract *core.Record, milestones []*core.Record, err error) {
	contracts, err := tx.FindCachedCollectionByNameOrId(collections.Contracts)
	if err != nil {
		return nil, nil, err
	}
	plan, err := s.feePlanFor(tx, proposal, category)
	if err != nil {
		return nil, nil, err
	}
	contract = core.NewRecord(contracts)
	contract.Load(map[string]any{
		collections.FieldProject:     proposal.GetString(collections.FieldProject),
		collections.ContractProposal: proposal.Id,
		collections.FieldClient:      proposal.GetString(collections.FieldClient),
		collections.FieldFreelancer:  proposal.GetString(collections.FieldFreelancer),
		collections.FieldTitle:       proposal.GetString(collections.ProposalProjectTitle),
		collections.FieldAmount:      proposal.GetInt(collections.FieldAmount),
		collections.FieldCurrency:    proposal.GetString(collections.FieldCurrency),
		collections.ProposalDays:     proposal.GetInt(collections.ProposalDays),
		collections.ContractFeePlan:  plan,
		collections.FieldStatus:      collections.ContractMachine.Initial,
		collections.FieldVersion:     1,
	})
	if err := tx.Save(contract); err != nil {
		return nil, nil, err
	}
	if milestones, err = s.makeMilestones(tx, proposal, contract); err != nil {
		return nil, nil, err
	}
	return contract, milestones, s.Emit(tx, TopicContractCreated, collections.Contracts, contract.Id, 1, contractNews(contract, ""))
}

// makeMilestones makes what was proposed, in its order. If no step has a day of
// its own, the last one is due when the proposal said the work takes that long.
func (s ProjectsService) makeMilestones(tx core.App, proposal, contract *core.Record) ([]*core.Record, error) {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Milestones)
	if err != nil {
		return nil, err
	}
	proposed, err := proposedMilestones(proposal)
	if err != nil {
		return nil, err
	}
	made, dated := make([]*core.Record, len(proposed)), false
	for n, one := range proposed {
		milestone := core.NewRecord(col)
		milestone.Load(map[string]any{
			collections.FieldContract: contract.Id, collections.MilestonePosition: n + 1,
			collections.FieldTitle: one.Title, collections.FieldAmount: one.Amount, collections.MilestoneDueAt: one.DueAt,
		})
		s.fillMilestone(milestone, contract)
		made[n], dated = milestone, dated || one.DueAt != ""
	}
	if days := proposal.GetInt(collections.ProposalDays); days > 0 && !dated {
		made[len(made)-1].Set(collections.MilestoneDueAt, s.Clock.Now().Add(time.Duration(days)*24*time.Hour))
	}
	for _, milestone := range made {
		if err := tx.Save(milestone); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// fillMilestone copies onto a milestone what its contract decides.
func (ProjectsService) fillMilestone(milestone, contract *core.Record) {
	for _, field := range []string{collections.FieldProject, collections.FieldClient, collections.FieldFreelancer, collections.FieldCurrency} {
		milestone.Set(field, contract.GetString(field))
	}
	milestone.Set(collections.FieldStatus, collections.MilestoneMachine.Initial)
	milestone.Set(collections.FieldVersion, 1)
}
