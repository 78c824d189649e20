package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// WebhookPath is where providers tell of what happened; their name follows.
const WebhookPath = "/api/webhooks/"

// WebhookTolerance is how far the time of a webhook may be from ours, before or
// after: an old one may be a replay, and one from the future stays valid for too long.
const WebhookTolerance = 5 * time.Minute

// Webhooks is what a provider can do that sends webhooks.
type Webhooks interface {
	// Verify checks the signature and the time of a webhook. id names the event,
	// hash is one of what it says: that of a repetition is the same.
	Verify(body []byte, signature string) (id, hash string, err error)
	// Read tells what a verified webhook is about; not what happened: that is
	// asked of the provider, because webhooks are late, repeated and out of order.
	Read(body []byte) (ProviderEvent, error)
}

// EventSubject is what an event of a provider is about.
type EventSubject string

// Subjects of events. One about nothing is ignored.
const (
	AboutNothing    EventSubject = ""
	AboutCharge     EventSubject = "charge"
	AboutRefund     EventSubject = "refund"
	AboutPayout     EventSubject = "payout"
	AboutChargeback EventSubject = "chargeback"
)

// ProviderEvent points at what may have changed.
type ProviderEvent struct {
	Subject EventSubject
	// Key is what we called it: the id of a payment or payout, the key of a refund.
	Key string
	// Ref is what the provider calls it.
	Ref string
}

// ReceiveWebhook stores a webhook, once. When it returns nil, the event is kept and
// will be carried out; the answer waits for the disk like every answer does.
func (s *PaymentsService) ReceiveWebhook(provider string, body []byte, signature string) error {
	hooks, ok := s.providers[provider].(Webhooks)
	if !ok {
		return notFound()
	}
	id, hash, err := hooks.Verify(body, signature)
	if err != nil {
		s.Logger.Warn("a webhook was refused", "provider", provider, "error", err)
		return err
	}
	result, err := s.App.NonconcurrentDB().NewQuery(`INSERT INTO provider_events (provider, id, sha, body, at)
		VALUES ({:provider}, {:id}, {:sha}, {:body}, {:at}) ON CONFLICT (provider, id) DO NOTHING`).
		Bind(dbx.Params{"provider": provider, "id": id, "sha": hash, "body": body, "at": s.Clock.Now().UnixMilli()}).Execute()
	if fresh, err := oneRow(result, err); err != nil || fresh {
		return err
	}
	var before string
	err = s.App.DB().Select("sha").From("provider_events").Where(dbx.HashExp{"provider": provider, "id": id}).Row(&before)
	if err == nil && before != hash {
		s.Logger.Error("a provider sent two events with one id: nothing of the second is believed", "provider", provider, "event", id)
		return conflict(CodeEventConflict, "This event was received before, and said something else.")
	}
	return err
}

type storedEvent struct {
	Seq      int64  `db:"seq"`
	Provider string `db:"provider"`
	ID       string `db:"id"`
	Body     []byte `db:"body"`
	Tries    int    `db:"tries"`
	At       int64  `db:"at"`
}

