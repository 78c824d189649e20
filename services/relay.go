package services

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pocketbase/dbx"
	"golang.org/x/sync/errgroup"

	"github.com/lancershub/lancershub/collections"
)

const (
	relayBatch    = 400
	relayParallel = 8
	// parkAfter is when the relay stops trying by itself. A parked event is
	// shown and can be released by hand; it is never dropped.
	parkAfter = 24 * time.Hour
	// relayCrowd is from how many waiting events on they go together, relayTogether
	// at a time and at most that many bytes: one request, one commit and one fsync
	// for all is what a busy marketplace saves. Fewer go one by one, at once.
	relayCrowd         = 6
	relayTogether      = 16
	relayTogetherBytes = 256 << 10
)

// Relay delivers the outbox: in order within an aggregate, in parallel across
// aggregates, at least once. It runs one loop per peer, so that a slow peer
// holds up nobody else's events.
type Relay struct {
	instance *Instance
	loops    map[collections.Domain]*relayLoop
	stop     context.CancelFunc
	done     sync.WaitGroup
}

type relayLoop struct {
	relay *Relay
	peer  *Peer
	wake  chan struct{}
	// idle says that nothing waits for the peer, so that most rounds cost no query.
	// It starts out false, because an earlier run may have left something.
	idle atomic.Bool
	// busy keeps Drain and the loop from sending the same rows at the same time.
	busy sync.Mutex
}

type outboxRow struct {
	Seq       int64  `db:"seq"`
	ID        string `db:"id"`
	Topic     string `db:"topic"`
	Aggregate string `db:"aggregate"`
	Version   int    `db:"version"`
	Payload   string `db:"payload"`
	Created   int64  `db:"created"`
	Tries     int    `db:"tries"`
}

func (r outboxRow) event() Event {
	return Event{ID: r.ID, Topic: r.Topic, Aggregate: r.Aggregate, Version: r.Version, Payload: []byte(r.Payload)}
}

func newRelay(instance *Instance) *Relay {
	relay := &Relay{instance: instance, loops: map[collections.Domain]*relayLoop{}}
	for domain, peer := range instance.Peers {
		relay.loops[domain] = &relayLoop{relay: relay, peer: peer, wake: make(chan struct{}, 1)}
	}
	return relay
}

// Start begins delivering in the background.
func (r *Relay) Start(ctx context.Context) {
	ctx, r.stop = context.WithCancel(ctx)
	for _, loop := range r.loops {
		r.done.Go(func() { loop.run(ctx) })
	}
}

// Stop ends delivery and waits for what is under way.
func (r *Relay) Stop() {
	if r.stop != nil {
		r.stop()
		r.done.Wait()
	}
}

// Wake tells the relay that there may be something to deliver. It never blocks.
func (r *Relay) Wake() {
	for _, loop := range r.loops {
		loop.idle.Store(false)
		select {
		case loop.wake <- struct{}{}:
		default: // already woken
		}
	}
}

// Drain delivers what is due now and returns how many events went out.
func (r *Relay) Drain(ctx context.Context) (int, error) {
	total := 0
	var errs []error
	for _, domain := range collections.Domains {
		loop := r.loops[domain]
		if loop == nil {
			continue
		}
		for {
			sent, err := loop.round(ctx)
			total += sent
			if err != nil {
				errs = append(errs, err)
			}
			if sent == 0 || err != nil {
				break
			}
		}
	}
	return total, errors.Join(errs...)
}

func (l *relayLoop) run(ctx context.Context) {
	sweep := time.NewTicker(l.relay.instance.Options.SweepEvery)
	defer sweep.Stop()
	for {
		for began := time.Now(); ; {
			giveWay(ctx, began) // once it has waited long enough it goes on until nothing is left
			sent, err := l.round(ctx)
			if err != nil && ctx.Err() == nil {
				l.relay.instance.Logger.Warn("failed to deliver events", "peer", l.peer.Domain, "error", err)
			}
			if sent == 0 || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-sweep.C:
			l.idle.Store(false) // look, in case a wake-up was missed
		}
	}
}

