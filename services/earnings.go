package services

import (
	"sort"
	"time"

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

// movementRow is one release, as its freelancer (net of the fee) or its client saw it.
type movementRow struct {
	At          int64  `db:"at"`
	Amount      int64  `db:"amount"`
	Currency    string `db:"currency"`
	Project     string `db:"project"`
	Title       string `db:"title"`
	Counterpart string `db:"counterpart"`
}

// movementSQL reads a person's releases from the ledger, oldest first.
var movementSQL = map[Perspective]string{
	PerspectiveIncome: `SELECT e.at, e.amount, e.currency, p.project, p.projectTitle AS title, p.client AS counterpart
		FROM ledger_account a JOIN ledger_entry e ON e.account = a.id JOIN ledger_tx t ON t.ref = e.tx AND t.kind = 'release'
		JOIN payments p ON p.id = t.payment WHERE a.owner = {:user} ORDER BY e.at, e.id`,
	PerspectiveSpend: `SELECT e.at, -e.amount AS amount, e.currency, p.project, p.projectTitle AS title, p.freelancer AS counterpart
		FROM payments p JOIN ledger_tx t ON t.payment = p.id AND t.kind = 'release' JOIN ledger_entry e ON e.tx = t.ref
		JOIN ledger_account a ON a.id = e.account AND a.name = 'hold:' || p.id WHERE p.client = {:user} ORDER BY e.at, e.id`,
}

// Share is what one project or counterpart brought.
type Share struct {
	ID     string `json:"id"`
	Title  string `json:"title,omitempty"`
	Amount int64  `json:"amount"`
}

// CurrencySummary is a person's money in one currency, in minor units.
// Currencies are never added up.
type CurrencySummary struct {
	Currency string `json:"currency"`
	// Held is funded and not yet released or refunded.
	Held int64 `json:"held"`
	// Available can be paid out now; income only.
	Available     int64   `json:"available"`
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

// location returns the time zone that decides what a month is for user.
func (s *PaymentsService) location(user string) *time.Location {
	record, err := s.App.FindRecordById(collections.Users, user)
	if err != nil {
		return time.UTC
	}
	zone, err := time.LoadLocation(record.GetString(collections.UserTimezone))
	if err != nil {
		return time.UTC
	}
	return zone
}

func (s *PaymentsService) movements(user string, view Perspective) (map[string][]movementRow, error) {
	var rows []movementRow
	if err := s.App.ConcurrentDB().NewQuery(movementSQL[view]).Bind(dbx.Params{"user": user}).All(&rows); err != nil {
		return nil, err
	}
	byCurrency := map[string][]movementRow{}
	for _, row := range rows {
		byCurrency[row.Currency] = append(byCurrency[row.Currency], row)
	}
	return byCurrency, nil
}

// Summary sums up what user earned or spent.
func (s *PaymentsService) Summary(user string, view Perspective) (*EarningsSummary, error) {
	zone := s.location(user)
	byCurrency, err := s.movements(user, view)
	if err != nil {
		return nil, err
	}
	held, err := s.held(user, view)
	if err != nil {
		return nil, err
	}
	summary := &EarningsSummary{Perspective: view, Timezone: zone.String(), Currencies: []CurrencySummary{}}
	for currency := range held {
		if _, known := byCurrency[currency]; !known {
			byCurrency[currency] = nil // held, but nothing released so far
		}
	}
	for _, currency := range sortedKeys(byCurrency) {
		one := sumUp(byCurrency[currency], s.Clock.Now().In(zone))
		one.Currency, one.Held = currency, held[currency]
		if view == PerspectiveIncome {
			if one.Available, err = Balance(s.App, AccountAvailable(user), currency); err != nil {
				return nil, err
			}
		}
		summary.Currencies = append(summary.Currencies, one)
	}
	return summary, nil
}

func (s *PaymentsService) held(user string, view Perspective) (map[string]int64, error) {
	side := collections.FieldFreelancer
	if view == PerspectiveSpend {
		side = collections.FieldClient
	}
	var rows []struct {
		Currency string `db:"currency"`
		Amount   int64  `db:"amount"`
	}
	err := s.App.ConcurrentDB().Select("currency", "sum(amount - released - refunded) AS amount").From(collections.Payments).
		Where(dbx.HashExp{side: user, collections.FieldStatus: []any{collections.PaymentHeld, collections.PaymentDisputed}}).GroupBy(collections.FieldCurrency).All(&rows)
	held := map[string]int64{}
	for _, row := range rows {
		held[row.Currency] = row.Amount
	}
	return held, err
}

// sumUp sums one currency's movements as seen at now, whose location decides what a month is.
func sumUp(rows []movementRow, now time.Time) CurrencySummary {
	this, last := monthOf(now), monthOf(now.AddDate(0, 0, -now.Day()))
	projects, counterparts := map[string]*Share{}, map[string]*Share{}
	var sum CurrencySummary
	for _, row := range rows {
		at := time.UnixMilli(row.At).In(now.Location())
		sum.Total += row.Amount
		switch monthOf(at) {
		case this:
			sum.ThisMonth += row.Amount
		case last:
			sum.LastMonth += row.Amount
		}
		if at.Year() == now.Year() {
			sum.ThisYear += row.Amount
		}
		addShare(projects, row.Project, row.Title, row.Amount)
		addShare(counterparts, row.Counterpart, "", row.Amount)
	}
	sum.ByProject, sum.ByCounterpart = topShares(projects), topShares(counterparts)
	return sum
}

func addShare(shares map[string]*Share, id, title string, amount int64) {
	if shares[id] == nil {
		shares[id] = &Share{ID: id, Title: title}
	}
	shares[id].Amount += amount
}

// topShares returns the fifty largest shares.
func topShares(shares map[string]*Share) []Share {
	list := []Share{}
	for _, share := range shares {
		list = append(list, *share)
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Amount != list[j].Amount {
			return list[i].Amount > list[j].Amount
		}
		return list[i].ID < list[j].ID
	})
	return list[:min(len(list), 50)]
}
