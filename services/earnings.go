package services

import (
	"sync"
	"time"
	_ "time/tzdata" // time zones on machines that have none, such as an empty container

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
)

// Perspective is the side from which money is looked at.
type Perspective string

// A freelancer sees income, a client sees spend.
const (
	PerspectiveIncome Perspective = "income"
	PerspectiveSpend  Perspective = "spend"
)

// Share is what one project or counterpart brought.
type Share struct {
	ID string `json:"id" db:"id"`
	// Title is the project's title or the counterpart's name.
	Title  string `json:"title" db:"title"`
	Amount int64  `json:"amount" db:"amount"`
	Count  int64  `json:"count" db:"count"`
}

// CurrencySummary is a person's money in one currency, in minor units.
// Currencies are never added up.
type CurrencySummary struct {
	Currency string `json:"currency"`
	// Held is funded and not yet released or refunded, without what is disputed.
	Held     int64 `json:"held"`
	Disputed int64 `json:"disputed"`
	// Clearing is earned but cannot be paid out yet, Available can be now,
	// InTransit is on its way out and PaidOut has arrived; income only.
	Clearing  int64 `json:"clearing"`
	Available int64 `json:"available"`
	InTransit int64 `json:"inTransit"`
	PaidOut   int64 `json:"paidOut"`
	// Total is what was ever earned (net of fees) or spent.
	Total         int64   `json:"total"`
	ThisMonth     int64   `json:"thisMonth"`
	LastMonth     int64   `json:"lastMonth"`
	ThisYear      int64   `json:"thisYear"`
	ByProject     []Share `json:"byProject"`
	ByCounterpart []Share `json:"byCounterpart"`
}

// EarningsSummary is a person's money in all currencies.
type EarningsSummary struct {
	Perspective Perspective       `json:"perspective"`
	Timezone    string            `json:"timezone"`
	Currencies  []CurrencySummary `json:"currencies"`
}

// topShares bounds the projects and counterparts of a summary.
const topShares = 50

// Summary sums up what user earned or spent. It reads the book, so that it costs
// the same however long the ledger is.
func (s *PaymentsService) Summary(user string, view Perspective) (*EarningsSummary, error) {
	zone, err := s.zoneOf(user)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Currency string `db:"currency"`
		Held     int64  `db:"held"`
		Disputed int64  `db:"disputed"`
		Transit  int64  `db:"transit"`
		PaidOut  int64  `db:"paid_out"`
		Total    int64  `db:"total"`
	}
	err = s.App.ConcurrentDB().NewQuery(`SELECT currency, held, disputed, transit, paid_out, total FROM earnings_now
		WHERE user = {:user} AND view = {:view} ORDER BY currency`).Bind(dbx.Params{"user": user, "view": string(view)}).All(&rows)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now().In(zone)
	summary := &EarningsSummary{Perspective: view, Timezone: zone.String(), Currencies: []CurrencySummary{}}
	for _, row := range rows {
		one := CurrencySummary{
			Currency: row.Currency, Held: row.Held, Disputed: row.Disputed, InTransit: row.Transit, PaidOut: row.PaidOut, Total: row.Total,
		}
		if view == PerspectiveIncome {
			if one.Available, err = Balance(s.App, AccountAvailable(user), row.Currency); err != nil {
				return nil, err
			}
			if one.Clearing, err = Balance(s.App, Account{Name: prefixUser + user + ":clearing"}, row.Currency); err != nil {
				return nil, err
			}
		}
		if err := s.sumMonths(&one, user, view, now); err != nil {
			return nil, err
		}
		if one.ByProject, err = s.shares(user, view, row.Currency, shareProject); err != nil {
			return nil, err
		}
		if one.ByCounterpart, err = s.shares(user, view, row.Currency, shareCounterpart); err != nil {
			return nil, err
		}
		summary.Currencies = append(summary.Currencies, one)
	}
	return summary, nil
}

// sumMonths fills in this month, last month and this year as seen at now.
func (s *PaymentsService) sumMonths(one *CurrencySummary, user string, view Perspective, now time.Time) error {
	last := monthOf(lastMonth(now))
	january := now.Format("2006") + "-01"
	months, err := s.bookMonths(user, view, one.Currency, "", min(last, january), monthOf(now))
	for _, month := range months {
		switch month.Month {
		case monthOf(now):
			one.ThisMonth = month.Amount
		case last:
			one.LastMonth = month.Amount
		}
		if month.Month >= january {
			one.ThisYear += month.Amount
		}
	}
	return err
}

func (s *PaymentsService) shares(user string, view Perspective, currency, kind string) ([]Share, error) {
	shares := []Share{}
	title := "s.title"
	if kind == shareCounterpart {
		title = "coalesce(u.name, '')"
	}
	err := s.App.ConcurrentDB().NewQuery(`SELECT s.id, ` + title + ` AS title, s.amount, s.count FROM earnings_share s LEFT JOIN users u ON u.id = s.id
		WHERE s.user = {:user} AND s.view = {:view} AND s.currency = {:currency} AND s.kind = {:kind} AND s.amount <> 0
		ORDER BY s.amount DESC, s.id LIMIT {:limit}`).
		Bind(dbx.Params{"user": user, "view": string(view), collections.FieldCurrency: currency, "kind": kind, "limit": topShares}).All(&shares)
	return shares, err
}

// zoneOf returns the time zone that decides what a month is for user: the one the
// book counts in, or that of the profile for whom the book has nothing yet.
func (s *PaymentsService) zoneOf(user string) (*time.Location, error) {
	zone, known, err := bookZone(s.App, user)
	if !known && err == nil {
		zone = mirroredZone(s.App, user)
	}
	return zone, err
}

// zones keeps loaded time zones: each load reads and parses a file.
var zones sync.Map // name -> *time.Location

// location returns the named time zone, UTC if there is none of that name. A
// server's own "Local" is nobody's time zone.
func location(name string) *time.Location {
	if known, ok := zones.Load(name); ok {
		if zone, ok := known.(*time.Location); ok {
			return zone
		}
	}
	zone, err := time.LoadLocation(name)
	if err != nil || zone == time.Local {
		return time.UTC
	}
	zones.Store(name, zone)
	return zone
}

// lastMonth returns a moment in the month before now's, in the same time zone.
func lastMonth(now time.Time) time.Time {
	return time.Date(now.Year(), now.Month()-1, 15, 12, 0, 0, 0, now.Location())
}
