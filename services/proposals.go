package services

import (
	"context"
	"errors"
	"slices"

	"github.com/pocketbase/dbx"
	validation "github.com/pocketbase/ozzo-validation/v4"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// ProposalNews is the payload of the proposal.* events.
type ProposalNews struct {
	Proposal   string `json:"proposal"`
	Project    string `json:"project"`
	Title      string `json:"title"`
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	Amount     int64  `json:"amount"`
	Currency   string `json:"currency"`
	Reason     string `json:"reason,omitempty"`
}

func proposalNews(proposal *core.Record) ProposalNews {
	client, freelancer := collections.Parties(proposal)
	return ProposalNews{
		Proposal: proposal.Id, Project: proposal.GetString(collections.FieldProject),
		Title: proposal.GetString(collections.ProposalProjectTitle), Client: client, Freelancer: freelancer,
		Amount: int64(proposal.GetInt(collections.FieldAmount)), Currency: proposal.GetString(collections.FieldCurrency),
		Reason: proposal.GetString(collections.FieldReason),
	}
}

// NewProposal fills in what the server decides about a proposal being created.
func (s ProjectsService) NewProposal(proposal *core.Record, freelancer string) error {
	project, err := s.App.FindRecordById(collections.Projects, proposal.GetString(collections.FieldProject))
	if err != nil {
		return notFoundOr(err)
	}
	if project.GetString(collections.FieldClient) == freelancer {
		return forbidden(CodeOwnProject, "You cannot propose on your own project.")
	}
	if status := project.GetString(collections.FieldStatus); status != collections.ProjectOpen {
		if status == collections.ProjectDraft {
			return notFound()
		}
		return conflict(CodeProjectNotOpen, "This project is no longer open for proposals.").With("status", status)
	}
	if err := s.checkVerified(freelancer); err != nil {
		return err
	}
	if err := s.CheckProposal(proposal); err != nil {
		return err
	}
	if err := s.keepFeePlan(proposal, project); err != nil {
		return err
	}
	currency := project.GetString(collections.FieldCurrency)
	if given := proposal.GetString(collections.FieldCurrency); given != "" && given != currency {
		return badRequest(CodeMismatch, "The project is in %s, so the proposal must be too.", currency)
	}
	proposal.Set(collections.FieldCurrency, currency)
	proposal.Set(collections.FieldFreelancer, freelancer)
	proposal.Set(collections.FieldClient, project.GetString(collections.FieldClient))
	proposal.Set(collections.ProposalProjectTitle, project.GetString(collections.FieldTitle))
	proposal.Set(collections.FieldStatus, collections.ProposalMachine.Initial)
	proposal.Set(collections.FieldVersion, 1)
	return nil
}

// checkVerified demands a verified e-mail where the operator wants one. A
// proposal moves no money, so what the mirror knows is enough.
func (s ProjectsService) checkVerified(user string) error {
	if !s.Options.RequireVerified {
		return nil
	}
	record, err := s.App.FindRecordById(collections.Users, user)
	if err != nil {
		return err
	}
	if !record.Verified() {
		return forbidden(CodeNotVerified, "Verify your e-mail address first.")
	}
	return nil
}

// ProposalError explains why a proposal could not be stored: one live proposal
// per project and freelancer, which the database itself guards.
func ProposalError(err error) error {
	var fields validation.Errors
	if errors.As(err, &fields) {
		var unique validation.Error
		if errors.As(fields[collections.FieldFreelancer], &unique) && unique.Code() == "validation_not_unique" {
			return conflict(CodeDuplicateProposal, "You have a proposal on this project already: edit or withdraw that one.")
		}
	}
	return err
}

// Submitted completes the creation of a proposal, in its transaction: the
// project must still be open, and its client hears of it.
func (s ProjectsService) Submitted(tx core.App, proposal *core.Record) error {
	result, err := tx.DB().Update(collections.Projects,
		dbx.Params{collections.ProjectProposalCount: dbx.NewExp("[[proposalCount]] + 1")},
		dbx.HashExp{collections.FieldID: proposal.GetString(collections.FieldProject), collections.FieldStatus: collections.ProjectOpen},
	).Execute()
	if open, err := oneRow(result, err); err != nil {
		return err
	} else if !open {
		return conflict(CodeProjectNotOpen, "This project is no longer open for proposals.")
	}
	if err := s.RestartDeadline(tx, collections.DeadlineProjectExpiry, proposal.GetString(collections.FieldProject)); err != nil {
		return err
	}
	return s.Emit(tx, TopicProposalSubmitted, collections.Proposals, proposal.Id, 1, proposalNews(proposal))
}

// EditProposal checks what a freelancer changes; new terms are offered under the fee plan of the day.
func (s ProjectsService) EditProposal(proposal *core.Record) error {
	if err := s.CheckProposal(proposal); err != nil || !newTerms(proposal) {
		return err
	}
	project, err := s.App.FindRecordById(collections.Projects, proposal.GetString(collections.FieldProject))
	if err != nil {
		return err
	}
	return s.keepFeePlan(proposal, project)
}

func newTerms(proposal *core.Record) bool {
	return changed(proposal, collections.FieldAmount, collections.ProposalDays, collections.ProposalMilestones, collections.ProposalCoverLetter)
}

// EditedProposal tells the client of new terms, in the transaction of the change.
func (s ProjectsService) EditedProposal(tx core.App, proposal *core.Record) error {
	if !newTerms(proposal) || proposal.GetString(collections.FieldStatus) != collections.ProposalSubmitted {
		return nil
	}
	return s.emitProposal(tx, TopicProposalChanged, proposal)
}

// changed tells whether one of these fields is no longer as it was.
func changed(record *core.Record, fields ...string) bool {
	before := record.Original()
	return slices.ContainsFunc(fields, func(field string) bool { return record.GetString(field) != before.GetString(field) })
}

// Accept hires: the proposal is accepted and the others rejected, the project is
// in progress, a contract with the proposed milestones (or one for the whole)
// exists, and both people (and, by event, a chat between them) hear of it; all or
// nothing. Users is asked first whether the freelancer can be hired; no answer is
// no hire. seen, unless 0, is the version of the proposal that the client decided on.
func (s ProjectsService) Accept(ctx context.Context, cmd Command, id string, seen int) (Answer, error) {
	if stored, err := Replay(s.App, cmd); err != nil || stored != nil {
		return replayed(stored), err
	}
	proposal, err := partyTo(s.App, collections.Proposals, id, cmd.Principal, collections.ByClient)
	if err != nil {
		return Answer{}, err
	}
	client, freelancer := collections.Parties(proposal)
	defer s.hiring.enter(client, freelancer)() // see account_close.go
	if err := s.checkBoth(ctx, client, freelancer); err != nil {
		return Answer{}, err
	}
	failpoint("accept-checked")
	answer, err := Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) { return s.accept(tx, cmd.Principal, id, seen) })
	failpoint("accept-committed")
	return answer, err
}

