package hooks

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindEarnings makes the earnings book follow the people it is about: whoever
// moves to another time zone has other months.
func bindEarnings(i *services.Instance, payments *services.PaymentsService) {
	i.App.OnRecordUpdateExecute(collections.Users).BindFunc(func(e *core.RecordEvent) error {
		if err := e.Next(); err != nil {
			return err
		}
		return payments.ZoneChanged(e.App, e.Record.Id)
	})
}

// bindEarningsRoutes registers what a person can ask about their own money. Whose it
// is comes from the token and from nowhere else.
func bindEarningsRoutes(e *core.ServeEvent, payments *services.PaymentsService) {
	earnings := func(path string, ask func(e *core.RequestEvent, user string, view services.Perspective) (services.Table, error)) {
		e.Router.GET("/api/earnings/"+path, func(e *core.RequestEvent) error {
			user, err := requireUser(e)
			if err != nil {
				return err
			}
			view, err := perspective(e, user)
			if err != nil {
				return err
			}
			answer, err := ask(e, user.Id, view)
			if err != nil {
				return err
			}
			return writeTable(e, path, answer)
		})
	}
	earnings("summary", func(_ *core.RequestEvent, user string, view services.Perspective) (services.Table, error) {
		return payments.Summary(user, view)
	})
	earnings("monthly", func(e *core.RequestEvent, user string, view services.Perspective) (services.Table, error) {
		query := e.Request.URL.Query()
		return payments.Monthly(user, view, query.Get("from"), query.Get("to"))
	})
	earnings("forecast", func(e *core.RequestEvent, user string, view services.Perspective) (services.Table, error) {
		query := e.Request.URL.Query()
		horizon := 3
		if given := query.Get("horizon"); given != "" {
			number, err := strconv.Atoi(given)
			if err != nil {
				return nil, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The horizon is 1 to 12 months.")
			}
			horizon = number
		}
		return payments.Forecast(user, view, query.Get("currency"), horizon)
	})
}

// writeTable answers as JSON or, for ?format=csv, as a file for a spreadsheet.
func writeTable(e *core.RequestEvent, name string, answer services.Table) error {
	switch e.Request.URL.Query().Get("format") {
	case "", "json":
		return e.JSON(http.StatusOK, answer)
	case "csv":
		var file bytes.Buffer
		if err := csv.NewWriter(&file).WriteAll(answer.CSV()); err != nil {
			return err
		}
		e.Response.Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
		return e.Blob(http.StatusOK, "text/csv; charset=utf-8", file.Bytes())
	}
	return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The format is json or csv.")
}

// perspective is income for a freelancer and spend for a client, unless ?view= says otherwise.
func perspective(e *core.RequestEvent, user *core.Record) (services.Perspective, error) {
	switch view := services.Perspective(e.Request.URL.Query().Get("view")); view {
	case services.PerspectiveIncome, services.PerspectiveSpend:
		return view, nil
	case "":
		if slices.Contains(user.GetStringSlice(collections.UserRoles), collections.RoleFreelancer) {
			return services.PerspectiveIncome, nil
		}
		return services.PerspectiveSpend, nil
	default:
		return "", services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The view is %q or %q.", services.PerspectiveIncome, services.PerspectiveSpend)
	}
}
