package demo

import "time"

// today is what happens in the last hours before the present. Its times hang on
// the present, not on the day: whoever looks in finds something that is new.
type today struct {
	// approaching gets new messages, answer gets one that waits for an answer.
	approaching, answer *contract
	approve             *stage
	approveIn           *contract
	// undecided are milestones whose payment the bank has not decided about.
	undecided []*stage
}

// todaySteps plans the last hours.
func (p *plan) todaySteps() []step {
	client, freelancer := p.clients[0], p.freelancers[0]
	var steps []step
	add := func(minutesAgo int, do action, emits bool) {
		steps = append(steps, step{at: p.now.Add(-time.Duration(minutesAgo) * time.Minute), do: do, emits: emits})
	}
	message := func(minutesAgo int, c *contract, from *person, body string, s *stage) {
		add(minutesAgo, sendMessage(c, line{from: from, body: inContext(body, s)}), false)
	}
	t := p.today
	message(265, t.approaching, freelancer, updates[3][0], t.approaching.stages[1])
	message(240, t.approveIn, t.approveIn.project.client, "Just read through it with my colleague. I will approve it this afternoon.", nil)
	message(180, t.answer, t.answer.bid.freelancer, "On the keyboard: I can reproduce it now. Is it only the last step, or the one before as well?", nil)
	add(150, approve(t.approveIn, t.approve), true)
	message(148, t.approveIn, t.approveIn.project.client, thanks[1], t.approve)
	for i, s := range t.undecided {
		add(95-i*10, fundUndecided(p.contractOf(s), s), true)
	}
	message(61, t.approaching, client, "I will look at the second milestone tonight. The money for the third is on its way, the bank takes its time.", nil)
	message(22, t.approaching, freelancer, "No hurry. I have added two notes on what is new, the second one is a matter of taste.", nil)
	message(9, t.answer, t.answer.bid.freelancer, "Never mind, it is both. You will have it tomorrow morning.", nil)
	return steps
}

// contractOf returns the contract of a milestone.
func (p *plan) contractOf(s *stage) *contract {
	for _, project := range p.projects {
		if project.contract != nil {
			for _, one := range project.contract.stages {
				if one == s {
					return project.contract
				}
			}
		}
	}
	panic("demo: a milestone without a contract") // a mistake in this package
}
