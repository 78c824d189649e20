package hooks

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindEarnings makes the earnings book follow the people it is about: whoever
// moves to another time zone has other months. Forecasts follow payments.
func bindEarnings(i *services.Instance, payments *services.PaymentsService) error {
	payments.HandlePipeline()
	i.App.OnRecordAfterUpdateSuccess(collections.Payments).BindFunc(func(e *core.RecordEvent) error {
		payments.MarkStale(collections.Parties(e.Record))
		return e.Next()
	})
	i.App.OnRecordUpdateExecute(collections.Users).BindFunc(func(e *core.RecordEvent) error {
		if err := e.Next(); err != nil {
			return err
		}
		return payments.ZoneChanged(e.App, e.Record.Id)
	})
	return errors.Join(
		i.Every(i.Options.SweepEvery, "forecasts after settlements", payments.RefreshStale),
		i.Every(time.Hour, "forecasts of the day", payments.RefreshForecasts),
		i.AtStart("forecasts of the day", payments.RefreshForecasts),
		i.Every(6*time.Hour, "learn from past pipelines", payments.LearnPipeline))
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
		horizon := defaultHorizon
		if given := query.Get("horizon"); given != "" {
			number, err := strconv.Atoi(given)
			if err != nil {
				return nil, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The horizon is 1 to 12 months.").With("field", "horizon")
			}
			horizon = number
		}
		return payments.Forecast(user, view, query.Get("currency"), horizon)
	})
	earnings("forecasts", func(e *core.RequestEvent, user string, view services.Perspective) (services.Table, error) {
		return payments.Forecasts(user, view, e.Request.URL.Query().Get("currency"))
	})
	earnings("pipeline", func(e *core.RequestEvent, user string, view services.Perspective) (services.Table, error) {
		query := e.Request.URL.Query()
		return payments.Pipeline(user, view, query.Get("currency"), query.Get("at"))
	})
	e.Router.POST("/api/earnings/what-if", func(e *core.RequestEvent) error { return whatIf(e, payments) })
}

// defaultHorizon is how many months a forecast looks ahead unless asked otherwise.
const defaultHorizon = 3

// whatIf answers a question about the future; it changes nothing and needs no key.
func whatIf(e *core.RequestEvent, payments *services.PaymentsService) error {
	user, err := requireUser(e)
	if err != nil {
		return err
	}
	ask := services.WhatIfRequest{Horizon: defaultHorizon}
	decoder := json.NewDecoder(http.MaxBytesReader(e.Response, e.Request.Body, maxQuestion))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&ask); err != nil {
		return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The body is {view, currency, horizon, changes}, with whole numbers: %v.", err)
	}
	if ask.View, err = viewOf(string(ask.View), user); err != nil {
		return err
	}
	answer, err := payments.WhatIf(user.Id, ask)
	if err != nil {
		return err
	}
	return writeTable(e, "what-if", answer)
}

// maxQuestion bounds the body of a what-if question, in bytes.
const maxQuestion = 64 << 10

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
	return viewOf(e.Request.URL.Query().Get("view"), user)
}

func viewOf(given string, user *core.Record) (services.Perspective, error) {
	switch view := services.Perspective(given); view {
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
