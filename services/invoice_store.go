package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/filesystem"

	"github.com/lancershub/lancershub/collections"
)

const (
	// printBatch bounds how many PDFs one sweep makes: each takes some milliseconds
	// of a processor, and whoever cannot wait gets theirs made at once.
	printBatch = 10
	// issueBatch bounds how many missing invoices are issued in one transaction.
	issueBatch = 100
)

// StoreInvoices makes the PDFs of invoices that have none yet, the newest first.
// It runs after the settlements have been committed: drawing and uploading take
// far longer than anything that may happen while the only writer is held.
func (s *PaymentsService) StoreInvoices(ctx context.Context) error {
	records := []*core.Record{}
	// In SQL, because PocketBase's filter for an empty field cannot use the index.
	if err := s.App.RecordQuery(collections.Invoices).AndWhere(dbx.NewExp("pdf = ''")).OrderBy("issuedAt DESC").Limit(printBatch).All(&records); err != nil {
		return err
	}
	var errs []error
	for _, record := range records {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.storeInvoice(record); err != nil {
			errs = append(errs, fmt.Errorf("failed to store invoice %s: %w", record.GetString(collections.InvoiceNumber), err))
		}
	}
	return errors.Join(errs...)
}

// storeInvoice names the file after the invoice: when it was uploaded and the
// record not saved, the next try replaces it with the same bytes.
func (s *PaymentsService) storeInvoice(record *core.Record) error {
	raw, err := printed(record)
	if err != nil {
		return err
	}
	file, err := filesystem.NewFileFromBytes(raw, "invoice.pdf")
	if err != nil {
		return err
	}
	file.Name = pdfName(record)
	record.Set(collections.InvoicePDF, file)
	failpoint("invoice-printed")
	err = s.App.Save(record)
	failpoint("invoice-stored")
	return err
}

func pdfName(record *core.Record) string { return record.GetString(collections.InvoiceNumber) + ".pdf" }

// printed makes the PDF of an invoice from its frozen content.
func printed(record *core.Record) ([]byte, error) {
	var content InvoiceContent
	if err := json.Unmarshal([]byte(record.GetString(collections.InvoiceContent)), &content); err != nil {
		return nil, fmt.Errorf("failed to read invoice %s: %w", record.GetString(collections.InvoiceNumber), err)
	}
	return RenderInvoice(content)
}

// Invoice returns an invoice that user is a party to.
func (s *PaymentsService) Invoice(id, user string) (*core.Record, error) {
	record, err := s.App.FindRecordById(collections.Invoices, id)
	if err != nil {
		return nil, notFoundOr(err)
	}
	client, freelancer := collections.Parties(record)
	if user == "" || user != client && user != freelancer {
		return nil, notFound()
	}
	return record, nil
}

// WriteInvoicePDF answers with the PDF of an invoice: the stored one or, when
// there is none yet or the storage does not answer, the same bytes made anew.
func (s *PaymentsService) WriteInvoicePDF(w http.ResponseWriter, r *http.Request, record *core.Record) error {
	w.Header().Set("Content-Disposition", `attachment; filename="`+pdfName(record)+`"`)
	w.Header().Set("Cache-Control", "private, max-age=3600")
	if record.GetString(collections.InvoicePDF) != "" {
		files, err := s.App.NewFilesystem()
		if err != nil {
			return err
		}
		defer files.Close() //nolint:errcheck // only read
		if err = files.Serve(w, r, record.BaseFilesPath()+"/"+record.GetString(collections.InvoicePDF), pdfName(record)); err == nil {
			return nil
		}
		s.Logger.Error("a stored invoice cannot be read", "invoice", record.GetString(collections.InvoiceNumber), "error", err)
	}
	raw, err := printed(record)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/pdf")
	_, err = w.Write(raw)
	return err
}

// unbilledSQL finds releases without an invoice: those of before there were any.
const unbilledSQL = `SELECT t.ref, t.payment, t.at,
	-sum(CASE WHEN a.name LIKE 'hold:%' THEN e.amount ELSE 0 END) AS amount, sum(CASE WHEN a.name = 'fees' THEN e.amount ELSE 0 END) AS fee
	FROM ledger_tx t JOIN ledger_entry e ON e.tx = t.ref JOIN ledger_account a ON a.id = e.account
	WHERE t.kind = 'release' AND NOT EXISTS (SELECT 1 FROM invoices i WHERE i.ledgerRef = t.ref AND i.kind = 'invoice')
	GROUP BY t.ref ORDER BY t.at, t.ref LIMIT {:limit}`

type unbilled struct {
	Ref     string `db:"ref"`
	Payment string `db:"payment"`
	At      int64  `db:"at"`
	Amount  int64  `db:"amount"`
	Fee     int64  `db:"fee"`
}

// CatchUpInvoices issues the invoices of releases that have none. They say when
// the payment was released, and that they were issued later.
func (s *PaymentsService) CatchUpInvoices(ctx context.Context) error {
	for ctx.Err() == nil {
		var left []unbilled
		err := s.App.ConcurrentDB().NewQuery(unbilledSQL).Bind(dbx.Params{"limit": issueBatch}).All(&left)
		if err != nil || len(left) == 0 {
			return err
		}
		err = s.App.RunInTransaction(func(tx core.App) error {
			for _, release := range left {
				payment, err := tx.FindRecordById(collections.Payments, release.Payment)
				if err != nil {
					return fmt.Errorf("failed to find the payment of %s: %w", release.Ref, err)
				}
				err = s.invoice(tx, payment, settlement{
					Ref: release.Ref, At: time.UnixMilli(release.At), Amount: release.Amount, Fee: release.Fee,
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
