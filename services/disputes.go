package services

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// DisputeRequest opens a dispute about Amount of what a payment holds (0 means
// all of it); the opener wants ToFreelancer of it to go to the freelancer (nil
// means all of it for themselves).
type DisputeRequest struct {
	Amount       int64
	ToFreelancer *int64
	Category     string
	Reason       string
}

// DisputeNews is the payload of the dispute.* events.
type DisputeNews struct {
	Dispute    string `json:"dispute"`
	Payment    string `json:"payment"`
	Project    string `json:"project"`
	Contract   string `json:"contract"`
	Milestone  string `json:"milestone"`
	Title      string `json:"title"`
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	OpenedBy   string `json:"openedBy"`
	By         string `json:"by"`
	Amount     int64  `json:"amount"`
	Currency   string `json:"currency"`
	// ToFreelancer is the position of who moved, or what was decided.
	ToFreelancer int64  `json:"toFreelancer"`
	Outcome      string `json:"outcome,omitempty"`
	Reason       string `json:"reason,omitempty"`
}

// Dispute locks a part of what is held, until both agree, a deadline passes or a
// moderator decides. The rest can still be released or given back.
func (s *PaymentsService) Dispute(cmd Command, id string, ask DisputeRequest, signedInAt time.Time) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		payment, err := eitherParty(tx, collections.Payments, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		if ask.Category == "" {
			ask.Category = "other"
		}
		if !slices.Contains(collections.DisputeCategories, ask.Category) {
			return nil, badRequest(CodeInvalidInput, "A dispute is about one of: %s.", strings.Join(collections.DisputeCategories, ", ")).With("field", collections.DisputeCategory)
		}
		if strings.TrimSpace(ask.Reason) == "" {
			return nil, badRequest(CodeReasonRequired, "Say what went wrong: the other side and a moderator read it.").With("field", collections.FieldReason)
		}
		if ask.ToFreelancer != nil {
			if err := s.mayConcede(payment, cmd.Principal, *ask.ToFreelancer, signedInAt); err != nil {
				return nil, err
			}
		}
		return s.openDispute(tx, payment, cmd.Principal, ask)
	})
}

// mayConcede refuses a client's yes to paying out more than a session that may be stolen
// should: the other side can take it at once, and it is released.
func (s *PaymentsService) mayConcede(record *core.Record, by string, toFreelancer int64, signedInAt time.Time) error {
	if by != record.GetString(collections.FieldClient) {
		return nil
	}
	return s.mayRelease(toFreelancer, record.GetString(collections.FieldCurrency), signedInAt)
}

func (s *PaymentsService) openDispute(tx core.App, payment *core.Record, by string, ask DisputeRequest) (*core.Record, error) {
	if status := payment.GetString(collections.FieldStatus); status != collections.PaymentHeld {
		return nil, illegal(collections.PaymentMachine, "dispute", status)
	}
	amount, err := part(payment, "dispute", ask.Amount)
	if err != nil {
		return nil, err
	}
	client, freelancer := collections.Parties(payment)
	wanted := int64(0)
	if by == freelancer {
		wanted = amount
	}
	if ask.ToFreelancer != nil {
		wanted = *ask.ToFreelancer
	}
	if wanted > amount {
		return nil, positionOutOfRange(amount)
	}
	disputes, err := tx.FindCachedCollectionByNameOrId(collections.Disputes)
	if err != nil {
		return nil, err
	}
	dispute := core.NewRecord(disputes)
	dispute.Load(map[string]any{
		collections.DisputePayment: payment.Id, collections.FieldClient: client, collections.FieldFreelancer: freelancer,
		collections.DisputeOpenedBy: by, collections.FieldAmount: amount, collections.DisputeCategory: ask.Category,
		collections.FieldReason: ask.Reason, positionOf(client, by): wanted,
		collections.FieldStatus: collections.DisputeMachine.Initial, collections.FieldVersion: 1,
	})
	for _, field := range []string{collections.FieldProject, collections.FieldContract, collections.FieldMilestone, collections.FieldTitle, collections.FieldCurrency} {
		dispute.Set(field, payment.GetString(field))
	}
	if err := tx.SaveNoValidate(dispute); err != nil {
		return nil, err
	}
	err = Transition(tx, Move{
		Machine: collections.PaymentMachine, Record: payment, Verb: "dispute", By: by, Reason: truncate(ask.Reason, 1000),
		Set: map[string]any{collections.PaymentLocked: amount},
	})
	if err != nil {
		return nil, err
	}
	if !planted("a dispute locks nothing") {
		if err = s.lock(tx, dispute, payment, KindDispute, amount); err != nil {
			return nil, err
		}
	}
	failpoint("dispute-posted")
	return dispute, s.emitDispute(tx, TopicDisputeOpened, dispute, by, wanted)
}

