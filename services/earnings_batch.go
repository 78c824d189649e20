package services

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/pocketbase/pocketbase/core"
)

// The rows of the earnings book, by their keys.
type (
	nowKey struct {
		User     string
		View     Perspective
		Currency string
	}
	nowRow   struct{ Held, Disputed, Transit, PaidOut, Total int64 }
	monthKey struct {
		nowKey
		Counterpart, Month string
	}
	shareKey struct {
		nowKey
		Kind, ID string
	}
	sumRow struct {
		Amount, Count int64
		Title         string
	}
	platformKey struct{ Currency, Month string }
	platformRow struct{ Gross, Fees, Count int64 }
)

const (
	shareProject     = "project"
	shareCounterpart = "counterpart"
)

// bookBatch collects what is to be added to the book.
type bookBatch struct {
	now      map[nowKey]nowRow
	months   map[monthKey]sumRow
	shares   map[shareKey]sumRow
	platform map[platformKey]platformRow
}

func newBookBatch() *bookBatch {
	return &bookBatch{
		now: map[nowKey]nowRow{}, months: map[monthKey]sumRow{}, shares: map[shareKey]sumRow{}, platform: map[platformKey]platformRow{},
	}
}

// add adds a move that happened in month.
func (b *bookBatch) add(m bookMove, currency, month string) {
	key := nowKey{m.User, m.View, currency}
	now := b.now[key]
	b.now[key] = nowRow{now.Held + m.Held, now.Disputed + m.Disputed, now.Transit + m.Transit, now.PaidOut + m.PaidOut, now.Total + m.Amount}
	if m.Amount == 0 {
		return
	}
	counterparts := []string{""}
	if m.Counterpart != "" {
		counterparts = append(counterparts, m.Counterpart)
		b.share(shareKey{key, shareCounterpart, m.Counterpart}, "", m.Amount)
	}
	if m.Project != "" {
		b.share(shareKey{key, shareProject, m.Project}, m.Title, m.Amount)
	}
	for _, counterpart := range counterparts {
		k := monthKey{key, counterpart, month}
		row := b.months[k]
		b.months[k] = sumRow{Amount: row.Amount + m.Amount, Count: row.Count + 1}
	}
}

func (b *bookBatch) share(key shareKey, title string, amount int64) {
	row := b.shares[key]
	b.shares[key] = sumRow{Amount: row.Amount + amount, Count: row.Count + 1, Title: title}
}

func (b *bookBatch) addPlatform(m platformMove, currency string, at int64) {
	if m.Gross == 0 && m.Fees == 0 {
		return
	}
	key := platformKey{currency, monthOf(time.UnixMilli(at).UTC())}
	row := b.platform[key]
	b.platform[key] = platformRow{row.Gross + m.Gross, row.Fees + m.Fees, row.Count + 1}
}

// write adds the batch to the tables in tx: one statement for each table,
// whatever the number of rows, which travel as one JSON array.
func (b *bookBatch) write(tx core.App) error {
	return errors.Join(
		addRows(tx, addNowSQL, b.now, func(k nowKey, r nowRow) []any {
			return []any{k.User, k.View, k.Currency, r.Held, r.Disputed, r.Transit, r.PaidOut, r.Total}
		}),
		addRows(tx, addMonthsSQL, b.months, func(k monthKey, r sumRow) []any {
			return []any{k.User, k.View, k.Currency, k.Counterpart, k.Month, r.Amount, r.Count}
		}),
		addRows(tx, addSharesSQL, b.shares, func(k shareKey, r sumRow) []any {
			return []any{k.User, k.View, k.Currency, k.Kind, k.ID, r.Title, r.Amount, r.Count}
		}),
		addRows(tx, addPlatformSQL, b.platform, func(k platformKey, r platformRow) []any {
			return []any{k.Currency, k.Month, r.Gross, r.Fees, r.Count}
		}),
	)
}

// "WHERE true" keeps SQLite from reading ON CONFLICT as a join's ON.
const (
	addNowSQL = `INSERT INTO earnings_now (user, view, currency, held, disputed, transit, paid_out, total)
		SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 FROM json_each(?) WHERE true
		ON CONFLICT (user, view, currency) DO UPDATE SET held = held + excluded.held, disputed = disputed + excluded.disputed,
			transit = transit + excluded.transit, paid_out = paid_out + excluded.paid_out, total = total + excluded.total`
	addMonthsSQL = `INSERT INTO earnings_month (user, view, currency, counterpart, month, amount, count)
		SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?) WHERE true
		ON CONFLICT (user, view, currency, counterpart, month) DO UPDATE SET amount = amount + excluded.amount, count = count + excluded.count`
	addSharesSQL = `INSERT INTO earnings_share (user, view, currency, kind, id, title, amount, count)
		SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 FROM json_each(?) WHERE true
		ON CONFLICT (user, view, currency, kind, id) DO UPDATE SET amount = amount + excluded.amount, count = count + excluded.count, title = excluded.title`
	addPlatformSQL = `INSERT INTO platform_month (currency, month, gross, fees, count)
		SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
		ON CONFLICT (currency, month) DO UPDATE SET gross = gross + excluded.gross, fees = fees + excluded.fees, count = count + excluded.count`
)

func addRows[K comparable, V any](tx core.App, text string, rows map[K]V, values func(K, V) []any) error {
	if len(rows) == 0 {
		return nil
	}
	list := make([][]any, 0, len(rows))
	for k, v := range rows {
		list = append(list, values(k, v))
	}
	return insertRows(tx, text, list)
}

// insertRows executes text with the rows in the place of its only ?, as a JSON array of arrays.
func insertRows(tx core.App, text string, rows [][]any) error {
	raw, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = execFixed(tx, text, string(raw))
	return err
}
