package services

import (
	"fmt"
	"slices"
	"time"

	"github.com/pocketbase/dbx"
)

// verifyEarnings compares the book with a full recount and returns a sentence
// for each row that differs, at most a hundred. It shows each entry to seen.
func verifyEarnings(db dbx.Builder, seen func(*entryRow)) ([]string, error) {
	zones, err := bookZones(db)
	if err != nil {
		return nil, err
	}
	want, err := countAll(db, zones, seen)
	if err != nil {
		return nil, err
	}
	got, err := readBook(db)
	if err != nil {
		return nil, err
	}
	problems := slices.Concat(
		differences("money of a person", want.now, got.now),
		differences("month of a person", want.months, got.months),
		differences("share of a project or counterpart", want.shares, got.shares),
		differences("month of the platform", want.platform, got.platform),
	)
	slices.Sort(problems)
	return problems[:min(len(problems), 100)], nil
}

func bookZones(db dbx.Builder) (map[string]*time.Location, error) {
	var rows []struct{ User, Zone string }
	err := db.NewQuery(`SELECT user, zone FROM earnings_zone`).All(&rows)
	zones := map[string]*time.Location{}
	for _, row := range rows {
		zones[row.User] = location(row.Zone)
	}
	return zones, err
}

// differences names the keys whose rows are not the same; a row of zeros is as good as none.
func differences[K comparable, V comparable](what string, want, got map[K]V) []string {
	var zero V
	var out []string
	for k, v := range want {
		if got[k] != v {
			out = append(out, fmt.Sprintf("earnings book differs from the ledger, %s: %v is %v, should be %v", what, k, got[k], v))
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok && v != zero {
			out = append(out, fmt.Sprintf("earnings book differs from the ledger, %s: %v is %v, should not be", what, k, v))
		}
	}
	return out
}

// readBook reads the whole book.
func readBook(db dbx.Builder) (*bookBatch, error) {
	book := newBookBatch()
	scan := func(query string, one func(scan func(...any) error) error) error {
		rows, err := db.NewQuery(query).Rows()
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // read to the end
		for rows.Next() {
			if err := one(rows.Scan); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	if err := scan(`SELECT user, view, currency, held, disputed, transit, paid_out, total FROM earnings_now`, func(scan func(...any) error) error {
		var k nowKey
		var r nowRow
		err := scan(&k.User, &k.View, &k.Currency, &r.Held, &r.Disputed, &r.Transit, &r.PaidOut, &r.Total)
		book.now[k] = r
		return err
	}); err != nil {
		return nil, err
	}
	if err := scan(`SELECT user, view, currency, counterpart, month, amount, count FROM earnings_month`, func(scan func(...any) error) error {
		var k monthKey
		var r sumRow
		err := scan(&k.User, &k.View, &k.Currency, &k.Counterpart, &k.Month, &r.Amount, &r.Count)
		book.months[k] = r
		return err
	}); err != nil {
		return nil, err
	}
	if err := scan(`SELECT user, view, currency, kind, id, title, amount, count FROM earnings_share`, func(scan func(...any) error) error {
		var k shareKey
		var r sumRow
		err := scan(&k.User, &k.View, &k.Currency, &k.Kind, &k.ID, &r.Title, &r.Amount, &r.Count)
		book.shares[k] = r
		return err
	}); err != nil {
		return nil, err
	}
	return book, scan(`SELECT currency, month, gross, fees, count FROM platform_month`, func(scan func(...any) error) error {
		var k platformKey
		var r platformRow
		err := scan(&k.Currency, &k.Month, &r.Gross, &r.Fees, &r.Count)
		book.platform[k] = r
		return err
	})
}
