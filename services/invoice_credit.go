package services

import (
	"fmt"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// openInvoicesSQL has the invoices of a payment, and of those its money rolled on to,
// with what of each was not credited yet; the newest first. CROSS JOIN tells SQLite to start at the chain, which is short.
const openInvoicesSQL = `WITH RECURSIVE chain (id) AS (SELECT {:payment} UNION SELECT p.id FROM chain c CROSS JOIN payments p ON p.rolledFrom = c.id AND p.rolledFrom <> '')
	SELECT i.number, i.payment, i.amount - coalesce((SELECT sum(n.amount) FROM invoices n WHERE n.payment = i.payment AND n.corrects = i.number), 0) AS open
	FROM chain CROSS JOIN invoices i ON i.payment = chain.id WHERE i.kind = 'invoice' ORDER BY i.issuedAt DESC, i.seq DESC`

// creditBack issues credit notes when a posting takes money of a payment back from
// its freelancer, whatever the reason: what was invoiced is no longer owed. It is
// part of the posting's transaction, as invoices are of a release's.
func creditBack(tx core.App, at time.Time, posting Posting) error {
	var taken int64
	for _, entry := range posting.Entries {
		if entry.Amount < 0 && strings.HasPrefix(entry.Account.Name, prefixUser) {
			taken -= entry.Amount
		}
	}
	if posting.Payment == "" || taken == 0 {
		return nil
	}
	var open []struct {
		Number  string `db:"number"`
		Payment string `db:"payment"`
		Open    int64  `db:"open"`
	}
	if err := tx.DB().NewQuery(openInvoicesSQL).Bind(dbx.Params{"payment": posting.Payment}).All(&open); err != nil {
		return fmt.Errorf("failed to find the invoices of payment %s: %w", posting.Payment, err)
	}
	for _, invoice := range open {
		amount := min(taken, invoice.Open)
		if amount <= 0 {
			continue
		}
		taken -= amount
		payment, err := tx.FindRecordById(collections.Payments, invoice.Payment)
		if err != nil {
			return err
		}
		client, freelancer := collections.Parties(payment)
		people, err := billed(tx, client, freelancer)
		if err != nil {
			return err
		}
		_, err = issue(tx, at, payment, settlement{Ref: posting.Ref, At: at, Amount: amount}, draft{
			kind: collections.CreditOfWork, issuer: people[freelancer], recipient: people[client], amount: amount, corrects: invoice.Number,
			line:  "Credit on invoice " + invoice.Number + ": " + named(payment),
			notes: []string{"The amount was taken back from what " + people[freelancer].Name + " had been paid (" + posting.Kind + ")."},
		})
		if err != nil {
			return err
		}
	}
	return nil // what was never invoiced needs no credit note
}
