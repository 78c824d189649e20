package services

import (
	"strings"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// decision is how a dispute ends: who gets what of the disputed amount, and why.
type decision struct {
	verb, outcome string
	toFreelancer  int64
	by, reason    string
}

// settleDispute closes a dispute and shares out its amount: unlock, release the
// freelancer's part (less the fee), give the client's part back. Each step is
// the same as without a dispute, so everyone who follows payments understands it.
func (s *PaymentsService) settleDispute(tx core.App, dispute *core.Record, d decision) error {
	payment, err := s.closeDispute(tx, dispute, d)
	if err != nil {
		return err
	}
	if d.toFreelancer > 0 {
		if err := s.release(tx, payment, d.toFreelancer, d.by, d.reason); err != nil {
			return err
		}
	}
	failpoint("dispute-half")
	if toClient := intOf(dispute, collections.FieldAmount) - d.toFreelancer; toClient > 0 {
		if err := s.refund(tx, payment, toClient, d.by, d.reason); err != nil {
			return err
		}
	}
	return s.settleOwed(tx, payment, d.toFreelancer)
}

// closeDispute unlocks the disputed amount: it is held again.
func (s *PaymentsService) closeDispute(tx core.App, dispute *core.Record, d decision) (*core.Record, error) {
	err := Transition(tx, Move{
		Machine: collections.DisputeMachine, Record: dispute, Verb: d.verb, By: d.by, Reason: truncate(d.reason, 1000),
		Set: map[string]any{
			collections.DisputeOutcome: d.outcome, collections.DisputeToFreelancer: d.toFreelancer,
			collections.DisputeDecision: truncate(d.reason, 1000), collections.FieldClosedAt: s.Clock.Now(),
		},
	})
	if err != nil {
		return nil, err
	}
	payment, err := tx.FindRecordById(collections.Payments, dispute.GetString(collections.DisputePayment))
	if err != nil {
		return nil, err
	}
	err = Transition(tx, Move{
		Machine: collections.PaymentMachine, Record: payment, Verb: "resume", By: d.by, Reason: truncate(d.reason, 1000),
		Set: map[string]any{collections.PaymentLocked: 0},
	})
	if err != nil {
		return nil, err
	}
	if err := s.lock(tx, dispute, payment, KindUndispute, -intOf(dispute, collections.FieldAmount)); err != nil {
		return nil, err
	}
	return payment, s.emitDispute(tx, TopicDisputeClosed, dispute, d.by, d.toFreelancer)
}

// Rule carries out what a moderator wrote into a dispute in the admin UI: all
// to one side, or a split that gives the freelancer toFreelancer.
func (s *PaymentsService) Rule(by Actor, id, ruling string, toFreelancer int64, reason string) (*core.Record, error) {
	var dispute *core.Record
	err := s.App.RunInTransaction(func(tx core.App) (err error) {
		if dispute, err = tx.FindRecordById(collections.Disputes, id); err != nil {
			return notFoundOr(err)
		}
		amount := intOf(dispute, collections.FieldAmount)
		switch ruling {
		case collections.RulingClient:
			toFreelancer = 0
		case collections.RulingFreelancer:
			toFreelancer = amount
		case collections.RulingSplit:
			if toFreelancer < 1 || toFreelancer >= amount {
				return badRequest(CodeAmountOutOfRange, "A split gives the freelancer from 1 to %d of the disputed amount.", amount-1).With("field", collections.DisputeRulingAmount)
			}
		default:
			return errNoRuling
		}
		if strings.TrimSpace(reason) == "" {
			return badRequest(CodeReasonRequired, "A ruling needs a reason: both sides read it.").With("field", collections.DisputeRulingReason)
		}
		dispute.Set(collections.DisputeRuling, ruling)
		dispute.Set(collections.DisputeRulingAmount, toFreelancer)
		dispute.Set(collections.DisputeRulingReason, reason)
		failpoint("ruling-begun")
		if err := s.settleDispute(tx, dispute, decision{"rule", collections.OutcomeRuled, toFreelancer, Moderator, reason}); err != nil {
			return err
		}
		return Audit(tx, s.Clock.Now(), Deed{by, "rule", collections.Disputes + "/" + id, map[string]any{
			collections.DisputeRuling: ruling, collections.DisputeRulingAmount: toFreelancer, collections.FieldAmount: amount,
		}})
	})
	failpoint("ruling-committed")
	return dispute, err
}

// Moderator is who moved what a moderator decided.
const Moderator = "moderator"

// handleDisputeDeadlines says what happens when time is up. Unanswered, a dispute is
// decided for who opened it; after talks that led nowhere a small one ends half-way
// between the two positions, and a larger one goes to a moderator.
func (s *PaymentsService) handleDisputeDeadlines() {
	s.OnDeadline(collections.DeadlineDisputeAnswer, func(tx core.App, dispute *core.Record) error {
		if gagged, err := cannotAnswer(tx, dispute); err != nil {
			return err
		} else if gagged {
			return s.refer(tx, dispute)
		}
		asked := intOf(dispute, positionOf(dispute.GetString(collections.FieldClient), dispute.GetString(collections.DisputeOpenedBy)))
		return s.settleDispute(tx, dispute, decision{"default", collections.OutcomeDefaulted, asked, System, s.silence(collections.DeadlineDisputeAnswer, "to the dispute")})
	})
	s.OnDeadline(collections.DeadlineDisputeTalks, func(tx core.App, dispute *core.Record) error {
		if !s.smallClaim(dispute) {
			return s.escalate(tx, dispute, System, "The two sides did not agree in time.")
		}
		halfWay := (intOf(dispute, collections.DisputeClientPosition) + intOf(dispute, collections.DisputeFreelancerPosition)) / 2
		return s.settleDispute(tx, dispute, decision{"halve", collections.OutcomeSmallClaim, halfWay, System, "Little was at stake and the two sides did not agree: they meet half-way."})
	})
}

// cannotAnswer tells whether the side that should have answered is kept from it: their
// account is suspended. Whoever got it suspended would win by opening a dispute.
func cannotAnswer(tx core.App, dispute *core.Record) (bool, error) {
	silent, freelancer := collections.Parties(dispute)
	if dispute.GetString(collections.DisputeOpenedBy) == silent {
		silent = freelancer
	}
	user, err := ownRecord(tx, collections.Users, silent)
	return user != nil && user.GetString(collections.FieldStatus) != collections.UserStatusActive, err
}

// refer hands a dispute to a moderator that nobody could answer. Who could not say what they
// want wants all of it: an empty position could be accepted like an offer.
func (s *PaymentsService) refer(tx core.App, dispute *core.Record) error {
	const reason = "The account of the other side is suspended, so they could not answer: a moderator decides."
	move := Move{Machine: collections.DisputeMachine, Record: dispute, Verb: "refer", By: System, Reason: reason, Set: map[string]any{}}
	if client, _ := collections.Parties(dispute); dispute.GetString(collections.DisputeOpenedBy) == client {
		move.Set[collections.DisputeFreelancerPosition] = intOf(dispute, collections.FieldAmount)
	}
	if err := Transition(tx, move); err != nil {
		return err
	}
	return s.emitDispute(tx, TopicDisputeEscalated, dispute, System, 0)
}

// smallClaim tells whether a dispute is too small for a moderator's time.
func (s *PaymentsService) smallClaim(dispute *core.Record) bool {
	limit := s.Options.SmallClaim
	for range currencies[dispute.GetString(collections.FieldCurrency)] {
		limit *= 10
	}
	return intOf(dispute, collections.FieldAmount) <= limit
}
