package services

import (
	"context"
	"errors"
	"net/http"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// PaymentRequest is what a client asks for: fund this milestone. Project,
// contract, freelancer and currency may be left out; if given they must be right.
type PaymentRequest struct {
	Project    string `json:"project"`
	Contract   string `json:"contract"`
	Milestone  string `json:"milestone"`
	Freelancer string `json:"freelancer"`
	Amount     int64  `json:"amount"`
	Currency   string `json:"currency"`
	Source     string `json:"source"`
}

func (r PaymentRequest) check() error {
	if r.Milestone == "" || r.Project == "" {
		return badRequest(CodeInvalidInput, "A payment names the project and the milestone it is for.")
	}
	if err := CheckAmount(r.Amount); err != nil {
		return err
	}
	return CheckCurrency(r.Currency)
}

// Create funds a milestone in three phases (Leach, "Implementing Stripe-like
// idempotency keys in Postgres"):
//
//  1. claim the key and insert the payment as pending, in one transaction;
//  2. with no transaction open, ask users and projects in parallel, then charge;
//  3. decide with one conditional UPDATE, with ledger entries and event.
//
// A crash between the phases leaves a pending payment that the same key, or the
// completer, resumes. A peer that does not answer is not a "no": the payment
// stays pending, nothing is held, and the answer is peer_unavailable.
func (s *PaymentsService) Create(ctx context.Context, cmd Command, request PaymentRequest) (Answer, error) {
	cmd.Route = routeCreatePayment
	if stored, err := Replay(s.App, cmd); err != nil || stored != nil {
		return replayed(stored), err // what was right then need not be now: another provider, another limit
	}
	if err := errors.Join(request.check(), s.Provider.CheckSource(request.Source)); err != nil {
		return Answer{}, err
	}
	payment, fresh, stored, err := s.begin(cmd, request)
	if err != nil || stored != nil {
		return replayed(stored), err
	}
	failpoint("payment-begun")
	if fresh {
		return s.decide(ctx, cmd, payment, false)
	}
	return s.resume(ctx, cmd, payment)
}

// begin is phase 1. It returns the stored answer if the command was carried out,
// or the payment to decide: a fresh one, locked for this attempt, or the one an
// earlier attempt left.
func (s *PaymentsService) begin(cmd Command, request PaymentRequest) (payment *core.Record, fresh bool, stored *Answer, err error) {
	err = inTurn(s.App, headStart, func(tx core.App) error {
		now := s.Clock.Now() // not before the door: the lock runs from here
		row, err := cmd.find(tx)
		if err != nil {
			return err
		}
		if row != nil {
			if row.Status != 0 {
				stored = &Answer{Status: row.Status, Body: row.Body, Replayed: true}
				return nil
			}
			payment, err = tx.FindRecordById(collections.Payments, row.Resource)
			return err
		}
		col, err := tx.FindCachedCollectionByNameOrId(collections.Payments)
		if err != nil {
			return err
		}
		payment = core.NewRecord(col)
		payment.Load(map[string]any{
			collections.FieldProject: request.Project, collections.FieldContract: request.Contract,
			collections.FieldMilestone: request.Milestone, collections.FieldClient: cmd.Principal,
			collections.FieldAmount: request.Amount, collections.FieldCurrency: request.Currency,
			collections.PaymentSource: request.Source, collections.PaymentAskedFreelancer: request.Freelancer,
			collections.FieldProvider: s.Provider.Name(),
			collections.FieldStatus:   collections.PaymentMachine.Initial, collections.FieldVersion: 1,
			collections.PaymentDecideBy:    now.Add(s.Options.DecideAfter).UnixMilli(),
			collections.PaymentLockedUntil: now.Add(s.lockTime()).UnixMilli(),
		})
		fresh = true
		if err := tx.Save(payment); err != nil {
			return err
		}
		failpoint("payment-claimed")
		return cmd.claim(tx, s.Clock, payment.Id, now)
	})
	return payment, fresh, stored, err
}

// resume decides a payment that an earlier attempt left, unless that one is
// still at it. Retries and the completer come here.
func (s *PaymentsService) resume(ctx context.Context, cmd Command, payment *core.Record) (Answer, error) {
	payment, err := s.lockPayment(payment.Id)
	if err != nil {
		return Answer{}, err
	}
	if payment == nil {
		return Answer{}, pendingAnswer()
	}
	if _, known, err := s.knownElsewhere(payment.Id); err != nil {
		return Answer{}, s.unlock(payment, err)
	} else if known == knownToHaveFailed {
		return s.failAgain(ctx, cmd, payment)
	}
	return s.decide(ctx, cmd, payment, true)
}

// decide is phases 2 and 3, on a payment this attempt has locked. resumed says
// that an earlier attempt may have charged the client.
func (s *PaymentsService) decide(ctx context.Context, cmd Command, payment *core.Record, resumed bool) (Answer, error) {
	provider, err := s.providerNamed(payment.GetString(collections.FieldProvider))
	if err != nil {
		return Answer{}, s.unlock(payment, err)
	}
	charge := s.chargeOf(payment)
	if s.Clock.Now().UnixMilli() > intOf(payment, collections.PaymentDecideBy) {
		if done, answer, err := s.decideLate(ctx, cmd, payment, provider, charge); done || err != nil {
			return answer, err
		}
	}
	reservation, err := s.check(ctx, payment)
	if isRefusal(err) && resumed {
		// What was a yes then is a no now: give back what the earlier attempt took.
		if cancelErr := s.cancelCharge(ctx, provider, charge); cancelErr != nil {
			return Answer{}, s.unlock(payment, cancelErr)
		}
	}
	if err != nil {
		return s.refused(cmd, payment, err)
	}
	failpoint("payment-checked")
	charged, err := s.charge(ctx, provider, charge)
	if err != nil {
		return Answer{}, s.unlock(payment, err)
	}
	failpoint("payment-charged")
	switch charged.Outcome {
	case OutcomeSucceeded:
		return s.hold(cmd, payment, reservation, charged)
	case OutcomeDeclined:
		if _, known, err := s.knownElsewhere(payment.Id); err != nil {
			return Answer{}, s.unlock(payment, err)
		} else if known == knownToBeMore {
			return Answer{}, s.unlock(payment, s.comparing()) // it was a yes, and others went on with that
		}
		return s.fail(cmd, payment, declined(charged))
	}
	return Answer{}, s.undecided(payment, charged)
}

// check is phase 2: users and projects in parallel.
func (s *PaymentsService) check(ctx context.Context, payment *core.Record) (*Reservation, error) {
	var reservation Reservation
	asked := payment.GetString(collections.PaymentAskedFreelancer)
	checks := []func(context.Context) error{
		func(ctx context.Context) error {
			return s.CheckEligible(ctx, payment.GetString(collections.FieldClient), collections.RoleClient)
		},
		func(ctx context.Context) error {
			return s.Peers[collections.DomainProjects].Call(ctx, http.MethodPut, InternalReserve+payment.Id, ReservationRequest{
				Client: payment.GetString(collections.FieldClient), Freelancer: asked,
				Project: payment.GetString(collections.FieldProject), Contract: payment.GetString(collections.FieldContract),
				Milestone: payment.GetString(collections.FieldMilestone), Amount: intOf(payment, collections.FieldAmount),
				Currency: payment.GetString(collections.FieldCurrency), DecideBy: intOf(payment, collections.PaymentDecideBy),
			}, &reservation)
		},
	}
	if asked != "" {
		checks = append(checks, func(ctx context.Context) error { return s.CheckEligible(ctx, asked, collections.RoleFreelancer) })
	}
	if err := inParallel(ctx, s.Options.PeerTimeout, checks...); err != nil && (isRefusal(err) || !planted("silence is a yes")) {
		return nil, err
	}
	if asked == "" {
		// Who is paid was not said: projects told us, so users can be asked now.
		err := inParallel(ctx, s.Options.PeerTimeout, func(ctx context.Context) error {
			return s.CheckEligible(ctx, reservation.Freelancer, collections.RoleFreelancer)
		})
		if err != nil {
			return nil, err
		}
	}
	return &reservation, s.notPaidFor(payment)
}

// notPaidFor refuses to pay for a milestone twice. Projects does by its reservation, unless it was
// restored from a backup and has forgotten that; only who may pay for it at all gets to hear of this.
func (s *PaymentsService) notPaidFor(payment *core.Record) error {
	live, err := livePayment(s.App, payment.GetString(collections.FieldMilestone))
	if err == nil && live != nil {
		return conflict(CodeMilestoneTaken, "Money is held for this milestone already.")
	}
	return err
}

// refused tells a "no", which fails the payment, from silence, which does not.
func (s *PaymentsService) refused(cmd Command, payment *core.Record, err error) (Answer, error) {
	if isRefusal(err) {
		return s.fail(cmd, payment, asError(err))
	}
	return Answer{}, s.unlock(payment, err)
}

// hold is phase 3 for a yes.
func (s *PaymentsService) hold(cmd Command, payment *core.Record, r *Reservation, charged Charged) (Answer, error) {
	return s.conclude(cmd, payment, func(tx core.App, payment *core.Record) (Answer, error) {
		now := s.Clock.Now()
		err := Transition(tx, Move{
			Machine: collections.PaymentMachine, Record: payment, Verb: "hold", By: cmd.Principal,
			Set: map[string]any{
				collections.FieldContract: r.Contract, collections.FieldFreelancer: r.Freelancer, collections.FieldTitle: r.Title,
				collections.PaymentProjectTitle: r.ProjectTitle,
				collections.ContractFeePlan:     r.FeePlan, collections.PaymentHeldAt: now,
				collections.FieldProviderRef: charged.Ref, collections.PaymentConfirmURL: "",
			},
		})
		if err != nil {
			return Answer{}, err
		}
		amount := intOf(payment, collections.FieldAmount)
		err = Post(tx, now, Posting{
			Ref: KindFund + ":" + payment.Id, Kind: KindFund, Payment: payment.Id, Currency: payment.GetString(collections.FieldCurrency),
			Entries: []Entry{{AccountWorld, -amount}, {AccountHold(payment.Id), amount}},
		})
		if err != nil {
			return Answer{}, err
		}
		failpoint("payment-posted")
		if err := s.Emit(tx, TopicPaymentHeld, collections.Payments, payment.Id, payment.GetInt(collections.FieldVersion), paymentNews(payment, amount, cmd.Principal)); err != nil {
			return Answer{}, err
		}
		return answerOf(http.StatusOK, payment)
	})
}

// fail is phase 3 for a no: nothing is held, the reservation is given up by
// event, and the same key keeps answering with the same reason.
func (s *PaymentsService) fail(cmd Command, payment *core.Record, reason *Error) (Answer, error) {
	return s.conclude(cmd, payment, func(tx core.App, payment *core.Record) (Answer, error) {
		return s.failed(tx, payment, failure{verb: "fail", by: System, reason: reason})
	})
}

// conclude runs phase 3: decision and answer in one transaction. If another
// attempt has decided meanwhile, its answer is given.
func (s *PaymentsService) conclude(cmd Command, payment *core.Record, decide func(tx core.App, payment *core.Record) (Answer, error)) (Answer, error) {
	var answer Answer
	err := s.App.RunInTransaction(func(tx core.App) error {
		stored, err := Replay(tx, cmd)
		if err != nil {
			return err
		}
		if stored != nil {
			answer = *stored
			return nil
		}
		fresh, err := tx.FindRecordById(collections.Payments, payment.Id)
		if err != nil {
			return err
		}
		if intOf(fresh, collections.PaymentLockedUntil) != intOf(payment, collections.PaymentLockedUntil) {
			return pendingAnswer() // it took so long that another attempt has begun, which may have given the charge back
		}
		if answer, err = decide(tx, fresh); err != nil {
			return err
		}
		return cmd.store(tx, s.Clock, answer)
	})
	failpoint("payment-committed")
	return answer, err
}

// lockPayment keeps other attempts away while one decides, and returns the payment as
// the attempt before has left it; nil if another is at it. The time the lock ends also
// names the attempt: one that has waited for longer than that, and finds another's
// there, decides nothing.
func (s *PaymentsService) lockPayment(id string) (*core.Record, error) {
	now := s.Clock.Now()
	until := now.Add(s.lockTime()).UnixMilli()
	result, err := s.App.NonconcurrentDB().NewQuery(`UPDATE payments SET lockedUntil = {:until}
		WHERE id = {:id} AND status = 'pending' AND lockedUntil < {:now}`).
		Bind(dbx.Params{"id": id, "until": until, "now": now.UnixMilli()}).Execute()
	if locked, err := oneRow(result, err); err != nil || !locked {
		return nil, err
	}
	payment, err := s.App.FindRecordById(collections.Payments, id)
	if err != nil {
		return nil, err
	}
	payment.Set(collections.PaymentLockedUntil, until)
	return payment, nil
}

// ClearLocks forgets the locks of attempts that died with the process before:
// one process owns the data, so at its start nobody is deciding anything.
func (s *PaymentsService) ClearLocks() error {
	_, err := s.App.NonconcurrentDB().Update(collections.Payments, dbx.Params{collections.PaymentLockedUntil: 0, collections.FieldNextTryAt: 0},
		dbx.HashExp{collections.FieldStatus: collections.PaymentPending}).Execute()
	return err
}
