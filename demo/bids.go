package demo

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// makeBids hands in proposals until there are as many as the size asks for. Who
// was hired has bid already.
func (p *plan) makeBids() {
	total, counts := 0, make([]int, len(p.projects))
	for i, project := range p.projects {
		switch {
		case project.published.IsZero():
			continue
		case project.contract != nil:
			counts[i] = 1 + 2 + p.r.IntN(4)
		default:
			counts[i] = 2 + p.r.IntN(7)
		}
		counts[i] = min(counts[i], p.bidders(project))
		total += counts[i]
	}
	for range 100 * len(counts) {
		at := p.r.IntN(len(counts))
		switch {
		case p.projects[at].published.IsZero():
		case total < p.size.Proposals && counts[at] < p.bidders(p.projects[at]):
			counts[at], total = counts[at]+1, total+1
		case total > p.size.Proposals && counts[at] > 1:
			counts[at], total = counts[at]-1, total-1
		}
	}
	for i, project := range p.projects {
		for len(project.bids) < counts[i] {
			p.addBid(project)
		}
		p.endBids(project)
	}
}

// bidders is how many people could have proposed.
func (p *plan) bidders(project *project) int { return len(there(p.freelancers, project.published)) }

// window is when proposals for a project came in.
func (p *plan) window(project *project) (from, until time.Time) {
	from, until = project.published, p.day
	switch {
	case project.contract != nil:
		until = project.contract.hired
	case !project.cancelled.IsZero():
		until = project.cancelled
	}
	from = from.Add(20 * time.Minute)
	// Most proposals come in the first days, all of them before it was decided.
	return from, from.Add(min(until.Sub(from)*9/10, 9*24*time.Hour))
}

// addBid lets one more freelancer propose: mostly of the trade, or near it.
func (p *plan) addBid(project *project) {
	weights := make([]float64, len(p.freelancers))
	for i, one := range p.freelancers {
		switch {
		case !one.joined.Before(project.published), p.hasBid(project, one), one == p.freelancers[0] && project.client == p.clients[0]:
		case one.trade == project.trade:
			weights[i] = 8
		case one.trade.group == project.trade.group:
			weights[i] = 2
		default:
			weights[i] = 0.4
		}
	}
	if project.contract == nil && project.cancelled.IsZero() {
		weights[0] *= 4 // the demo freelancer is looking for work
	}
	at := weighted(p.r, weights)
	chosen := p.freelancers[at]
	if weights[at] == 0 { // only the demo accounts are left to each other
		chosen = p.freelancers[slices.IndexFunc(p.freelancers, func(one *person) bool {
			return one.joined.Before(project.published) && !p.hasBid(project, one)
		})]
	}
	middle := float64(project.budgetMin+project.budgetMax) / 2 / rates[project.currency].perEuro
	project.bids = append(project.bids, p.newBid(project, chosen, price(project.currency, middle*(0.75+p.r.Float64()*0.6))))
}

func (*plan) hasBid(project *project, freelancer *person) bool {
	return slices.ContainsFunc(project.bids, func(b *bid) bool { return b.freelancer == freelancer })
}

// newBid writes a proposal.
func (p *plan) newBid(project *project, freelancer *person, amount int64) *bid {
	days := 5 + p.r.IntN(40)
	from, until := p.window(project)
	letter := strings.NewReplacer(
		"{skill}", pick(p.r, project.trade.skills), "{business}", project.client.business, "{days}", strconv.Itoa(days),
	).Replace(pick(p.r, letters))
	at := from.Add(time.Duration(p.r.Float64() * float64(until.Sub(from))))
	return &bid{freelancer: freelancer, amount: amount, days: days, letter: letter, at: at.Truncate(time.Second)}
}

// inSteps tells whether a bid is the one whose contract has several milestones.
func inSteps(project *project, b *bid) bool {
	return project.contract != nil && project.contract.bid == b && len(project.contract.stages) > 1
}

// offered are the milestones of a bid, as it is sent: those of its contract, or,
// for some of those nobody has decided on, three steps of the trade.
func offered(project *project, b *bid) []object {
	milestones := []object{}
	if inSteps(project, b) {
		for _, s := range project.contract.stages {
			milestones = append(milestones, milestone(s))
		}
		return milestones
	}
	titles := project.trade.stages
	if project.contract != nil || b.days%2 == 1 || len(titles) < 3 {
		return milestones
	}
	left := b.amount
	for k, share := range []int64{30, 40, 100} {
		amount := b.amount * share / 100 / 100 * 100
		if k == 2 {
			amount = left
		}
		left -= amount
		milestones = append(milestones, milestone(&stage{title: titles[k], amount: amount, due: b.at.AddDate(0, 0, (k+1)*b.days/3+1).Truncate(24 * time.Hour)}))
	}
	return milestones
}

// endBids lets some proposals be withdrawn or turned down before the project is decided.
func (p *plan) endBids(project *project) {
	until := p.day
	if !project.cancelled.IsZero() {
		until = project.cancelled
	}
	if project.contract != nil {
		until = project.contract.hired
	}
	for _, b := range project.bids {
		if project.contract != nil && b == project.contract.bid {
			continue
		}
		at := b.at.Add(time.Duration((0.2 + 0.7*p.r.Float64()) * float64(until.Sub(b.at)))).Truncate(time.Second)
		switch dice := p.r.Float64(); {
		case dice < 0.10:
			b.withdrawn, b.reason = at, pick(p.r, withdrawals)
		case dice < 0.22:
			b.rejected, b.reason = at, pick(p.r, rejections)
		}
	}
}
