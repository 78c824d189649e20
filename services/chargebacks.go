package services

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Chargeback is money that a client's bank took back, or wants to, as the
// provider knows it.
type Chargeback struct {
	// Ref is what the provider calls it, Payment the key of the charge it is about.
	Ref, Payment string
	Amount       int64
	Currency     string
	// Status is open, won or lost (collections.ChargebackOpen and so on).
	Status string
	// Taken says that the bank has, or had, the money.
	Taken  bool
	Reason string
	// DueBy is until when the operator can send evidence to the provider.
	DueBy time.Time
}

// ChargebackNews is the payload of the chargeback.* events.
type ChargebackNews struct {
	Chargeback string `json:"chargeback"`
	Payment    string `json:"payment"`
	Project    string `json:"project"`
	Contract   string `json:"contract"`
	Milestone  string `json:"milestone"`
	Title      string `json:"title"`
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	Amount     int64  `json:"amount"`
	Locked     int64  `json:"locked"`
	Guarded    int64  `json:"guarded"`
	Currency   string `json:"currency"`
	Status     string `json:"status"`
	Reason     string `json:"reason,omitempty"`
}

// lookForChargebacks is how far back a provider is asked for chargebacks that no
// webhook told of.
const lookForChargebacks = 7 * 24 * time.Hour

