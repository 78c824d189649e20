package services

import (
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Why deadlines stand still.
const (
	disputeIsOpen    = "A dispute is open."
	chargebackIsOpen = "A chargeback is open."
)

// pauseCause names what keeps the deadlines of a record still: a dispute or a chargeback.
type pauseCause string

const prefixOfDisputes = "dispute:"

func byDispute(id string) pauseCause { return pauseCause(prefixOfDisputes + id) }

func byChargeback(id string) pauseCause { return pauseCause("chargeback:" + id) }

// PauseDeadlines stops the deadlines of a record until cause is over; what is left
// of each is kept. Causes are remembered by name and not counted: two of them end in
// any order, and what is told of different ones arrives in any order.
func (i *Instance) PauseDeadlines(tx core.App, subject string, cause pauseCause, reason string) error {
	_, err := tx.DB().NewQuery(`INSERT INTO deadline_pauses (subject, cause, reason) VALUES ({:subject}, {:cause}, {:reason}) ON CONFLICT DO NOTHING`).
		Bind(dbx.Params{"subject": subject, "cause": string(cause), "reason": reason}).Execute()
	if err != nil {
		return err
	}
	return i.eachLive(tx, subject, "", func(deadline *core.Record) bool { return i.pause(deadline, reason) })
}

// pause stops one deadline; false if it stands still already.
func (i *Instance) pause(deadline *core.Record, reason string) bool {
	if deadline.GetString(collections.FieldStatus) == collections.DeadlinePaused {
		return false
	}
	left := max(0, deadline.GetDateTime(collections.DeadlineDueAt).Time().Sub(i.Clock.Now()))
	deadline.Set(collections.FieldStatus, collections.DeadlinePaused)
	deadline.Set(collections.FieldReason, reason)
	deadline.Set(collections.DeadlineLeft, left.Milliseconds())
	deadline.Set(collections.DeadlineNextAt, 0)
	return true
}

// ResumeDeadlines lets the deadlines of a record run on when cause is over, unless
// another keeps them still.
func (i *Instance) ResumeDeadlines(tx core.App, subject string, cause pauseCause) error {
	_, err := tx.DB().Delete("deadline_pauses", dbx.HashExp{"subject": subject, "cause": string(cause)}).Execute()
	if err != nil {
		return err
	}
	why, err := stillPaused(tx, subject)
	if err != nil {
		return err
	}
	return i.eachLive(tx, subject, "", func(deadline *core.Record) bool {
		if deadline.GetString(collections.FieldStatus) != collections.DeadlinePaused {
			return false
		}
		if why != "" {
			deadline.Set(collections.FieldReason, why)
			return true
		}
		status := collections.DeadlineArmed
		if deadline.GetInt(collections.DeadlineReminded) > 0 {
			status = collections.DeadlineWarned
		}
		deadline.Set(collections.FieldStatus, status)
		deadline.Set(collections.FieldReason, "")
		i.setDue(deadline, i.Clock.Now().Add(time.Duration(deadline.GetInt(collections.DeadlineLeft))*time.Millisecond))
		deadline.Set(collections.DeadlineLeft, 0)
		return true
	})
}

// stillPaused is why the deadlines of a record stand still, or "".
func stillPaused(tx core.App, subject string) (why string, err error) {
	err = tx.DB().NewQuery(`SELECT coalesce(min(reason), '') FROM deadline_pauses WHERE subject = {:subject}`).Bind(dbx.Params{"subject": subject}).Row(&why)
	return why, err
}

// pausedBecause is why a deadline that begins now stands still, or "".
func pausedBecause(tx core.App, record *core.Record) (string, error) {
	why, err := stillPaused(tx, record.Id)
	if err == nil && why == "" && record.Collection().Name == collections.Milestones && record.GetBool(collections.MilestoneDisputed) {
		why = disputeIsOpen // since before causes were remembered
	}
	return why, err
}

// openDisputes counts the disputes that keep the deadlines of a record still.
func openDisputes(tx core.App, subject string) (open int, err error) {
	err = tx.DB().NewQuery(`SELECT count(*) FROM deadline_pauses WHERE subject = {:subject} AND cause >= {:from} AND cause < {:to}`).
		Bind(dbx.Params{"subject": subject, "from": prefixOfDisputes, "to": "dispute;"}).Row(&open) // ; follows :
	return open, err
}