func (s ProjectsService) checkBoth(ctx context.Context, client, freelancer string) error {
	return inParallel(ctx, s.Options.PeerTimeout,
		func(ctx context.Context) error { return s.CheckEligible(ctx, client, collections.RoleClient) },
		func(ctx context.Context) error { return s.CheckEligible(ctx, freelancer, collections.RoleFreelancer) })
}

// accept is the transaction of Accept.
func (s ProjectsService) accept(tx core.App, by, id string, seen int) (any, error) {
	proposal, err := partyTo(tx, collections.Proposals, id, by, collections.ByClient)
	if err != nil {
		return nil, err
	}
	submitted := proposal.GetString(collections.FieldStatus) == collections.ProposalSubmitted
	if version := proposal.GetInt(collections.FieldVersion); submitted && seen != 0 && seen != version {
		return nil, conflict(CodeProposalChanged, "The freelancer changed this proposal after you read it. Read it again.").With("version", version)
	}
	if err := Transition(tx, Move{Machine: collections.ProposalMachine, Record: proposal, Verb: "accept", By: by}); err != nil {
		return nil, err
	}
	project, err := tx.FindRecordById(collections.Projects, proposal.GetString(collections.FieldProject))
	if err != nil {
		return nil, err
	}
	err = Transition(tx, Move{
		Machine: collections.ProjectMachine, Record: project, Verb: "award", By: by,
		Set: map[string]any{collections.FieldFreelancer: proposal.GetString(collections.FieldFreelancer)},
	})
	if Code(err) == CodeIllegalTransition {
		return nil, conflict(CodeProjectNotOpen, "This project is no longer open: someone was hired or it was closed.").
			With("status", project.GetString(collections.FieldStatus))
	}
	if err != nil {
		return nil, err
	}
	contract, milestones, err := s.makeContract(tx, proposal, project.GetString(collections.ProjectCategory))
	if err != nil {
		return nil, err
	}
	failpoint("accept-half")
	if err := s.closeProposals(tx, project, proposal.Id, "reject", "Another proposal was accepted."); err != nil {
		return nil, err
	}
	return map[string]any{
		"proposal": proposal, "project": project, "contract": contract, "milestone": milestones[0], "milestones": milestones,
	}, nil
}

// closeProposals ends every submitted proposal of a project but one.
func (s ProjectsService) closeProposals(tx core.App, project *core.Record, except, verb, reason string) error {
	others, err := tx.FindRecordsByFilter(collections.Proposals, "project = {:project} && status = 'submitted' && id != {:except}", "created", 0, 0,
		dbx.Params{"project": project.Id, "except": except})
	if err != nil {
		return err
	}
	for _, other := range others {
		err := Transition(tx, Move{
			Machine: collections.ProposalMachine, Record: other, Verb: verb, By: System, Reason: reason,
			Set: map[string]any{collections.FieldReason: reason},
		})
		if err != nil {
			return err
		}
		if err := s.emitProposal(tx, TopicProposalRejected, other); err != nil {
			return err
		}
	}
	return nil
}

func (s ProjectsService) emitProposal(tx core.App, topic string, proposal *core.Record) error {
	return s.Emit(tx, topic, collections.Proposals, proposal.Id, proposal.GetInt(collections.FieldVersion), proposalNews(proposal))
}

// Reject declines one proposal.
func (s ProjectsService) Reject(cmd Command, id, reason string) (Answer, error) {
	return s.endProposal(cmd, id, reason, "reject", collections.ByClient, TopicProposalRejected)
}

// Withdraw takes one's own proposal back.
func (s ProjectsService) Withdraw(cmd Command, id, reason string) (Answer, error) {
	return s.endProposal(cmd, id, reason, "withdraw", collections.ByFreelancer, TopicProposalWithdrawn)
}

func (s ProjectsService) endProposal(cmd Command, id, reason, verb string, by collections.Party, topic string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		proposal, err := partyTo(tx, collections.Proposals, id, cmd.Principal, by)
		if err != nil {
			return nil, err
		}
		err = Transition(tx, Move{
			Machine: collections.ProposalMachine, Record: proposal, Verb: verb, By: cmd.Principal, Reason: reason,
			Set: map[string]any{collections.FieldReason: reason},
		})
		if err != nil {
			return nil, err
		}
		return proposal, s.emitProposal(tx, topic, proposal)
	})
}
