package hooks

import (
	"net/http"
	"slices"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindAccountData registers taking one's data away, and closing the account.
func bindAccountData(i *services.Instance, users services.UsersService) {
	onServe(i, func(e *core.ServeEvent) {
		e.Router.GET("/api/users/{id}/export", func(e *core.RequestEvent) error { return export(i, users, e) }).Bind(apis.SkipSuccessActivityLog())
		command(e, collections.Users, "close", false, func(e *core.RequestEvent, c call) (services.Answer, error) {
			answer, err := users.CloseAccount(e.Request.Context(), c.Command, c.ID, signedInAt(e))
			if err == nil {
				setRefreshCookie(e, "", services.LongAgo)
			}
			return answer, err
		})
	})
}

// export streams the archive of everything about the person who asks.
func export(i *services.Instance, users services.UsersService, e *core.RequestEvent) error {
	user, err := requireUser(e)
	if err != nil {
		return err
	}
	if e.Request.PathValue("id") != user.Id {
		return services.Failf(http.StatusNotFound, services.CodeNotFound, "The requested resource wasn't found.")
	}
	if !i.Fresh(signedInAt(e)) {
		return services.Failf(http.StatusForbidden, services.CodeSignInAgain, "Sign in again to take your data with you.")
	}
	archive, err := users.OpenExport(e.Request.Context(), user.Id)
	if err != nil {
		return err
	}
	defer archive.Close()
	header := e.Response.Header()
	header.Set("Content-Type", "application/zip")
	header.Set("Content-Disposition", `attachment; filename="lancershub-`+user.Id+`.zip"`)
	header.Set("Cache-Control", "no-store")
	flush := http.NewResponseController(e.Response)
	if err := archive.Write(e.Request.Context(), e.Response, func() { _ = flush.Flush() }); err != nil {
		// The answer has begun: without its end the archive cannot be opened.
		i.Logger.Error("an export broke off", "user", user.Id, "error", err)
	}
	return nil
}

// bindOwnParts answers users about one person's part of this domain, in their name.
func bindOwnParts(i *services.Instance, e *core.ServeEvent) {
	inPerson := func(askers []collections.Domain, handle func(user string, e *core.RequestEvent) error) func(*services.Instance, services.Caller, *core.RequestEvent) error {
		return func(_ *services.Instance, caller services.Caller, e *core.RequestEvent) error {
			if !slices.Contains(askers, caller.Domain) || caller.User == "" {
				return services.Failf(http.StatusForbidden, services.CodeForbidden, "Only %v ask this, in a person's name.", askers)
			}
			return handle(caller.User, e)
		}
	}
	internal(i, e, http.MethodGet, services.InternalExport, inPerson([]collections.Domain{collections.DomainUsers}, func(user string, e *core.RequestEvent) error {
		e.Response.Header().Set("Content-Type", "application/json")
		return i.ExportOwn(e.Request.Context(), user, e.Response)
	}))
	// Who closes an account, and who pays out the last cents.
	leaving := []collections.Domain{collections.DomainUsers, collections.DomainPayments}
	internal(i, e, http.MethodGet, services.InternalObstacles, inPerson(leaving, func(user string, e *core.RequestEvent) error {
		found, err := i.Obstacles(e.Request.Context(), user)
		if err != nil {
			return err
		}
		return e.JSON(http.StatusOK, found)
	}))
}
