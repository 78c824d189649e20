package services

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Reviews are double-blind: what one person writes can be read by nobody, not
// even by a filter, until the other has written too or the time is up. So the
// words are kept in a raw table (sealed_reviews) and copied into the record at
// publication, in the same transaction.

const (
	maxReviewBody  = 4000
	maxReviewReply = 2000
)

// ReviewText is what somebody writes about somebody.
type ReviewText struct {
	// Rating is from 1 to collections.MaxRating, and so is each of Categories.
	Rating     int
	Categories map[string]int
	Body       string
}

// ReviewNews is the payload of the review.* events. It has no words in it.
type ReviewNews struct {
	Review   string `json:"review"`
	Contract string `json:"contract"`
	Title    string `json:"title"`
	Author   string `json:"author"`
	Subject  string `json:"subject"`
	// DueAt is when what is written is published in any case (Unix milliseconds).
	DueAt int64 `json:"dueAt,omitempty"`
	// Both tells that both people wrote.
	Both bool `json:"both,omitempty"`
}

func reviewNews(review *core.Record) ReviewNews {
	return ReviewNews{
		Review: review.Id, Contract: review.GetString(collections.FieldContract), Title: review.GetString(collections.FieldTitle),
		Author: review.GetString(collections.ReviewAuthor), Subject: review.GetString(collections.ReviewSubject),
	}
}

// openReviews lets both people of a contract that is over review each other.
func (s ProjectsService) openReviews(tx core.App, contract *core.Record) error {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Reviews)
	if err != nil {
		return err
	}
	client, freelancer := collections.Parties(contract)
	for _, pair := range [][2]string{{client, freelancer}, {freelancer, client}} {
		review := core.NewRecord(col)
		review.Load(map[string]any{
			collections.ReviewAuthor: pair[0], collections.ReviewSubject: pair[1],
			collections.FieldClient: client, collections.FieldFreelancer: freelancer,
			collections.FieldContract: contract.Id, collections.FieldProject: contract.GetString(collections.FieldProject),
			collections.FieldTitle:  truncate(contract.GetString(collections.FieldTitle), 140),
			collections.FieldStatus: collections.ReviewMachine.Initial, collections.FieldVersion: 1,
		})
		if err := tx.SaveNoValidate(review); err != nil {
			return err
		}
		news := reviewNews(review)
		news.DueAt = s.Clock.Now().Add(s.Options.Clocks[collections.DeadlineReview].After).UnixMilli()
		if err := s.Emit(tx, TopicReviewOpened, collections.Reviews, review.Id, 1, news); err != nil {
			return err
		}
	}
	return nil
}

// WriteReview seals what a person writes about the other side of a contract. When
// it is the second of the two, both are published.
func (s ProjectsService) WriteReview(cmd Command, contract string, text ReviewText) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		if _, err := eitherParty(tx, collections.Contracts, contract, cmd.Principal); err != nil {
			return nil, err
		}
		review, err := reviewBy(tx, contract, cmd.Principal)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, conflict(CodeContractRunning, "You can review each other when the contract is over.")
		}
		if err != nil {
			return nil, err
		}
		if err := checkReview(review, text); err != nil {
			return nil, err
		}
		switch review.GetString(collections.FieldStatus) {
		case collections.ReviewOpen:
		case collections.ReviewExpired:
			return nil, conflict(CodeReviewTooLate, "The time to review this contract is over.")
		default:
			return nil, conflict(CodeAlreadyReviewed, "You have reviewed this contract already.")
		}
		if err := s.seal(tx, review, text); err != nil {
			return nil, err
		}
		other, err := reviewBy(tx, contract, review.GetString(collections.ReviewSubject))
		if err != nil {
			return nil, err
		}
		if other.GetString(collections.FieldStatus) != collections.ReviewSealed {
			return review, s.emitReview(tx, TopicReviewSealed, review, false)
		}
		const both = "Both reviews are in."
		return review, errors.Join(s.publishReview(tx, review, both, true), s.publishReview(tx, other, both, true))
	})
}

func reviewBy(tx core.App, contract, author string) (*core.Record, error) {
	return tx.FindFirstRecordByFilter(collections.Reviews, "contract = {:contract} && author = {:author}",
		dbx.Params{"contract": contract, "author": author})
}

// checkReview refuses words and numbers that are none.
func checkReview(review *core.Record, text ReviewText) error {
	if text.Rating < 1 || text.Rating > collections.MaxRating {
		return badRequest(CodeInvalidInput, "A rating is a whole number from 1 to %d.", collections.MaxRating).With("field", collections.ReviewRating)
	}
	about := collections.ByClient
	if review.GetString(collections.ReviewSubject) == review.GetString(collections.FieldFreelancer) {
		about = collections.ByFreelancer
	}
	known := collections.CategoriesAbout[about]
	for name, stars := range text.Categories {
		if !slices.Contains(known, name) || stars < 1 || stars > collections.MaxRating {
			return badRequest(CodeInvalidInput, "About a %s there are the categories %s, each from 1 to %d.", about, strings.Join(known, ", "), collections.MaxRating).
				With("field", collections.ReviewCategories)
		}
	}
	if utf8.RuneCountInString(text.Body) > maxReviewBody {
		return badRequest(CodeInvalidInput, "A review has at most %d characters.", maxReviewBody).With("field", collections.ReviewBody)
	}
	return nil
}

