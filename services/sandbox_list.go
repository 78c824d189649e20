package services

import (
	"context"
	"time"

	"github.com/pocketbase/dbx"
)

// What the sandbox moved: charges that succeeded, refunds, and payouts by bank
// and age, for the rules of sandboxPayout.outcome.
const (
	sandboxChargesSQL = `SELECT key, amount, currency, at FROM sandbox_charges WHERE outcome = 'succeeded' AND at >= {:from} AND at < {:to}`
	sandboxRefundsSQL = `SELECT key, payment, amount, currency, at FROM sandbox_refunds WHERE at >= {:from} AND at < {:to}`
	sandboxPayoutsSQL = `SELECT key, amount, currency, destination, at FROM sandbox_payouts WHERE at >= {:from} AND at < {:to}`
)

// sandboxRow is a charge or a refund.
type sandboxRow struct {
	Key      string `db:"key"`
	Payment  string `db:"payment"`
	Amount   int64  `db:"amount"`
	Currency string `db:"currency"`
	At       int64  `db:"at"`
}

// List implements Provider.
func (s Sandbox) List(_ context.Context, from, to time.Time) ([]Movement, error) {
	var charges, refunds []sandboxRow
	period := dbx.Params{"from": from.UnixMilli(), "to": to.UnixMilli()}
	if err := s.app.ConcurrentDB().NewQuery(sandboxChargesSQL).Bind(period).All(&charges); err != nil {
		return nil, err
	}
	if err := s.app.ConcurrentDB().NewQuery(sandboxRefundsSQL).Bind(period).All(&refunds); err != nil {
		return nil, err
	}
	moved := []Movement{}
	for _, c := range charges {
		moved = append(moved, Movement{Key: c.Key, Kind: MovedIn, Ref: sandboxRef(c.Key), Amount: -c.Amount, Currency: c.Currency, At: time.UnixMilli(c.At)})
	}
	for _, r := range refunds {
		moved = append(moved, Movement{Key: r.Payment, Kind: MovedBack, Ref: sandboxRef(r.Key), Amount: r.Amount, Currency: r.Currency, At: time.UnixMilli(r.At)})
	}
	payouts, err := s.payoutMovements(from, to)
	if err != nil {
		return nil, err
	}
	list := &movements{from: from, to: to, found: append(moved, payouts...)}
	err = s.chargebackMovements(list)
	return list.found, err
}

// sandboxRef is what the sandbox calls what it was asked for with key.
func sandboxRef(key string) string { return ProviderSandbox + "_" + key }

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
