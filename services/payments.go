package services

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// PaymentsService owns money. Only the payments instance has it.
type PaymentsService struct {
	*Instance
	// Provider takes new payments and sends payouts.
	Provider  Provider
	providers map[string]Provider
	pools     peerPools
	stale     staleForecasts
}

// NewPayments returns the service with the provider that the options name.
func NewPayments(i *Instance) *PaymentsService {
	providers := openProviders(i)
	return &PaymentsService{Instance: i, Provider: providers[i.Options.Provider], providers: providers, pools: newPeerPools()}
}

// PaymentNews is the payload of the payment.* events.
type PaymentNews struct {
	Payment    string `json:"payment"`
	Project    string `json:"project"`
	Contract   string `json:"contract"`
	Milestone  string `json:"milestone"`
	Title      string `json:"title"`
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	Currency   string `json:"currency"`
	Amount     int64  `json:"amount"`
	// Part is what this event moved; Held is what is still held after it, disputed or not.
	Part     int64  `json:"part"`
	Held     int64  `json:"held"`
	Released int64  `json:"released"`
	Refunded int64  `json:"refunded"`
	By       string `json:"by"`
	Reason   string `json:"reason,omitempty"`
}

func paymentNews(payment *core.Record, part int64, by string) PaymentNews {
	client, freelancer := collections.Parties(payment)
	return PaymentNews{
		Payment: payment.Id, Project: payment.GetString(collections.FieldProject), Contract: payment.GetString(collections.FieldContract),
		Milestone: payment.GetString(collections.FieldMilestone), Title: payment.GetString(collections.FieldTitle),
		Client: client, Freelancer: freelancer, Currency: payment.GetString(collections.FieldCurrency),
		Amount: intOf(payment, collections.FieldAmount), Part: part, Held: heldOf(payment) + lockedOf(payment),
		Released: intOf(payment, collections.PaymentReleased), Refunded: intOf(payment, collections.PaymentRefunded),
		By: by, Reason: payment.GetString(collections.FieldReason),
	}
}

func intOf(record *core.Record, field string) int64 { return int64(record.GetInt(field)) }

// heldOf is what of a payment can be moved: neither released nor refunded so
// far, and not locked by a dispute or a chargeback.
func heldOf(payment *core.Record) int64 {
	if status := payment.GetString(collections.FieldStatus); status != collections.PaymentHeld && status != collections.PaymentDisputed {
		return 0
	}
	return intOf(payment, collections.FieldAmount) - intOf(payment, collections.PaymentReleased) -
		intOf(payment, collections.PaymentRefunded) - intOf(payment, collections.PaymentLocked) - intOf(payment, collections.PaymentRolled) -
		intOf(payment, collections.PaymentChargedBack)
}

// lockedOf is what a dispute or a chargeback locks of a payment.
func lockedOf(payment *core.Record) int64 {
	return intOf(payment, collections.PaymentLocked) + intOf(payment, collections.PaymentChargedBack)
}

// PaymentState is what payments tells projects about a payment.
type PaymentState struct {
	Status string `json:"status"`
}

// State returns the state of a payment. One that payments has never heard of
// was never made and never will be, because ids are made here: it has failed. A
// database that cannot be asked says nothing of the kind: projects would give the
// milestone to another payment.
func (s *PaymentsService) State(id string) (PaymentState, error) {
	payment, err := s.App.FindRecordById(collections.Payments, id)
	if errors.Is(err, sql.ErrNoRows) {
		return PaymentState{Status: collections.PaymentFailed}, nil
	}
	if err != nil {
		return PaymentState{}, err
	}
	return PaymentState{Status: payment.GetString(collections.FieldStatus)}, nil
}

