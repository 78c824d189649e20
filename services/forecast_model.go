package services

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/forecast"
)

// ModelNote says where the weights that combine history and pipeline come from.
type ModelNote struct {
	// Source is default, or learned from Examples past dates of this marketplace.
	Source   string `json:"source"`
	Examples int    `json:"examples,omitempty"`
	At       int64  `json:"at,omitempty"`
}

const (
	modelDefault = "default"
	modelLearned = "learned"
)

// learnedModel is what a marketplace has learned, by the method of the history's
// forecast: a regular income goes on where a sparse one is mostly a surprise.
type learnedModel struct {
	Regular, Sparse *forecast.PipelineModel
	Note            ModelNote `json:"-"`
}

// of returns the model for a forecast of the history.
func (m *learnedModel) of(base forecast.Forecast) *forecast.PipelineModel {
	model := m.Regular
	if base.Method == forecast.MethodSparse {
		model = m.Sparse
	}
	if model == nil {
		return forecast.DefaultPipeline()
	}
	return model
}

// pipelineModel returns the model learned last, or the default one.
func (s *PaymentsService) pipelineModel(view Perspective) (*learnedModel, error) {
	var row struct {
		At       int64  `db:"at"`
		Examples int    `db:"examples"`
		Model    string `db:"model"`
	}
	err := s.App.ConcurrentDB().NewQuery(`SELECT at, examples, model FROM forecast_model WHERE view = {:view}`).
		Bind(dbx.Params{"view": string(view)}).One(&row)
	if errors.Is(err, sql.ErrNoRows) {
		return &learnedModel{Note: ModelNote{Source: modelDefault}}, nil
	}
	if err != nil {
		return nil, err
	}
	model := &learnedModel{Note: ModelNote{modelLearned, row.Examples, row.At}}
	if err := json.Unmarshal([]byte(row.Model), model); err != nil {
		return nil, fmt.Errorf("failed to read the forecast model: %w", err)
	}
	return model, nil
}

const (
	// learnPeople bounds whose past is learned from, learnOrigins how many dates of
	// it, learnHorizon how far ahead; learnEnough examples make a model.
	learnPeople  = 300
	learnOrigins = 6
	learnHorizon = 6
	learnEnough  = 30
	// learnAgain is how old a model becomes.
	learnAgain = 7 * collections.Day
)

// LearnPipeline learns, for income and for spend, how much of a month the history
// and each kind of promise explain: at past month beginnings, from the pipeline
// as it was known then and the months that followed. Without enough of a past the
// default stays; what was learned within a week is not learned again.
func (s *PaymentsService) LearnPipeline(ctx context.Context) error {
	for _, view := range []Perspective{PerspectiveIncome, PerspectiveSpend} {
		before, err := s.pipelineModel(view)
		if err != nil {
			return err
		}
		if s.Clock.Now().Sub(time.UnixMilli(before.Note.At)) < learnAgain {
			continue
		}
		examples, err := s.pipelineExamples(ctx, view)
		if err != nil {
			return fmt.Errorf("failed to collect past pipelines: %w", err)
		}
		model, used, err := learnModel(examples)
		if err != nil {
			return fmt.Errorf("failed to learn from past pipelines: %w", err)
		}
		if used == 0 {
			continue
		}
		raw, err := json.Marshal(model)
		if err != nil {
			return err
		}
		_, err = s.App.NonconcurrentDB().NewQuery(`INSERT INTO forecast_model (view, at, examples, model) VALUES ({:view}, {:at}, {:examples}, {:model})
			ON CONFLICT (view) DO UPDATE SET at = excluded.at, examples = excluded.examples, model = excluded.model`).
			Bind(dbx.Params{"view": string(view), "at": s.Clock.Now().UnixMilli(), "examples": used, "model": string(raw)}).Execute()
		if err != nil {
			return err
		}
	}
	return nil
}

// learnModel learns from each kind of history that there are learnEnough examples
// of, and says how many it used.
func learnModel(examples []forecast.PipelineExample) (model learnedModel, used int, err error) {
	var regular, sparse []forecast.PipelineExample
	for _, example := range examples {
		if example.Base.Method == forecast.MethodSparse {
			sparse = append(sparse, example)
		} else {
			regular = append(regular, example)
		}
	}
	for into, some := range map[**forecast.PipelineModel][]forecast.PipelineExample{&model.Regular: regular, &model.Sparse: sparse} {
		if len(some) < learnEnough {
			continue
		}
		if *into, err = forecast.LearnPipeline(some, learnHorizon); err != nil {
			return model, used, err
		}
		used += len(some)
	}
	return model, used, nil
}

func (s *PaymentsService) pipelineExamples(ctx context.Context, view Perspective) ([]forecast.PipelineExample, error) {
	var people []struct {
		User     string `db:"user"`
		Currency string `db:"currency"`
	}
	err := s.App.ConcurrentDB().NewQuery(`SELECT user, currency FROM earnings_now WHERE view = {:view} AND total > 0 ORDER BY total DESC, user LIMIT {:limit}`).
		Bind(dbx.Params{"view": string(view), "limit": learnPeople}).All(&people)
	if err != nil {
		return nil, err
	}
	var examples []forecast.PipelineExample
	for _, person := range people {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		own, err := s.examplesOf(person.User, view, person.Currency)
		if err != nil {
			return nil, err
		}
		examples = append(examples, own...)
	}
	return examples, nil
}

// examplesOf looks at the last learnOrigins month beginnings that have
// learnHorizon complete months after them and shortHistory before.
func (s *PaymentsService) examplesOf(user string, view Perspective, currency string) ([]forecast.PipelineExample, error) {
	zone, err := s.zoneOf(user)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now().In(zone)
	rows, err := s.bookMonths(user, view, currency, "", "", monthOf(lastMonth(now)))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	months, err := completeMonths(rows, now)
	if err != nil {
		return nil, err
	}
	y := (&forecastInputs{History: months}).amounts()
	var examples []forecast.PipelineExample
	for back := range learnOrigins {
		end := len(y) - learnHorizon - back
		if end < shortHistory {
			break
		}
		example, ok, err := s.exampleAt(user, view, currency, y, end, firstOfMonth(now).AddDate(0, end-len(y), 0))
		if err != nil {
			return nil, err
		}
		if ok {
			examples = append(examples, example)
		}
	}
	return examples, nil
}

// exampleAt is the example of the months y[:end], which end where the month of at begins.
func (s *PaymentsService) exampleAt(user string, view Perspective, currency string, y []float64, end int, at time.Time) (forecast.PipelineExample, bool, error) {
	var unit float64
	for _, v := range y[max(0, end-12):end] {
		unit += math.Abs(v) / float64(min(end, 12))
	}
	if unit == 0 {
		return forecast.PipelineExample{}, false, nil
	}
	base, err := forecast.Predict(y[:end], learnHorizon, forecast.WithoutBacktest())
	if err != nil {
		return forecast.PipelineExample{}, false, err
	}
	pipeline, err := s.pipelineAt(user, view, at)
	if err != nil {
		return forecast.PipelineExample{}, false, err
	}
	return forecast.PipelineExample{
		Base: base, Pipeline: inMonths(pipeline.items[currency], at, learnHorizon), Earned: y[end : end+learnHorizon], Unit: unit,
	}, true, nil
}
