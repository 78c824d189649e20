package services

import (
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
)

// StatementQuery bounds a statement: days as 2006-01-02 in the person's time
// zone, both inclusive; "" leaves an end open. Currency "" means all.
type StatementQuery struct{ From, To, Currency string }

// StatementLine is one movement. At is Unix milliseconds, amounts are minor
// units, Balance is what the account holds after it.
type StatementLine struct {
	At          int64  `json:"at"`
	Ref         string `json:"ref"`
	Kind        string `json:"kind"`
	Payment     string `json:"payment"`
	Project     string `json:"project"`
	Title       string `json:"title"`
	Counterpart string `json:"counterpart"`
	Currency    string `json:"currency"`
	Amount      int64  `json:"amount"`
	Balance     int64  `json:"balance" db:"-"`
}

// Statement is what moved on a person's account, oldest first, by currency.
type Statement struct {
	Perspective Perspective     `json:"perspective"`
	Timezone    string          `json:"timezone"`
	Lines       []StatementLine `json:"lines"`
}

// statementSQL reads what moved on a person's account, oldest first: for a
// freelancer what can be paid out, for a client what is held for them.
var statementSQL = map[Perspective]string{
	PerspectiveIncome: `SELECT e.at, e.tx AS ref, t.kind, t.payment, coalesce(p.projectTitle, '') AS project, coalesce(p.title, '') AS title,
		coalesce(u.name, '') AS counterpart, e.currency, e.amount
		FROM ledger_account a JOIN ledger_entry e ON e.account = a.id JOIN ledger_tx t ON t.ref = e.tx LEFT JOIN payments p ON p.id = t.payment LEFT JOIN users u ON u.id = p.client
		WHERE a.owner = {:user} AND a.owner <> '' AND a.name = 'user:' || {:user} || ':available' ORDER BY e.currency, e.id`,
	PerspectiveSpend: `SELECT e.at, e.tx AS ref, t.kind, p.id AS payment, p.projectTitle AS project, p.title, coalesce(u.name, '') AS counterpart, e.currency, e.amount
		FROM payments p JOIN ledger_account a ON a.name = 'hold:' || p.id JOIN ledger_entry e ON e.account = a.id JOIN ledger_tx t ON t.ref = e.tx LEFT JOIN users u ON u.id = p.freelancer
		WHERE p.client = {:user} ORDER BY e.currency, e.id`,
}

// Statement lists what moved on a person's account in the days asked for,
// with the balance after each line.
func (s *PaymentsService) Statement(user string, view Perspective, query StatementQuery) (*Statement, error) {
	zone, err := s.zoneOf(user)
	if err != nil {
		return nil, err
	}
	from, to, err := query.bounds(zone)
	if err != nil {
		return nil, err
	}
	var rows []StatementLine
	if err := s.App.ConcurrentDB().NewQuery(statementSQL[view]).Bind(dbx.Params{"user": user}).All(&rows); err != nil {
		return nil, err
	}
	balance := map[string]int64{}
	statement := &Statement{Perspective: view, Timezone: zone.String(), Lines: []StatementLine{}}
	for _, line := range rows {
		balance[line.Currency] += line.Amount
		line.Balance = balance[line.Currency]
		asked := query.Currency == "" || line.Currency == query.Currency
		if asked && line.At >= from.UnixMilli() && line.At < to.UnixMilli() {
			statement.Lines = append(statement.Lines, line)
		}
	}
	return statement, nil
}

// CSV has one row for each movement.
func (s *Statement) CSV() [][]string {
	zone := location(s.Timezone)
	rows := [][]string{{"time", collections.FieldCurrency, "movement", collections.FieldAmount, "balance", collections.FieldProject, collections.FieldMilestone, "counterpart", "payment", "reference"}}
	for _, l := range s.Lines {
		rows = append(rows, []string{
			time.UnixMilli(l.At).In(zone).Format(time.RFC3339), l.Currency, l.Kind, decimal(l.Amount, l.Currency), decimal(l.Balance, l.Currency),
			cell(l.Project), cell(l.Title), cell(l.Counterpart), l.Payment, l.Ref,
		})
	}
	return rows
}

func (q StatementQuery) bounds(zone *time.Location) (from, to time.Time, err error) {
	to = time.Date(9999, 1, 1, 0, 0, 0, 0, zone)
	if q.From != "" {
		if from, err = time.ParseInLocation(time.DateOnly, q.From, zone); err != nil {
			return from, to, badRequest(CodeInvalidInput, "A statement begins on a day such as 2026-01-31.").With("field", "from")
		}
	}
	if q.To != "" {
		if to, err = time.ParseInLocation(time.DateOnly, q.To, zone); err != nil {
			return from, to, badRequest(CodeInvalidInput, "A statement ends on a day such as 2026-01-31.").With("field", "to")
		}
		to = to.AddDate(0, 0, 1)
	}
	if q.Currency != "" {
		err = CheckCurrency(q.Currency)
	}
	return from, to, err
}
