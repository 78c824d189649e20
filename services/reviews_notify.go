package services

import (
	"errors"

	"github.com/pocketbase/pocketbase/core"
)

// handleReviews tells people that they can review, that the other has, and what
// can be read.
func (s ChatsService) handleReviews() {
	on(s, TopicReviewOpened, func(tx core.App, n ReviewNews) error { return s.tell(tx, TopicReviewOpened, n, n.Author) })
	on(s, TopicReviewSealed, func(tx core.App, n ReviewNews) error { return s.tell(tx, TopicReviewSealed, n, n.Subject) })
	on(s, TopicReviewPublished, func(tx core.App, n ReviewNews) error {
		return errors.Join(
			s.tell(tx, TopicReviewPublished, n, n.Subject),
			s.sayInContract(tx, n.Contract, TopicReviewPublished, n, "A review of this contract was published."))
	})
	on(s, TopicReviewReplied, func(tx core.App, n ReviewNews) error { return s.tell(tx, TopicReviewReplied, n, n.Author) })
}
