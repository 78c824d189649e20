package services

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Timer is how long a kind of deadline runs, and how long before its end people
// are reminded, longest first.
type Timer struct {
	After  time.Duration
	Remind []time.Duration
}

// DeadlineNews is the payload of deadline.reminder.
type DeadlineNews struct {
	Kind       string `json:"kind"`
	Collection string `json:"collection"`
	Subject    string `json:"subject"`
	Project    string `json:"project"`
	Title      string `json:"title"`
	Client     string `json:"client"`
	Freelancer string `json:"freelancer"`
	// DueAt is when it happens (Unix milliseconds), Favour whom it serves.
	DueAt  int64             `json:"dueAt"`
	Favour collections.Party `json:"favour,omitempty"`
}

// favours tells whether a deadline's outcome serves user.
func (n DeadlineNews) favours(user string) bool {
	return n.Favour == collections.ByClient && user == n.Client || n.Favour == collections.ByFreelancer && user == n.Freelancer
}

// Fire is what a deadline does to its record when its time has come, in the
// transaction that marks it fired. A conflict (the record has moved on) cancels
// the deadline; any other error is tried again.
type Fire func(tx core.App, record *core.Record) error

// OnDeadline registers what a kind of deadline does.
func (i *Instance) OnDeadline(kind string, fire Fire) { i.fires[kind] = fire }

// Ask finds out whether a deadline may fire now, with no transaction open. An error
// puts it off by a minute; errNotYet does so without a word.
type Ask func(ctx context.Context, record *core.Record) error

// AskBefore registers what is asked before a kind of deadline fires.
func (i *Instance) AskBefore(kind string, ask Ask) { i.asks[kind] = ask }

var errNotYet = errors.New("the deadline waits for what is under way")

// BindDeadlines makes deadlines follow the states of the records they belong to:
// entering a state in which one runs starts it, leaving cancels it, in the same
// transaction. So no transition can forget a clock.
func (i *Instance) BindDeadlines() {
	for _, kind := range collections.DeadlinesOf(i.Domain) {
		follow := After(func(tx core.App, record *core.Record) error { return i.followState(tx, kind, record) })
		i.AroundCreate(kind.Collection, follow)
		i.AroundUpdate(kind.Collection, follow)
	}
}

// followState compares with the deadlines there are, not with the record's
// state before: a record saved twice in one transaction remembers the first.
func (i *Instance) followState(tx core.App, kind collections.Deadline, record *core.Record) error {
	var live int
	err := rowFixed(tx, `SELECT count(*) FROM deadlines WHERE subject = ? AND kind = ? AND status IN ('armed', 'reminded', 'paused')`,
		[]any{record.Id, kind.Kind}, &live)
	if err != nil {
		return err
	}
	status := record.GetString(collections.FieldStatus)
	switch wanted := slices.Contains(kind.While, status); {
	case wanted && live == 0:
		return i.arm(tx, kind, record)
	case !wanted && live > 0:
		return i.disarm(tx, kind.Kind, record.Id, "It is "+status+" now.")
	}
	return nil
}

// arm starts a deadline; it stands still from the beginning while its record does.
func (i *Instance) arm(tx core.App, kind collections.Deadline, record *core.Record) error {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Deadlines)
	if err != nil {
		return err
	}
	timer := i.Options.Clocks[kind.Kind]
	project := record.GetString(collections.FieldProject)
	if kind.Collection == collections.Projects {
		project = record.Id
	}
	title := record.GetString(collections.FieldTitle)
	if title == "" {
		title = record.GetString(collections.ProposalProjectTitle)
	}
	reminders := make([]int64, len(timer.Remind))
	for n, lead := range timer.Remind {
		reminders[n] = lead.Milliseconds()
	}
	deadline := core.NewRecord(col)
	deadline.Load(map[string]any{
		collections.DeadlineKind: kind.Kind, collections.DeadlineCollection: kind.Collection, collections.DeadlineSubject: record.Id,
		collections.FieldProject: project, collections.FieldTitle: truncate(title, 140),
		collections.FieldClient: record.GetString(collections.FieldClient), collections.FieldFreelancer: record.GetString(collections.FieldFreelancer),
		collections.DeadlineFavour: string(favourOf(kind, record)), collections.FieldStatus: collections.DeadlineArmed,
		collections.DeadlineReminders: reminders, collections.FieldVersion: 1,
	})
	i.setDue(deadline, i.Clock.Now().Add(timer.After))
	why, err := pausedBecause(tx, record)
	if err != nil {
		return err
	}
	if why != "" {
		i.pause(deadline, why)
	}
	// Without validation: in a mirror a person may not have arrived yet.
	return tx.SaveNoValidate(deadline)
}

// favourOf is whom a deadline serves.
func favourOf(kind collections.Deadline, record *core.Record) collections.Party {
	var who string
	switch kind.Favour {
	case collections.ByOpener:
		who = record.GetString(collections.DisputeOpenedBy)
	case collections.ByAuthor:
		who = record.GetString(collections.ReviewAuthor)
	default:
		return kind.Favour
	}
	if who == record.GetString(collections.FieldClient) {
		return collections.ByClient
	}
	return collections.ByFreelancer
}

