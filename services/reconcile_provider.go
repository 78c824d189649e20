package services

import (
	"context"
	"fmt"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// providerWindow is how far back a regular reconciliation compares with a provider
// that has to be asked over the network; one on demand compares everything.
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
	FROM ledger_account a JOIN ledger_entry e ON e.account = a.id JOIN ledger_tx t ON t.ref = e.tx WHERE a.name = 'world:psp' GROUP BY 1, 2`

// underwaySQL has the payments and payouts that a provider has not finished with.
const underwaySQL = `SELECT id FROM payments WHERE status = 'pending'
	UNION SELECT id FROM payouts WHERE status IN ('requested', 'sent')
	UNION SELECT payment FROM provider_refunds WHERE state IN ('ready', 'sent')
	UNION SELECT charge FROM provider_refunds WHERE state IN ('ready', 'sent')`

// ownersSQL has by whom and when each payment and payout was begun.
const ownersSQL = `SELECT id, coalesce(nullif(provider, ''), 'sandbox') AS provider, created, rolledFrom AS source FROM payments
	UNION ALL SELECT p.id, coalesce(nullif(d.provider, ''), 'sandbox') AS provider, p.created, '' FROM payouts p JOIN payoutDestinations d ON d.id = p.destination`

// owner is who moves the money of a payment or payout.
type owner struct {
	ID       string `db:"id"`
	Provider string `db:"provider"`
	Created  string `db:"created"`
	Source   string `db:"source"`
}

// providers compares each provider's own list with the world account.
func (r *Reconciler) providers(ctx context.Context, report *Reconciliation) error {
	s := r.payments
	owners, err := r.owners()
	if err != nil {
		return err
	}
	root := func(id string) string {
		for range len(owners) {
			before := owners[id].Source
			if before == "" {
				break
			}
			id = before
		}
		return id
	}
	var rows []struct {
		Key      string `db:"key"`
		Currency string `db:"currency"`
		Sum      int64  `db:"sum"`
		Last     int64  `db:"last"`
	}
	if err := s.App.ConcurrentDB().NewQuery(worldSQL).All(&rows); err != nil {
		return fmt.Errorf("failed to read the world account: %w", err)
	}
	ledger := map[providerKey]moved{}
	for _, row := range rows {
		addMoved(ledger, providerKey{root(row.Key), row.Currency}, row.Sum, row.Last)
	}
	var open []string
	if err := s.App.ConcurrentDB().NewQuery(underwaySQL).Column(&open); err != nil {
		return err
	}
	underway := map[string]bool{}
	for _, id := range open {
		underway[root(id)] = true
	}
	for name, provider := range s.providers {
		since := time.UnixMilli(0)
		if name != ProviderSandbox && report.Occasion != ReconcileOnDemand {
			since = time.UnixMilli(report.At).Add(-providerWindow)
		}
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
		r.compareProvider(ctx, report, providerSide{name: name, since: dateTime(since).String(), owners: owners, underway: underway, ledger: ledger, theirs: theirs})
	}
	return nil
}

func (r *Reconciler) owners() (map[string]owner, error) {
	var rows []owner
	if err := r.payments.App.ConcurrentDB().NewQuery(ownersSQL).All(&rows); err != nil {
		return nil, fmt.Errorf("failed to read who moves what: %w", err)
	}
	owners := make(map[string]owner, len(rows))
	for _, row := range rows {
		owners[row.ID] = row
	}
	return owners, nil
}

func addMoved(sums map[providerKey]moved, key providerKey, amount, at int64) {
	sum := sums[key]
	sums[key] = moved{sum.sum + amount, max(sum.last, at)}
}

// providerSide is one provider beside the ledger.
type providerSide struct {
	name, since    string
	owners         map[string]owner
	underway       map[string]bool
	ledger, theirs map[providerKey]moved
}

// compareProvider compares the sums of what was begun in the window: only then
// has the provider's list all of it.
func (r *Reconciler) compareProvider(ctx context.Context, report *Reconciliation, side providerSide) {
	compare := func(key providerKey) {
		ours, theirs := side.ledger[key], side.theirs[key]
		who, known := side.owners[key.key]
		if ours.sum == theirs.sum || known && (who.Provider != side.name || who.Created < side.since) {
			return
		}
		sentence := fmt.Sprintf("%s says that %s moved %s %s, the ledger %s", side.name, key.key,
			decimal(theirs.sum, key.currency), key.currency, decimal(ours.sum, key.currency))
		if side.underway[key.key] || max(ours.last, theirs.last) > report.At-settleTime.Milliseconds() {
			report.waits("%s", sentence)
			return
		}
		if r.askedAgain(ctx, key.key) {
			report.waits("%s; the payout was asked about again", sentence)
			return
		}
		report.found("%s", sentence)
	}
	for key := range side.theirs {
		compare(key)
	}
	for key := range side.ledger {
		if _, both := side.theirs[key]; !both {
			compare(key)
		}
	}
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