// seal keeps the words where only publication finds them.
func (s ProjectsService) seal(tx core.App, review *core.Record, text ReviewText) error {
	categories, err := json.Marshal(text.Categories)
	if err != nil {
		return err
	}
	err = Transition(tx, Move{Machine: collections.ReviewMachine, Record: review, Verb: "write", By: review.GetString(collections.ReviewAuthor)})
	if err != nil {
		return err
	}
	_, err = tx.DB().Insert("sealed_reviews", dbx.Params{
		"review": review.Id, "rating": text.Rating, "categories": string(categories), "body": strings.TrimSpace(text.Body), "at": s.Clock.Now().UnixMilli(),
	}).Execute()
	if err != nil {
		return err
	}
	return s.SkipReminders(tx, review.Id)
}

type sealedReview struct {
	Rating     int    `db:"rating"`
	Categories string `db:"categories"`
	Body       string `db:"body"`
}

func unsealed(tx core.App, review string) (text sealedReview, err error) {
	err = tx.DB().Select("rating", "categories", "body").From("sealed_reviews").Where(dbx.HashExp{"review": review}).One(&text)
	return text, err
}

// publishReview moves the words into the record that everybody reads, and counts them.
func (s ProjectsService) publishReview(tx core.App, review *core.Record, reason string, both bool) error {
	text, err := unsealed(tx, review.Id)
	if err != nil {
		return err
	}
	err = Transition(tx, Move{
		Machine: collections.ReviewMachine, Record: review, Verb: "publish", By: System, Reason: reason,
		Set: map[string]any{
			collections.ReviewRating: text.Rating, collections.ReviewCategories: json.RawMessage(text.Categories),
			collections.ReviewBody: text.Body, collections.ReviewPublishedAt: s.Clock.Now(),
		},
	})
	if err != nil {
		return err
	}
	if _, err := tx.DB().Delete("sealed_reviews", dbx.HashExp{"review": review.Id}).Execute(); err != nil {
		return err
	}
	if err := s.count(tx, review.GetString(collections.ReviewSubject), reputationStep{reviews: 1, stars: text.Rating}); err != nil {
		return err
	}
	return s.emitReview(tx, TopicReviewPublished, review, both)
}

// endReview is what the end of the time to review does: what is written is
// published, what is not cannot be written any more.
func (s ProjectsService) endReview(tx core.App, review *core.Record) error {
	const reason = "The time to review is over."
	if review.GetString(collections.FieldStatus) == collections.ReviewSealed {
		return s.publishReview(tx, review, reason, false)
	}
	return Transition(tx, Move{Machine: collections.ReviewMachine, Record: review, Verb: "expire", By: System, Reason: reason})
}

// ReplyToReview lets whom a published review is about answer it, once.
func (s ProjectsService) ReplyToReview(cmd Command, id, reply string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		review, err := tx.FindRecordById(collections.Reviews, id)
		if err != nil {
			return nil, notFoundOr(err)
		}
		public := slices.Contains([]string{collections.ReviewPublished, collections.ReviewReplied}, review.GetString(collections.FieldStatus))
		if review.GetString(collections.ReviewSubject) != cmd.Principal {
			if public || review.GetString(collections.ReviewAuthor) == cmd.Principal {
				return nil, forbidden(CodeForbidden, "Only whom a review is about can reply to it.")
			}
			return nil, notFound()
		}
		reply = strings.TrimSpace(reply)
		if reply == "" || utf8.RuneCountInString(reply) > maxReviewReply {
			return nil, badRequest(CodeInvalidInput, "A reply has 1 to %d characters.", maxReviewReply).With("field", "note")
		}
		err = Transition(tx, Move{
			Machine: collections.ReviewMachine, Record: review, Verb: "reply", By: cmd.Principal,
			Set: map[string]any{collections.ReviewReply: reply, collections.ReviewRepliedAt: s.Clock.Now()},
		})
		if err != nil {
			return nil, err
		}
		return review, s.emitReview(tx, TopicReviewReplied, review, false)
	})
}

// OwnReview is what a person wrote about the other side of a contract, also while it is sealed.
type OwnReview struct {
	Review     string          `json:"review"`
	Status     string          `json:"status"`
	Rating     int             `json:"rating"`
	Categories json.RawMessage `json:"categories"`
	Body       string          `json:"body"`
}

// OwnWords reads to its author what is sealed.
func (s ProjectsService) OwnWords(id, user string) (OwnReview, error) {
	review, err := s.App.FindRecordById(collections.Reviews, id)
	if err != nil {
		return OwnReview{}, notFoundOr(err)
	}
	if review.GetString(collections.ReviewAuthor) != user {
		return OwnReview{}, notFound()
	}
	own := OwnReview{
		Review: id, Status: review.GetString(collections.FieldStatus), Rating: review.GetInt(collections.ReviewRating),
		Categories: json.RawMessage(review.GetString(collections.ReviewCategories)), Body: review.GetString(collections.ReviewBody),
	}
	if own.Status == collections.ReviewSealed {
		text, err := unsealed(s.App, id)
		if err != nil {
			return OwnReview{}, err
		}
		own.Rating, own.Categories, own.Body = text.Rating, json.RawMessage(text.Categories), text.Body
	}
	return own, nil
}

func (s ProjectsService) emitReview(tx core.App, topic string, review *core.Record, both bool) error {
	news := reviewNews(review)
	news.Both = both
	return s.Emit(tx, topic, collections.Reviews, review.Id, review.GetInt(collections.FieldVersion), news)
}
