package demo

import "time"

// makeShowcase makes, by hand, what someone who signs in as a demo account should
// find in every state: money that is held, work that waits for an answer, a part
// released, a payment given back, one that was split, one still undecided.
// Everything is placed by days before today, so it is recent on any day.
func (p *plan) makeShowcase() {
	client, freelancer := p.clients[0], p.freelancers[0]
	euros, dollars := p.withCurrency("EUR"), p.withCurrency("USD")
	shop, web, api := tradeOf("shop"), tradeOf("web"), tradeOf("api")

	// The two demo accounts together: paid once, handed in once, one to be funded today.
	c := p.show(client, freelancer, shop, 24, 900, 1400, 1100)
	p.paid(c.stages[0], 22, 15, 13)
	c.stages[1].funded, c.stages[1].submitted = p.ago(p.r, 12), p.ago(p.r, 2)
	p.today.undecided = append(p.today.undecided, c.stages[2])
	p.today.approaching = c

	// A part was released, the rest is held.
	c = p.show(euros, freelancer, web, 16, 1600, 1200)
	c.stages[0].funded, c.stages[0].part = p.ago(p.r, 15), p.ago(p.r, 4)

	// Handed in and approved today: income in the current month, in dollars.
	c = p.show(dollars, freelancer, api, 12, 1300, 1500)
	c.stages[0].funded, c.stages[0].submitted = p.ago(p.r, 10), p.ago(p.r, 2)
	p.today.approve = c.stages[0]
	p.today.approveIn = c

	// Sent back to someone else.
	c = p.show(client, p.freelancers[1], p.freelancers[1].trade, 19, 1100, 700)
	c.stages[0].funded = p.ago(p.r, 17)
	c.stages[0].submitted, c.stages[0].changes = p.ago(p.r, 5), p.ago(p.r, 3)
	c.stages[0].note = complaints[0]
	p.today.answer = c

	// Hired the day before yesterday; the first payment is still with the bank.
	c = p.show(client, p.freelancers[2], p.freelancers[2].trade, 3, 800)
	p.today.undecided = append(p.today.undecided, c.stages[0])

	// Given back by the freelancer, and the contract ended.
	c = p.show(euros, freelancer, web, 40, 1000)
	c.stages[0].funded, c.stages[0].refunded = p.ago(p.r, 38), p.ago(p.r, 30)
	c.stages[0].note = "I cannot deliver this as promised, so the money goes back to you."
	c.ended, c.reason = p.ago(p.r, 29), "We agreed to stop here. No hard feelings."

	// Shared: most of it paid, the rest given back.
	c = p.show(client, p.freelancers[3], p.freelancers[3].trade, 75, 1500)
	c.stages[0].funded, c.stages[0].part, c.stages[0].refunded = p.ago(p.r, 73), p.ago(p.r, 61), p.ago(p.r, 60)
	c.stages[0].note = "The last part was not needed any more."

	for _, project := range p.projects {
		project.contract.unread = !p.past(project.contract.ended)
		project.files = true
	}
}

// show makes a project whose contract began that many days before today.
func (p *plan) show(client, freelancer *person, kind *trade, daysAgo int, worth ...float64) *contract {
	hired := p.ago(p.r, daysAgo)
	total := 0.0
	for _, euros := range worth {
		total += euros
	}
	project := p.newProject(client, kind, hired.AddDate(0, 0, -8-p.r.IntN(6)), total)
	return p.hire(project, freelancer, hired, worth)
}

// paid plans a milestone that went well, by days before today.
func (p *plan) paid(s *stage, funded, submitted, approved int) {
	s.funded, s.submitted, s.approved = p.ago(p.r, funded), p.ago(p.r, submitted), p.ago(p.r, approved)
}

// withCurrency returns a client of a currency who has been there from the start.
func (p *plan) withCurrency(currency string) *person {
	for _, one := range there(p.clients, p.month(0).Add(-24*time.Hour))[1:] {
		if one.currency == currency {
			return one
		}
	}
	return p.clients[1]
}
