package services

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// ReservationRequest is what payments asks projects before it takes money: keep
// this milestone for this payment. Empty fields are not compared.
type ReservationRequest struct {
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	Project    string `json:"project"`
	Contract   string `json:"contract"`
	Milestone  string `json:"milestone"`
	Amount     int64  `json:"amount"`
	Currency   string `json:"currency"`
	// DecideBy is when payments will have decided (Unix milliseconds).
	DecideBy int64 `json:"decideBy"`
}

// Reservation is projects' yes.
type Reservation struct {
	Payment    string `json:"payment"`
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	Project    string `json:"project"`
	Contract   string `json:"contract"`
	Milestone  string `json:"milestone"`
	Title      string `json:"title"`
	// ProjectTitle is what both people know the work by.
	ProjectTitle string  `json:"projectTitle"`
	Amount       int64   `json:"amount"`
	Currency     string  `json:"currency"`
	FeePlan      FeePlan `json:"feePlan"`
}

// Reserve keeps a milestone for a payment. Asking again for the same payment
// gives the same answer; another payment for the same milestone is refused.
func (s ProjectsService) Reserve(payment string, want ReservationRequest) (*Reservation, error) {
	var answer *Reservation
	err := s.App.RunInTransaction(func(tx core.App) error {
		milestone, err := partyTo(tx, collections.Milestones, want.Milestone, want.Client, collections.ByClient)
		if err != nil {
			return err
		}
		if answer, err = s.matches(tx, payment, milestone, want); err != nil {
			return err
		}
		var state string
		err = tx.DB().Select("state").From("reservations").Where(dbx.HashExp{"payment": payment}).Row(&state)
		if err == nil {
			if state == "released" {
				return conflict(CodeMilestoneTaken, "This payment was given up before.")
			}
			return nil // asked before: the same answer
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := s.insertReservation(tx, payment, milestone, want); err != nil {
			return err
		}
		failpoint("reserve-stored")
		return nil
	})
	failpoint("reserve-committed")
	return answer, err
}

// matches compares what payments believes with what is true.
func (s ProjectsService) matches(tx core.App, payment string, milestone *core.Record, want ReservationRequest) (*Reservation, error) {
	contract, err := tx.FindRecordById(collections.Contracts, milestone.GetString(collections.FieldContract))
	if err != nil {
		return nil, err
	}
	client, freelancer := collections.Parties(milestone)
	have := &Reservation{
		Payment: payment, Client: client, Freelancer: freelancer, Project: milestone.GetString(collections.FieldProject),
		Contract: contract.Id, Milestone: milestone.Id, Title: milestone.GetString(collections.FieldTitle),
		ProjectTitle: contract.GetString(collections.FieldTitle),
		Amount:       int64(milestone.GetInt(collections.FieldAmount)), Currency: milestone.GetString(collections.FieldCurrency),
	}
	if err := json.Unmarshal([]byte(contract.GetString(collections.ContractFeePlan)), &have.FeePlan); err != nil {
		return nil, err
	}
	for _, field := range []struct{ name, want, have string }{
		{collections.FieldProject, want.Project, have.Project},
		{collections.FieldContract, want.Contract, have.Contract},
		{collections.FieldFreelancer, want.Freelancer, have.Freelancer},
		{collections.FieldCurrency, want.Currency, have.Currency},
	} {
		if field.want != "" && field.want != field.have {
			return nil, badRequest(CodeMismatch, "The %s of the payment is not that of the milestone.", field.name).With("field", field.name)
		}
	}
	if want.Amount != have.Amount {
		return nil, badRequest(CodeMismatch, "The milestone costs %d %s, so the payment must be exactly that.", have.Amount, have.Currency).With("field", collections.FieldAmount)
	}
	bonus := milestone.GetString(collections.MilestoneKind) == collections.MilestoneKindBonus
	if status := contract.GetString(collections.FieldStatus); status != collections.ContractActive && (!bonus || status != collections.ContractCompleted) {
		return nil, conflict(CodeIllegalTransition, "The contract is %s; only an active one can be paid for.", status).With("status", status)
	}
	return have, nil
}

func (s ProjectsService) insertReservation(tx core.App, payment string, milestone *core.Record, want ReservationRequest) error {
	if status := milestone.GetString(collections.FieldStatus); status != collections.MilestonePlanned {
		return conflict(CodeMilestoneTaken, "This milestone is %s; only a planned one can be funded.", status).With("status", status)
	}
	result, err := execFixed(tx, `INSERT INTO reservations (payment, milestone, contract, project, state, decide_by, created)
		VALUES (?, ?, ?, ?, 'reserved', ?, ?) ON CONFLICT DO NOTHING`,
		payment, milestone.Id, milestone.GetString(collections.FieldContract), milestone.GetString(collections.FieldProject), want.DecideBy, s.Clock.Now().UnixMilli())
	if inserted, err := oneRow(result, err); err != nil {
		return err
	} else if !inserted {
		return conflict(CodeMilestoneTaken, "Another payment for this milestone is under way.")
	}
	return nil
}

// MilestoneTold is whether payments has heard all that projects knows of a milestone.
type MilestoneTold struct {
	// Underway says that events about it have not arrived, or that work for it waits for its client.
	Underway bool `json:"underway"`
}

// Told tells whether payments has heard everything about a milestone.
func (s ProjectsService) Told(milestone string) (MilestoneTold, error) {
	var told MilestoneTold
	err := s.App.ConcurrentDB().NewQuery(`SELECT EXISTS (SELECT 1 FROM outbox WHERE peer = {:peer} AND aggregate = {:aggregate} AND state <> 'done')
		OR EXISTS (SELECT 1 FROM milestones WHERE id = {:milestone} AND status = {:submitted})`).
		Bind(dbx.Params{"milestone": milestone, "submitted": collections.MilestoneSubmitted, "peer": string(collections.DomainPayments), "aggregate": collections.Milestones + ":" + milestone}).Row(&told.Underway)
	return told, err
}

// SweepReservations asks payments about reservations that should long be
// decided. Only payments may say that a payment failed; its clock decides, not ours.
func (s ProjectsService) SweepReservations(ctx context.Context) error {
	var payments []string
	late := s.Clock.Now().Add(-time.Minute).UnixMilli()
	err := s.App.ConcurrentDB().Select("payment").From("reservations").
		Where(dbx.NewExp("state = 'reserved' AND decide_by < {:late}", dbx.Params{"late": late})).Limit(100).Column(&payments)
	if err != nil {
		return err
	}
	for _, payment := range payments {
		var answer PaymentState
		err := s.Peers[collections.DomainPayments].Call(ctx, http.MethodGet, InternalPayments+payment, nil, &answer)
		if err != nil {
			return err
		}
		if answer.Status == collections.PaymentFailed {
			if err := s.setReservation(s.App, payment, "released"); err != nil {
				return err
			}
		}
	}
	return nil
}
