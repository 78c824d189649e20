package demo

import (
	"context"
	"slices"
	"time"
)

// action does one thing through the marketplace's own routes.
type action func(ctx context.Context, m *market) error

// step is an action at its time.
type step struct {
	at time.Time
	do action
	// emits says that other instances hear of it, so that events have to be
	// delivered before the next step.
	emits bool
}

// steps turns the plan into what is to be done, in order of time.
func (p *plan) steps() []step {
	var steps []step
	add := func(at time.Time, do action, emits bool) {
		if p.past(at) {
			steps = append(steps, step{at: at, do: do, emits: emits})
		}
	}
	people := slices.Concat(p.clients, p.freelancers)
	slices.SortStableFunc(people, func(a, b *person) int { return a.joined.Compare(b.joined) })
	for len(people) > 0 {
		n := 1
		for n < len(people) && people[n].joined.Equal(people[0].joined) {
			n++
		}
		add(people[0].joined, signUp(people[:n]), true)
		people = people[n:]
	}
	for _, project := range p.projects {
		add(project.created, createProject(project), false)
		add(project.published, publish(project), false)
		for _, b := range project.bids {
			add(b.at, propose(project, b), true)
			add(b.withdrawn, withdraw(b), true)
			add(b.rejected, reject(project, b), true)
		}
		add(project.cancelled, cancel(project), true)
		if project.contract != nil {
			p.contractSteps(project.contract, add)
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	return append(steps, p.todaySteps()...)
}

func (p *plan) contractSteps(c *contract, add func(at time.Time, do action, emits bool)) {
	add(c.hired, accept(c), true)
	add(c.hired.Add(15*time.Minute), begin(c), false)
	last := c.hired.Add(16 * time.Minute)
	for _, s := range c.stages {
		add(s.declined, fundDeclined(c, s), true)
		add(s.funded, fund(c, s), true)
		add(s.submitted, submit(c, s), true)
		add(s.changes, requestChanges(c, s), true)
		add(s.resent, submit(c, s), true)
		add(s.approved, approve(c, s), true)
		add(s.released, release(c, s, 0), true)
		add(s.part, release(c, s, s.amount*2/5/1000*1000), true)
		add(s.refunded, refund(c, s), true)
		last = slices.MaxFunc([]time.Time{last, s.funded, s.submitted, s.changes, s.resent, s.approved, s.released, s.part, s.refunded}, time.Time.Compare)
	}
	for _, l := range c.lines {
		add(l.at, sendMessage(c, l), false)
		last = slices.MaxFunc([]time.Time{last, l.at}, time.Time.Compare)
	}
	for _, v := range p.review(c) {
		add(v.at, writeReview(c, v), true)
	}
	add(c.ended, end(c), true)
	last = slices.MaxFunc([]time.Time{last, c.ended}, time.Time.Compare)
	if read := last.Add(40 * time.Minute); !c.unread {
		add(read, readChat(c, c.project.client), false)
		add(read, readChat(c, c.bid.freelancer), false)
	} else {
		// Both have seen the beginning; the rest waits for them.
		add(c.hired.Add(3*time.Hour), readChat(c, c.project.client), false)
		add(c.hired.Add(4*time.Hour), readChat(c, c.bid.freelancer), false)
	}
}
