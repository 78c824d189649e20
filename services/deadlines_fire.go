package services

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// deadlineBatch bounds what one sweep takes on, so that a sweep after a long
// downtime does not keep people waiting.
const deadlineBatch = 500

// FireDeadlines reminds of and fires what is due. Each deadline is one
// transaction; one that fails is tried again a minute later and holds up no other.
func (i *Instance) FireDeadlines(ctx context.Context) error {
	var due []string
	err := i.App.ConcurrentDB().Select("id").From(collections.Deadlines).
		Where(dbx.NewExp("nextAt > 0 AND nextAt <= {:now}", dbx.Params{"now": i.Clock.Now().UnixMilli()})).
		OrderBy("nextAt").Limit(deadlineBatch).Column(&due)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range due {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err := i.ask(ctx, id)
		if err == nil {
			err = i.App.RunInTransaction(func(tx core.App) error { return i.look(tx, id) })
		}
		if err == nil {
			failpoint("deadline-committed")
			continue
		}
		if errors.Is(err, errNotYet) {
			err = i.lookLater(id)
		} else if refusal := new(Error); errors.As(err, &refusal) && refusal.Status == http.StatusConflict {
			err = i.App.RunInTransaction(func(tx core.App) error { return i.overtaken(tx, id, refusal.Message) })
		} else {
			err = errors.Join(err, i.lookLater(id))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("failed to fire deadline %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// ask asks what a deadline has to know before it fires.
func (i *Instance) ask(ctx context.Context, id string) error {
	if len(i.asks) == 0 {
		return nil
	}
	deadline, err := i.App.FindRecordById(collections.Deadlines, id)
	if err != nil {
		return err
	}
	ask := i.asks[deadline.GetString(collections.DeadlineKind)]
	if ask == nil || deadline.GetInt(collections.DeadlineReminded) < len(remindersOf(deadline)) {
		return nil // or it only reminds
	}
	record, err := i.App.FindRecordById(deadline.GetString(collections.DeadlineCollection), deadline.GetString(collections.DeadlineSubject))
	if err != nil {
		return err
	}
	return ask(ctx, record)
}

// lookLater puts a deadline off by a minute, unless it was stopped or moved meanwhile.
func (i *Instance) lookLater(id string) error {
	now := i.Clock.Now()
	_, err := i.App.NonconcurrentDB().NewQuery(`UPDATE deadlines SET nextAt = {:later} WHERE id = {:id} AND nextAt > 0 AND nextAt <= {:now}`).
		Bind(dbx.Params{"id": id, "later": now.Add(time.Minute).UnixMilli(), "now": now.UnixMilli()}).Execute()
	return err
}

// look reminds of one deadline or fires it.
func (i *Instance) look(tx core.App, id string) error {
	deadline, err := tx.FindRecordById(collections.Deadlines, id)
	if err != nil {
		return err
	}
	now := i.Clock.Now()
	next := intOf(deadline, collections.DeadlineNextAt)
	if next == 0 || next > now.UnixMilli() {
		return nil // somebody was faster
	}
	deadline.Set(collections.FieldVersion, deadline.GetInt(collections.FieldVersion)+1)
	due := deadline.GetDateTime(collections.DeadlineDueAt).Time()
	leads, given := remindersOf(deadline), deadline.GetInt(collections.DeadlineReminded)
	if given < len(leads) {
		return i.remind(tx, deadline, due, leads, given)
	}
	record, err := tx.FindRecordById(deadline.GetString(collections.DeadlineCollection), deadline.GetString(collections.DeadlineSubject))
	if err != nil {
		return err
	}
	deadline.Set(collections.FieldStatus, collections.DeadlineFired)
	deadline.Set(collections.DeadlineNextAt, 0)
	deadline.Set(collections.DeadlineFiredAt, now)
	if err := tx.SaveNoValidate(deadline); err != nil {
		return err
	}
	kind := deadline.GetString(collections.DeadlineKind)
	fire := i.fires[kind]
	if fire == nil {
		return fmt.Errorf("nothing is registered for deadlines of kind %q", kind)
	}
	if err := fire(tx, record); err != nil {
		return err
	}
	failpoint("deadline-before-commit")
	return nil
}

// remind gives the reminder that is due; of several that a downtime left over
// only the last. Nobody gets less notice than the last reminder promises: a
// deadline whose reminders are late is put off by what is missing.
func (i *Instance) remind(tx core.App, deadline *core.Record, due time.Time, leads []time.Duration, given int) error {
	now := i.Clock.Now()
	for given < len(leads) && !now.Before(due.Add(-leads[given])) {
		given++
	}
	if notice := leads[len(leads)-1]; given == len(leads) && due.Sub(now) < notice {
		due = now.Add(notice)
	}
	deadline.Set(collections.FieldStatus, collections.DeadlineWarned)
	deadline.Set(collections.DeadlineReminded, given)
	i.setDue(deadline, due)
	if err := tx.SaveNoValidate(deadline); err != nil {
		return err
	}
	failpoint("reminder-half")
	return i.Emit(tx, TopicDeadlineReminder, collections.Deadlines, deadline.Id, deadline.GetInt(collections.FieldVersion), DeadlineNews{
		Kind: deadline.GetString(collections.DeadlineKind), Collection: deadline.GetString(collections.DeadlineCollection),
		Subject: deadline.GetString(collections.DeadlineSubject), Project: deadline.GetString(collections.FieldProject),
		Title: deadline.GetString(collections.FieldTitle), Client: deadline.GetString(collections.FieldClient),
		Freelancer: deadline.GetString(collections.FieldFreelancer), DueAt: due.UnixMilli(),
		Favour: collections.Party(deadline.GetString(collections.DeadlineFavour)),
	})
}

// overtaken closes a deadline whose record had moved on.
func (i *Instance) overtaken(tx core.App, id, reason string) error {
	deadline, err := tx.FindRecordById(collections.Deadlines, id)
	if err != nil {
		return err
	}
	if next := intOf(deadline, collections.DeadlineNextAt); next == 0 || next > i.Clock.Now().UnixMilli() {
		return nil // stopped or moved since
	}
	deadline.Set(collections.FieldVersion, deadline.GetInt(collections.FieldVersion)+1)
	deadline.Set(collections.FieldStatus, collections.DeadlineCancelled)
	deadline.Set(collections.DeadlineNextAt, 0)
	deadline.Set(collections.FieldReason, truncate(reason, 300))
	return tx.SaveNoValidate(deadline)
}