// dueSQL selects what may go out now. An event that waits for another try, or is
// parked, holds back what comes after it in its aggregate and nothing else.
const dueSQL = `SELECT seq, id, topic, aggregate, version, payload, created, tries FROM outbox o
	WHERE peer = {:peer} AND state <> 'done' AND NOT EXISTS (
		SELECT 1 FROM outbox b WHERE b.peer = o.peer AND b.aggregate = o.aggregate AND b.seq <= o.seq
		AND b.state <> 'done' AND (b.state = 'parked' OR b.next_at > {:now}))
	ORDER BY seq LIMIT {:limit}`

// waiting tells whether anything is to be delivered, now or later.
func (l *relayLoop) waiting() (bool, error) {
	// Set before asking: what is emitted meanwhile clears it again.
	if l.idle.Swap(true) {
		return false, nil
	}
	var left bool
	err := l.relay.instance.App.ConcurrentDB().NewQuery(`SELECT EXISTS (SELECT 1 FROM outbox WHERE peer = {:peer} AND state <> 'done')`).
		Bind(dbx.Params{"peer": string(l.peer.Domain)}).Row(&left)
	if left || err != nil {
		l.idle.Store(false)
	}
	return left, err
}

// round delivers one batch and returns how many events went out.
func (l *relayLoop) round(ctx context.Context) (int, error) {
	l.busy.Lock()
	defer l.busy.Unlock()
	if waiting, err := l.waiting(); err != nil || !waiting {
		return 0, err
	}
	var rows []outboxRow
	err := l.relay.instance.App.ConcurrentDB().NewQuery(dueSQL).Bind(dbx.Params{
		"peer": string(l.peer.Domain), "now": l.relay.instance.Clock.Now().UnixMilli(), "limit": relayBatch,
	}).All(&rows)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	failpoint("relay-picked")
	var delivered []int64
	if len(rows) >= relayCrowd {
		if delivered, rows, err = l.deliverTogether(ctx, rows); err != nil {
			return len(delivered), errors.Join(err, l.mark(delivered))
		}
	}
	one, sendErr := l.deliverEach(ctx, rows)
	delivered = append(delivered, one...)
	failpoint("relay-before-mark")
	err = errors.Join(sendErr, l.mark(delivered))
	failpoint("relay-marked")
	return len(delivered), err
}

// deliverTogether sends as many events at once as the peer may take. It stops at
// a bunch that the peer did not take as a whole, whatever the reason: that one and
// the rest are returned, to go one by one, so that the one that cannot be applied
// holds back nothing but its aggregate.
func (l *relayLoop) deliverTogether(ctx context.Context, rows []outboxRow) (done []int64, rest []outboxRow, err error) {
	for len(rows) > 0 {
		var events []Event
		for size := 0; len(events) < min(relayTogether, len(rows)); {
			row := rows[len(events)]
			if size += len(row.Payload); size > relayTogetherBytes && len(events) > 0 {
				break
			}
			events = append(events, row.event())
		}
		sending, cancel := context.WithTimeout(ctx, l.relay.instance.Options.PeerTimeout)
		refused := l.peer.DeliverTogether(sending, events)
		cancel()
		if ctx.Err() != nil {
			return done, nil, ctx.Err()
		}
		if refused != nil {
			l.relay.instance.Logger.Debug("events go one by one", "peer", l.peer.Domain, "count", len(events), "error", refused)
			return done, rows, nil
		}
		for _, row := range rows[:len(events)] {
			done = append(done, row.Seq)
		}
		rows = rows[len(events):]
		failpoint("relay-sent")
	}
	return done, nil, nil
}

// deliverEach sends events one by one, those of different aggregates side by side.
func (l *relayLoop) deliverEach(ctx context.Context, rows []outboxRow) ([]int64, error) {
	byAggregate := map[string][]outboxRow{}
	order := []string{}
	for _, row := range rows {
		if byAggregate[row.Aggregate] == nil {
			order = append(order, row.Aggregate)
		}
		byAggregate[row.Aggregate] = append(byAggregate[row.Aggregate], row)
	}
	var mu sync.Mutex
	var delivered []int64
	group := errgroup.Group{}
	group.SetLimit(relayParallel)
	for _, aggregate := range order {
		group.Go(func() error {
			done, err := l.deliver(ctx, byAggregate[aggregate])
			mu.Lock()
			defer mu.Unlock()
			delivered = append(delivered, done...)
			return err
		})
	}
	err := group.Wait()
	return delivered, err
}

