package services

import (
	"cmp"
	"slices"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// rhythm is how fast things go for one person, from what happened to them so far:
// medians, and the usual length until there are enough of one's own.
type rhythm struct {
	// Hold is from funded to released, Review from submitted to released, Start
	// from planned to funded, Decide from proposed to accepted or rejected.
	Hold, Review, Start, Decide time.Duration
	// Late is how long after its due date a milestone is usually paid.
	Late time.Duration
	// Won of Decided: proposals of a freelancer, or projects of a client that
	// ended with somebody hired. Rate is the share to reckon with.
	Won, Decided int
	Rate         float64
}

// Usual lengths, in use until a person has paceEnough of their own.
const (
	usualHold   = 21 * collections.Day
	usualReview = 5 * collections.Day
	usualStart  = 7 * collections.Day
	usualDecide = 10 * collections.Day
	paceEnough  = 3
)

// Shares of proposals that are accepted and of projects that hire, before a person
// has any of their own, and the number of decisions that this guess counts for:
// the mean of a beta distribution (Gelman et al., Bayesian Data Analysis, 2.4).
const (
	usualWins, winsWeight = 0.2, 4
	usualHire, hireWeight = 0.5, 2
)

// itemLife is one pipeline item as it was at a date, with when it became so.
type itemLife struct {
	PipelineNews
	Funded, Submitted, Released, Decided int64
}

// livesAt folds the versions of items, ordered by id and version, into what they
// were at the Unix milliseconds at.
func livesAt(versions []PipelineNews, at int64) []itemLife {
	var lives []itemLife
	for _, v := range versions {
		if v.At > at {
			continue
		}
		if len(lives) == 0 || lives[len(lives)-1].Item != v.Item {
			lives = append(lives, itemLife{})
		}
		life := &lives[len(lives)-1]
		if changed := life.Status != v.Status; changed {
			switch v.Status {
			case collections.MilestoneFunded:
				life.Funded = v.At
			case collections.MilestoneSubmitted:
				life.Submitted = v.At
			case collections.MilestoneReleased:
				life.Released = v.At
			case collections.ProposalAccepted, collections.ProposalRejected:
				life.Decided = v.At
			}
		}
		life.PipelineNews = v
	}
	return lives
}

// paceOf measures how fast things went in the lives of a person's items.
func paceOf(lives []itemLife, view Perspective) rhythm {
	var hold, review, start, decide, late []time.Duration
	p := rhythm{}
	hired := map[string]bool{}
	decided := map[string]bool{}
	for _, life := range lives {
		between := func(list *[]time.Duration, from, to int64) {
			if from > 0 && to >= from {
				*list = append(*list, time.Duration(to-from)*time.Millisecond)
			}
		}
		if life.Kind == itemMilestone {
			between(&start, life.Created, life.Funded)
			between(&hold, life.Funded, life.Released)
			between(&review, life.Submitted, life.Released)
			if life.Due > 0 && life.Released > 0 {
				late = append(late, time.Duration(life.Released-life.Due)*time.Millisecond)
			}
			continue
		}
		between(&decide, life.Created, life.Decided)
		switch life.Status {
		case collections.ProposalAccepted:
			p.Won++
			hired[life.Project], decided[life.Project] = true, true
		case collections.ProposalRejected, collections.ProposalArchived:
			p.Decided++
			decided[life.Project] = true
		}
	}
	p.Decided += p.Won
	weight, usual := float64(winsWeight), usualWins
	if view == PerspectiveSpend {
		p.Won, p.Decided = len(hired), len(decided)
		weight, usual = hireWeight, usualHire
	}
	p.Rate = (float64(p.Won) + weight*usual) / (float64(p.Decided) + weight)
	p.Hold, p.Review = medianOr(hold, usualHold), medianOr(review, usualReview)
	p.Start, p.Decide = medianOr(start, usualStart), medianOr(decide, usualDecide)
	p.Late = max(0, medianOr(late, 0))
	return p
}

// medianOr returns the median of enough lengths, else the usual one.
func medianOr(lengths []time.Duration, usual time.Duration) time.Duration {
	if len(lengths) < paceEnough {
		return usual
	}
	slices.SortFunc(lengths, cmp.Compare[time.Duration])
	return lengths[len(lengths)/2]
}
