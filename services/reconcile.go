package services

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Reconciliation is what one comparison of everything that must agree has found.
type Reconciliation struct {
	At           int64  `json:"at" db:"at"`
	TookMS       int64  `json:"tookMs" db:"took_ms"`
	Occasion     string `json:"occasion" db:"occasion"`
	Transactions int    `json:"transactions" db:"transactions"`
	Entries      int    `json:"entries" db:"entries"`
	// Unexplained counts the findings, also those that are not listed.
	Unexplained int `json:"unexplained" db:"unexplained"`
	// Findings has a sentence for what does not agree and that nothing under way
	// explains: at most listedFindings.
	Findings []string `json:"findings" db:"-"`
	// Waiting has what does not agree yet, and why.
	Waiting []string `json:"waiting" db:"-"`
}

// What a reconciliation is run for.
const (
	ReconcileAtStart  = "start"
	ReconcileRegular  = "regular"
	ReconcileOnDemand = "on demand"
)

const (
	// ReconcileEvery is how often everything is compared.
	ReconcileEvery = 5 * time.Minute
	// settleTime is how long after the last movement two sides may differ: events
	// and providers take their time.
	settleTime = 2 * time.Minute
	// reconcileRest bounds what reconciling may cost: after a run of d it rests
	// for at least reconcileRest × d.
	reconcileRest = 20
	// providerPatience is how long a provider may be at something before the operator
	// hears of it: banks take days, not weeks.
	providerPatience = 10 * collections.Day
	listedFindings   = 100
	reconcileKeep    = 90 * 24 * time.Hour
)

// found notes something that does not agree.
func (r *Reconciliation) found(format string, args ...any) {
	r.Unexplained++
	if len(r.Findings) < listedFindings {
		r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
	}
}

func (r *Reconciliation) waits(format string, args ...any) {
	if len(r.Waiting) < listedFindings {
		r.Waiting = append(r.Waiting, fmt.Sprintf(format, args...))
	}
}

// Reconciler compares what must agree: the ledger with itself, payments with the
// ledger, invoices with releases, providers with the world account, projects with
// payments. It changes nothing but its own row. What a provider remembers otherwise it
// has asked about once more, and what was taken for a payment that has failed given back.
type Reconciler struct {
	payments *PaymentsService
	// book reads what projects believes, a page after the milestone after.
	book func(ctx context.Context, after string) (ProjectsBook, error)
	// running says that one is under way, rest is until when (Unix ms) none begins by itself.
	running atomic.Bool
	rest    atomic.Int64
}

// NewReconciler returns the reconciler of a payments instance that can ask projects.
func NewReconciler(s *PaymentsService) *Reconciler {
	return &Reconciler{payments: s, book: s.askProjectsBook}
}

// Regular runs a reconciliation unless the last one took so long that it is not
// time yet. A finding is logged as an error: that is the alert.
func (r *Reconciler) Regular(ctx context.Context) error {
	if r.payments.Clock.Now().UnixMilli() < r.rest.Load() {
		return nil
	}
	_, err := r.Run(ctx, ReconcileRegular)
	return err
}

// Run compares everything and stores what it found.
func (r *Reconciler) Run(ctx context.Context, occasion string) (*Reconciliation, error) {
	if !r.running.CompareAndSwap(false, true) {
		return nil, conflict(CodeConflict, "A reconciliation is under way.")
	}
	defer r.running.Store(false)
	s, started := r.payments, time.Now()
	report := &Reconciliation{At: s.Clock.Now().UnixMilli(), Occasion: occasion, Findings: []string{}, Waiting: []string{}}
	ledger, err := VerifyLedger(ctx, s.App)
	if err != nil {
		return nil, fmt.Errorf("failed to verify the ledger: %w", err)
	}
	report.Transactions, report.Entries = ledger.Transactions, ledger.Entries
	for _, problem := range ledger.Problems {
		report.found("%s", problem)
	}
	for _, compare := range []func(context.Context, *Reconciliation) error{r.money, r.events, r.providers, r.projects} {
		if err := compare(ctx, report); err != nil {
			return nil, err
		}
	}
	took := time.Since(started)
	report.TookMS = took.Milliseconds()
	r.rest.Store(s.Clock.Now().Add(reconcileRest * took).UnixMilli())
	if report.Unexplained > 0 {
		s.Logger.Error("reconciliation: something does not add up", "unexplained", report.Unexplained, "findings", report.Findings)
	}
	return report, r.store(report)
}