// Release pays the freelancer the whole of a held payment, or amount of it.
func (s *PaymentsService) Release(cmd Command, id string, amount int64, reason string, signedInAt time.Time) (Answer, error) {
	var before *core.Record
	if planted("the status is checked before, not while it changes") {
		before, _ = partyTo(s.App, collections.Payments, id, cmd.Principal, collections.ByClient)
	}
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		payment, err := partyTo(tx, collections.Payments, id, cmd.Principal, collections.ByClient)
		if err != nil {
			return nil, err
		}
		if before != nil {
			payment = before
		}
		moved := amount
		if moved == 0 {
			moved = heldOf(payment)
		}
		if err := s.mayRelease(moved, payment.GetString(collections.FieldCurrency), signedInAt); err != nil {
			return nil, err
		}
		return payment, s.release(tx, payment, amount, cmd.Principal, reason)
	})
}

// Refund gives the client back the whole of what is held, or amount of it. Only
// the freelancer gives back.
func (s *PaymentsService) Refund(cmd Command, id string, amount int64, reason string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		payment, err := partyTo(tx, collections.Payments, id, cmd.Principal, collections.ByFreelancer)
		if err != nil {
			return nil, err
		}
		return payment, s.refund(tx, payment, amount, cmd.Principal, reason)
	})
}

// part checks what is to be moved out of a hold; 0 means all of it.
func part(payment *core.Record, verb string, amount int64) (int64, error) {
	status, held := payment.GetString(collections.FieldStatus), heldOf(payment)
	if status != collections.PaymentHeld && status != collections.PaymentDisputed {
		return 0, illegal(collections.PaymentMachine, verb, status)
	}
	if held == 0 && intOf(payment, collections.PaymentChargedBack) > 0 {
		return 0, conflict(CodeChargedBack, "The client's bank wants this money back: only its decision moves it.")
	}
	if held == 0 {
		return 0, conflict(CodeDisputed, "All that is held is disputed: only the end of the dispute moves it.")
	}
	if amount == 0 {
		return held, nil
	}
	if amount < 1 || amount > held {
		return 0, badRequest(CodeAmountOutOfRange, "The amount must be from 1 to %d, which is what is held.", held).With("held", held)
	}
	return amount, nil
}

func (s *PaymentsService) release(tx core.App, payment *core.Record, amount int64, by, reason string) error {
	amount, err := part(payment, "release", amount)
	if err != nil {
		return err
	}
	var plan FeePlan
	if err := json.Unmarshal([]byte(payment.GetString(collections.ContractFeePlan)), &plan); err != nil {
		return fmt.Errorf("failed to read the fee plan: %w", err)
	}
	released := intOf(payment, collections.PaymentReleased)
	fee := plan.FeeOfPart(released, amount)
	set := map[string]any{
		collections.PaymentReleased: released + amount,
		collections.PaymentFee:      intOf(payment, collections.PaymentFee) + fee,
	}
	err = s.moveOut(tx, payment, movement{
		verb: "release", kind: KindRelease, topic: TopicPaymentReleased, amount: amount, by: by, reason: reason, set: set,
		to: []Entry{
			{AccountAvailable(payment.GetString(collections.FieldFreelancer)), amount - fee},
			{AccountFees, fee},
		},
	})
	if err != nil {
		return err
	}
	return s.invoice(tx, payment, settlement{Ref: postingRef(KindRelease, payment), At: s.Clock.Now(), Amount: amount, Fee: fee})
}

func (s *PaymentsService) refund(tx core.App, payment *core.Record, amount int64, by, reason string) error {
	amount, err := part(payment, "refund", amount)
	if err != nil {
		return err
	}
	err = s.moveOut(tx, payment, movement{
		verb: "refund", kind: KindRefund, topic: TopicPaymentRefunded, amount: amount, by: by, reason: reason,
		set: map[string]any{
			collections.PaymentRefunded:    intOf(payment, collections.PaymentRefunded) + amount,
			collections.PaymentRefundAsked: max(0, intOf(payment, collections.PaymentRefundAsked)-amount), // it was asked for once
		},
		to: []Entry{{AccountWorld, amount}},
	})
	if err != nil {
		return err
	}
	return s.orderRefund(tx, payment, amount)
}

