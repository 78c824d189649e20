package services

import (
	"context"
	"time"

	"github.com/pocketbase/dbx"
)

// sandboxMovementsSQL selects what the sandbox moved: charges that succeeded,
// and payouts by bank and age, for the rules of sandboxPayout.outcome.
const (
	sandboxChargesSQL = `SELECT key, amount, currency, at FROM sandbox_charges WHERE outcome = 'succeeded' AND at >= {:from} AND at < {:to}`
	sandboxPayoutsSQL = `SELECT key, amount, currency, destination, at FROM sandbox_payouts WHERE at >= {:from} AND at < {:to}`
)

// List implements Provider.
func (s Sandbox) List(_ context.Context, from, to time.Time) ([]Movement, error) {
	var charges []struct {
		Key      string `db:"key"`
		Amount   int64  `db:"amount"`
		Currency string `db:"currency"`
		At       int64  `db:"at"`
	}
	period := dbx.Params{"from": from.UnixMilli(), "to": to.UnixMilli()}
	if err := s.app.ConcurrentDB().NewQuery(sandboxChargesSQL).Bind(period).All(&charges); err != nil {
		return nil, err
	}
	moved := []Movement{}
	for _, c := range charges {
		moved = append(moved, Movement{Key: c.Key, Kind: MovedIn, Ref: "sandbox_" + c.Key, Amount: -c.Amount, Currency: c.Currency, At: time.UnixMilli(c.At)})
	}
	payouts, err := s.payoutMovements(from, to)
	return append(moved, payouts...), err
}

// payoutMovements lists payouts at the time they arrived, and came back.
func (s Sandbox) payoutMovements(from, to time.Time) ([]Movement, error) {
	var payouts []sandboxPayout
	err := s.app.ConcurrentDB().NewQuery(sandboxPayoutsSQL).
		Bind(dbx.Params{"from": from.Add(-returnBank).UnixMilli(), "to": to.UnixMilli()}).All(&payouts)
	moved := []Movement{}
	now := s.clock.Now()
	for _, p := range payouts {
		for _, m := range p.movements(now) {
			if !m.At.Before(from) && m.At.Before(to) {
				moved = append(moved, m)
			}
		}
	}
	return moved, err
}
