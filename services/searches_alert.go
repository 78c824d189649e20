package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// SearchNews is the payload of search.matched: a project for somebody who saved a search.
type SearchNews struct {
	Search  string `json:"search"`
	Name    string `json:"name"`
	User    string `json:"user"`
	Project string `json:"project"`
	Title   string `json:"title"`
}

// alertBatch is how many searches a project is held against at a time: a search
// costs two look-ups in the index, whatever it asks for.
const alertBatch = 200

// queueAlerts notes, in the transaction that publishes a project, that the saved
// searches are to be held against it. That may take longer than a client waits,
// and it is not forgotten when the process ends.
func (s ProjectsService) queueAlerts(tx core.App, project *core.Record) error {
	_, err := tx.DB().NewQuery(`INSERT INTO search_due (project, queued) VALUES ({:project}, {:now}) ON CONFLICT (project) DO UPDATE SET after = ''`).
		Bind(dbx.Params{collections.FieldProject: project.Id, "now": s.Clock.Now().UnixMilli()}).Execute()
	if err != nil {
		return err
	}
	afterCommit(tx, func() {
		// What cannot be begun now is found by the sweep.
		if err := s.Soon("tell saved searches", s.AlertSearches); err != nil {
			s.Logger.Warn("saved searches are told late", collections.FieldProject, project.Id, "error", err)
		}
	})
	return nil
}

// AlertSearches holds the saved searches against every project that was published
// since, and tells whoever looks for one like it: once per search and project,
// also when the project is published again, and also after downtime.
func (s ProjectsService) AlertSearches(ctx context.Context) error {
	for ctx.Err() == nil {
		more, err := s.alertSome()
		if err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

// alertSome holds one batch of searches against one project. It looks before it
// writes; where it stands is moved on together with what it tells, so that a
// crash, or another run beside it, repeats the looking and never the telling.
func (s ProjectsService) alertSome() (more bool, err error) {
	var due struct {
		Project string `db:"project"`
		After   string `db:"after"`
	}
	err = s.App.ConcurrentDB().NewQuery(`SELECT project, after FROM search_due WHERE queued > 0 ORDER BY queued, project LIMIT 1`).One(&due)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	searches, err := s.searchesAfter(due.Project, due.After)
	if err != nil {
		return false, err
	}
	matching, err := s.matching(searches, due.Project)
	if err != nil {
		return false, fmt.Errorf("failed to hold saved searches against %s: %w", due.Project, err)
	}
	failpoint("search-matched")
	err = s.App.RunInTransaction(func(tx core.App) error {
		here := dbx.HashExp{collections.FieldProject: due.Project, "after": due.After}
		var result sql.Result
		if len(searches) < alertBatch {
			result, err = tx.DB().Delete("search_due", here).Execute()
		} else {
			result, err = tx.DB().Update("search_due", dbx.Params{"after": searches[len(searches)-1].Id}, here).Execute()
		}
		if ours, err := oneRow(result, err); err != nil || !ours {
			return err
		}
		return s.tellSearches(tx, matching, due.Project)
	})
	return true, err
}

// searchesAfter are the next searches to be held against a project: those of
// active people other than its client.
func (s ProjectsService) searchesAfter(project, after string) ([]*core.Record, error) {
	searches := []*core.Record{}
	err := s.App.RecordQuery(collections.Searches).AndWhere(dbx.NewExp(`{{searches}}.[[id]] > {:after} AND {{searches}}.[[paused]] = FALSE
		AND EXISTS (SELECT 1 FROM users u WHERE u.id = {{searches}}.[[user]] AND u.status = 'active')
		AND {{searches}}.[[user]] <> (SELECT client FROM projects WHERE id = {:project})`, dbx.Params{"after": after, collections.FieldProject: project})).
		OrderBy("id").Limit(alertBatch).All(&searches)
	return searches, err
}

// matching are the searches that find the project, as the browse page would.
func (s ProjectsService) matching(searches []*core.Record, project string) ([]*core.Record, error) {
	found := []*core.Record{}
	for _, search := range searches {
		query := queryOf(search)
		query.only = project
		where, params, err := query.where()
		if Code(err) == CodeInvalidInput {
			continue // words of before a rule about them
		}
		if err != nil {
			return nil, err
		}
		var matches bool
		if err := s.App.ConcurrentDB().NewQuery("SELECT EXISTS (SELECT 1 FROM projects p WHERE " + where + ")").Bind(params).Row(&matches); err != nil {
			return nil, err
		}
		if matches {
			found = append(found, search)
		}
	}
	return found, nil
}

func (s ProjectsService) tellSearches(tx core.App, searches []*core.Record, project string) error {
	if len(searches) == 0 {
		return nil
	}
	record, err := tx.FindRecordById(collections.Projects, project)
	if err != nil {
		return err
	}
	for _, search := range searches {
		result, err := tx.DB().NewQuery(`INSERT OR IGNORE INTO search_alerts (project, search, at) VALUES ({:project}, {:search}, {:now})`).
			Bind(dbx.Params{collections.FieldProject: project, "search": search.Id, "now": s.Clock.Now().UnixMilli()}).Execute()
		if isNew, err := oneRow(result, err); err != nil || !isNew {
			if err != nil {
				return err
			}
			continue
		}
		err = s.Emit(tx, TopicSearchMatched, collections.Searches, search.Id+":"+project, 1, SearchNews{
			Search: search.Id, Name: search.GetString(collections.SearchName), User: search.GetString(collections.FieldUser),
			Project: project, Title: record.GetString(collections.FieldTitle),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// PruneAlerts forgets who was told of projects that cannot be published again.
func (s ProjectsService) PruneAlerts() error {
	_, err := s.App.NonconcurrentDB().NewQuery(`DELETE FROM search_alerts WHERE project NOT IN (SELECT id FROM projects WHERE status IN ('open', 'expired'))
		AND project NOT IN (SELECT project FROM search_due)`).Execute()
	return err
}
