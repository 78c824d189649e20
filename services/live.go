package services

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pocketbase/pocketbase/core"
)

// Live delivers what happens on an instance to the connections of the people it
// concerns, under the names the SDK subscribes to. PocketBase's own broker asks
// the database about every subscriber; here a message costs what its few
// recipients cost, however many others are connected.
//
// News is delivered in the order in which it was committed: it takes its place
// in line inside the transaction, while the instance's only writer is held, and
// leaves when everything before it has left.
type Live struct {
	mu      sync.Mutex
	conns   map[string]*Connection
	users   map[string]map[*Connection]struct{}
	stopped bool
	// synced returns when what was committed is on disk; nil when nobody must wait.
	synced func() error
	// told counts deliveries. Those up to safe are known to be on disk: one wait
	// serves all who hear of the same (settle).
	told, safe atomic.Uint64
	settling   sync.Mutex
	// onPresence hears of a person's first connection, and of the end of the last.
	onPresence func(user string, online bool)
	// telling are those calls of onPresence that are under way: they need the database.
	telling sync.WaitGroup

	line struct {
		sync.Mutex
		waiting []*place
	}
}

// News is something that happened and whom it concerns.
type News struct {
	// To has the ids of the users it concerns.
	To []string
	// Topics are the names under which they may have subscribed to it.
	Topics []string
	// Render returns the data of the event as one subscriber asked for it, nil for nothing.
	Render func(user string, options TopicOptions) []byte
	// Personal is news that reads differently for each of them.
	Personal bool
}

// place is where one transaction's news stands in line.
type place struct {
	news  []News
	done  bool
	lost  bool
	taken time.Time
}

// lostPlace is how long the line waits for a transaction that never ended: one
// that panicked is rolled back without telling.
const lostPlace = 10 * time.Second

// NewLive returns a Live without connections. Nothing is sent before synced
// returns; nil for at once.
func NewLive(synced func() error) *Live {
	return &Live{conns: map[string]*Connection{}, users: map[string]map[*Connection]struct{}{}, synced: synced}
}

// Announce delivers news after tx commits, and not at all if it does not. It is
// to be called inside the transaction.
func (l *Live) Announce(tx core.App, news ...News) {
	news = l.wanted(news)
	info := tx.TxInfo()
	if len(news) == 0 {
		return
	}
	if info == nil {
		l.leave(&place{}, news)
		return
	}
	p := &place{taken: time.Now()}
	l.line.Lock()
	l.line.waiting = append(l.line.waiting, p)
	l.line.Unlock()
	info.OnComplete(func(err error) error {
		if err != nil {
			news = nil
		}
		l.leave(p, news)
		return nil
	})
}

// wanted drops the news nobody connected would hear.
func (l *Live) wanted(news []News) []News {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := news[:0]
	for _, one := range news {
		for _, user := range one.To {
			if len(l.users[user]) > 0 {
				kept = append(kept, one)
				break
			}
		}
	}
	return kept
}

// leave delivers what stands at the head of the line and is complete.
func (l *Live) leave(p *place, news []News) {
	l.line.Lock()
	defer l.line.Unlock()
	p.news, p.done = news, true
	if p.taken.IsZero() || p.lost {
		l.Deliver(news...)
		return
	}
	for len(l.line.waiting) > 0 {
		head := l.line.waiting[0]
		if !head.done && time.Since(head.taken) < lostPlace {
			return
		}
		head.lost = !head.done
		l.line.waiting[0] = nil
		l.line.waiting = l.line.waiting[1:]
		l.Deliver(head.news...)
	}
}

// settle returns when everything is on disk that is spoken of in what was queued
// before it was called.
func (l *Live) settle() error {
	need := l.told.Load()
	if l.synced == nil || l.safe.Load() >= need {
		return nil
	}
	l.settling.Lock()
	defer l.settling.Unlock()
	if l.safe.Load() >= need {
		return nil
	}
	need = l.told.Load() // whatever was committed by now is synced, too
	if err := l.synced(); err != nil {
		return err
	}
	l.safe.Store(need)
	return nil
}

// Deliver hands news to the connections it concerns, now.
func (l *Live) Deliver(news ...News) {
	l.told.Add(1) // ahead of the queues
	for _, one := range news {
		rendered := map[string][]byte{}
		for _, user := range one.To {
			for _, conn := range l.of(user) {
				conn.hear(one, rendered)
			}
		}
	}
}

// of returns the connections of a user.
func (l *Live) of(user string) []*Connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	conns := make([]*Connection, 0, len(l.users[user]))
	for conn := range l.users[user] {
		conns = append(conns, conn)
	}
	return conns
}

// Online tells which of these users are connected.
func (l *Live) Online(users []string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	online := []string{}
	for _, user := range users {
		if len(l.users[user]) > 0 {
			online = append(online, user)
		}
	}
	return online
}

// Connection returns the connection with this id, or nil.
func (l *Live) Connection(id string) *Connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conns[id]
}

// Count returns how many connections there are.
func (l *Live) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// Drop ends the connections for which ended says so, given the session and user
// each belongs to.
func (l *Live) Drop(ended func(session, user string) bool) {
	l.mu.Lock()
	dropped := []*Connection{}
	for _, conn := range l.conns {
		if session, user := conn.identity(); (session != "" || user != "") && ended(session, user) {
			dropped = append(dropped, conn)
		}
	}
	l.mu.Unlock()
	for _, conn := range dropped {
		conn.Close()
	}
}

func (l *Live) add(conn *Connection) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.stopped {
		l.conns[conn.id] = conn
	}
	return !l.stopped
}

// Stop ends all connections and takes no new one.
func (l *Live) Stop() {
	l.mu.Lock()
	l.stopped = true
	conns := make([]*Connection, 0, len(l.conns))
	for _, conn := range l.conns {
		conns = append(conns, conn)
	}
	l.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
	}
	l.telling.Wait()
}

// tell returns a function that tells onPresence of user's coming or going; it does
// nothing once the instance is stopping. The caller holds mu, and calls the function
// after letting go of it.
func (l *Live) tell(user string, online bool) func() {
	if l.stopped || l.onPresence == nil {
		return func() {}
	}
	l.telling.Add(1)
	return func() {
		defer l.telling.Done()
		l.onPresence(user, online)
	}
}

// identify puts conn into the index of its user.
func (l *Live) identify(conn *Connection, user string) {
	l.mu.Lock()
	first := len(l.users[user]) == 0
	if first {
		l.users[user] = map[*Connection]struct{}{}
	}
	l.users[user][conn] = struct{}{}
	tell := func() {}
	if first {
		tell = l.tell(user, true)
	}
	l.mu.Unlock()
	tell()
}

func (l *Live) remove(conn *Connection) {
	_, user := conn.identity()
	l.mu.Lock()
	delete(l.conns, conn.id)
	_, was := l.users[user][conn]
	delete(l.users[user], conn)
	last := was && len(l.users[user]) == 0
	tell := func() {}
	if last {
		delete(l.users, user)
		tell = l.tell(user, false)
	}
	l.mu.Unlock()
	tell()
}

// ephemeral is news of plain data, the same for everybody.
func ephemeral(topic string, data any, to ...string) News {
	return News{To: to, Topics: []string{topic}, Render: func(string, TopicOptions) []byte {
		raw, err := json.Marshal(data)
		if err != nil {
			return nil
		}
		return raw
	}}
}
