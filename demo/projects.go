package demo

import (
	"strings"
	"time"
)

// newProject writes down what client wants done and publishes it soon after
// created. euros is about what it should cost.
func (p *plan) newProject(client *person, kind *trade, created time.Time, euros float64) *project {
	title := p.titleFor(client, kind)
	words := strings.NewReplacer("{client}", client.name, "{business}", client.business)
	scope := kind.scope[p.r.IntN(len(kind.scope)):]
	project := &project{
		client: client, trade: kind, title: title, currency: client.currency,
		description: words.Replace(pick(p.r, openings)) + "\n\n" + strings.Join(scope[:min(len(scope), 2)], " ") + "\n\n" + pick(p.r, practicalities),
		budgetMin:   price(client.currency, euros*(0.7+p.r.Float64()*0.15)),
		budgetMax:   price(client.currency, euros*(1.1+p.r.Float64()*0.3)),
		created:     created, published: created.Add(minutes(p.r, 10, 90)),
		deadline: created.AddDate(0, 1+p.r.IntN(4), 0).Truncate(24 * time.Hour),
	}
	p.projects = append(p.projects, project)
	return project
}

// titleFor finds a title this client has not used yet.
func (p *plan) titleFor(client *person, kind *trade) string {
	start := p.r.IntN(len(kind.titles))
	for part := 1; ; part++ {
		for i := range kind.titles {
			title := strings.Replace(kind.titles[(start+i)%len(kind.titles)], "%s", client.business, 1)
			if part > 1 {
				title += ", part " + []string{"two", "three", "four", "five", "six"}[min(part-2, 4)]
			}
			if part > 6 || !p.used(client, title) {
				return title
			}
		}
	}
}

func (p *plan) used(client *person, title string) bool {
	for _, project := range p.projects {
		if project.client == client && project.title == title {
			return true
		}
	}
	return false
}

// makeUnhired makes the projects nobody was hired for: drafts of the last weeks,
// projects that are open now, and some that were cancelled along the way.
func (p *plan) makeUnhired() {
	open, drafts, cancelled := p.size.Projects*13/100, max(p.size.Projects*5/100, 1), p.size.Projects*6/100
	for i := range open {
		created := p.ago(p.r, 2+i*22/open)
		project := p.newProject(p.caller(i, created), &trades[(i*5)%len(trades)], created, 600+p.r.Float64()*5400)
		project.deadline = p.day.AddDate(0, 1+p.r.IntN(3), 0)
	}
	for i := range drafts {
		created := p.ago(p.r, 1+i*4)
		project := p.newProject(p.caller(i, created), pickTrade(p), created, 500+p.r.Float64()*3000)
		project.published, project.deadline = time.Time{}, time.Time{}
	}
	for i := range cancelled {
		created := on(p.r, p.month(i*p.months/cancelled), 2, 12)
		project := p.newProject(pick(p.r, there(p.clients, created)), pickTrade(p), created, 500+p.r.Float64()*4000)
		if project.cancelled = later(p.r, created, 6, 21); !p.past(project.cancelled) {
			project.cancelled = time.Time{} // too young: it is still open
		}
		project.reason = pick(p.r, cancellations)
	}
}

// caller is whose i-th open project or draft it is: every fifth belongs to the demo account.
func (p *plan) caller(i int, at time.Time) *person {
	if i%5 == 0 {
		return p.clients[0]
	}
	return pick(p.r, there(p.clients, at)[1:])
}

func pickTrade(p *plan) *trade { return &trades[p.r.IntN(len(trades))] }
