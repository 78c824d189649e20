package demo

import (
	"fmt"
	"slices"
	"time"
)

// makeTracks gives the two demo accounts work in every month: each track is one
// contract after the other, and later tracks begin as business grows.
func (p *plan) makeTracks() {
	client, freelancer := p.clients[0], p.freelancers[0]
	for i, begin := range []int{0, p.months / 6, p.months / 2} {
		for m, n := begin, i; m < p.months; n++ {
			length := 2 + p.r.IntN(4)
			other := client
			if n%3 != 0 || i == 2 {
				other = pick(p.r, p.paying(there(p.clients, p.before(m))[1:], i))
			}
			kind := tradeOf([]string{"shop", "web", "shop", "api"}[n%4])
			p.engage(other, freelancer, kind, m, length, 1500-float64(i)*150)
			m += length + p.gap(i)
		}
	}
	for i, begin := range []int{0, p.months / 4} {
		for m := begin; m < p.months; {
			length := 1 + p.r.IntN(4)
			other := pick(p.r, there(p.freelancers, p.before(m))[1:])
			p.engage(client, other, other.trade, m, length, other.hourly*(16+p.r.Float64()*12))
			m += length + p.gap(i)
		}
	}
}

// paying narrows clients down to those of the i-th track's currency. The first is
// all euros, so that there is one long unbroken series to forecast from.
func (*plan) paying(clients []*person, i int) []*person {
	currency := []string{"EUR", "EUR", "USD"}[i]
	some := slices.DeleteFunc(slices.Clone(clients), func(one *person) bool { return one.currency != currency })
	if len(some) == 0 {
		return clients
	}
	return some
}

// gap is how long the i-th track pauses between two contracts; the first never does.
func (p *plan) gap(i int) int {
	if i == 0 {
		return 0
	}
	return p.r.IntN(2)
}

// before is a moment by which everybody who takes part in work begun in month m has joined.
func (p *plan) before(m int) time.Time { return p.month(m).AddDate(0, 0, -18) }

// makeOthers fills the marketplace with other people's contracts, more of them
// as it grows and in busy months. A few end before anything was paid.
func (p *plan) makeOthers() {
	months := p.busy(p.size.Projects - len(p.projects))
	for n := 0; len(p.projects) < p.size.Projects; n++ {
		m := months[n%len(months)]
		if n >= len(months) {
			m = max(m-1, 0) // the current month is too young for some
		}
		freelancer := pick(p.r, there(p.freelancers, p.before(m))[1:])
		client := pick(p.r, there(p.clients, p.before(m))[1:])
		length := 1 + weighted(p.r, []float64{25, 30, 25, 12, 8})
		c := p.engage(client, freelancer, freelancer.trade, m, length, freelancer.hourly*(15+p.r.Float64()*25))
		if c != nil && n%40 == 20 {
			for k, s := range c.stages { // nothing of it was done
				c.stages[k] = &stage{title: s.title, amount: s.amount, due: s.due}
			}
			c.ended, c.reason = later(p.r, c.hired, 4, 8), pick(p.r, cancellations)
		}
	}
}

// busy spreads n beginnings over the months by demand: not at random, so that
// few beginnings show growth and season as well.
func (p *plan) busy(n int) []int {
	total := 0.0
	for m := range p.months {
		total += p.demand(m)
	}
	months, m, sum := []int{}, 0, p.demand(0)
	for i := range n {
		for (float64(i)+0.5)/float64(n)*total > sum {
			m++
			sum += p.demand(m)
		}
		months = append(months, m)
	}
	return months
}

// engage makes a project that begins in month m with one milestone a month, and
// the contract for it; nil if nobody would have been hired by today. euros is
// what an average month of it brings at the beginning of the demo's time.
func (p *plan) engage(client, freelancer *person, kind *trade, m, length int, euros float64) *contract {
	hired := on(p.r, p.month(m), 1, 5)
	if !p.past(hired) {
		return nil
	}
	created := moment(p.r, hired.AddDate(0, 0, -9-p.r.IntN(7)))
	worth := make([]float64, length)
	total := 0.0
	for k := range worth {
		worth[k] = euros * season[p.month(m+k).Month()] * (1 + 0.008*float64(m+k)) * (0.85 + 0.3*p.r.Float64())
		total += worth[k]
	}
	c := p.hire(p.newProject(client, kind, created, total), freelancer, hired, worth)
	for k, s := range c.stages {
		p.schedule(s, hired, k, p.month(m+k))
	}
	return c
}

// hire accepts freelancer's proposal on project, with a milestone for each worth (in euros).
func (p *plan) hire(project *project, freelancer *person, hired time.Time, worth []float64) *contract {
	c := &contract{project: project, hired: hired}
	project.contract = c // decides until when proposals came in
	var total int64
	for k, euros := range worth {
		amount := price(project.currency, euros)
		total += amount
		c.stages = append(c.stages, &stage{title: stageTitle(project, k, len(worth)), amount: amount, due: hired.AddDate(0, k, 21).Truncate(24 * time.Hour)})
	}
	c.bid = p.newBid(project, freelancer, total)
	project.bids = append(project.bids, c.bid)
	return c
}

// stageTitle names the k-th of n milestones.
func stageTitle(project *project, k, n int) string {
	switch stages := project.trade.stages; {
	case n == 1:
		return project.title
	case n <= len(stages):
		return stages[k*len(stages)/n]
	case k < len(stages):
		return stages[k]
	default:
		return fmt.Sprintf("Further work, part %d", k-len(stages)+1)
	}
}

// schedule plans a milestone that is to be paid in the month that begins at
// first. Most go well; some cards are declined, some work is sent back, and some
// clients release the money without the formality of approving.
func (p *plan) schedule(s *stage, hired time.Time, k int, first time.Time) {
	r := p.r
	s.funded = on(r, first, 1, 4)
	if k == 0 {
		s.funded = later(r, hired, 1, 2)
	}
	if chance(r, 0.04) {
		s.declined = s.funded.Add(-minutes(r, 5, 90))
	}
	if chance(r, 0.12) {
		p.sendBack(s, on(r, first, 11, 14))
		s.approved = later(r, s.resent, 1, 2)
	} else {
		s.submitted = on(r, first, 14, 21)
		s.approved = later(r, s.submitted, 1, 3)
	}
	if chance(r, 0.08) {
		s.approved, s.released = time.Time{}, s.approved
	}
}

// sendBack lets work that was handed in at submitted come back once.
func (p *plan) sendBack(s *stage, submitted time.Time) {
	s.submitted = submitted
	s.changes = later(p.r, s.submitted, 1, 2)
	s.resent = later(p.r, s.changes, 1, 2)
	s.note = pick(p.r, complaints)
}
