package services

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// settlement is money that was earned: a part of a payment, or all of it.
type settlement struct {
	// Ref is the ledger transaction, At when it was posted.
	Ref string
	At  time.Time
	// Amount is what the client paid for the part, Fee what the platform kept of it.
	Amount, Fee int64
}

// invoice issues what a settlement calls for, in the settlement's own
// transaction: the freelancer's invoice to the client about the amount, and the
// platform's to the freelancer about the fee. If the transaction is rolled back,
// so are the numbers: a series has no gaps.
func (s *PaymentsService) invoice(tx core.App, payment *core.Record, done settlement) error {
	client, freelancer := collections.Parties(payment)
	people, err := billed(tx, client, freelancer)
	if err != nil {
		return err
	}
	work := draft{
		kind: collections.InvoiceOfWork, issuer: people[freelancer], recipient: people[client], amount: done.Amount,
		line:  workLine(payment, done.Amount),
		notes: []string{"Paid through " + s.company().Name + ": nothing is due.", "Issued by " + s.company().Name + " on behalf of " + people[freelancer].Name + "."},
	}
	number, err := issue(tx, s.Clock.Now(), payment, done, work)
	if err != nil || done.Fee == 0 {
		return err
	}
	_, err = issue(tx, s.Clock.Now(), payment, done, draft{
		kind: collections.InvoiceOfFee, issuer: s.company(), recipient: people[freelancer], amount: done.Fee,
		line:  "Service fee on invoice " + number + ": " + named(payment),
		notes: []string{"Kept when the payment was released: nothing is due."},
	})
	return err
}

// draft is what one invoice says, before it has a number.
type draft struct {
	kind              string
	issuer, recipient InvoiceParty
	amount            int64
	line              string
	corrects          string
	notes             []string
}

// named is what both people know the work by.
func named(payment *core.Record) string {
	names := []string{}
	for _, field := range []string{collections.FieldTitle, collections.PaymentProjectTitle} {
		if name := payment.GetString(field); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "payment " + payment.Id
	}
	return strings.Join(names, ", ")
}

func workLine(payment *core.Record, amount int64) string {
	whole := intOf(payment, collections.FieldAmount)
	if amount == whole {
		return named(payment)
	}
	return fmt.Sprintf("%s (part of %s)", named(payment), Money(whole, payment.GetString(collections.FieldCurrency)))
}

// issue gives a draft the next number of its series and stores it.
func issue(tx core.App, now time.Time, payment *core.Record, done settlement, d draft) (string, error) {
	now = now.UTC()
	series, seq, err := nextNumber(tx, d, now.Year())
	if err != nil {
		return "", fmt.Errorf("failed to number an invoice: %w", err)
	}
	content := InvoiceContent{
		Version: 1, Language: "en", Number: fmt.Sprintf("%s-%05d", series, seq), Kind: d.kind,
		IssuedAt: now.Format(time.RFC3339), SuppliedAt: done.At.UTC().Format(time.RFC3339),
		Issuer: d.issuer, Recipient: d.recipient, Currency: payment.GetString(collections.FieldCurrency),
		Lines: []InvoiceLine{{Description: d.line, Quantity: 1, UnitPrice: d.amount, Amount: d.amount}},
		Net:   d.amount, Tax: InvoiceTax{Note: taxNote}, Total: d.amount, Corrects: d.corrects,
		Payment: payment.Id, Project: payment.GetString(collections.FieldProject), Contract: payment.GetString(collections.FieldContract),
		Milestone: payment.GetString(collections.FieldMilestone), LedgerRef: done.Ref, Notes: d.notes,
	}
	return content.Number, seal(tx, payment, content, series, seq, now)
}