// ApplyWebhooks carries out what webhooks told of. One that fails is tried again
// later and holds up no other: each only says where to look.
func (s *PaymentsService) ApplyWebhooks(ctx context.Context) error {
	var due []storedEvent
	err := s.App.ConcurrentDB().NewQuery(`SELECT seq, provider, id, body, tries, at FROM provider_events
		WHERE state = 'ready' AND next_at <= {:now} ORDER BY next_at, seq LIMIT 100`).Bind(dbx.Params{"now": s.Clock.Now().UnixMilli()}).All(&due)
	if err != nil {
		return err
	}
	var errs []error
	for _, event := range due {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.applyWebhook(ctx, event); err != nil {
			errs = append(errs, fmt.Errorf("failed to follow event %s: %w", event.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (s *PaymentsService) applyWebhook(ctx context.Context, event storedEvent) error {
	state := "done"
	about, err := s.readWebhook(event)
	if err == nil && about.Subject == AboutNothing {
		state = "ignored"
	}
	if err == nil {
		var known bool
		if known, err = s.follow(ctx, event.Provider, about); err == nil && !known {
			state = "ignored"
		}
	}
	failpoint("webhook-applied")
	set := dbx.Params{"state": state, "last_error": ""}
	if err != nil {
		now := s.Clock.Now()
		set = dbx.Params{"state": "ready", "tries": event.Tries + 1, "next_at": now.Add(askAgain.after(event.Tries)).UnixMilli(), "last_error": truncate(err.Error(), 500)}
		// While a restore has not settled, little can be followed; that is no fault of the event.
		epoch, epochErr := OpenEpoch(s.App)
		if epochErr == nil && epoch == nil && now.Sub(time.UnixMilli(event.At)) > parkAfter {
			set["state"] = "parked"
			s.Logger.Error("a webhook is parked after a day of failing", "event", event.ID, "error", err)
		}
		if Code(err) != "" {
			err = nil // somebody else is at it, or does not answer: expected, and tried again
		}
	}
	_, setErr := s.App.NonconcurrentDB().Update("provider_events", set, dbx.HashExp{"seq": event.Seq}).Execute()
	return errors.Join(err, setErr)
}

func (s *PaymentsService) readWebhook(event storedEvent) (ProviderEvent, error) {
	hooks, ok := s.providers[event.Provider].(Webhooks)
	if !ok {
		return ProviderEvent{}, fmt.Errorf("the payment provider %q is not configured any more (provider_missing)", event.Provider)
	}
	return hooks.Read(event.Body)
}

// follow asks the provider for the truth about what an event points at. known is
// false for what is not ours.
func (s *PaymentsService) follow(ctx context.Context, provider string, about ProviderEvent) (known bool, err error) {
	switch about.Subject {
	case AboutCharge:
		return s.followCharge(ctx, provider, about.Key)
	case AboutRefund:
		return s.followRefund(ctx, provider, about)
	case AboutPayout:
		if payout, err := ownRecord(s.App, collections.Payouts, about.Key); err != nil || payout == nil {
			return false, err
		}
		return true, s.AskAboutPayout(ctx, about.Key)
	case AboutChargeback:
		return s.followChargeback(ctx, provider, about.Ref)
	}
	return false, nil
}

// ownRecord returns the record that somebody else speaks of, nil if it is not ours. A
// database that cannot be asked is an error: what was said would be taken for handled.
func ownRecord(app core.App, collection, id string) (*core.Record, error) {
	record, err := app.FindRecordById(collection, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return record, err
}

func (s *PaymentsService) followCharge(ctx context.Context, provider, id string) (bool, error) {
	payment, err := ownRecord(s.App, collections.Payments, id)
	if err != nil || payment == nil || payment.GetString(collections.FieldProvider) != provider {
		return false, err
	}
	switch payment.GetString(collections.FieldStatus) {
	case collections.PaymentPending:
		err = s.completeOne(ctx, payment)
		if code := Code(err); code == CodeProviderPending || code == CodeConfirmPayment {
			err = nil // it says itself when it is decided
		}
		return true, err
	case collections.PaymentFailed:
		// What came in for a payment that has failed goes back.
		return true, s.giveBackLate(ctx, payment)
	}
	return true, nil
}

func (s *PaymentsService) giveBackLate(ctx context.Context, payment *core.Record) error {
	provider, err := s.providerNamed(payment.GetString(collections.FieldProvider))
	if err != nil {
		return err
	}
	return s.cancelCharge(ctx, provider, s.chargeOf(payment))
}

// followRefund looks again at a refund, also at one that was done: a bank may
// send it back.
func (s *PaymentsService) followRefund(ctx context.Context, provider string, about ProviderEvent) (bool, error) {
	id := about.Key
	if cut := strings.LastIndexByte(id, ':'); cut > 0 {
		id = id[:cut] // the number of the attempt
	}
	var order refundOrder
	err := s.App.DB().NewQuery(refundOrderSQL + ` WHERE id = {:id} AND provider = {:provider}`).Bind(dbx.Params{"id": id, "provider": provider}).One(&order)
	if errors.Is(err, sql.ErrNoRows) || err == nil && order.key() != about.Key && (order.Ref == "" || order.Ref != about.Ref) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, s.askRefund(ctx, order) // what was said of another state of the order is dropped, and asked again
}

// PruneWebhooks forgets events that were carried out long ago: a replay of one
// would be refused by its time.
func (s *PaymentsService) PruneWebhooks() error {
	_, err := s.App.NonconcurrentDB().Delete("provider_events", dbx.NewExp("at < {:before} AND state IN ('done', 'ignored')",
		dbx.Params{"before": s.Clock.Now().Add(-idemKeep).UnixMilli()})).Execute()
	return err
}

func webhookRefused(code, sentence string) error {
	return &Error{Status: http.StatusBadRequest, Code: code, Message: sentence}
}
