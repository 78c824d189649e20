package services

import (
	"errors"
	"time"

	"github.com/pocketbase/pocketbase/core"
)

// handleReviews tells people that they can review, that the other has, and what
// can be read.
func (s ChatsService) handleReviews() {
	on(s, TopicReviewOpened, func(tx core.App, n ReviewNews) error {
		until := time.UnixMilli(n.DueAt).UTC().Format("2 January 2006")
		return s.notify(tx, note{
			n.Author, TopicReviewOpened, "How was it? Review " + n.Title, "You have until " + until + ". Nobody reads it before both of you have written, or that day.",
			"/contracts/" + n.Contract,
		})
	})
	on(s, TopicReviewSealed, func(tx core.App, n ReviewNews) error {
		return s.notify(tx, note{
			n.Subject, TopicReviewSealed, "You were reviewed for " + n.Title, "You can read it when you have written yours, or when the time to review is over.",
			"/contracts/" + n.Contract,
		})
	})
	on(s, TopicReviewPublished, func(tx core.App, n ReviewNews) error {
		err := s.notify(tx, note{n.Subject, TopicReviewPublished, "Your review for " + n.Title + " is published", "", "/contracts/" + n.Contract})
		return errors.Join(err, s.sayInContract(tx, n.Contract, TopicReviewPublished, n, "A review of this contract was published."))
	})
	on(s, TopicReviewReplied, func(tx core.App, n ReviewNews) error {
		return s.notify(tx, note{n.Author, TopicReviewReplied, "Your review for " + n.Title + " was answered", "", "/contracts/" + n.Contract})
	})
}