// lock moves amount from the hold of a payment to the account of its dispute;
// a negative amount moves it back.
func (s *PaymentsService) lock(tx core.App, dispute, payment *core.Record, kind string, amount int64) error {
	return Post(tx, s.Clock.Now(), Posting{
		Ref: kind + ":" + dispute.Id, Kind: kind, Payment: payment.Id, Currency: payment.GetString(collections.FieldCurrency),
		Entries: []Entry{{AccountHold(payment.Id), -amount}, {AccountDispute(dispute.Id), amount}},
	})
}

// positionOf names the field that holds what user wants.
func positionOf(client, user string) string {
	if user == client {
		return collections.DisputeClientPosition
	}
	return collections.DisputeFreelancerPosition
}

func positionOutOfRange(amount int64) error {
	return badRequest(CodeAmountOutOfRange, "Of the disputed amount, the freelancer can get from 0 to %d.", amount).With("field", collections.DisputeToFreelancer)
}

// AnswerDispute is the other side's position. One that meets the opener's closes
// the dispute.
func (s *PaymentsService) AnswerDispute(cmd Command, id string, toFreelancer int64, note string, signedInAt time.Time) (Answer, error) {
	return s.position(cmd, id, said{"answer", TopicDisputeAnswered, note, toFreelancer, signedInAt})
}

// Offer changes one's own position.
func (s *PaymentsService) Offer(cmd Command, id string, toFreelancer int64, note string, signedInAt time.Time) (Answer, error) {
	return s.position(cmd, id, said{"offer", TopicDisputeOffered, note, toFreelancer, signedInAt})
}

// said is a position in a dispute, as one side says it.
type said struct {
	verb, topic, note string
	toFreelancer      int64
	signedInAt        time.Time
}

func (s *PaymentsService) position(cmd Command, id string, says said) (Answer, error) {
	verb, topic, toFreelancer, note := says.verb, says.topic, says.toFreelancer, says.note
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		dispute, err := eitherParty(tx, collections.Disputes, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		if verb == "answer" && dispute.GetString(collections.DisputeOpenedBy) == cmd.Principal {
			return nil, forbidden(CodeForbidden, "You opened this dispute; the other side answers.")
		}
		amount := intOf(dispute, collections.FieldAmount)
		if toFreelancer > amount {
			return nil, positionOutOfRange(amount)
		}
		if err := s.mayConcede(dispute, cmd.Principal, toFreelancer, says.signedInAt); err != nil {
			return nil, err
		}
		client := dispute.GetString(collections.FieldClient)
		set := map[string]any{positionOf(client, cmd.Principal): toFreelancer}
		if verb == "answer" {
			set[collections.DisputeAnswer] = note
		}
		err = Transition(tx, Move{
			Machine: collections.DisputeMachine, Record: dispute, Verb: verb, By: cmd.Principal, Set: set,
			Reason: truncate(fmt.Sprintf("%s of %s to the freelancer. %s", Money(toFreelancer, dispute.GetString(collections.FieldCurrency)),
				Money(amount, dispute.GetString(collections.FieldCurrency)), note), 1000),
		})
		if err != nil {
			return nil, err
		}
		// When the client offers at least what the freelancer asks for, they agree on what was said first.
		theirs := intOf(dispute, collections.DisputeFreelancerPosition)
		meets := toFreelancer >= theirs
		if cmd.Principal != client {
			theirs = intOf(dispute, collections.DisputeClientPosition)
			meets = toFreelancer <= theirs
		}
		if meets {
			return dispute, s.settleDispute(tx, dispute, decision{"accept", collections.OutcomeAgreed, theirs, cmd.Principal, "Both sides agreed."})
		}
		return dispute, s.emitDispute(tx, topic, dispute, cmd.Principal, toFreelancer)
	})
}

