package services

import (
	"database/sql"
	"errors"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Who may talk to whom is decided here, by projects, and told to messages by
// event: a client may write to whom they invite, to who proposed, and to who
// they hired. A freelancer never begins.

// InvitationNews is the payload of project.invited and proposal.discussed.
type InvitationNews struct {
	Project    string `json:"project"`
	Proposal   string `json:"proposal,omitempty"`
	Title      string `json:"title"`
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	By         string `json:"by"`
	Note       string `json:"note,omitempty"`
}

// MemberNews is the payload of contract.member_added.
type MemberNews struct {
	Contract   string `json:"contract"`
	Project    string `json:"project"`
	Title      string `json:"title"`
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	User       string `json:"user"`
	By         string `json:"by"`
}

// Invite lets the client of an open project write to a freelancer about it.
func (s ProjectsService) Invite(cmd Command, id, freelancer, note string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		project, err := ownProject(tx, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		if project.GetString(collections.FieldStatus) != collections.ProjectOpen {
			return nil, conflict(CodeProjectNotOpen, "Only to an open project can people be invited.")
		}
		if freelancer == cmd.Principal {
			return nil, badRequest(CodeInvalidInput, "You cannot invite yourself.").With("field", collections.FieldFreelancer)
		}
		if err := activeUser(tx, freelancer, collections.RoleFreelancer); err != nil {
			return nil, err
		}
		news := InvitationNews{
			Project: id, Title: project.GetString(collections.FieldTitle), Client: cmd.Principal, Freelancer: freelancer, By: cmd.Principal, Note: note,
		}
		return struct{}{}, s.Emit(tx, TopicProjectInvited, collections.Projects, id+":"+freelancer+":"+randomToken(6), 1, news)
	})
}

// Discuss lets the client write to somebody who proposed.
func (s ProjectsService) Discuss(cmd Command, id, note string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		proposal, err := partyTo(tx, collections.Proposals, id, cmd.Principal, collections.ByClient)
		if err != nil {
			return nil, err
		}
		if status := proposal.GetString(collections.FieldStatus); status != collections.ProposalSubmitted && status != collections.ProposalAccepted {
			return nil, conflict(CodeConflict, "This proposal is no longer open.").With("status", status)
		}
		client, freelancer := collections.Parties(proposal)
		news := InvitationNews{
			Project: proposal.GetString(collections.FieldProject), Proposal: id, Title: proposal.GetString(collections.ProposalProjectTitle),
			Client: client, Freelancer: freelancer, By: cmd.Principal, Note: note,
		}
		return struct{}{}, s.Emit(tx, TopicProposalDiscussed, collections.Proposals, id+":"+randomToken(6), 1, news)
	})
}

// AddMember brings somebody into the group room of a contract.
func (s ProjectsService) AddMember(cmd Command, id, user string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		contract, err := partyTo(tx, collections.Contracts, id, cmd.Principal, collections.ByClient)
		if err != nil {
			return nil, err
		}
		if status := contract.GetString(collections.FieldStatus); status != collections.ContractActive && status != collections.ContractPaused {
			return nil, conflict(CodeConflict, "The contract is over.").With("status", status)
		}
		if err := activeUser(tx, user, ""); err != nil {
			return nil, err
		}
		client, freelancer := collections.Parties(contract)
		news := MemberNews{
			Contract: id, Project: contract.GetString(collections.FieldProject), Title: contract.GetString(collections.FieldTitle),
			Client: client, Freelancer: freelancer, User: user, By: cmd.Principal,
		}
		return struct{}{}, s.Emit(tx, TopicMemberAdded, collections.Contracts, id+":"+user+":"+randomToken(6), 1, news)
	})
}

// activeUser demands somebody who is known here, active, and (unless "") has role.
func activeUser(tx core.App, id, role string) error {
	user, err := tx.FindRecordById(collections.Users, id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err != nil || user.GetString(collections.FieldStatus) != collections.UserStatusActive {
		return badRequest(CodeNotEligible, "There is no such active user.")
	}
	if role != "" && !hasRole(user, role) {
		return badRequest(CodeNotEligible, "This user is no %s.", role)
	}
	return nil
}

func hasRole(user *core.Record, role string) bool {
	for _, one := range user.GetStringSlice(collections.UserRoles) {
		if one == role {
			return true
		}
	}
	return false
}