// FindChargebacks asks the providers for chargebacks of late, for those that no
// webhook told of, and how the open ones stand.
func (s *PaymentsService) FindChargebacks(ctx context.Context) error {
	since, err := s.chargebacksSince()
	if err != nil {
		return err
	}
	var errs []error
	for name, provider := range s.providers {
		found, err := provider.Chargebacks(ctx, since)
		errs = append(errs, err)
		for _, chargeback := range found {
			_, err := s.applyChargeback(name, chargeback)
			errs = append(errs, err)
		}
	}
	var open []struct {
		Provider string `db:"provider"`
		Ref      string `db:"providerRef"`
	}
	err = s.App.ConcurrentDB().NewQuery(`SELECT DISTINCT provider, providerRef FROM chargebacks WHERE status = 'open'`).All(&open)
	errs = append(errs, err)
	for _, one := range open {
		_, err := s.followChargeback(ctx, one.Provider, one.Ref)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// chargebacksSince is how far back providers are asked: after a restore as far as the
// backup goes, because those that were known before it are forgotten.
func (s *PaymentsService) chargebacksSince() (time.Time, error) {
	since := s.Clock.Now().Add(-lookForChargebacks)
	var taken int64
	err := s.App.ConcurrentDB().NewQuery(`SELECT coalesce(min(taken_at), 0) FROM epochs WHERE at >= {:since} OR settled = 0`).
		Bind(dbx.Params{"since": since.UnixMilli()}).Row(&taken)
	if backup := time.UnixMilli(taken).Add(-collections.Day); taken > 0 && backup.Before(since) {
		since = backup
	}
	return since, err
}

// followChargeback asks the provider how a chargeback stands. known is false for
// one that is not about a payment of ours.
func (s *PaymentsService) followChargeback(ctx context.Context, provider, ref string) (known bool, err error) {
	asked, err := s.providerNamed(provider)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	chargeback, err := asked.Chargeback(ctx, ref)
	if err != nil {
		return false, err
	}
	if chargeback == nil {
		var open int
		err := s.App.DB().NewQuery(`SELECT count(*) FROM chargebacks WHERE status = 'open' AND provider = {:provider} AND providerRef = {:ref}`).
			Bind(dbx.Params{"provider": provider, "ref": ref}).Row(&open)
		if err == nil && open > 0 {
			err = fmt.Errorf("%s does not know the open chargeback %s any more: look at it there, and at whose key it is asked with", provider, ref)
		}
		return false, err
	}
	return s.applyChargeback(provider, *chargeback)
}

// applyChargeback brings our records to where the provider's are, through every
// step in between. Applied again, in any order, it changes nothing.
func (s *PaymentsService) applyChargeback(provider string, chargeback Chargeback) (ours bool, err error) {
	err = s.App.RunInTransaction(func(tx core.App) error {
		payment, err := ownRecord(tx, collections.Payments, chargeback.Payment)
		if err != nil || payment == nil || orElse(payment.GetString(collections.FieldProvider), ProviderSandbox) != provider {
			return err
		}
		ours = true
		records, err := tx.FindRecordsByFilter(collections.Chargebacks, "providerRef = {:ref}", "created", 0, 0, dbx.Params{"ref": chargeback.Ref})
		if err != nil {
			return err
		}
		if len(records) == 0 {
			if records, err = s.openChargeback(tx, provider, payment, chargeback); err != nil {
				return fmt.Errorf("failed to open: %w", err)
			}
		}
		for _, record := range records {
			if err := s.advance(tx, record, chargeback); err != nil {
				return fmt.Errorf("failed to follow: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return ours, fmt.Errorf("chargeback %s: %w", chargeback.Ref, err)
	}
	return ours, nil
}

// openChargeback locks what is still held of the money that the bank asks for: of
// the payment that was charged, then of those its money rolled on to. Each gets a
// record; the first also answers for what is not held any more. In another currency
// than was paid, nothing can be compared: the record says what the bank wants, all of
// it is a loss when it is taken, and only the clocks stand still.
func (s *PaymentsService) openChargeback(tx core.App, provider string, charged *core.Record, chargeback Chargeback) ([]*core.Record, error) {
	if status := charged.GetString(collections.FieldStatus); status == collections.PaymentPending || status == collections.PaymentFailed {
		return nil, conflict(CodeConflict, "The payment is %s: nothing of it was taken as far as we know.", status) // asked again later
	}
	if epoch, err := OpenEpoch(s.App); err != nil {
		return nil, err
	} else if epoch != nil && !epoch.heardAll(s.Peers) {
		return nil, s.comparing() // peers may know this chargeback, with other amounts
	}
	if paid := charged.GetString(collections.FieldCurrency); paid != chargeback.Currency {
		s.Logger.Error("a client's bank wants money back in another currency than was paid: a moderator must look", "chargeback", chargeback.Ref,
			"payment", charged.Id, "currency", chargeback.Currency, "paid", paid)
		record, err := s.lockChargeback(tx, provider, charged, chargeback, chargedPart{amount: chargeback.Amount})
		return []*core.Record{record}, err
	}
	chain, err := rolledOn(tx, charged)
	if err != nil {
		return nil, err
	}
	answered, err := answeredFor(tx, charged)
	if err != nil {
		return nil, err
	}
	left, locks, paid := chargeback.Amount, make([]int64, len(chain)), -answered
	for n, payment := range chain {
		if left > heldOf(payment) {
			if payment, err = s.freed(tx, payment); err != nil {
				return nil, err
			}
			chain[n] = payment
		}
		paid += intOf(payment, collections.PaymentReleased) - intOf(payment, collections.PaymentFee)
		locks[n] = min(left, heldOf(payment))
		left -= locks[n]
	}
	var records []*core.Record
	for n, payment := range chain {
		amount := locks[n]
		if n == 0 {
			amount += left
		}
		if amount == 0 {
			continue
		}
		record, err := s.lockChargeback(tx, provider, payment, chargeback, chargedPart{amount, locks[n], max(0, min(amount-locks[n], paid))})
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	s.Logger.Error("a client's bank wants money back: a moderator must look", "chargeback", chargeback.Ref, "payment", charged.Id, "reason", chargeback.Reason)
	return records, nil
}

// answeredFor is what of a charge its freelancer answers for, or has given back, because
// of earlier chargebacks: together they take no more back than was paid out.
func answeredFor(tx core.App, charged *core.Record) (sum int64, err error) {
	err = tx.DB().NewQuery(`SELECT coalesce(sum(guarded + recovered), 0) FROM chargebacks WHERE payment = {:payment}`).
		Bind(dbx.Params{"payment": charged.Id}).Row(&sum)
	return sum, err
}

// rolledOn returns the payments whose money came in with a charge.
func rolledOn(tx core.App, charged *core.Record) ([]*core.Record, error) {
	chain := []*core.Record{charged}
	for n := 0; n < len(chain); n++ {
		next := []*core.Record{}
		err := tx.RecordQuery(collections.Payments).OrderBy("created").
			AndWhere(dbx.NewExp("rolledFrom = {:id} AND rolledFrom <> ''", dbx.Params{"id": chain[n].Id})).All(&next)
		if err != nil {
			return nil, err
		}
		chain = append(chain, next...)
	}
	return chain, nil
}

// freed ends the dispute about a payment, if there is one, whose money is asked for:
// the bank decides now. A dispute about money that the bank leaves alone goes on.
func (s *PaymentsService) freed(tx core.App, payment *core.Record) (*core.Record, error) {
	if payment.GetString(collections.FieldStatus) != collections.PaymentDisputed {
		return payment, nil
	}
	dispute, err := firstWhere(tx, collections.Disputes, "payment = {:id} AND status <> 'closed'", dbx.Params{"id": payment.Id})
	if err != nil {
		return nil, err
	}
	return s.closeDispute(tx, dispute, decision{
		verb: "supersede", outcome: collections.OutcomeChargedBack, by: System, reason: "The client asked their bank to take the money back: the bank decides.",
	})
}

// chargedPart is one payment's part in a chargeback: what it answers for, what of
// that is locked, and what its freelancer has of the rest, here or where it rolled
// on to.
type chargedPart struct{ amount, locked, guarded int64 }

// chargebackID is what a part of a chargeback is called, whenever it is opened: one that a backup
// does not know is opened again after a restore, and peers go on with the one they know.
func chargebackID(provider, ref, payment string) string {
	sum := sha256.Sum256([]byte(provider + " " + ref + " " + payment))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:core.DefaultIdLength]
}

func (s *PaymentsService) lockChargeback(tx core.App, provider string, payment *core.Record, chargeback Chargeback, part chargedPart) (*core.Record, error) {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Chargebacks)
	if err != nil {
		return nil, err
	}
	record := core.NewRecord(col)
	record.Id = chargebackID(provider, chargeback.Ref, payment.Id)
	for _, field := range []string{
		collections.FieldClient, collections.FieldFreelancer, collections.FieldProject, collections.FieldContract, collections.FieldMilestone,
		collections.FieldTitle,
	} {
		record.Set(field, payment.GetString(field))
	}
	record.Load(map[string]any{
		collections.ChargebackPayment: payment.Id, collections.FieldAmount: part.amount, collections.FieldCurrency: chargeback.Currency, collections.ChargebackLocked: part.locked, collections.ChargebackGuarded: part.guarded,
		collections.FieldReason: truncate(chargeback.Reason, 200), collections.FieldProvider: provider, collections.FieldProviderRef: chargeback.Ref,
		collections.FieldStatus: collections.ChargebackMachine.Initial, collections.FieldVersion: 1,
	})
	if !chargeback.DueBy.IsZero() {
		record.Set(collections.ChargebackDueBy, chargeback.DueBy)
	}
	if err := tx.SaveNoValidate(record); err != nil {
		return nil, err
	}
	err = Transition(tx, Move{
		Machine: collections.PaymentMachine, Record: payment, Verb: "charge-back", By: System, Reason: truncate("The client's bank wants money back: "+chargeback.Reason, 1000),
		Set: map[string]any{
			collections.PaymentChargedBack: intOf(payment, collections.PaymentChargedBack) + part.locked, collections.PaymentChargeback: collections.ChargebackOpen,
		},
	})
	if err != nil {
		return nil, err
	}
	if part.locked > 0 {
		err = s.postChargeback(tx, record, KindChargeback, Entry{AccountHold(payment.Id), -part.locked}, Entry{AccountChargeback(record.Id), part.locked})
	}
	if err == nil {
		err = s.holdPayouts(tx, record)
	}
	if err == nil {
		err = s.PauseDeadlines(tx, payment.Id, byChargeback(record.Id), chargebackIsOpen)
	}
	if err != nil {
		return nil, err
	}
	failpoint("chargeback-locked")
	return record, s.tellChargeback(tx, TopicChargebackOpened, record)
}

func (s *PaymentsService) postChargeback(tx core.App, record *core.Record, kind string, entries ...Entry) error {
	return Post(tx, s.Clock.Now(), Posting{
		Ref: kind + ":" + record.Id, Kind: kind, Payment: record.GetString(collections.ChargebackPayment),
		Currency: record.GetString(collections.FieldCurrency), Entries: entries,
	})
}

func (s *PaymentsService) tellChargeback(tx core.App, topic string, record *core.Record) error {
	client, freelancer := collections.Parties(record)
	err := s.Emit(tx, topic, collections.Chargebacks, record.Id, record.GetInt(collections.FieldVersion), ChargebackNews{
		Chargeback: record.Id, Payment: record.GetString(collections.ChargebackPayment), Project: record.GetString(collections.FieldProject),
		Contract: record.GetString(collections.FieldContract), Milestone: record.GetString(collections.FieldMilestone),
		Title: record.GetString(collections.FieldTitle), Client: client, Freelancer: freelancer, Amount: intOf(record, collections.FieldAmount),
		Locked: intOf(record, collections.ChargebackLocked), Guarded: intOf(record, collections.ChargebackGuarded),
		Currency: record.GetString(collections.FieldCurrency), Status: record.GetString(collections.FieldStatus), Reason: record.GetString(collections.FieldReason),
	})
	if err != nil {
		return err
	}
	return s.toldBefore(tx, collections.Chargebacks, record.Id)
}
