package payments

import (
	"errors"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0080, down0080)
}

const ownRow = signedIn + " && user = @request.auth.id"

// invoicesSQL guards the invoices as the ledger is guarded: by the database.
//
//   - invoice_series gives each issuer a short code that their numbers begin with.
//   - a series is numbered 1, 2, 3, …: an insert that would leave a gap is refused.
//   - an invoice is never deleted and never edited, but for its PDF, which is
//     made after the settlement has been committed, once.
const invoicesSQL = `
CREATE TABLE invoice_series (
	code   TEXT PRIMARY KEY,
	issuer TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
INSERT INTO invoice_series (code, issuer) VALUES ('LH', 'platform');

CREATE TRIGGER invoices_next BEFORE INSERT ON invoices BEGIN
	SELECT RAISE(ABORT, 'invoices: a gap in the numbers') WHERE NEW.seq <> 1 + coalesce((SELECT max(seq) FROM invoices WHERE series = NEW.series), 0);
END;
CREATE TRIGGER invoices_keep BEFORE UPDATE ON invoices WHEN
	OLD.id IS NOT NEW.id OR OLD.number IS NOT NEW.number OR OLD.series IS NOT NEW.series OR OLD.seq IS NOT NEW.seq OR OLD.kind IS NOT NEW.kind
	OR OLD.payment IS NOT NEW.payment OR OLD.client IS NOT NEW.client OR OLD.freelancer IS NOT NEW.freelancer OR OLD.issuer IS NOT NEW.issuer
	OR OLD.amount IS NOT NEW.amount OR OLD.currency IS NOT NEW.currency OR OLD.issuedAt IS NOT NEW.issuedAt OR OLD.corrects IS NOT NEW.corrects
	OR OLD.ledgerRef IS NOT NEW.ledgerRef OR OLD.content IS NOT NEW.content OR OLD.sha256 IS NOT NEW.sha256 OR OLD.created IS NOT NEW.created
	OR (OLD.pdf <> '' AND OLD.pdf IS NOT NEW.pdf)
BEGIN
	SELECT RAISE(ABORT, 'invoices: sealed');
END;
CREATE TRIGGER invoices_stay BEFORE DELETE ON invoices BEGIN SELECT RAISE(ABORT, 'invoices: sealed'); END;
`

// up0080 adds invoices, and what people want to be named and addressed as on them.
func up0080(app core.App) error {
	if err := errors.Join(billingCollection(app), invoicesCollection(app)); err != nil {
		return err
	}
	return common.Exec(app, invoicesSQL)
}

func down0080(app core.App) error {
	return errors.Join(common.Drop(app, "invoices", "billingDetails"), common.Exec(app, `DROP TABLE invoice_series`))
}

func billingCollection(app core.App) error {
	user, err := common.UserRelation(app, "user", true)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("billingDetails")
	col.ListRule, col.ViewRule, col.UpdateRule = common.Ptr(ownRow), common.Ptr(ownRow), common.Ptr(ownRow)
	col.CreateRule = common.Ptr(signedIn)
	col.Fields.Add(
		user,
		&core.TextField{Name: "name", Max: 120, Presentable: true},
		&core.TextField{Name: "address", Max: 500},
		&core.TextField{Name: "taxId", Max: 40},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_billing_user", true, "`user`", "")
	return app.Save(col)
}

func invoicesCollection(app core.App) error {
	payment, err := common.Relation(app, "payment", "payments", true)
	if err != nil {
		return err
	}
	client, err := common.UserRelation(app, "client", false)
	if err != nil {
		return err
	}
	freelancer, err := common.UserRelation(app, "freelancer", true)
	if err != nil {
		return err
	}
	col := core.NewBaseCollection("invoices")
	col.ListRule, col.ViewRule = common.Ptr(parties), common.Ptr(parties)
	col.Fields.Add(
		&core.TextField{Name: "number", Required: true, Max: 40, Presentable: true},
		&core.TextField{Name: "series", Required: true, Max: 30},
		&core.NumberField{Name: "seq", OnlyInt: true, Required: true, Min: number(1)},
		&core.SelectField{Name: "kind", Required: true, Values: []string{"invoice", "fee", "credit_note", "fee_credit_note"}, MaxSelect: 1},
		payment,
		client,
		freelancer,
		&core.TextField{Name: "issuer", Required: true, Max: 15},
		&core.NumberField{Name: "amount", OnlyInt: true, Required: true, Min: number(1), Max: number(maxAmount)},
		&core.TextField{Name: "currency", Required: true, Pattern: "^[A-Z]{3}$"},
		&core.DateField{Name: "issuedAt", Required: true},
		&core.TextField{Name: "corrects", Max: 40},
		&core.TextField{Name: "ledgerRef", Required: true, Max: 80},
		&core.JSONField{Name: "content", Required: true, MaxSize: 20_000},
		&core.TextField{Name: "sha256", Required: true, Max: 64},
		&core.FileField{Name: "pdf", Protected: true, MaxSelect: 1, MaxSize: 1 << 20, MimeTypes: []string{"application/pdf"}},
	)
	col.Fields.Add(common.Stamps()...)
	col.AddIndex("idx_invoices_number", true, "`number`", "")
	col.AddIndex("idx_invoices_seq", true, "`series`, `seq`", "")
	col.AddIndex("idx_invoices_ref", true, "`ledgerRef`, `kind`, `corrects`", "")
	col.AddIndex("idx_invoices_payment", false, "`payment`", "")
	col.AddIndex("idx_invoices_client", false, "`client`, `issuedAt`", "")
	col.AddIndex("idx_invoices_freelancer", false, "`freelancer`, `issuedAt`", "")
	col.AddIndex("idx_invoices_unprinted", false, "`issuedAt`", "`pdf` = ''")
	return app.Save(col)
}