// AcceptOffer takes the other side's position, which must be the one the caller saw.
func (s *PaymentsService) AcceptOffer(cmd Command, id string, toFreelancer int64, signedInAt time.Time) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		dispute, err := eitherParty(tx, collections.Disputes, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		client, freelancer := collections.Parties(dispute)
		other := client
		if cmd.Principal == client {
			other = freelancer
		}
		if dispute.GetString(collections.FieldStatus) == collections.DisputeOpen && dispute.GetString(collections.DisputeOpenedBy) == cmd.Principal {
			return nil, conflict(CodeConflict, "The other side has not answered yet.")
		}
		theirs := intOf(dispute, positionOf(client, other))
		if theirs != toFreelancer {
			return nil, conflict(CodeConflict, "The other side wants %d to go to the freelancer now.", theirs).With(collections.DisputeToFreelancer, theirs)
		}
		if err := s.mayConcede(dispute, cmd.Principal, theirs, signedInAt); err != nil {
			return nil, err
		}
		return dispute, s.settleDispute(tx, dispute, decision{"accept", collections.OutcomeAgreed, theirs, cmd.Principal, "Both sides agreed."})
	})
}

// Escalate asks a moderator to decide.
func (s *PaymentsService) Escalate(cmd Command, id, reason string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		dispute, err := eitherParty(tx, collections.Disputes, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		return dispute, s.escalate(tx, dispute, cmd.Principal, reason)
	})
}

func (s *PaymentsService) escalate(tx core.App, dispute *core.Record, by, reason string) error {
	if err := Transition(tx, Move{Machine: collections.DisputeMachine, Record: dispute, Verb: "escalate", By: by, Reason: reason}); err != nil {
		return err
	}
	return s.emitDispute(tx, TopicDisputeEscalated, dispute, by, 0)
}

// WithdrawDispute ends a dispute without a decision; only who opened it can. Work
// that was approved meanwhile is paid then.
func (s *PaymentsService) WithdrawDispute(cmd Command, id, reason string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		dispute, err := eitherParty(tx, collections.Disputes, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		if dispute.GetString(collections.DisputeOpenedBy) != cmd.Principal {
			return nil, forbidden(CodeForbidden, "Only who opened the dispute can withdraw it.")
		}
		payment, err := s.closeDispute(tx, dispute, decision{verb: "withdraw", outcome: collections.OutcomeWithdrawn, by: cmd.Principal, reason: reason})
		if err != nil {
			return nil, err
		}
		return dispute, s.payOwed(tx, payment, "The milestone had been approved, and the dispute was withdrawn.")
	})
}

func (s *PaymentsService) emitDispute(tx core.App, topic string, dispute *core.Record, by string, toFreelancer int64) error {
	client, freelancer := collections.Parties(dispute)
	return s.Emit(tx, topic, collections.Disputes, dispute.Id, dispute.GetInt(collections.FieldVersion), DisputeNews{
		Dispute: dispute.Id, Payment: dispute.GetString(collections.DisputePayment), Project: dispute.GetString(collections.FieldProject),
		Contract: dispute.GetString(collections.FieldContract), Milestone: dispute.GetString(collections.FieldMilestone),
		Title: dispute.GetString(collections.FieldTitle), Client: client, Freelancer: freelancer,
		OpenedBy: dispute.GetString(collections.DisputeOpenedBy), By: by,
		Amount: intOf(dispute, collections.FieldAmount), Currency: dispute.GetString(collections.FieldCurrency),
		ToFreelancer: toFreelancer, Outcome: dispute.GetString(collections.DisputeOutcome), Reason: dispute.GetString(collections.FieldReason),
	})
}

var errNoRuling = Failf(http.StatusBadRequest, CodeInvalidInput, "A ruling is %q, %q or %q with the amount the freelancer gets, and always a reason.",
	collections.RulingClient, collections.RulingFreelancer, collections.RulingSplit)