func (r *Reconciler) store(report *Reconciliation) error {
	findings, err := json.Marshal(report.Findings)
	if err != nil {
		return err
	}
	waiting, err := json.Marshal(report.Waiting)
	if err != nil {
		return err
	}
	db := r.payments.App.NonconcurrentDB()
	_, err = db.Insert("reconciliation", dbx.Params{
		"at": report.At, "took_ms": report.TookMS, "occasion": report.Occasion, "transactions": report.Transactions, "entries": report.Entries,
		"unexplained": report.Unexplained, "findings": string(findings), "waiting": string(waiting),
	}).Execute()
	if err != nil {
		return fmt.Errorf("failed to store the reconciliation: %w", err)
	}
	_, err = db.Delete("reconciliation", dbx.NewExp("at < {:before} AND unexplained = 0", dbx.Params{"before": report.At - reconcileKeep.Milliseconds()})).Execute()
	return err
}

// LastReconciliation is the newest stored one, or nil.
func LastReconciliation(app core.App) (*Reconciliation, error) {
	var row struct {
		Reconciliation
		Findings string `db:"findings"`
		Waiting  string `db:"waiting"`
	}
	err := app.ConcurrentDB().NewQuery(`SELECT at, took_ms, occasion, transactions, entries, unexplained, findings, waiting
		FROM reconciliation ORDER BY seq DESC LIMIT 1`).One(&row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	last := row.Reconciliation
	return &last, errors.Join(json.Unmarshal([]byte(row.Findings), &last.Findings), json.Unmarshal([]byte(row.Waiting), &last.Waiting))
}

// MoneyProblems has a sentence for each thing about payments, releases and their
// invoices that does not agree; VerifyLedger has those about the ledger itself.
func MoneyProblems(app core.App) ([]string, error) { return selectProblems(app, moneyChecks) }

// money runs the checks that need nobody else.
func (r *Reconciler) money(_ context.Context, report *Reconciliation) error {
	problems, err := MoneyProblems(r.payments.App)
	for _, problem := range problems {
		report.found("%s", problem)
	}
	if err != nil {
		return err
	}
	late, err := selectProblems(r.payments.App, []check{
		{"a payment should long be decided", fmt.Sprintf(`SELECT id AS subject FROM payments WHERE status = 'pending' AND decideBy < %d`, report.At-collections.Day.Milliseconds())},
		{"a provider has neither paid out nor refused for ten days", fmt.Sprintf(`SELECT id AS subject FROM payouts WHERE status = 'sent' AND onHold = FALSE AND sentAt < '%s'`,
			dateTime(time.UnixMilli(report.At).Add(-providerPatience)))},
		{"a provider has neither given back nor refused for ten days what is due of a payment", fmt.Sprintf(`SELECT payment AS subject FROM provider_refunds
			WHERE state IN ('ready', 'sent') AND tries >= 10 AND created < %d`, time.UnixMilli(report.At).Add(-providerPatience).UnixMilli())},
	})
	if err != nil {
		return err
	}
	for _, problem := range late {
		report.found("%s", problem)
	}
	return r.refused(report)
}

// refused explains what the ledger keeps because a provider refused to give it back, or
// because a bank did after the account was closed: the two agree, and a moderator has to decide.
func (r *Reconciler) refused(report *Reconciliation) error {
	var kept []struct {
		Payment  string `db:"subject"`
		Amount   int64  `db:"amount"`
		Currency string `db:"currency"`
		Reason   string `db:"last_error"`
	}
	err := r.payments.App.ConcurrentDB().NewQuery(`SELECT payment AS subject, amount, currency, last_error FROM provider_refunds WHERE state = 'failed'`).All(&kept)
	for _, one := range kept {
		report.waits("%s of payment %s are kept for the client: the provider refused to give them back (%s); a moderator decides in refusedRefunds",
			Money(one.Amount, one.Currency), one.Payment, one.Reason)
	}
	if err != nil {
		return err
	}
	stranded, err := strandedPayouts(r.payments.App)
	for _, one := range stranded {
		report.waits("%s", one.sentence())
	}
	return err
}

// check selects the subjects of a problem; none in sound data.
type check struct{ problem, sql string }

func selectProblems(app core.App, checks []check) ([]string, error) {
	problems := []string{}
	for _, check := range checks {
		var subjects []string
		if err := app.ConcurrentDB().NewQuery(check.sql).Column(&subjects); err != nil {
			return nil, fmt.Errorf("failed to check %q: %w", check.problem, err)
		}
		for _, subject := range subjects {
			problems = append(problems, check.problem+": "+subject)
		}
	}
	return problems, nil
}

// moneyChecks are about payments alone, beside those of VerifyLedger.
var moneyChecks = []check{
	{"two live payments for one milestone", `SELECT milestone AS subject FROM payments WHERE status IN ('held', 'disputed') GROUP BY milestone HAVING count(*) > 1`},
	{"a payment was never funded in the ledger", `SELECT p.id AS subject FROM payments p WHERE p.status NOT IN ('pending', 'failed')
		AND NOT EXISTS (SELECT 1 FROM ledger_tx t WHERE t.ref IN ('fund:' || p.id, 'roll:' || p.id))`},
	{"a failed payment has ledger transactions", `SELECT p.id AS subject FROM payments p WHERE p.status IN ('pending', 'failed') AND EXISTS (SELECT 1 FROM ledger_tx t WHERE t.payment = p.id)`},
	{"released amount of a payment is not what was posted", `SELECT p.id AS subject FROM payments p
		LEFT JOIN (SELECT t.payment, -sum(e.amount) AS total FROM ledger_tx t JOIN ledger_entry e ON e.tx = t.ref JOIN ledger_account a ON a.id = e.account
			WHERE t.kind = 'release' AND a.name LIKE 'hold:%' GROUP BY t.payment) r ON r.payment = p.id
		WHERE p.released <> coalesce(r.total, 0)`},
	{"a settled payment still holds money", `SELECT id AS subject FROM payments WHERE status IN ('released', 'refunded', 'split') AND amount <> released + refunded + rolled`},
	{"a gap in the numbers of invoices", `SELECT series AS subject FROM invoices GROUP BY series HAVING count(*) <> max(seq) OR min(seq) <> 1`},
	{"a release has no invoice, or one about another amount", `SELECT t.ref AS subject FROM ledger_tx t JOIN ledger_entry e ON e.tx = t.ref
		JOIN ledger_account a ON a.id = e.account AND a.name LIKE 'hold:%' LEFT JOIN invoices i ON i.ledgerRef = t.ref AND i.kind = 'invoice'
		WHERE t.kind = 'release' AND coalesce(i.amount, 0) <> -e.amount`},
	{"a fee has no invoice, or one about another amount", `SELECT t.ref AS subject FROM ledger_tx t JOIN ledger_entry e ON e.tx = t.ref
		JOIN ledger_account a ON a.id = e.account AND a.name = 'fees' LEFT JOIN invoices i ON i.ledgerRef = t.ref AND i.kind = 'fee'
		WHERE t.kind = 'release' AND coalesce(i.amount, 0) <> e.amount`},
	{"money taken back from a freelancer has no credit note", `SELECT t.ref AS subject FROM ledger_tx t JOIN ledger_entry e ON e.tx = t.ref
		JOIN ledger_account a ON a.id = e.account AND a.name LIKE 'user:%' WHERE t.payment <> '' AND e.amount < 0 GROUP BY t.ref
		HAVING coalesce((SELECT sum(i.amount) FROM invoices i WHERE i.ledgerRef = t.ref AND i.kind = 'credit_note'), 0) <> -sum(e.amount)`},
	{"an invoice is about no settlement", `SELECT i.number AS subject FROM invoices i LEFT JOIN ledger_tx t ON t.ref = i.ledgerRef WHERE t.ref IS NULL`},
}
