package services

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pocketbase/pocketbase/core"
	"golang.org/x/sync/errgroup"
)

// staleForecasts are the people whose money moved since their forecast was stored.
type staleForecasts struct {
	mu     sync.Mutex
	people map[string]bool
}

// MarkStale notes that the stored forecasts of people are to be made again. It only
// takes a note: the work is done by RefreshStale, away from whoever moves money.
// A note that is lost with the process is made up for in the night.
func (s *PaymentsService) MarkStale(people ...string) {
	s.stale.mu.Lock()
	defer s.stale.mu.Unlock()
	if s.stale.people == nil {
		s.stale.people = map[string]bool{}
	}
	for _, user := range people {
		if user != "" {
			s.stale.people[user] = true
		}
	}
}

// RefreshStale makes the stored forecasts of those whose money moved since the last
// time. However often it moved meanwhile, each is made once.
func (s *PaymentsService) RefreshStale(ctx context.Context) error {
	s.stale.mu.Lock()
	people := s.stale.people
	s.stale.people = nil
	s.stale.mu.Unlock()
	if len(people) == 0 {
		return nil
	}
	var keys []runKey
	for _, user := range sortedKeys(people) {
		own, err := s.forecastKeys(user)
		if err != nil {
			return err
		}
		keys = append(keys, own...)
	}
	return s.refresh(ctx, keys)
}

// RefreshForecasts makes the forecast of the day for everybody who has none yet,
// and scores the months that are over. It runs every hour, because the day begins
// at another hour for others.
func (s *PaymentsService) RefreshForecasts(ctx context.Context) error {
	keys, err := s.forecastKeys("")
	if err != nil {
		return err
	}
	due := []runKey{}
	var stored []runKey
	err = s.App.ConcurrentDB().NewQuery(`SELECT user, view, currency, max(day) AS day FROM forecast_run GROUP BY user, view, currency`).All(&stored)
	if err != nil {
		return err
	}
	last := map[runKey]string{}
	for _, run := range stored {
		last[runKey{User: run.User, View: run.View, Currency: run.Currency}] = run.Day
	}
	zones, err := bookZones(s.App.DB())
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	for _, key := range keys {
		zone := zones[key.User]
		if zone == nil {
			zone = mirroredZone(s.App, key.User)
		}
		if last[key] < now.In(zone).Format(dayLayout) {
			due = append(due, key)
		}
	}
	if len(due) == 0 {
		return nil
	}
	return s.refresh(ctx, due)
}

// forecastKeys lists who has money or a pipeline, in which currency and on which
// side: one person, or everybody for "".
func (s *PaymentsService) forecastKeys(user string) ([]runKey, error) {
	const open = `status IN ('submitted', 'planned', 'funded', 'changes_requested', 'approved')`
	freelancer, client, whose := "", "", ""
	if user != "" { // asked of one, nobody else's rows are read
		freelancer, client, whose = ` AND freelancer = {:user}`, ` AND client = {:user}`, ` WHERE user = {:user}`
	}
	var keys []runKey
	for _, source := range []string{
		`SELECT user, view, currency FROM earnings_now` + whose,
		`SELECT DISTINCT freelancer AS user, 'income' AS view, currency FROM pipeline_item WHERE ` + open + freelancer,
		`SELECT DISTINCT client AS user, 'spend' AS view, currency FROM pipeline_item WHERE ` + open + client,
	} {
		var some []runKey
		if err := s.App.ConcurrentDB().NewQuery(source).Bind(map[string]any{"user": user}).All(&some); err != nil {
			return nil, err
		}
		keys = append(keys, some...)
	}
	return sortKeys(keys), nil
}

const (
	refreshParallel = 2
	refreshBatch    = 100
)

// refresh makes, stores and scores the forecasts of keys, side by side. What one
// person's forecast fails on does not stop the others.
func (s *PaymentsService) refresh(ctx context.Context, keys []runKey) error {
	models := map[Perspective]*learnedModel{}
	for _, view := range []Perspective{PerspectiveIncome, PerspectiveSpend} {
		model, err := s.pipelineModel(view)
		if err != nil {
			return err
		}
		models[view] = model
	}
	var mu sync.Mutex
	var failed []error
	group := errgroup.Group{}
	group.SetLimit(refreshParallel)
	for begin := 0; begin < len(keys); begin += refreshBatch {
		batch := keys[begin:min(begin+refreshBatch, len(keys))]
		group.Go(func() error {
			err := s.refreshBatch(ctx, batch, models)
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, err)
			return nil
		})
	}
	_ = group.Wait()
	return errors.Join(failed...)
}

func (s *PaymentsService) refreshBatch(ctx context.Context, keys []runKey, models map[Perspective]*learnedModel) error {
	var runs []*storedRun
	var errs []error
	for _, key := range keys {
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		run, err := s.makeRun(key.User, key.View, key.Currency, models[key.View])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		runs = append(runs, run)
	}
	var scores [][]any
	for _, key := range keys {
		due, err := s.dueScores(key)
		errs, scores = append(errs, err), append(scores, due...)
	}
	// One short transaction for the whole batch: whoever pays waits for no forecast.
	err := s.App.RunInTransaction(func(tx core.App) error {
		return errors.Join(storeRuns(tx, runs), writeScores(tx, scores), pruneRuns(tx, keys, s.Clock.Now()))
	})
	if err != nil {
		errs = append(errs, fmt.Errorf("failed to store forecasts: %w", err))
	}
	return errors.Join(errs...)
}
