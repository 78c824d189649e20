package demo

import (
	"math"
	"strings"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// makePeople fills the marketplace. The demo accounts and enough others to get
// it going are there from the start; the rest joins over two thirds of the time.
func (p *plan) makePeople() {
	freelancers := min(max(p.size.People*len(handles)/(len(handles)+len(companies)), 8), len(handles))
	arrivals := p.arrivals()
	clients := min(max(p.size.People-freelancers, 5), len(companies))
	for i, c := range companies[:clients] {
		p.clients = append(p.clients, &person{
			name: c.name, role: collections.RoleClient, email: address(c.name), business: c.business,
			headline: capital(c.business), bio: capital(c.business) + ". " + pick(p.r, practicalities),
			currency: c.currency, country: c.country, zone: c.zone, joined: arrivals[arrival(i, clients)],
		})
	}
	for i := range freelancers {
		// A small marketplace takes every n-th, so that all trades stay in it.
		h := handles[i*len(handles)/freelancers]
		trade := tradeOf(h.trade)
		p.freelancers = append(p.freelancers, &person{
			name: h.name, role: collections.RoleFreelancer, email: address(h.name), trade: trade,
			headline: trade.headline, bio: pick(p.r, bios), skills: trade.skills,
			hourly: h.hourly, currency: h.currency, country: h.country, zone: h.zone, joined: arrivals[arrival(i, freelancers)],
		})
	}
	p.clients[0].email, p.freelancers[0].email = ClientEmail, FreelancerEmail
}

// arrivals are when people sign up, a few at a time: hashing a password takes
// long, and those of one arrival are hashed side by side.
func (p *plan) arrivals() []time.Time {
	var arrivals []time.Time
	for i := range founding {
		arrivals = append(arrivals, moment(p.r, p.month(-1).AddDate(0, 0, -20+4*i)))
	}
	days := p.day.Sub(p.month(0)).Hours() / 24 * 0.65
	for i := range joining {
		share := (float64(i) + 0.5) / joining
		arrivals = append(arrivals, moment(p.r, p.month(0).AddDate(0, 0, int(days*math.Pow(share, 1.2)))))
	}
	return arrivals
}

const (
	founding = 4
	joining  = 6
	// founders is the share of people who are there from the start.
	founders = 0.45
)

// arrival is with which arrival the i-th of n people comes.
func arrival(i, n int) int {
	share := float64(i) / float64(n)
	if share < founders {
		return int(share / founders * founding)
	}
	return founding + int((share-founders)/(1-founders)*joining)
}

// there returns the people who had joined by t.
func there(people []*person, t time.Time) []*person {
	found := []*person{}
	for _, one := range people {
		if one.joined.Before(t) {
			found = append(found, one)
		}
	}
	return found
}

// address makes a mail address out of a name.
func address(name string) string {
	clean := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			return c
		case c == ' ':
			return '-'
		default:
			return -1
		}
	}, strings.ToLower(name))
	return strings.ReplaceAll(clean, "--", "-") + "@demo.lancershub.example"
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
