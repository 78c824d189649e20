package services

import (
	"context"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
)

// Test sources whose client's bank takes the money back: a minute after the
// charge, and it decides a day later.
const (
	SourceChargeback    = "test_chargeback"
	SourceChargebackWon = "test_chargeback_won"
)

const (
	sandboxTakesAfter   = time.Minute
	sandboxDecidesAfter = 24 * time.Hour
)

// sandboxCharge is a charge of the sandbox that a bank takes back.
type sandboxCharge struct {
	sandboxRow
	Source string `db:"source"`
}

const sandboxChargebacksSQL = `SELECT key, amount, currency, source, at FROM sandbox_charges
	WHERE outcome = 'succeeded' AND source IN ('` + SourceChargeback + `', '` + SourceChargebackWon + `')`

// Chargeback implements Provider.
func (s Sandbox) Chargeback(_ context.Context, ref string) (*Chargeback, error) {
	found, err := s.chargebacks(dbx.Params{"key": ref[min(len(ref), len(sandboxRef(""))):]}, ` AND key = {:key}`)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Chargebacks implements Provider.
func (s Sandbox) Chargebacks(_ context.Context, since time.Time) ([]Chargeback, error) {
	return s.chargebacks(dbx.Params{"since": since.Add(-sandboxTakesAfter).UnixMilli()}, ` AND at >= {:since}`)
}

func (s Sandbox) chargebacks(params dbx.Params, where string) ([]Chargeback, error) {
	var charges []sandboxCharge
	if err := s.app.ConcurrentDB().NewQuery(sandboxChargebacksSQL + where).Bind(params).All(&charges); err != nil {
		return nil, err
	}
	var found []Chargeback
	for _, c := range charges {
		age := s.clock.Now().Sub(time.UnixMilli(c.At))
		if age < sandboxTakesAfter {
			continue
		}
		chargeback := Chargeback{
			Ref: sandboxRef(c.Key), Payment: c.Key, Amount: c.Amount, Currency: c.Currency, Status: collections.ChargebackOpen, Taken: true,
			Reason: "fraudulent", DueBy: time.UnixMilli(c.At).Add(sandboxDecidesAfter),
		}
		if age >= sandboxDecidesAfter {
			chargeback.Status = collections.ChargebackLost
			if c.Source == SourceChargebackWon {
				chargeback.Status = collections.ChargebackWon
			}
		}
		found = append(found, chargeback)
	}
	return found, nil
}

// chargebackMovements lists what banks took, and gave back.
func (s Sandbox) chargebackMovements(list *movements) error {
	var charges []sandboxCharge
	if err := s.app.ConcurrentDB().NewQuery(sandboxChargebacksSQL).All(&charges); err != nil {
		return err
	}
	now := s.clock.Now()
	for _, c := range charges {
		taken := time.UnixMilli(c.At).Add(sandboxTakesAfter)
		if !taken.After(now) {
			list.put(Movement{Key: c.Key, Kind: MovedChargedBack, Ref: sandboxRef(c.Key), Amount: c.Amount, Currency: c.Currency, At: taken})
		}
		decided := time.UnixMilli(c.At).Add(sandboxDecidesAfter)
		if c.Source == SourceChargebackWon && !decided.After(now) {
			list.put(Movement{Key: c.Key, Kind: MovedWon, Ref: sandboxRef(c.Key), Amount: -c.Amount, Currency: c.Currency, At: decided})
		}
	}
	return nil
}
