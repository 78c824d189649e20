package services

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// The money in a database is either real or made up: by the sandbox, or by Stripe
// with a test key. What somebody earned in a test must not be paid out in earnest, and
// the invoices of one must not go on from the numbers of the other.
const (
	moneyOfTests = "test"
	realMoney    = "real"
)

func (o Options) moneyKind() string {
	if o.Provider == ProviderStripe && o.Stripe.live() {
		return realMoney
	}
	return moneyOfTests
}

// KeepMoneyApart refuses to go on (money_kind_changed) with real money where there is
// test money, or the other way round. As long as nobody has paid anything, or is about to, either may begin.
func (s *PaymentsService) KeepMoneyApart() error {
	now := s.Options.moneyKind()
	return s.App.RunInTransaction(func(tx core.App) error {
		before, err := s.moneyBefore(tx, now)
		if err != nil {
			return err
		}
		if before != now {
			return fmt.Errorf("the money in this data is %s money, and the provider in the options moves %s money: what people have here would be worth something else. "+
				"Start with the options as before, or with an empty --data (money_kind_changed)", before, now)
		}
		_, err = tx.DB().NewQuery(`INSERT INTO money_kind (id, kind) VALUES (1, {:kind}) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind`).
			Bind(dbx.Params{"kind": now}).Execute()
		return err
	})
}

// moneyBefore is the kind of the money there is, now's if there is none. Databases of
// before this was remembered have test money if only the sandbox was ever paid.
func (s *PaymentsService) moneyBefore(tx core.App, now string) (string, error) {
	var paid bool
	if err := tx.DB().NewQuery(`SELECT EXISTS (SELECT 1 FROM ledger_tx) OR EXISTS (SELECT 1 FROM payments WHERE status = 'pending')`).Row(&paid); err != nil || !paid {
		return now, err
	}
	var kind string
	err := tx.DB().NewQuery(`SELECT kind FROM money_kind`).Row(&kind)
	if !errors.Is(err, sql.ErrNoRows) {
		return kind, err
	}
	var stripe bool
	err = tx.DB().NewQuery(`SELECT EXISTS (SELECT 1 FROM payments WHERE provider = {:stripe})`).Bind(dbx.Params{"stripe": ProviderStripe}).Row(&stripe)
	if stripe {
		return now, err // nobody knows with which key
	}
	return moneyOfTests, err
}
