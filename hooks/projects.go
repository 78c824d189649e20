package hooks

import (
	"errors"
	"net/http"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

func bindProjects(i *services.Instance) error {
	projects := services.ProjectsService{Instance: i}
	projects.HandlePayments()
	projects.HandleDeadlines()
	projects.HandleDisputes()
	projects.HandleClosedUsers()
	projects.HandleChargebacks()
	projects.FollowPipeline()
	bindProjectRecords(i, projects)
	bindReviews(i, projects)
	onServe(i, func(e *core.ServeEvent) {
		bindProjectCommands(e, projects)
		bindFees(e, projects)
		platformTotals(e, func(*core.RequestEvent) (services.Table, error) { return projects.PlatformTotals() })
		internal(i, e, http.MethodPost, services.InternalBook, tellBook(projects))
		internal(i, e, http.MethodPut, services.InternalReserve+"{payment}", reserve(projects))
		internal(i, e, http.MethodGet, services.InternalMilestone+"{milestone}", func(_ *services.Instance, _ services.Caller, e *core.RequestEvent) error {
			told, err := projects.Told(e.Request.PathValue("milestone"))
			if err != nil {
				return err
			}
			return e.JSON(http.StatusOK, told)
		})
	})
	i.App.OnRecordDeleteExecute(collections.Deliverables).BindFunc(func(e *core.RecordEvent) error {
		if err := projects.KeepDeliverable(e.App, e.Record); err != nil {
			return err
		}
		return e.Next()
	})
	return errors.Join(
		bindSearches(i, projects),
		bindUploads(i, projects.Deliverables),
		i.AtStart("tell payments of older work", projects.TellPipeline),
		i.Every(services.SlowSweep, "ask about late reservations", projects.SweepReservations))
}

// bindProjectRecords fills in and checks what people create and edit.
func bindProjectRecords(i *services.Instance, projects services.ProjectsService) {
	creating := func(collection string, fill func(record *core.Record, user string) error) {
		i.App.OnRecordCreateRequest(collection).BindFunc(func(e *core.RecordRequestEvent) error {
			user, err := requireUser(e.RequestEvent)
			if err != nil {
				return err
			}
			if err := fill(e.Record, user.Id); err != nil {
				return err
			}
			return e.Next()
		})
	}
	creating(collections.Projects, projects.NewProject)
	indexProjects(i, projects)
	creating(collections.Proposals, projects.NewProposal)
	creating(collections.Milestones, projects.NewMilestone)
	creating(collections.Searches, projects.NewSearch)
	editing := func(collection string, check func(record *core.Record) error) {
		i.App.OnRecordUpdateRequest(collection).BindFunc(func(e *core.RecordRequestEvent) error {
			if err := check(e.Record); err != nil {
				return err
			}
			return e.Next()
		})
	}
	editing(collections.Projects, projects.CheckProject)
	editing(collections.Proposals, projects.EditProposal)
	editing(collections.Searches, projects.CheckSearch)
	i.App.OnRecordCreateExecute(collections.FeePlans).BindFunc(func(e *core.RecordEvent) error {
		if err := services.CheckFeePlan(e.Record); err != nil {
			return err
		}
		return e.Next()
	})
	i.App.OnRecordUpdateRequest(collections.Milestones).BindFunc(func(e *core.RecordRequestEvent) error {
		if e.HasSuperuserAuth() {
			return e.Next() // a moderator's sign-in is not ours to ask for
		}
		if err := projects.EditMilestone(e.Record, signedInAt(e.RequestEvent)); err != nil {
			return err
		}
		return e.Next()
	})
	i.AroundUpdate(collections.Projects, services.After(projects.EditedProject))
	i.AroundUpdate(collections.Proposals, services.After(projects.EditedProposal))
	i.AroundCreate(collections.Proposals, services.After(projects.Submitted))
	i.AroundCreate(collections.Milestones, projects.AddMilestone)
	i.App.OnRecordUpdateExecute(collections.Milestones).BindFunc(func(e *core.RecordEvent) error {
		if err := projects.ChangedMilestone(e.App, e.Record); err != nil {
			return err
		}
		return e.Next()
	})
	i.App.OnRecordCreateExecute(collections.Proposals).BindFunc(func(e *core.RecordEvent) error {
		return services.ProposalError(e.Next())
	})
}

// bindProjectCommands is the table of what can be done to projects, proposals,
// milestones and contracts.
func bindProjectCommands(e *core.ServeEvent, p services.ProjectsService) {
	command(e, collections.Projects, "publish", false, func(_ *core.RequestEvent, c call) (services.Answer, error) { return p.Publish(c.Command, c.ID) })
	command(e, collections.Projects, "cancel", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.Cancel(c.Command, c.ID, c.Body.Reason)
	})
	command(e, collections.Projects, "invite", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.Invite(c.Command, c.ID, c.Body.Freelancer, c.Body.Note)
	})
	command(e, collections.Proposals, "discuss", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.Discuss(c.Command, c.ID, c.Body.Note)
	})
	command(e, collections.Contracts, "add-member", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.AddMember(c.Command, c.ID, c.Body.User)
	})
	command(e, collections.Proposals, "accept", false, func(e *core.RequestEvent, c call) (services.Answer, error) {
		return p.Accept(e.Request.Context(), c.Command, c.ID, c.Body.Version)
	})
	command(e, collections.Proposals, "reject", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.Reject(c.Command, c.ID, c.Body.Reason)
	})
	command(e, collections.Proposals, "withdraw", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.Withdraw(c.Command, c.ID, c.Body.Reason)
	})
	command(e, collections.Milestones, "submit", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.Submit(c.Command, c.ID, c.Body.Note, c.Body.Deliverables)
	})
	command(e, collections.Milestones, "request-changes", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.RequestChanges(c.Command, c.ID, c.Body.Note)
	})
	command(e, collections.Milestones, "approve", false, func(e *core.RequestEvent, c call) (services.Answer, error) {
		if c.Body.Amount > 0 && c.Key == "" { // the whole is approved once, a part as often as it is asked for
			return services.Answer{}, services.KeyRequired()
		}
		return p.Approve(c.Command, c.ID, services.Approval{Amount: c.Body.Amount, Rest: c.Body.Rest, Reason: c.Body.Reason, Note: c.Body.Note}, signedInAt(e))
	})
	command(e, collections.Deliverables, "delete", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.DeleteDeliverable(c.Command, c.ID)
	})
	command(e, collections.Contracts, "bonus", true, func(e *core.RequestEvent, c call) (services.Answer, error) {
		return p.Bonus(c.Command, c.ID, c.Body.Amount, c.Body.Note, signedInAt(e))
	})
	command(e, collections.Contracts, "end", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
		return p.EndContract(c.Command, c.ID, c.Body.Reason)
	})
}

// reserve answers payments: may this milestone be paid for by that payment?
func reserve(projects services.ProjectsService) func(*services.Instance, services.Caller, *core.RequestEvent) error {
	return func(_ *services.Instance, caller services.Caller, e *core.RequestEvent) error {
		if caller.Domain != collections.DomainPayments {
			return services.Failf(http.StatusForbidden, services.CodeForbidden, "Only payments reserves milestones.")
		}
		var want services.ReservationRequest
		if err := e.BindBody(&want); err != nil {
			return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The request cannot be read.")
		}
		if caller.User != "" && caller.User != want.Client {
			return services.Failf(http.StatusForbidden, services.CodeForbidden, "Only the client of a milestone pays for it.")
		}
		reservation, err := projects.Reserve(e.Request.PathValue("payment"), want)
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, reservation)
	}
}
