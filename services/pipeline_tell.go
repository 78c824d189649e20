package services

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"

	"github.com/lancershub/lancershub/collections"
)

// pipelineAggregate is what the events about pipeline items belong to.
const pipelineAggregate = "pipeline"

// PipelineNews is the payload of pipeline.changed: all that payments has to know
// of a proposal or a milestone to say when it may become money. Amounts are minor
// units, times Unix milliseconds, 0 for none.
type PipelineNews struct {
	Item       string `json:"item" db:"id"`
	Kind       string `json:"kind" db:"kind"`
	Status     string `json:"status" db:"status"`
	Title      string `json:"title" db:"title"`
	Project    string `json:"project" db:"project"`
	Contract   string `json:"contract,omitempty" db:"contract"`
	Client     string `json:"client" db:"client"`
	Freelancer string `json:"freelancer" db:"freelancer"`
	Currency   string `json:"currency" db:"currency"`
	// Amount is what the client pays, Fee what the platform keeps of it.
	Amount   int64 `json:"amount" db:"amount"`
	Fee      int64 `json:"fee" db:"fee"`
	Position int   `json:"position,omitempty" db:"position"`
	// Days is how long a proposal says the work takes.
	Days    int   `json:"days,omitempty" db:"days"`
	Due     int64 `json:"due,omitempty" db:"due"`
	Created int64 `json:"created" db:"created"`
	// At is when this became so.
	At int64 `json:"at" db:"at"`
}

// The kinds of pipeline items.
const (
	itemProposal  = "proposal"
	itemMilestone = "milestone"
)

// FollowPipeline tells payments of every proposal and milestone that is new or
// changes, in the transaction of the change, so that no way to change one can
// forget it.
func (s ProjectsService) FollowPipeline() {
	for _, collection := range []string{collections.Proposals, collections.Milestones} {
		tell := After(func(tx core.App, record *core.Record) error {
			news, err := s.pipelineNews(tx, record)
			if err != nil {
				return fmt.Errorf("failed to tell of %s %s: %w", collection, record.Id, err)
			}
			news.At = s.Clock.Now().UnixMilli()
			return s.tellPipeline(tx, news)
		})
		s.AroundCreate(collection, tell)
		s.AroundUpdate(collection, tell)
	}
}

// pipelineNews describes a proposal or milestone as it is, without a time.
func (s ProjectsService) pipelineNews(tx core.App, record *core.Record) (PipelineNews, error) {
	news := PipelineNews{
		Item: record.Id, Kind: itemMilestone, Status: record.GetString(collections.FieldStatus),
		Title: record.GetString(collections.FieldTitle), Project: record.GetString(collections.FieldProject),
		Contract: record.GetString(collections.FieldContract), Currency: record.GetString(collections.FieldCurrency),
		Amount: intOf(record, collections.FieldAmount), Position: record.GetInt(collections.MilestonePosition),
		Created: record.GetDateTime(collections.FieldCreated).Time().UnixMilli(),
	}
	news.Client, news.Freelancer = collections.Parties(record)
	if due := record.GetDateTime(collections.MilestoneDueAt); !due.IsZero() {
		news.Due = due.Time().UnixMilli()
	}
	plan := FeePlan{}
	if record.Collection().Name == collections.Proposals {
		news.Kind, news.Contract = itemProposal, ""
		news.Title, news.Days = record.GetString(collections.ProposalProjectTitle), record.GetInt(collections.ProposalDays)
		var category string
		err := tx.DB().Select(collections.ProjectCategory).From(collections.Projects).Where(dbx.HashExp{collections.FieldID: news.Project}).Row(&category)
		if err != nil {
			return news, err
		}
		if plan, err = s.feePlanOf(tx, category, news.Currency); err != nil {
			return news, err
		}
	} else {
		var raw string
		err := tx.DB().Select(collections.ContractFeePlan).From(collections.Contracts).Where(dbx.HashExp{collections.FieldID: news.Contract}).Row(&raw)
		if err != nil {
			return news, err
		}
		if err := json.Unmarshal([]byte(raw), &plan); err != nil {
			return news, err
		}
	}
	news.Fee = plan.Fee(news.Amount)
	return news, nil
}

// tellPipeline emits news unless payments has heard the same before.
func (s ProjectsService) tellPipeline(tx core.App, news PipelineNews) error {
	same := news
	same.At = 0
	raw, err := json.Marshal(same)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	sha := hex.EncodeToString(sum[:16])
	var told struct {
		Version int    `db:"version"`
		Sha     string `db:"sha"`
	}
	err = tx.DB().NewQuery(`SELECT version, sha FROM pipeline_told WHERE item = {:item}`).Bind(dbx.Params{"item": news.Item}).One(&told)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if told.Sha == sha {
		return nil
	}
	_, err = tx.DB().NewQuery(`INSERT INTO pipeline_told (item, version, sha) VALUES ({:item}, {:version}, {:sha})
		ON CONFLICT (item) DO UPDATE SET version = excluded.version, sha = excluded.sha`).
		Bind(dbx.Params{"item": news.Item, "version": told.Version + 1, "sha": sha}).Execute()
	if err != nil {
		return err
	}
	return s.Emit(tx, TopicPipelineChanged, pipelineAggregate, news.Item, told.Version+1, news)
}

// tellBatch is how many old items are told of in one transaction.
const tellBatch = 100

// TellPipeline tells payments of the proposals and milestones from before it
// listened: of their first state, and of each change that the timeline knows.
func (s ProjectsService) TellPipeline(ctx context.Context) error {
	for _, collection := range []string{collections.Proposals, collections.Milestones} {
		for ctx.Err() == nil {
			told, err := s.tellOld(collection)
			if err != nil {
				return fmt.Errorf("failed to tell payments of older %s: %w", collection, err)
			}
			if told == 0 {
				break
			}
		}
	}
	return ctx.Err()
}

func (s ProjectsService) tellOld(collection string) (told int, err error) {
	err = s.App.RunInTransaction(func(tx core.App) error {
		records := []*core.Record{}
		err := tx.RecordQuery(collection).Where(dbx.NewExp("NOT EXISTS (SELECT 1 FROM pipeline_told t WHERE t.item = "+collection+".id)")).
			OrderBy("created", "id").Limit(tellBatch).All(&records)
		if err != nil {
			return err
		}
		for _, record := range records {
			if err := s.tellHistory(tx, record); err != nil {
				return err
			}
		}
		told = len(records)
		return nil
	})
	return told, err
}

func (s ProjectsService) tellHistory(tx core.App, record *core.Record) error {
	news, err := s.pipelineNews(tx, record)
	if err != nil {
		return err
	}
	last := news.Status
	var steps []struct {
		From string `db:"from"`
		To   string `db:"to"`
		At   string `db:"created"`
	}
	err = tx.DB().NewQuery("SELECT `from`, `to`, created FROM timeline WHERE kind = {:kind} AND subject = {:subject} ORDER BY created, rowid").
		Bind(dbx.Params{"kind": record.Collection().Name, "subject": record.Id}).All(&steps)
	if err != nil {
		return err
	}
	news.At = news.Created
	for _, step := range steps {
		news.Status = step.From
		if err := s.tellPipeline(tx, news); err != nil {
			return err
		}
		at, err := types.ParseDateTime(step.At)
		if err != nil {
			return err
		}
		news.Status, news.At = step.To, at.Time().UnixMilli()
	}
	news.Status = last
	return s.tellPipeline(tx, news)
}
