package services

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// replay is what one reading of all entries, in the order they were made, adds up
// to. SQLite would sort them once for each of these sums.
type replay struct {
	entries int
	// open are the transactions whose entries so far do not sum to zero.
	open     map[txCurrency]int64
	accounts map[int64]int64
	// of and sum are the transaction that is being read.
	of  txCurrency
	sum int64
}

type txCurrency struct{ tx, currency string }

func newReplay() *replay {
	return &replay{open: map[txCurrency]int64{}, accounts: map[int64]int64{}}
}

// add takes the next entry.
func (r *replay) add(e *entryRow) {
	if e.Tx != r.of.tx || e.Currency != r.of.currency {
		r.settle()
		r.of = txCurrency{e.Tx, e.Currency}
	}
	r.entries++
	r.sum += e.Amount
	r.accounts[e.AccountID] += e.Amount
}

// settle ends a transaction. Should entries of it come again, they are added to what was left open.
func (r *replay) settle() {
	if r.sum == 0 {
		return
	}
	if left := r.open[r.of] + r.sum; left != 0 {
		r.open[r.of] = left
	} else {
		delete(r.open, r.of)
	}
	r.sum = 0
}

// problems compares with the balances that the triggers kept.
func (r *replay) problems(db dbx.Builder) ([]string, error) {
	r.settle()
	var found []string
	currencies := map[string]int64{} // what balances adds nothing to its currency
	for tx, sum := range r.open {
		currencies[tx.currency] += sum
	}
	for _, currency := range slices.Sorted(maps.Keys(currencies)) {
		if currencies[currency] != 0 {
			found = append(found, "currency does not sum to zero: "+currency)
		}
	}
	unbalanced := slices.SortedFunc(maps.Keys(r.open), func(a, b txCurrency) int {
		return cmp.Or(cmp.Compare(a.tx, b.tx), cmp.Compare(a.currency, b.currency))
	})
	for _, tx := range unbalanced {
		found = append(found, "transaction does not balance: "+tx.tx)
	}
	rows, err := db.NewQuery(`SELECT account, amount FROM ledger_balance`).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // read to the end
	var wrong []int64
	for rows.Next() {
		var account, amount int64
		if err := rows.Scan(&account, &amount); err != nil {
			return nil, err
		}
		if r.accounts[account] != amount {
			wrong = append(wrong, account)
		}
		delete(r.accounts, account)
	}
	for account, sum := range r.accounts { // what has entries and no balance
		if sum != 0 {
			wrong = append(wrong, account)
		}
	}
	slices.Sort(wrong)
	for _, account := range wrong {
		name := fmt.Sprint(account)
		err := db.NewQuery(`SELECT name || ' ' || currency FROM ledger_account WHERE id = {:id}`).Bind(dbx.Params{"id": account}).Row(&name)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
		found = append(found, "balance is not the sum of its entries: "+name)
	}
	return found, rows.Err()
}

// inSnapshot runs read on one state of the database, whatever is written meanwhile.
func inSnapshot(ctx context.Context, app core.App, read func(db dbx.Builder) error) error {
	db, ok := app.ConcurrentDB().(*dbx.DB)
	if !ok || app.IsTransactional() {
		return read(app.DB())
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // takes no lock
	if err != nil {
		return err
	}
	err = read(tx)
	if cause := context.Cause(ctx); cause != nil {
		return errors.Join(cause, err) // which ended the transaction, too
	}
	return errors.Join(err, tx.Rollback())
}
