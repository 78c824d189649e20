package hooks

import (
	"net/http"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindReviews registers how people review each other.
func bindReviews(i *services.Instance, projects services.ProjectsService) {
	i.App.OnRecordCreateRequest(collections.Reviews).BindFunc(writeReview(projects))
	onServe(i, func(e *core.ServeEvent) {
		command(e, collections.Reviews, "reply", false, func(_ *core.RequestEvent, c call) (services.Answer, error) {
			return projects.ReplyToReview(c.Command, c.ID, c.Body.Note)
		})
		e.Router.GET("/api/reviews/{id}/own", func(e *core.RequestEvent) error {
			user, err := requireUser(e)
			if err != nil {
				return err
			}
			own, err := projects.OwnWords(e.Request.PathValue("id"), user.Id)
			if err != nil {
				return err
			}
			return e.JSON(http.StatusOK, own)
		})
	})
}

// writeReview takes the creation of a review as the command to seal it.
func writeReview(projects services.ProjectsService) func(e *core.RecordRequestEvent) error {
	return func(e *core.RecordRequestEvent) error {
		cmd, body, err := creation(e, false, collections.FieldContract, collections.ReviewRating, collections.ReviewCategories, collections.ReviewBody)
		if err != nil {
			return err
		}
		review := services.ReviewText{Rating: e.Record.GetInt(collections.ReviewRating), Body: text(body, collections.ReviewBody)}
		if review.Categories, err = stars(body[collections.ReviewCategories]); err != nil {
			return err
		}
		answer, err := projects.WriteReview(cmd, text(body, collections.FieldContract), review)
		if err != nil {
			return err
		}
		return writeAnswer(e.RequestEvent, answer)
	}
}

// stars reads an object of whole numbers.
func stars(value any) (map[string]int, error) {
	if value == nil {
		return nil, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "categories is an object of whole numbers.").With("field", collections.ReviewCategories)
	}
	categories := map[string]int{}
	for name, one := range object {
		if err := wholeNumber(collections.ReviewCategories, one); err != nil {
			return nil, err
		}
		number, _ := one.(float64)
		categories[name] = int(min(number, collections.MaxRating+1))
	}
	return categories, nil
}