// movement is money leaving a hold.
type movement struct {
	verb, kind, topic string
	amount            int64
	by, reason        string
	set               map[string]any
	to                []Entry
}

// moveOut moves money out of a hold: state, ledger and event in one transaction.
// What is left stays held; the last part decides the final state.
func (s *PaymentsService) moveOut(tx core.App, payment *core.Record, m movement) error {
	verb := m.verb + "-part"
	if m.amount == heldOf(payment) && lockedOf(payment) == 0 {
		verb = m.verb
		other := collections.PaymentRefunded
		if m.verb == "refund" {
			other = collections.PaymentReleased
		}
		if intOf(payment, other) > 0 {
			verb = "split"
		}
		m.set[collections.PaymentSettledAt] = s.Clock.Now()
	}
	if m.reason != "" {
		m.set[collections.FieldReason] = m.reason
	}
	err := Transition(tx, Move{
		Machine: collections.PaymentMachine, Record: payment, Verb: verb, By: m.by, Reason: m.reason, Set: m.set,
	})
	if err != nil {
		return err
	}
	version := payment.GetInt(collections.FieldVersion)
	err = Post(tx, s.Clock.Now(), Posting{
		Ref: postingRef(m.kind, payment), Kind: m.kind, Payment: payment.Id,
		Currency: payment.GetString(collections.FieldCurrency),
		Entries:  append([]Entry{{AccountHold(payment.Id), -m.amount}}, m.to...),
	})
	if err != nil {
		return err
	}
	failpoint(m.verb, "posted")
	return s.Emit(tx, m.topic, collections.Payments, payment.Id, version, paymentNews(payment, m.amount, m.by))
}

// postingRef names what a payment posts at its present version.
func postingRef(kind string, payment *core.Record) string {
	return fmt.Sprintf("%s:%s:%d", kind, payment.Id, payment.GetInt(collections.FieldVersion))
}

// HandleProjects makes payments follow what projects decides: an approved
// milestone releases what is held for it.
func (s *PaymentsService) HandleProjects() {
	s.handleApprovals()
}

// Complete resumes payments that a crash or a silent peer left undecided.
func (s *PaymentsService) Complete(ctx context.Context) error {
	now := s.Clock.Now()
	records, err := s.App.FindRecordsByFilter(collections.Payments, "status = 'pending' && lockedUntil < {:now} && nextTryAt <= {:now}", "nextTryAt", 100, 0,
		dbx.Params{"now": now.UnixMilli()})
	if err != nil {
		return err
	}
	var errs []error
	for _, payment := range records {
		if err := s.completeOne(ctx, payment); err != nil && Code(err) == "" {
			errs = append(errs, fmt.Errorf("failed to complete payment %s: %w", payment.Id, err))
		}
	}
	return errors.Join(errs...)
}

// completeOne resumes one pending payment as the command that began it.
func (s *PaymentsService) completeOne(ctx context.Context, payment *core.Record) error {
	if planted("nobody completes payments") {
		return nil
	}
	cmd, err := s.begunBy(payment)
	if err != nil {
		return fmt.Errorf("payment %s has no idempotency row: %w", payment.Id, err)
	}
	failpoint("complete-picked")
	_, err = s.resume(ctx, cmd, payment)
	return err
}

// lockTime is how long one attempt at deciding a payment keeps others away: longer
// than it can take (peers are asked twice at most, the provider is too). One that
// cancels while another charges would give back what is then held.
func (s *PaymentsService) lockTime() time.Duration {
	return 2*s.Options.PeerTimeout + 2*providerTimeout + 5*time.Second
}

const routeCreatePayment = "payments/create"

func pendingAnswer() *Error {
	return &Error{
		Status: http.StatusConflict, Code: CodeInProgress, RetryAfter: time.Second,
		Message: "This request is being carried out. Ask again with the same Idempotency-Key.",
	}
}
