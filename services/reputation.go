package services

import (
	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Reputation is what is publicly known of how somebody works: totals, so that an
// event that is lost in between costs nothing.
type Reputation struct {
	Person    string `json:"person" db:"person"`
	Reviews   int    `json:"reviews" db:"reviews"`
	Stars     int    `json:"stars" db:"stars"`
	Completed int    `json:"completed" db:"completed"`
	Version   int    `json:"version" db:"version"`
}

// Rating is the mean of the ratings in hundredths of a star, 0 without any.
func (r Reputation) Rating() int {
	if r.Reviews == 0 {
		return 0
	}
	return (r.Stars*100 + r.Reviews/2) / r.Reviews
}

type reputationStep struct{ reviews, stars, completed int }

// count adds to a person's reputation, in the transaction of what is counted,
// and tells users, who shows it on the profile.
func (s ProjectsService) count(tx core.App, person string, step reputationStep) error {
	_, err := tx.DB().NewQuery(`INSERT INTO reputation (person, reviews, stars, completed, version) VALUES ({:person}, {:reviews}, {:stars}, {:completed}, 1)
		ON CONFLICT (person) DO UPDATE SET reviews = reviews + excluded.reviews, stars = stars + excluded.stars,
			completed = completed + excluded.completed, version = version + 1`).
		Bind(dbx.Params{"person": person, "reviews": step.reviews, "stars": step.stars, "completed": step.completed}).Execute()
	if err != nil {
		return err
	}
	var now Reputation
	if err := tx.DB().Select("*").From("reputation").Where(dbx.HashExp{"person": person}).One(&now); err != nil {
		return err
	}
	return s.Emit(tx, TopicReputation, "reputation", person, now.Version, now)
}

// countCompleted counts a completed contract for both people.
func (s ProjectsService) countCompleted(tx core.App, contract *core.Record) error {
	client, freelancer := collections.Parties(contract)
	for _, person := range []string{client, freelancer} {
		if err := s.count(tx, person, reputationStep{completed: 1}); err != nil {
			return err
		}
	}
	return nil
}

// HandleReputation writes on the profile what projects counted.
func (s UsersService) HandleReputation() {
	s.Handle(TopicReputation, func(tx core.App, event Event) error {
		news, err := decode[Reputation](event)
		if err != nil {
			return err
		}
		// Past the hooks: it is no change the other instances need to hear of.
		_, err = tx.DB().Update(collections.Users, dbx.Params{
			collections.UserRating: news.Rating(), collections.UserReviews: news.Reviews,
			collections.UserCompleted: news.Completed, collections.UserReputationVersion: news.Version,
		}, dbx.And(dbx.HashExp{collections.FieldID: news.Person},
			dbx.NewExp("[["+collections.UserReputationVersion+"]] < {:version}", dbx.Params{"version": news.Version}))).Execute()
		return err
	})
}
