package services

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"
)

// posted is one posting as the ledger keeps it: what the earnings book is made of,
// whether it was posted just now or is read back for a recount.
type posted struct {
	Payment  string
	Currency string
	At       int64 // Unix milliseconds
	Entries  []Entry
}

// paymentFacts is what the book needs to know of a payment; the zero value
// stands for a posting without one.
type paymentFacts struct {
	ID         string `db:"id"`
	Client     string `db:"client"`
	Freelancer string `db:"freelancer"`
	Project    string `db:"project"`
	Title      string `db:"projectTitle"`
}

// bookMove is what one posting changed for one person on one side. Held,
// Disputed, Transit and PaidOut are changes of where money is; Amount is what
// was earned or spent, negative when it was taken back.
type bookMove struct {
	User                             string
	View                             Perspective
	Held, Disputed, Transit, PaidOut int64
	Amount                           int64
	Project, Title, Counterpart      string
}

func (m bookMove) empty() bool {
	return m.Held == 0 && m.Disputed == 0 && m.Transit == 0 && m.PaidOut == 0 && m.Amount == 0
}

// platformMove is what one posting changed for the marketplace: Gross is what
// clients spent, Fees the part that was kept.
type platformMove struct{ Gross, Fees int64 }

// The classes of accounts that the book tells apart, by their names.
const (
	prefixHold    = "hold:"
	prefixDispute = "dispute:"
	prefixUser    = "user:"
	prefixPayout  = "payout:"
	lossAccount   = "chargeback_loss"
	// What a chargeback locks is shown as disputed: both people wait for somebody's decision.
	prefixChargeback = "chargeback:"
)

// movesOf reads a posting: which person's money moved, and where to. It goes by
// accounts, not by kinds, so that a new kind of posting is booked without a
// change here:
//
//   - what reaches a user's own accounts is income, what leaves them is income
//     taken back, unless the posting touches a payout account: then it is on its
//     way out, or back;
//   - what a payment's client lost to users, to fees or to the loss account is spent;
//   - what holds and disputes of a payment contain is held for both parties.
func movesOf(p posted, payment paymentFacts) ([]bookMove, platformMove) {
	var held, disputed, out, spent int64
	var platform platformMove
	income := map[string]int64{}
	payoutOwner := ""
	for _, e := range p.Entries {
		switch name := e.Account.Name; {
		case strings.HasPrefix(name, prefixHold):
			held += e.Amount
		case strings.HasPrefix(name, prefixDispute), strings.HasPrefix(name, prefixChargeback):
			disputed += e.Amount
		case strings.HasPrefix(name, prefixPayout):
			out += e.Amount
			payoutOwner = cmp.Or(payoutOwner, e.Account.Owner)
		case strings.HasPrefix(name, prefixUser):
			income[e.Account.Owner] += e.Amount
			spent += e.Amount
		case name == AccountFees.Name:
			spent += e.Amount
			platform.Fees += e.Amount
		case name == lossAccount:
			spent += e.Amount
		}
	}
	isPayout := slices.ContainsFunc(p.Entries, func(e Entry) bool { return strings.HasPrefix(e.Account.Name, prefixPayout) })
	if isPayout {
		// available -> payout is on its way; payout -> world has arrived; back is back.
		var from int64
		for owner, amount := range income {
			payoutOwner = cmp.Or(payoutOwner, owner)
			from += amount
		}
		return slices.DeleteFunc([]bookMove{
			{User: payoutOwner, View: PerspectiveIncome, Transit: out, PaidOut: -from - out},
		}, func(m bookMove) bool { return m.User == "" || m.empty() }), platformMove{}
	}
	var moves []bookMove
	seen := map[string]bool{}
	for _, owner := range sortedKeys(income) {
		seen[owner] = true
		move := bookMove{
			User: owner, View: PerspectiveIncome, Amount: income[owner],
			Project: payment.Project, Title: payment.Title, Counterpart: payment.Client,
		}
		if owner == payment.Freelancer {
			move.Held, move.Disputed = held, disputed
		}
		moves = append(moves, move)
	}
	if payment.ID != "" {
		platform.Gross = spent
		if !seen[payment.Freelancer] {
			moves = append(moves, bookMove{User: payment.Freelancer, View: PerspectiveIncome, Held: held, Disputed: disputed})
		}
		moves = append(moves, bookMove{
			User: payment.Client, View: PerspectiveSpend, Held: held, Disputed: disputed, Amount: spent,
			Project: payment.Project, Title: payment.Title, Counterpart: payment.Freelancer,
		})
	}
	return slices.DeleteFunc(moves, func(m bookMove) bool { return m.User == "" || m.empty() }), platform
}

// keepBook books a posting in its own transaction tx. A person the book does not
// know yet is counted from the ledger, which contains the posting already.
func keepBook(tx core.App, at time.Time, posting Posting) error {
	payment, err := factsOf(tx, posting.Payment)
	if err != nil {
		return err
	}
	moves, platform := movesOf(posted{Payment: posting.Payment, Currency: posting.Currency, At: at.UnixMilli(), Entries: posting.Entries}, payment)
	batch := newBookBatch()
	for _, move := range moves {
		zone, known, err := bookZone(tx, move.User)
		if err != nil {
			return err
		}
		if !known {
			if err := recountPerson(tx, move.User); err != nil {
				return fmt.Errorf("failed to count the earnings of %s: %w", move.User, err)
			}
			continue
		}
		batch.add(move, posting.Currency, monthOf(at.In(zone)))
	}
	batch.addPlatform(platform, posting.Currency, at.UnixMilli())
	if err := batch.write(tx); err != nil {
		return fmt.Errorf("failed to book %s: %w", posting.Ref, err)
	}
	return nil
}

func factsOf(tx core.App, payment string) (paymentFacts, error) {
	var facts paymentFacts
	if payment == "" {
		return facts, nil
	}
	err := rowFixed(tx, factsSQL+` WHERE id = ?`, []any{payment}, &facts.ID, &facts.Client, &facts.Freelancer, &facts.Project, &facts.Title)
	if errors.Is(err, sql.ErrNoRows) {
		return facts, nil
	}
	return facts, err
}

const factsSQL = `SELECT id, client, freelancer, project, projectTitle FROM payments`

// bookZone returns the time zone that user's months are counted in, and whether
// the book knows user at all.
func bookZone(tx core.App, user string) (*time.Location, bool, error) {
	var name string
	err := rowFixed(tx, `SELECT zone FROM earnings_zone WHERE user = ?`, []any{user}, &name)
	if errors.Is(err, sql.ErrNoRows) {
		return time.UTC, false, nil
	}
	return location(name), true, err
}
