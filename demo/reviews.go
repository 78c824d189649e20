package demo

import (
	"context"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// verdict is what somebody writes about somebody when a contract is over.
type verdict struct {
	from   *person
	rating int
	body   string
	at     time.Time
}

// praise is what people write, by rating.
var (
	aboutFreelancers = map[int][]string{
		5: {"Careful work, handed in before it was due, and every question answered the same day.", "Understood what we needed better than we did. We will be back.", "A pleasure from the first message to the last milestone.", "Clean work and honest advice, also where it cost a milestone."},
		4: {"Good work. One round of changes, then exactly what we wanted.", "Solid and friendly; a little slow to answer in the second week.", "Did what was agreed, and did it well."},
		3: {"The result is fine, but it took longer than planned.", "Usable work; we had to explain some things twice."},
	}
	aboutClients = map[int][]string{
		5: {"Clear task, quick decisions, paid the day after I handed in.", "Knew what they wanted and trusted me with the rest.", "Prompt, polite, precise. Gladly again."},
		4: {"A good brief and fair feedback. Approval took a few days.", "Friendly people; the scope grew a little on the way."},
		3: {"Paid as agreed, but the wishes changed every week.", "Answers could have come sooner."},
	}
)

// review plans what the two people of a contract that was paid to its end write
// about each other. Not everybody writes.
func (p *plan) review(c *contract) []verdict {
	over := c.hired
	for _, s := range c.stages {
		settled := s.approved
		if s.released.After(settled) {
			settled = s.released
		}
		if settled.IsZero() || !p.past(settled) || !s.part.IsZero() || !s.refunded.IsZero() {
			return nil
		}
		if settled.After(over) {
			over = settled
		}
	}
	var verdicts []verdict
	for _, side := range []struct {
		from  *person
		words map[int][]string
	}{{c.project.client, aboutFreelancers}, {c.bid.freelancer, aboutClients}} {
		if !chance(p.r, 0.85) {
			continue
		}
		rating := 5 - weighted(p.r, []float64{62, 30, 8})
		verdicts = append(verdicts, verdict{side.from, rating, pick(p.r, side.words[rating]), later(p.r, over, 1, 6)})
	}
	return verdicts
}

func writeReview(c *contract, v verdict) action {
	return func(ctx context.Context, m *market) error {
		_, err := m.create(ctx, v.from, collections.DomainProjects, collections.Reviews, object{
			collections.FieldContract: c.id, collections.ReviewRating: v.rating, collections.ReviewBody: v.body,
		})
		return err
	}
}
