package services

import (
	"fmt"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// HandleDeadlines says what the deadlines of projects do.
func (s ProjectsService) HandleDeadlines() {
	s.OnDeadline(collections.DeadlineAutoRelease, func(tx core.App, milestone *core.Record) error {
		reason := s.silence(collections.DeadlineAutoRelease, "after the work was handed in")
		return s.approveAll(tx, milestone, System, reason)
	})
	s.OnDeadline(collections.DeadlineProposalExpiry, func(tx core.App, proposal *core.Record) error {
		reason := s.silence(collections.DeadlineProposalExpiry, "to the proposal")
		err := Transition(tx, Move{
			Machine: collections.ProposalMachine, Record: proposal, Verb: "archive", By: System, Reason: reason,
			Set: map[string]any{collections.FieldReason: reason},
		})
		if err != nil {
			return err
		}
		return s.emitProposal(tx, TopicProposalExpired, proposal)
	})
	s.OnDeadline(collections.DeadlineProjectExpiry, s.expireProject)
	s.OnDeadline(collections.DeadlineReview, s.endReview)
}

// silence is the reason of what happens because nobody answered.
func (i *Instance) silence(kind, to string) string {
	return fmt.Sprintf("There was no answer within %s %s.", lengthOf(i.Options.Clocks[kind].After), to)
}

// ProjectNews is the payload of the project.* events.
type ProjectNews struct {
	Project string `json:"project"`
	Title   string `json:"title"`
	Client  string `json:"client"`
	Reason  string `json:"reason,omitempty"`
}

func (s ProjectsService) expireProject(tx core.App, project *core.Record) error {
	reason := fmt.Sprintf("Nothing happened for %s.", lengthOf(s.Options.Clocks[collections.DeadlineProjectExpiry].After))
	err := Transition(tx, Move{
		Machine: collections.ProjectMachine, Record: project, Verb: "expire", By: System, Reason: reason,
		Set: map[string]any{collections.FieldReason: reason},
	})
	if err != nil {
		return err
	}
	if err := s.closeProposals(tx, project, "", "archive", "The project expired."); err != nil {
		return err
	}
	return s.Emit(tx, TopicProjectExpired, collections.Projects, project.Id, project.GetInt(collections.FieldVersion), ProjectNews{
		Project: project.Id, Title: project.GetString(collections.FieldTitle), Client: project.GetString(collections.FieldClient), Reason: reason,
	})
}

// ProjectChange is the payload of project.changed. Bidders are those whose
// proposals are open: they offered on other terms.
type ProjectChange struct {
	ProjectNews
	Bidders []string `json:"bidders"`
}

// tellBidders tells them of new terms.
func (s ProjectsService) tellBidders(tx core.App, project *core.Record) error {
	if !changed(project, collections.FieldTitle, collections.ProjectDescription, collections.ProjectCategory, collections.ProjectSkills, collections.ProjectBudgetType,
		collections.ProjectBudgetMin, collections.ProjectBudgetMax, collections.FieldCurrency, collections.ProjectDeadline) {
		return nil
	}
	change := ProjectChange{ProjectNews: ProjectNews{
		Project: project.Id, Title: project.GetString(collections.FieldTitle), Client: project.GetString(collections.FieldClient),
	}}
	err := tx.DB().Select(collections.FieldFreelancer).From(collections.Proposals).
		Where(dbx.HashExp{collections.FieldProject: project.Id, collections.FieldStatus: collections.ProposalSubmitted}).Column(&change.Bidders)
	if err != nil || len(change.Bidders) == 0 {
		return err
	}
	return s.Emit(tx, TopicProjectChanged, collections.Projects, project.Id, project.GetInt(collections.FieldVersion), change)
}

// EditedProject keeps an open project from expiring that its owner looks after,
// and tells those who proposed what is new.
func (s ProjectsService) EditedProject(tx core.App, project *core.Record) error {
	open := project.GetString(collections.FieldStatus) == collections.ProjectOpen
	if !open || project.Original().GetString(collections.FieldStatus) != collections.ProjectOpen {
		return nil
	}
	if err := s.tellBidders(tx, project); err != nil {
		return err
	}
	return s.RestartDeadline(tx, collections.DeadlineProjectExpiry, project.Id)
}