// setDue writes when a deadline ends and when the engine looks at it next.
func (*Instance) setDue(deadline *core.Record, due time.Time) {
	deadline.Set(collections.DeadlineDueAt, due)
	deadline.Set(collections.DeadlineNextAt, nextLook(deadline, due).UnixMilli())
}

// nextLook is the next reminder, or the end.
func nextLook(deadline *core.Record, due time.Time) time.Time {
	leads, given := remindersOf(deadline), deadline.GetInt(collections.DeadlineReminded)
	if given < len(leads) {
		return due.Add(-leads[given])
	}
	return due
}

func remindersOf(deadline *core.Record) []time.Duration {
	var millis []int64
	if err := deadline.UnmarshalJSONField(collections.DeadlineReminders, &millis); err != nil {
		return nil
	}
	leads := make([]time.Duration, len(millis))
	for n, ms := range millis {
		leads[n] = time.Duration(ms) * time.Millisecond
	}
	return leads
}

func liveDeadlines(tx core.App, subject, kind string) ([]*core.Record, error) {
	records := []*core.Record{}
	// In SQL: every settlement asks this, and a filter is read anew each time.
	err := tx.RecordQuery(collections.Deadlines).
		AndWhere(dbx.NewExp("subject = {:subject} AND (kind = {:kind} OR {:kind} = '') AND status IN ('armed', 'reminded', 'paused')",
			dbx.Params{"subject": subject, "kind": kind})).All(&records)
	return records, err
}

func (i *Instance) eachLive(tx core.App, subject, kind string, change func(deadline *core.Record) bool) error {
	live, err := liveDeadlines(tx, subject, kind)
	if err != nil {
		return err
	}
	for _, deadline := range live {
		if !change(deadline) {
			continue
		}
		deadline.Set(collections.FieldVersion, deadline.GetInt(collections.FieldVersion)+1)
		deadline.IgnoreUnchangedFields(true) // read just now: nothing else differs, and no index of the rest is written
		if err := tx.SaveNoValidate(deadline); err != nil {
			return err
		}
	}
	return nil
}

func (i *Instance) disarm(tx core.App, kind, subject, reason string) error {
	return i.eachLive(tx, subject, kind, func(deadline *core.Record) bool {
		deadline.Set(collections.FieldStatus, collections.DeadlineCancelled)
		deadline.Set(collections.DeadlineNextAt, 0)
		deadline.Set(collections.FieldReason, reason)
		return true
	})
}

// RestartDeadline gives a live deadline its full length again, because something happened.
func (i *Instance) RestartDeadline(tx core.App, kind, subject string) error {
	return i.eachLive(tx, subject, kind, func(deadline *core.Record) bool {
		after := i.Options.Clocks[kind].After
		if deadline.GetString(collections.FieldStatus) == collections.DeadlinePaused { // it runs on with its full length
			deadline.Set(collections.DeadlineLeft, after.Milliseconds())
			deadline.Set(collections.DeadlineReminded, 0)
			return true
		}
		due := i.Clock.Now().Add(after)
		gained := due.Sub(deadline.GetDateTime(collections.DeadlineDueAt).Time())
		// A busy project would write its deadline with every proposal for minutes gained.
		if gained < after/100 {
			return false
		}
		deadline.Set(collections.FieldStatus, collections.DeadlineArmed)
		deadline.Set(collections.DeadlineReminded, 0)
		i.setDue(deadline, due)
		return true
	})
}

// SkipReminders leaves only the end of the deadlines of a record: what it would
// remind of is done.
func (i *Instance) SkipReminders(tx core.App, subject string) error {
	return i.eachLive(tx, subject, "", func(deadline *core.Record) bool {
		if deadline.GetString(collections.FieldStatus) == collections.DeadlinePaused {
			return false
		}
		deadline.Set(collections.DeadlineReminded, len(remindersOf(deadline)))
		i.setDue(deadline, deadline.GetDateTime(collections.DeadlineDueAt).Time())
		return true
	})
}

// ArmMissing gives a deadline, of full length from now, to every record that
// should have one and has none: data from before a kind of deadline existed.
func (i *Instance) ArmMissing(ctx context.Context) error {
	for _, kind := range collections.DeadlinesOf(i.Domain) {
		states := make([]any, len(kind.While))
		for n, state := range kind.While {
			states[n] = state
		}
		var missing []string
		err := i.App.ConcurrentDB().Select("id").From(kind.Collection).Where(dbx.In(collections.FieldStatus, states...)).
			AndWhere(dbx.NewExp(`NOT EXISTS (SELECT 1 FROM deadlines d WHERE d.subject = {{`+kind.Collection+`}}.id AND d.kind = {:kind}
				AND d.status IN ('armed', 'reminded', 'paused'))`, dbx.Params{"kind": kind.Kind})).WithContext(ctx).Column(&missing)
		if err != nil {
			return err
		}
		for _, id := range missing {
			err := i.App.RunInTransaction(func(tx core.App) error {
				record, err := tx.FindRecordById(kind.Collection, id)
				if err != nil {
					return err
				}
				live, err := liveDeadlines(tx, id, kind.Kind)
				if err != nil || len(live) > 0 || !slices.Contains(kind.While, record.GetString(collections.FieldStatus)) {
					return err
				}
				return i.arm(tx, kind, record)
			})
			if err != nil {
				return fmt.Errorf("failed to start %s of %s: %w", kind.Kind, id, err)
			}
		}
	}
	return nil
}