// seal stores an invoice as it will stay. It is written past PocketBase's record
// hooks, which would take longer than the rest of a settlement; subscribers hear
// of it when its PDF is stored.
func seal(tx core.App, payment *core.Record, content InvoiceContent, series string, seq int64, now time.Time) error {
	raw, err := json.Marshal(content)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	client, freelancer := collections.Parties(payment)
	if content.Kind == collections.InvoiceOfFee || content.Kind == collections.CreditOfFee {
		client = "" // what the freelancer pays the platform is none of the client's business
	}
	stamp := dateTime(now).String()
	_, err = execFixed(tx, `INSERT INTO invoices (id, created, updated, number, series, seq, kind, payment, client, freelancer,
		issuer, amount, currency, issuedAt, corrects, ledgerRef, content, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		core.GenerateDefaultRandomId(), stamp, stamp, content.Number, series, seq, content.Kind, payment.Id, client, freelancer,
		content.Issuer.ID, content.Total, content.Currency, stamp, content.Corrects, content.LedgerRef, string(raw), hex.EncodeToString(sum[:]))
	if err != nil {
		return fmt.Errorf("failed to issue invoice %s: %w", content.Number, err)
	}
	return nil
}

// nextNumber is one more than the last of the series: code, year, and CN for
// credit notes, which are numbered by themselves. Nobody else writes meanwhile,
// and the database refuses a gap.
func nextNumber(tx core.App, d draft, year int) (series string, seq int64, err error) {
	code := d.issuer.series
	if code == "" {
		if code, err = newSeries(tx, d.issuer.ID); err != nil {
			return "", 0, err
		}
	}
	if d.corrects != "" {
		code += "-CN"
	}
	series = fmt.Sprintf("%s-%d", code, year)
	err = rowFixed(tx, `SELECT coalesce(max(seq), 0) + 1 FROM invoices WHERE series = ?`, []any{series}, &seq)
	return series, seq, err
}

// newSeries gives an issuer what their numbers begin with: the first six characters
// of their id, or as many more as tell them from everybody else.
func newSeries(tx core.App, issuer string) (string, error) {
	var known []string
	if err := tx.DB().Select("code").From("invoice_series").Where(dbx.HashExp{"issuer": issuer}).Column(&known); err != nil || len(known) > 0 {
		return strings.Join(known, ""), err
	}
	for length := min(6, len(issuer)); length <= len(issuer); length++ {
		code := strings.ToUpper(issuer[:length])
		result, err := tx.DB().NewQuery(`INSERT INTO invoice_series (code, issuer) VALUES ({:code}, {:issuer}) ON CONFLICT DO NOTHING`).
			Bind(dbx.Params{"code": code, "issuer": issuer}).Execute()
		if inserted, err := oneRow(result, err); err != nil || inserted {
			return code, err
		}
	}
	return "", fmt.Errorf("there is no free invoice series for %s", issuer)
}

// billed reads what people want to be called on invoices: their billing details,
// or else the name they are known by.
func billed(tx core.App, client, freelancer string) (map[string]InvoiceParty, error) {
	var rows []struct {
		ID      string `db:"id"`
		Known   string `db:"known"`
		Name    string `db:"name"`
		Address string `db:"address"`
		TaxID   string `db:"taxId"`
		Series  string `db:"series"`
	}
	people := map[string]InvoiceParty{}
	for _, id := range []string{client, freelancer} {
		people[id] = InvoiceParty{ID: id, Name: id, Address: []string{}} // if there is no mirror of them yet
	}
	err := tx.DB().NewQuery(`SELECT u.id, u.name AS known, coalesce(b.name, '') AS name, coalesce(b.address, '') AS address, coalesce(b.taxId, '') AS taxId,
		coalesce(s.code, '') AS series FROM users u LEFT JOIN billingDetails b ON b.[[user]] = u.id LEFT JOIN invoice_series s ON s.issuer = u.id WHERE u.id IN ({:client}, {:freelancer})`).
		Bind(dbx.Params{collections.FieldClient: client, collections.FieldFreelancer: freelancer}).All(&rows)
	for _, row := range rows {
		party := InvoiceParty{ID: row.ID, Name: row.Name, Address: lines(row.Address), TaxID: row.TaxID, series: row.Series}
		if party.Name == "" {
			party.Name = orElse(row.Known, row.ID)
		}
		people[row.ID] = party
	}
	return people, err
}

// company is who runs the marketplace, as it is named on invoices.
func (s *PaymentsService) company() InvoiceParty {
	company := InvoiceParty{ID: collections.IssuerPlatform, Name: appName, Address: []string{}, series: collections.SeriesPlatform}
	if parts := lines(strings.ReplaceAll(s.Options.Company, ";", "\n")); len(parts) > 0 {
		company.Name, company.Address = parts[0], parts[1:]
	}
	return company
}

// lines splits text at line ends and drops what is empty.
func lines(text string) []string {
	found := []string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	return found
}
