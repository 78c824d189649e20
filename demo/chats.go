package demo

import (
	"slices"
	"strings"
	"time"
)

// talk writes the chat of a contract: it follows what happened to the milestones.
func (p *plan) talk(c *contract) {
	client, freelancer := c.project.client, c.bid.freelancer
	t := c.hired.Add(minutes(p.r, 40, 160))
	words := pick(p.r, beginnings)
	p.say(c, t, client, words[0], nil)
	t = t.Add(minutes(p.r, 10, 100))
	p.say(c, t, freelancer, words[1], nil)
	if chance(p.r, 0.7) {
		p.say(c, t.Add(minutes(p.r, 10, 100)), client, words[2], nil)
	}
	for _, s := range c.stages {
		p.talkAbout(c, s)
	}
	slices.SortStableFunc(c.lines, func(a, b line) int { return a.at.Compare(b.at) })
}

// talkAbout writes what is said while one milestone is worked on.
func (p *plan) talkAbout(c *contract, s *stage) {
	client, freelancer := c.project.client, c.bid.freelancer
	if s.funded.IsZero() {
		return
	}
	until := s.submitted
	if until.IsZero() {
		until = p.day
	}
	if chance(p.r, 0.6) {
		t := s.funded.Add(time.Duration((0.3 + 0.4*p.r.Float64()) * float64(until.Sub(s.funded))))
		t = moment(p.r, weekday(t))
		if t.Before(until) {
			words := pick(p.r, updates)
			p.say(c, t, freelancer, words[0], s)
			p.say(c, t.Add(minutes(p.r, 20, 180)), client, words[1], s)
		}
	}
	if !s.submitted.IsZero() && chance(p.r, 0.7) {
		p.say(c, s.submitted.Add(minutes(p.r, 2, 10)), freelancer, pick(p.r, handovers), s)
	}
	if !s.changes.IsZero() {
		p.say(c, s.changes.Add(-minutes(p.r, 2, 10)), client, s.note, s)
	}
	if !s.resent.IsZero() {
		p.say(c, s.resent.Add(minutes(p.r, 2, 10)), freelancer, fixes[slices.Index(complaints, s.note)], s)
	}
	settled := s.approved
	if settled.IsZero() {
		settled = s.released
	}
	if !settled.IsZero() && chance(p.r, 0.75) {
		t := settled.Add(minutes(p.r, 2, 20))
		p.say(c, t, client, pick(p.r, thanks), s)
		p.say(c, t.Add(minutes(p.r, 5, 60)), freelancer, pick(p.r, youAreWelcome), s)
	}
}

// say adds a message, if its time has come.
func (p *plan) say(c *contract, at time.Time, from *person, body string, s *stage) {
	if p.past(at) {
		c.lines = append(c.lines, line{at: at, from: from, body: inContext(body, s)})
	}
}

// inContext fills in what a message is about.
func inContext(body string, s *stage) string {
	if s == nil {
		return body
	}
	return strings.ReplaceAll(body, "{stage}", s.title)
}
