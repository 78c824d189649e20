package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
)

// providerWindow is how far back a regular reconciliation compares with a provider
// (a provider remembers more than should be asked for every five minutes); at start
// and on demand everything is compared.
const providerWindow = 14 * collections.Day

// providerKey is what a sum is about: a payment or payout, in one currency.
type providerKey struct{ key, currency string }

// moved is what happened to a key, as one side remembers it.
type moved struct {
	sum  int64
	last int64 // Unix ms
}

// worldSQL has what the ledger says passed the border, by payment (the one that
// was charged, for money that rolled on) or payout.
const worldSQL = `
	SELECT CASE WHEN t.payment <> '' THEN t.payment ELSE substr(t.ref, instr(t.ref, ':') + 1) END AS key, e.currency, sum(e.amount) AS sum, max(e.at) AS last
	FROM ledger_account a JOIN ledger_entry e ON e.account = a.id JOIN ledger_tx t ON t.ref = e.tx WHERE a.name = 'world:psp' AND e.at >= {:since} GROUP BY 1, 2`

// underwaySQL has the payments and payouts that a provider has not finished with.
const underwaySQL = `SELECT id FROM payments WHERE status = 'pending'
	UNION SELECT id FROM payouts WHERE status IN ('requested', 'sent')
	UNION SELECT payment FROM provider_refunds WHERE state IN ('ready', 'sent')
	UNION SELECT charge FROM provider_refunds WHERE state IN ('ready', 'sent')`

// ownerSQL has by whom and when a payment or payout was begun.
const ownerSQL = `SELECT coalesce(nullif(provider, ''), 'sandbox') AS provider, created FROM payments WHERE id = {:id}
	UNION ALL SELECT coalesce(nullif(d.provider, ''), 'sandbox') AS provider, p.created FROM payouts p JOIN payoutDestinations d ON d.id = p.destination WHERE p.id = {:id}`

// rolledSQL has which payment the money of another rolled on to.
const rolledSQL = `SELECT id, rolledFrom FROM payments WHERE rolledFrom <> ''`

// providers compares each provider's own list with the world account.
func (r *Reconciler) providers(ctx context.Context, report *Reconciliation) error {
	since := time.UnixMilli(0)
	if report.Occasion == ReconcileRegular {
		since = time.UnixMilli(report.At).Add(-providerWindow)
	}
	root, err := r.roots()
	if err != nil {
		return err
	}
	ledger, underway, err := r.world(since, root)
	if err != nil {
		return err
	}
	for name, provider := range r.payments.providers {
		listing, cancel := context.WithTimeout(ctx, time.Minute)
		movements, err := provider.List(listing, since, time.UnixMilli(report.At).Add(collections.Day))
		cancel()
		if err != nil {
			report.waits("the provider %s does not answer: %v", name, err)
			continue
		}
		theirs := map[providerKey]moved{}
		for _, m := range movements {
			addMoved(theirs, providerKey{root(m.Key), m.Currency}, m.Amount, m.At.UnixMilli())
		}
		side := providerSide{name: name, since: dateTime(since).String(), underway: underway, ledger: ledger, theirs: theirs}
		if err := r.compareProvider(ctx, report, side); err != nil {
			return err
		}
	}
	return nil
}

// roots tells with which payment the money of a payment came in.
func (r *Reconciler) roots() (func(id string) string, error) {
	var rows []struct {
		ID   string `db:"id"`
		From string `db:"rolledFrom"`
	}
	if err := r.payments.App.ConcurrentDB().NewQuery(rolledSQL).All(&rows); err != nil {
		return nil, fmt.Errorf("failed to read what rolled on: %w", err)
	}
	from := make(map[string]string, len(rows))
	for _, row := range rows {
		from[row.ID] = row.From
	}
	return func(id string) string {
		for range len(from) {
			before, rolled := from[id]
			if !rolled {
				break
			}
			id = before
		}
		return id
	}, nil
}

// world reads what the ledger says passed the border since then, and which
// payments and payouts a provider has not finished with.
func (r *Reconciler) world(since time.Time, root func(string) string) (map[providerKey]moved, map[string]bool, error) {
	var rows []struct {
		Key      string `db:"key"`
		Currency string `db:"currency"`
		Sum      int64  `db:"sum"`
		Last     int64  `db:"last"`
	}
	db := r.payments.App.ConcurrentDB()
	if err := db.NewQuery(worldSQL).Bind(dbx.Params{"since": since.UnixMilli()}).All(&rows); err != nil {
		return nil, nil, fmt.Errorf("failed to read the world account: %w", err)
	}
	ledger := map[providerKey]moved{}
	for _, row := range rows {
		addMoved(ledger, providerKey{root(row.Key), row.Currency}, row.Sum, row.Last)
	}
	var open []string
	if err := db.NewQuery(underwaySQL).Column(&open); err != nil {
		return nil, nil, err
	}
	underway := map[string]bool{}
	for _, id := range open {
		underway[root(id)] = true
	}
	return ledger, underway, nil
}