// deliver sends the events of one aggregate in order and stops at the first
// that fails: what comes after it must not overtake it.
func (l *relayLoop) deliver(ctx context.Context, rows []outboxRow) ([]int64, error) {
	var done []int64
	for _, row := range rows {
		if planted("events are marked before they are sent") {
			if err := l.mark([]int64{row.Seq}); err != nil {
				return done, err
			}
			failpoint("relay-sent")
		}
		sending, cancel := context.WithTimeout(ctx, l.relay.instance.Options.PeerTimeout)
		err := l.peer.Deliver(sending, row.event())
		cancel()
		if err != nil {
			if ctx.Err() != nil {
				return done, ctx.Err()
			}
			if postponed := l.postpone(row, err); !planted("what is later overtakes what failed") || postponed != nil {
				return done, errors.Join(err, postponed)
			}
			continue
		}
		done = append(done, row.Seq)
		failpoint("relay-sent")
	}
	return done, nil
}

// mark records delivered events in one statement: one commit for a whole round.
func (l *relayLoop) mark(seqs []int64) error {
	if len(seqs) == 0 {
		return nil
	}
	values := make([]any, len(seqs))
	for i, seq := range seqs {
		values[i] = seq
	}
	_, err := l.relay.instance.App.NonconcurrentDB().
		Update("outbox", dbx.Params{"state": "done", "last_error": ""}, dbx.In("seq", values...)).Execute()
	return err
}

// postpone tries an event again later: exponential backoff with
// jitter, at most about a minute; after a day it is parked.
func (l *relayLoop) postpone(row outboxRow, cause error) error {
	now := l.relay.instance.Clock.Now()
	state := "ready"
	if now.Sub(time.UnixMilli(row.Created)) > parkAfter {
		state = "parked"
		l.relay.instance.Logger.Error("an event is parked after a day of failing", "event", row.ID, "peer", l.peer.Domain, "error", cause)
	}
	wait := deliverAgain.after(row.Tries)
	_, err := l.relay.instance.App.NonconcurrentDB().Update("outbox", dbx.Params{
		"tries": row.Tries + 1, "next_at": now.Add(wait).UnixMilli(), "state": state, "last_error": truncate(cause.Error(), 500),
	}, dbx.HashExp{"seq": row.Seq}).Execute()
	return err
}

// truncate shortens text to at most limit bytes of valid UTF-8: half a character
// would make the record it is stored in unreadable as JSON.
func truncate(text string, limit int) string {
	return strings.ToValidUTF8(text[:min(len(text), limit)], "")
}

// Backlog is what the outbox still holds.
type Backlog struct {
	Ready  int `json:"ready"`
	Parked int `json:"parked"`
	// OldestSeconds is the age of the oldest event that waits.
	OldestSeconds int64 `json:"oldestSeconds"`
}

// Backlog counts what waits and what is parked.
func (r *Relay) Backlog() (Backlog, error) {
	var row struct {
		Ready  int   `db:"ready"`
		Parked int   `db:"parked"`
		Oldest int64 `db:"oldest"`
	}
	err := r.instance.App.ConcurrentDB().NewQuery(`SELECT coalesce(sum(state = 'ready'), 0) AS ready,
		coalesce(sum(state = 'parked'), 0) AS parked, coalesce(min(CASE WHEN state = 'ready' THEN created END), 0) AS oldest
		FROM outbox WHERE state <> 'done'`).One(&row)
	backlog := Backlog{Ready: row.Ready, Parked: row.Parked}
	if row.Oldest > 0 {
		backlog.OldestSeconds = int64(r.instance.Clock.Now().Sub(time.UnixMilli(row.Oldest)).Seconds())
	}
	return backlog, err
}
