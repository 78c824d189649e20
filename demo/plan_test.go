package demo

import (
	"testing"
	"time"
)

// Plans are cheap, so many of them are checked: whatever the seed and the day,
// nobody acts before they have joined and nothing comes before what it follows.
func TestPlansAreInOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		now := time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC).AddDate(0, 0, int(seed)*13)
		size := Full
		if seed%2 == 1 {
			size = Small
		}
		p := newPlan(seed, now, size)
		bids := 0
		for _, project := range p.projects {
			bids += len(project.bids)
			inOrder(t, seed, "project "+project.title, project.client.joined, project.created, project.published, project.cancelled)
			for _, b := range project.bids {
				inOrder(t, seed, "proposal", b.freelancer.joined, b.at, b.withdrawn)
				inOrder(t, seed, "proposal", project.published, b.at, b.rejected)
				if c := project.contract; c != nil {
					inOrder(t, seed, "proposal before hiring", b.at, c.hired)
					inOrder(t, seed, "end of a proposal before hiring", b.withdrawn, c.hired)
					inOrder(t, seed, "end of a proposal before hiring", b.rejected, c.hired)
				}
				if !project.cancelled.IsZero() {
					inOrder(t, seed, "proposal before cancelling", b.at, project.cancelled)
				}
			}
			if c := project.contract; c != nil {
				inOrder(t, seed, "contract", c.hired.Add(15*time.Minute), c.ended)
				for _, s := range c.stages {
					inOrder(t, seed, "milestone "+s.title, c.hired.Add(15*time.Minute), s.declined, s.funded, s.submitted, s.changes, s.resent, s.approved)
					inOrder(t, seed, "milestone "+s.title, s.funded, s.submitted, s.released)
					inOrder(t, seed, "milestone "+s.title, s.funded, s.part, s.refunded, c.ended)
				}
			}
		}
		if len(p.projects) != size.Projects || bids != size.Proposals || len(p.clients)+len(p.freelancers) != size.People {
			t.Errorf("Expected %+v for seed %d, got %d people, %d projects, %d proposals",
				size, seed, len(p.clients)+len(p.freelancers), len(p.projects), bids)
		}
	}
}

// inOrder checks that the times that are set come one after the other.
func inOrder(t *testing.T, seed uint64, what string, times ...time.Time) {
	t.Helper()
	var last time.Time
	for i, at := range times {
		if at.IsZero() {
			continue
		}
		if !at.After(last) {
			t.Errorf("Expected the times of %s in order (seed %d), the %d. is %s after %s", what, seed, i+1, at, last)
		}
		last = at
	}
}