func addMoved(sums map[providerKey]moved, key providerKey, amount, at int64) {
	sum := sums[key]
	sums[key] = moved{sum.sum + amount, max(sum.last, at)}
}

// providerSide is one provider beside the ledger.
type providerSide struct {
	name, since    string
	underway       map[string]bool
	ledger, theirs map[providerKey]moved
}

// compareProvider compares the sums of what was begun in the window: only then
// has the provider's list all of it.
func (r *Reconciler) compareProvider(ctx context.Context, report *Reconciliation, side providerSide) error {
	for key := range side.theirs {
		if err := r.compareKey(ctx, report, side, key); err != nil {
			return err
		}
	}
	for key := range side.ledger {
		if _, both := side.theirs[key]; both {
			continue
		}
		if err := r.compareKey(ctx, report, side, key); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) compareKey(ctx context.Context, report *Reconciliation, side providerSide, key providerKey) error {
	ours, theirs := side.ledger[key], side.theirs[key]
	if ours.sum == theirs.sum {
		return nil
	}
	var owner struct {
		Provider string `db:"provider"`
		Created  string `db:"created"`
	}
	err := r.payments.App.ConcurrentDB().NewQuery(ownerSQL).Bind(dbx.Params{"id": key.key}).One(&owner)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && (owner.Provider != side.name || owner.Created < side.since) {
		return nil
	}
	sentence := fmt.Sprintf("%s says that %s moved %s %s, the ledger %s", side.name, key.key,
		decimal(theirs.sum, key.currency), key.currency, decimal(ours.sum, key.currency))
	switch {
	case side.underway[key.key] || max(ours.last, theirs.last) > report.At-settleTime.Milliseconds():
		report.waits("%s", sentence)
	case r.askedAgain(ctx, key.key):
		report.waits("%s; the payout was asked about again", sentence)
	case r.refundsAskedAgain(ctx, key.key):
		report.waits("%s; what was given back was asked about again", sentence)
	case theirs.sum < 0 && r.givenBack(ctx, key.key):
		report.waits("%s; the payment had failed, what was taken goes back", sentence)
	default:
		report.found("%s", sentence)
	}
	return nil
}

// refundsAskedAgain asks what became of what a provider gave back out of a charge (a
// bank may send it back, and the message may be lost), and tells whether that changed
// anything. What was never made is not asked for: that would make it.
func (r *Reconciler) refundsAskedAgain(ctx context.Context, charge string) (changed bool) {
	s := r.payments
	var done []refundOrder
	err := s.App.ConcurrentDB().NewQuery(refundOrderSQL + ` WHERE payment IN (` + chainSQL + `SELECT id FROM chain)
		AND state IN ('done', 'failed') AND ref <> ''`).Bind(dbx.Params{"charge": charge}).All(&done)
	for _, order := range done {
		var state string
		err = errors.Join(err, s.askRefund(ctx, order),
			s.App.DB().Select("state").From("provider_refunds").Where(dbx.HashExp{"id": order.ID}).Row(&state))
		changed = changed || state != order.State
	}
	if err != nil {
		s.Logger.Warn("failed to ask about what was given back", "payment", charge, "error", err)
	}
	return changed
}

// givenBack has what a provider took for a payment that has failed given back to the
// client: it was taken after all, and the message about it was lost.
func (r *Reconciler) givenBack(ctx context.Context, id string) bool {
	payment, err := ownRecord(r.payments.App, collections.Payments, id)
	if err != nil || payment == nil || payment.GetString(collections.FieldStatus) != collections.PaymentFailed {
		return false // a database that cannot be read leaves the finding
	}
	if err := r.payments.giveBackLate(ctx, payment); err != nil {
		r.payments.Logger.Warn("failed to give back what was taken for a failed payment", "payment", id, "error", err)
		return false
	}
	return true
}

// askedAgain asks what became of a payout that the provider remembers otherwise (a
// bank may return what had settled, and its message may be lost), and tells
// whether that changed it.
func (r *Reconciler) askedAgain(ctx context.Context, id string) bool {
	before, err := r.payments.App.FindRecordById(collections.Payouts, id)
	if err != nil {
		return false // a payment
	}
	if err := r.payments.AskAboutPayout(ctx, id); err != nil {
		r.payments.Logger.Warn("failed to ask about a payout", "payout", id, "error", err)
		return false
	}
	after, err := r.payments.App.FindRecordById(collections.Payouts, id)
	return err == nil && after.GetInt(collections.FieldVersion) != before.GetInt(collections.FieldVersion)
}
