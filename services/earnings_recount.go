package services

import (
	"fmt"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// entryRow is a ledger entry with what the book needs of its transaction and account.
type entryRow struct {
	Tx, Payment string
	At          int64
	AccountID   int64
	Name, Owner string
	Currency    string
	Amount      int64
}

const (
	// LEFT, so that a replay sees entries whose transaction or account somebody took away.
	entrySQL = `SELECT e.tx, coalesce(t.payment, ''), coalesce(t.at, e.at), e.account, coalesce(a.name, ''), coalesce(a.owner, ''), e.currency, e.amount
		FROM ledger_entry e LEFT JOIN ledger_tx t ON t.ref = e.tx LEFT JOIN ledger_account a ON a.id = e.account`
	// personTxSQL selects the transactions that can concern a person: of their
	// accounts, and of the payments they are a party to.
	personTxSQL = `SELECT e.tx FROM ledger_account a JOIN ledger_entry e ON e.account = a.id WHERE a.owner = {:user} AND a.owner <> ''
		UNION SELECT t.ref FROM payments p JOIN ledger_tx t ON t.payment = p.id WHERE p.client = {:user}
		UNION SELECT t.ref FROM payments p JOIN ledger_tx t ON t.payment = p.id WHERE p.freelancer = {:user}`
)

// recountPerson replaces what the book says of user by a count of the ledger, in
// the user's present time zone.
func recountPerson(tx core.App, user string) error {
	zone := mirroredZone(tx, user)
	_, err := tx.DB().NewQuery(`INSERT INTO earnings_zone (user, zone) VALUES ({:user}, {:zone})
		ON CONFLICT (user) DO UPDATE SET zone = excluded.zone`).Bind(dbx.Params{"user": user, "zone": zone.String()}).Execute()
	if err != nil {
		return err
	}
	for _, table := range []string{"earnings_now", "earnings_month", "earnings_share"} {
		if _, err := tx.DB().Delete(table, dbx.HashExp{"user": user}).Execute(); err != nil {
			return err
		}
	}
	batch := newBookBatch()
	query := tx.DB().NewQuery(entrySQL + ` WHERE e.tx IN (` + personTxSQL + `) ORDER BY e.id`).Bind(dbx.Params{"user": user})
	facts := tx.DB().NewQuery(factsSQL + ` WHERE client = {:user} OR freelancer = {:user}`).Bind(dbx.Params{"user": user})
	err = eachPosting(facts, query, func(p posted, payment paymentFacts) {
		moves, _ := movesOf(p, payment)
		for _, move := range moves {
			if move.User == user {
				batch.add(move, p.Currency, monthOf(time.UnixMilli(p.At).In(zone)))
			}
		}
	}, nil)
	if err != nil {
		return err
	}
	return batch.write(tx)
}

// eachPosting reads postings in the order they were made, with the payments they
// belong to, and shows each entry to seen, if there is one. The entries of one
// posting follow each other, because a posting is written in one transaction.
func eachPosting(payments, entries *dbx.Query, visit func(p posted, payment paymentFacts), seen func(*entryRow)) error {
	facts, err := readFacts(payments)
	if err != nil {
		return err
	}
	rows, err := entries.Rows()
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // read to the end
	var current posted
	var row entryRow
	last := ""
	flush := func() {
		if last != "" {
			visit(current, facts[current.Payment])
		}
	}
	for rows.Next() {
		if err := rows.Scan(&row.Tx, &row.Payment, &row.At, &row.AccountID, &row.Name, &row.Owner, &row.Currency, &row.Amount); err != nil {
			return err
		}
		if seen != nil {
			seen(&row)
		}
		if row.Tx != last {
			flush()
			last = row.Tx
			current = posted{Payment: row.Payment, Currency: row.Currency, At: row.At, Entries: current.Entries[:0]}
		}
		current.Entries = append(current.Entries, Entry{Account{Name: row.Name, Owner: row.Owner}, row.Amount})
	}
	flush()
	return rows.Err()
}

// readFacts reads payments by their ids, column by column: there may be a million.
func readFacts(payments *dbx.Query) (map[string]paymentFacts, error) {
	rows, err := payments.Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // read to the end
	facts := map[string]paymentFacts{}
	for rows.Next() {
		var p paymentFacts
		if err := rows.Scan(&p.ID, &p.Client, &p.Freelancer, &p.Project, &p.Title); err != nil {
			return nil, err
		}
		facts[p.ID] = p
	}
	return facts, rows.Err()
}

// countAll counts the whole ledger, each person in the zone that zones names, and shows each entry to seen.
func countAll(db dbx.Builder, zones map[string]*time.Location, seen func(*entryRow)) (*bookBatch, error) {
	batch := newBookBatch()
	err := eachPosting(db.NewQuery(factsSQL), db.NewQuery(entrySQL+` ORDER BY e.id`), func(p posted, payment paymentFacts) {
		moves, platform := movesOf(p, payment)
		at := time.UnixMilli(p.At)
		for _, move := range moves {
			zone := zones[move.User]
			if zone == nil {
				zone = time.UTC
			}
			batch.add(move, p.Currency, monthOf(at.In(zone)))
		}
		batch.addPlatform(platform, p.Currency, p.At)
	}, seen)
	return batch, err
}

// RecountEarnings makes the earnings book anew from the ledger.
func RecountEarnings(app core.App) error {
	return app.RunInTransaction(func(tx core.App) error {
		zones, err := mirroredZones(tx)
		if err != nil {
			return err
		}
		batch, err := countAll(tx.DB(), zones, nil)
		if err != nil {
			return err
		}
		for _, table := range []string{"earnings_zone", "earnings_now", "earnings_month", "earnings_share", "platform_month"} {
			if _, err := tx.DB().NewQuery(`DELETE FROM ` + table).Execute(); err != nil {
				return err
			}
		}
		names := map[string]string{}
		for key := range batch.now {
			names[key.User] = time.UTC.String()
			if zone := zones[key.User]; zone != nil {
				names[key.User] = zone.String()
			}
		}
		err = addRows(tx, `INSERT INTO earnings_zone (user, zone) SELECT value ->> 0, value ->> 1 FROM json_each(?)`, names,
			func(user, zone string) []any { return []any{user, zone} })
		if err != nil {
			return err
		}
		return batch.write(tx)
	})
}

// CatchUpEarnings counts from the ledger if the book was never begun: the folder
// is from a version that had none. It also recounts whoever moved to another time
// zone without the book hearing of it.
func (s *PaymentsService) CatchUpEarnings() error {
	var begun, posted bool
	err := s.App.DB().NewQuery(`SELECT EXISTS (SELECT 1 FROM earnings_zone), EXISTS (SELECT 1 FROM ledger_tx)`).Row(&begun, &posted)
	if err != nil {
		return err
	}
	if posted && !begun {
		s.Logger.Info("counting earnings from the ledger")
		return RecountEarnings(s.App)
	}
	var moved []string
	err = s.App.DB().NewQuery(`SELECT z.user FROM earnings_zone z JOIN users u ON u.id = z.user
		WHERE u.timezone <> z.zone AND NOT (u.timezone = '' AND z.zone = 'UTC')`).Column(&moved)
	if err != nil {
		return err
	}
	for _, user := range moved {
		if err := s.App.RunInTransaction(func(tx core.App) error { return s.ZoneChanged(tx, user) }); err != nil {
			return fmt.Errorf("failed to recount %s: %w", user, err)
		}
	}
	return nil
}

// ZoneChanged recounts user's months in tx if the person lives in another time
// zone than the book says: every month begins and ends at another moment then.
func (*PaymentsService) ZoneChanged(tx core.App, user string) error {
	zone, known, err := bookZone(tx, user)
	if err != nil || !known || zone.String() == mirroredZone(tx, user).String() {
		return err
	}
	return recountPerson(tx, user)
}

// mirroredZone returns the time zone in which user lives, UTC if it is unknown.
func mirroredZone(app core.App, user string) *time.Location {
	var name string
	_ = app.DB().Select(collections.UserTimezone).From(collections.Users).Where(dbx.HashExp{collections.FieldID: user}).Row(&name)
	return location(name)
}

func mirroredZones(app core.App) (map[string]*time.Location, error) {
	var rows []struct {
		ID   string `db:"id"`
		Zone string `db:"timezone"`
	}
	err := app.DB().Select(collections.FieldID, collections.UserTimezone).From(collections.Users).All(&rows)
	zones := map[string]*time.Location{}
	for _, row := range rows {
		zones[row.ID] = location(row.Zone)
	}
	return zones, err
}
