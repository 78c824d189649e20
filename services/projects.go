package services

import (
	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// ProjectsService owns projects, proposals, contracts and milestones. Only the
// projects instance has it.
type ProjectsService struct{ *Instance }

// NewProject fills in what the server decides about a project being created and
// checks the rest.
func (s ProjectsService) NewProject(project *core.Record, client string) error {
	project.Set(collections.FieldClient, client)
	project.Set(collections.FieldStatus, collections.ProjectMachine.Initial)
	project.Set(collections.FieldVersion, 1)
	if project.GetString(collections.ProjectBudgetType) == "" {
		project.Set(collections.ProjectBudgetType, "fixed")
	}
	return s.CheckProject(project)
}

// CheckProject refuses a project that contradicts itself.
func (ProjectsService) CheckProject(project *core.Record) error {
	if err := CheckCurrency(project.GetString(collections.FieldCurrency)); err != nil {
		return err
	}
	if before := project.Original(); before.GetString(collections.FieldStatus) == collections.ProjectOpen && changed(project, collections.FieldCurrency) {
		return badRequest(CodeFieldReadOnly, "Proposals are in %s: the currency of an open project cannot change.", before.GetString(collections.FieldCurrency)).
			With("field", collections.FieldCurrency)
	}
	low, high := project.GetInt(collections.ProjectBudgetMin), project.GetInt(collections.ProjectBudgetMax)
	if high > 0 && low > high {
		return badRequest(CodeAmountOutOfRange, "The lowest budget (%d) is above the highest (%d).", low, high)
	}
	return nil
}

// Publish opens a draft (or an expired project) for proposals.
func (s ProjectsService) Publish(cmd Command, id string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		project, err := ownProject(tx, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		err = Transition(tx, Move{
			Machine: collections.ProjectMachine, Record: project, Verb: "publish", By: cmd.Principal,
			Set: map[string]any{collections.ProjectPublishedAt: s.Clock.Now()},
		})
		if err != nil {
			return nil, err
		}
		return project, s.queueAlerts(tx, project)
	})
}

// Cancel closes a project that nobody was hired for, and archives what was proposed.
func (s ProjectsService) Cancel(cmd Command, id, reason string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		project, err := ownProject(tx, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		if err := noMoneyHeld(tx, id); err != nil {
			return nil, err
		}
		err = Transition(tx, Move{
			Machine: collections.ProjectMachine, Record: project, Verb: "cancel", By: cmd.Principal, Reason: reason,
			Set: map[string]any{collections.FieldReason: reason, collections.FieldClosedAt: s.Clock.Now()},
		})
		if err != nil {
			return nil, err
		}
		return project, s.closeProposals(tx, project, "", "archive", "The project was cancelled.")
	})
}

// ownProject loads a project of which user is the client. To everyone else who
// may see it the command is forbidden; to the rest the project does not exist.
func ownProject(tx core.App, id, user string) (*core.Record, error) {
	project, err := tx.FindRecordById(collections.Projects, id)
	if err != nil {
		return nil, notFoundOr(err)
	}
	if project.GetString(collections.FieldClient) == user {
		return project, nil
	}
	if project.GetString(collections.FieldFreelancer) == user || project.GetString(collections.FieldStatus) == collections.ProjectOpen {
		return nil, forbidden(CodeForbidden, "Only the client of the project can do this.")
	}
	return nil, notFound()
}

// partyTo loads a record that has a client and a freelancer, and demands that
// user is the one named by party.
func partyTo(tx core.App, collection, id, user string, party collections.Party) (*core.Record, error) {
	record, err := tx.FindRecordById(collection, id)
	if err != nil {
		return nil, notFoundOr(err)
	}
	client, freelancer := collections.Parties(record)
	want, other := client, freelancer
	if party == collections.ByFreelancer {
		want, other = freelancer, client
	}
	switch user {
	case want:
		return record, nil
	case other:
		return nil, forbidden(CodeForbidden, "Only the %s can do this.", party)
	}
	return nil, notFound()
}

// noMoneyHeld refuses while a payment is reserved or held for the project.
func noMoneyHeld(tx core.App, project string) error {
	var live int
	// Of a milestone there may be no reservation: this instance was restored from before there was one.
	err := tx.DB().NewQuery(`SELECT (SELECT count(*) FROM reservations WHERE project = {:project} AND state <> 'released')
		+ (SELECT count(*) FROM milestones WHERE project = {:project} AND status NOT IN ('planned', 'released', 'cancelled'))`).
		Bind(dbx.Params{"project": project}).Row(&live)
	if err != nil {
		return err
	}
	if live > 0 {
		return conflict(CodeMoneyHeld, "Money is held for this project: release it or have it refunded first.")
	}
	return nil
}
