package collections

import (
	"slices"
	"time"
)

// Deadlines is the collection of everything that happens by itself, unless
// somebody acts before. Projects and payments each have one.
const Deadlines = "deadlines"

// Fields of deadlines. DeadlineNextAt is when the engine looks at one next
// (Unix milliseconds, 0 for never): at a reminder, or at the end.
const (
	DeadlineKind       = "kind"
	DeadlineCollection = "collection"
	DeadlineSubject    = "subject"
	DeadlineDueAt      = "dueAt"
	DeadlineFavour     = "favour"
	DeadlineReminders  = "reminders"
	DeadlineReminded   = "reminded"
	DeadlineNextAt     = "nextAt"
	DeadlineLeft       = "left"
	DeadlineFiredAt    = "firedAt"
)

// States of a deadline: armed -> reminded -> fired or cancelled; a dispute pauses it.
const (
	DeadlineArmed     = "armed"
	DeadlineWarned    = "reminded"
	DeadlinePaused    = "paused"
	DeadlineFired     = "fired"
	DeadlineCancelled = "cancelled"
)

// Kinds of deadlines.
const (
	DeadlineAutoRelease    = "auto-release"
	DeadlineProposalExpiry = "proposal-expiry"
	DeadlineProjectExpiry  = "project-expiry"
	DeadlineDormant        = "dormant"
	DeadlineDisputeAnswer  = "dispute-answer"
	DeadlineDisputeTalks   = "dispute-talks"
	DeadlineDestination    = "destination-hold"
	DeadlineReview         = "review-window"
)

// Deadline is one kind of deadline: a record has it while its status is one of
// While. Entering such a status starts it, leaving cancels it.
type Deadline struct {
	Kind       string
	Collection string
	While      []string
	// After is its length and Remind how long before its end people are reminded,
	// longest first. Operators can set both.
	After  time.Duration
	Remind []time.Duration
	// Favour is whom the outcome serves, if it serves one of two.
	Favour Party
}

// Day is 24 hours.
const Day = 24 * time.Hour

var deadlines = map[Domain][]Deadline{
	DomainProjects: {
		{DeadlineAutoRelease, Milestones, []string{MilestoneSubmitted}, 14 * Day, []time.Duration{7 * Day, 2 * Day}, ByFreelancer},
		{DeadlineProposalExpiry, Proposals, []string{ProposalSubmitted}, 30 * Day, nil, ""},
		{DeadlineProjectExpiry, Projects, []string{ProjectOpen}, 30 * Day, []time.Duration{5 * Day}, ""},
		{DeadlineReview, Reviews, []string{ReviewOpen, ReviewSealed}, 14 * Day, []time.Duration{3 * Day}, ByAuthor},
	},
	DomainPayments: {
		{DeadlineDormant, Payments, []string{PaymentHeld}, 90 * Day, []time.Duration{14 * Day, 7 * Day}, ByClient},
		{DeadlineDisputeAnswer, Disputes, []string{DisputeOpen}, 5 * Day, []time.Duration{2 * Day}, ByOpener},
		{DeadlineDisputeTalks, Disputes, []string{DisputeAnswered, DisputeNegotiating}, 7 * Day, []time.Duration{2 * Day}, ""},
		{DeadlineDestination, PayoutDestinations, []string{DestinationCooling}, 3 * Day, nil, ByFreelancer},
	},
}

// DeadlinesOf lists the kinds of deadlines of domain.
func DeadlinesOf(domain Domain) []Deadline { return deadlines[domain] }

// HasDeadlines tells whether domain has the deadlines collection.
func HasDeadlines(domain Domain) bool { return len(deadlines[domain]) > 0 }

// DeadlineKinds lists all kinds, sorted.
func DeadlineKinds() []string {
	var kinds []string
	for _, list := range deadlines {
		for _, d := range list {
			kinds = append(kinds, d.Kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}
