// Package hooks adapts PocketBase to the services: it decodes requests, makes
// one service call, and encodes the answer. It holds no SQL and no arithmetic.
package hooks

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// settleEvery is how often a restored instance asks peers that did not answer.
const settleEvery = 5 * time.Second

// Bind attaches everything that belongs to the instance's domain.
func Bind(i *services.Instance) error {
	bindAuth(i)
	bindAudit(i)
	bindGuards(i)
	bindSealed(i)
	i.App.OnServe().BindFunc(func(e *core.ServeEvent) error {
		bindCommon(i, e)
		return e.Next()
	})
	if i.Domain != collections.DomainUsers {
		i.HandleUsers()
	}
	if err := errors.Join(bindDeadlines(i), bindFiles(i)); err != nil {
		return err
	}
	if err := errors.Join(i.Every(time.Hour, "prune tables", noContext(i.Prune)),
		i.Every(services.WatchEvery, "tell operators", noContext(i.Watch)),
		i.Every(time.Hour, "verify the audit log", i.CheckAudit), i.AtStart("verify the audit log", i.CheckAudit)); err != nil {
		return err
	}
	if err := i.AtStart("settle a restore", i.SettleEpoch); err != nil {
		return err
	}
	if err := i.Every(settleEvery, "settle a restore", i.SettleEpoch); err != nil {
		return err
	}
	switch i.Domain {
	case collections.DomainUsers:
		return bindUsers(i)
	case collections.DomainProjects:
		return bindProjects(i)
	case collections.DomainPayments:
		return bindPayments(i)
	case collections.DomainMessages:
		return bindChats(i)
	}
	return fmt.Errorf("there is no domain %q", i.Domain)
}

// bindCommon registers the routes every instance has.
func bindCommon(i *services.Instance, e *core.ServeEvent) {
	e.Router.GET(services.HealthPath, func(e *core.RequestEvent) error {
		return e.JSON(http.StatusOK, map[string]string{"status": "ok"})
	})
	e.Router.GET(services.ReadyPath, func(e *core.RequestEvent) error {
		ready := i.Ready(e.Request.Context())
		return e.JSON(readyStatus(ready.Ready), ready)
	})
	e.Router.GET(services.ReadyAllPath, func(e *core.RequestEvent) error {
		all := i.ReadyAll(e.Request.Context())
		return e.JSON(readyStatus(all.Ready), all)
	})
	e.Router.GET(services.MetricsPath, metrics(i))
	e.Router.GET(services.InternalKeys, func(e *core.RequestEvent) error { return e.JSON(http.StatusOK, i.Keys.JWKS()) })
	internal(i, e, http.MethodPost, services.InternalEvents, receiveEvent)
	internal(i, e, http.MethodPost, services.InternalTogether, receiveEvents)
	internal(i, e, http.MethodPost, services.InternalRecollect, recollect)
	bindOwnParts(i, e)
}

func readyStatus(ready bool) int {
	if ready {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// onServe registers routes when the instance begins to serve.
func onServe(i *services.Instance, routes func(e *core.ServeEvent)) {
	i.App.OnServe().BindFunc(func(e *core.ServeEvent) error {
		routes(e)
		return e.Next()
	})
}

// bindDeadlines makes deadlines follow the records they belong to, and fires them.
func bindDeadlines(i *services.Instance) error {
	if !collections.HasDeadlines(i.Domain) {
		return nil
	}
	i.BindDeadlines()
	return errors.Join(
		i.AtStart("start missing deadlines", i.ArmMissing),
		i.Every(i.Options.SweepEvery, "fire deadlines", i.FireDeadlines))
}
