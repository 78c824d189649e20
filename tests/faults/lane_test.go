//go:build faults

package faults

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// patience bounds every wait; a loaded machine is slow, a hanging test is worse.
const patience = 3 * time.Minute

// lane is one marketplace that dies again and again, and the people who go on
// using it. Several commands are always under way.
type lane struct {
	t       *testing.T
	random  *rand.Rand
	data    string
	market  *tests.Market
	couples []*couple
	// moderator rules on disputes.
	moderator *tests.Person

	mu     sync.Mutex
	p      *process.Process
	deaths int
	// flights are the commands that have no answer yet, by key.
	flights map[string]bool
	// fates counts what was found of them on the disk of the dead.
	fates map[string]int
	// again is where the marketplace is to die once more when it starts after the
	// present death; it is nil if it is to live.
	again *death
	// killed is the place of the present death, for the log.
	killed string
	// dead is what the process printed that died last.
	dead string
}

// couple is a client and a freelancer with a contract and much held money. Only
// one worker uses a couple, so what must be true of it is known exactly.
type couple struct {
	*tests.Story
	released, refunded int64
	planned, proposals []string
	signedIn           time.Time
	// last is an answer that must stay the same.
	last struct {
		by        *tests.Person
		path, key string
		body      tests.Body
		answer    []byte
	}
}

// laneArgs make background work quick, so that dying in it takes no waiting.
var laneArgs = []string{"--sweep-every", "200ms", "--decide-after", "6s", "--clock", "destination-hold=1s", "--clock", "auto-release=2s/1s"}

// newLane copies the folder of the prepared marketplace and starts it.
func newLane(t *testing.T, prepared string, couples []*couple, moderator *tests.Person, random *rand.Rand) *lane {
	t.Helper()
	l := &lane{t: t, random: random, data: filepath.Join(t.TempDir(), "data"), flights: map[string]bool{}, fates: map[string]int{}}
	if err := os.CopyFS(l.data, os.DirFS(prepared)); err != nil {
		t.Fatal(err)
	}
	l.p = process.Start(t, process.FreePort(t), l.data, []string{"LANCERSHUB_FAILPOINTS=" + l.armFile()}, laneArgs...)
	l.market = tests.Remote(t, "http://"+l.p.Addr)
	l.moderator = moderator.At(l.market)
	for _, shared := range couples {
		own := *shared
		story := *shared.Story
		story.Market, story.Client, story.Freelancer = l.market, shared.Client.At(l.market), shared.Freelancer.At(l.market)
		own.Story = &story
		l.couples = append(l.couples, &own)
	}
	return l
}

// pick returns a number below n; several workers ask.
func (l *lane) pick(n int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.random.Int64N(n)
}

func (l *lane) armFile() string { return l.data + ".armed" }

// arm makes process p die: at a visit of a place, or from outside within a moment.
func (l *lane) arm(at death, p *process.Process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killed = at.place
	if at.place == anywhere {
		time.AfterFunc(time.Duration(l.random.Int64N(60_000))*time.Microsecond, p.Kill)
		return
	}
	l.writeArm(at)
}

func (l *lane) writeArm(at death) {
	temp := l.armFile() + ".new"
	if err := errors.Join(os.WriteFile(temp, []byte(at.place+" "+strconv.Itoa(at.visit)), 0o600), os.Rename(temp, l.armFile())); err != nil {
		l.t.Error(err)
	}
}

func (l *lane) current() (*process.Process, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.p, l.deaths
}

// logs is what the process that died last and the one that lives printed.
func (l *lane) logs() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead + "-- died --\n" + l.p.Log()
}

// revive starts the process again if the one that was seen is dead. It notes what
// is on disk of every command under way first.
func (l *lane) revive(seen *process.Process) {
	if !seen.Died(2 * time.Second) {
		return // a connection broke, the process lives
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.p != seen {
		return // somebody else was faster
	}
	l.bury(seen)
	for l.again != nil {
		if l.p = l.launchAgain(seen.Addr); l.p.WaitHealthy() == nil {
			return
		}
		if !l.p.Died(time.Second) {
			break // it hangs: Start says so, and what it printed
		}
		l.bury(l.p) // it died before anybody could ask it
	}
	l.p = process.Start(l.t, seen.Addr, l.data, []string{"LANCERSHUB_FAILPOINTS=" + l.armFile()}, laneArgs...)
}

// bury notes a death: what is on disk of every command under way. l.mu is held.
func (l *lane) bury(dead *process.Process) {
	if err := dead.Ended(l.t, patience); err == nil || err.Error() != "signal: killed" {
		l.t.Errorf("Expected to die by kill -9 (%s), got %v\n%s", l.killed, err, dead.Log())
	}
	l.deaths++
	l.dead = dead.Log()
	l.fates = map[string]int{}
	for key := range l.flights {
		l.fates[l.fate(key)]++
	}
}

// fate reads from the databases of the dead process what became of a command.
func (l *lane) fate(key string) string {
	for _, domain := range []collections.Domain{collections.DomainPayments, collections.DomainProjects} {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(l.data, string(domain), "data.db")+"?mode=ro&_pragma=busy_timeout(5000)")
		if err != nil {
			l.t.Error(err)
			continue
		}
		var status int
		err = db.QueryRowContext(context.Background(), "SELECT status FROM idem WHERE key = ?", key).Scan(&status)
		_ = db.Close()
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			l.t.Errorf("Failed to read what became of %s: %v", key, err)
		case status == 0:
			return begun
		default:
			return done
		}
	}
	return nothing
}

// What may be found on disk of a command that was not answered.
const (
	nothing = "nothing stored"
	begun   = "begun"
	done    = "carried out"
)

// do sends a command until it is answered, starting the process again when it died.
func (l *lane) do(by *tests.Person, path, key string, body tests.Body) *tests.Response {
	if body == nil {
		body = tests.Body{}
	}
	l.mu.Lock()
	l.flights[key] = true
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.flights, key)
		l.mu.Unlock()
	}()
	for until := time.Now().Add(patience); time.Now().Before(until); {
		seen, _ := l.current()
		answer, err := by.Try(http.MethodPost, path, body, "Idempotency-Key", key)
		if err != nil {
			l.revive(seen)
			continue
		}
		if answer.Code() == services.CodeInProgress || answer.Status == http.StatusServiceUnavailable {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		return answer
	}
	p, _ := l.current()
	l.t.Errorf("Expected an answer to %s %s\n%s", path, key, p.Log())
	return &tests.Response{}
}

// get reads a record, also across deaths.
func (l *lane) get(by *tests.Person, domain collections.Domain, collection, id string) *tests.Response {
	return l.read(by, services.Prefix(domain)+"/api/collections/"+collection+"/records/"+id)
}

func (l *lane) read(by *tests.Person, path string) *tests.Response {
	for until := time.Now().Add(patience); time.Now().Before(until); {
		seen, _ := l.current()
		answer, err := by.Try(http.MethodGet, path, nil)
		if err == nil && answer.Status != http.StatusServiceUnavailable {
			return answer
		}
		l.revive(seen)
	}
	l.t.Errorf("Expected to read %s", path)
	return &tests.Response{}
}

// await waits until a record has one of the states.
func (l *lane) await(by *tests.Person, domain collections.Domain, collection, id string, states ...string) bool {
	status := ""
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if status = l.get(by, domain, collection, id).Text("status"); slices.Contains(states, status) {
			return true
		}
	}
	l.t.Errorf("Expected %s/%s to become %v, it is %q", collection, id, states, status)
	return false
}

// command sends a money command of a couple and keeps its answer for later.
func (l *lane) command(c *couple, by *tests.Person, path string, body tests.Body) *tests.Response {
	key := tests.Key()
	answer := l.do(by, path, key, body)
	if answer.Status == http.StatusOK {
		c.last.by, c.last.path, c.last.key, c.last.body, c.last.answer = by, path, key, body, answer.Raw
	}
	return answer
}

// want is command that must succeed.
func (l *lane) want(c *couple, by *tests.Person, path string, body tests.Body) *tests.Response {
	answer := l.command(c, by, path, body)
	if answer.Status != http.StatusOK {
		l.t.Errorf("Expected %s to succeed, got %d: %s (after %s)\n%s", path, answer.Status, answer.Raw, l.killed, l.logs())
	}
	return answer
}

// money sends a command about the couple's held payment.
func (l *lane) money(c *couple, by *tests.Person, verb string, body tests.Body) *tests.Response {
	return l.want(c, by, "/api/payments/api/payments/"+c.Payment+"/"+verb, body)
}

// check compares what is stored of a couple with what was acknowledged.
func (l *lane) check(c *couple) {
	p := l.get(c.Client, collections.DomainPayments, collections.Payments, c.Payment)
	if p.Number("released") != c.released || p.Number("refunded") != c.refunded {
		l.t.Errorf("After %s: expected %d released and %d refunded, got %d and %d", l.killed, c.released, c.refunded, p.Number("released"), p.Number("refunded"))
	}
	if c.last.key == "" {
		return
	}
	if again := l.do(c.last.by, c.last.path, c.last.key, c.last.body); string(again.Raw) != string(c.last.answer) {
		l.t.Errorf("After %s: expected the same key to give the same answer\n%s\n%s", l.killed, c.last.answer, again.Raw)
	}
}

// verify stops the marketplace the hard way and checks all invariants offline.
func (l *lane) verify() {
	l.market.Deliver()
	l.p.Kill()
	tests.SoundIn(l.t, l.data)
	l.p = process.Start(l.t, l.p.Addr, l.data, []string{"LANCERSHUB_FAILPOINTS=" + l.armFile()}, laneArgs...)
}

// prepare makes the folder every lane begins with: couples with a contract, a
// large held payment, money available, and an account that has cooled off.
func prepare(t *testing.T, n int) (string, []*couple, *tests.Person) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "prepared")
	p := process.Start(t, process.FreePort(t), data, nil, laneArgs...)
	m := tests.Remote(t, "http://"+p.Addr)
	couples := make([]*couple, n)
	for i := range couples {
		s := tests.NewStory(m)
		s.Amount = 10_000_000_000
		s.Publish().Propose().Hire().Fund()
		c := &couple{Story: s, signedIn: time.Now(), released: 1_000_000_000}
		s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/release", tests.Key(), tests.Body{"amount": c.released}).Want(t, http.StatusOK, "")
		bank := []string{services.BankAccount, services.BankFailed}[i%2]
		account := s.Freelancer.Create(collections.DomainPayments, collections.PayoutDestinations, tests.Body{"label": "Main", "reference": bank + ":1"})
		account.Want(t, http.StatusOK, "")
		for until := time.Now().Add(patience); s.Freelancer.View(collections.DomainPayments, collections.PayoutDestinations, account.Text("id")).Text("status") != collections.DestinationActive; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatal("Expected the account to cool off")
			}
		}
		couples[i] = c
	}
	m.Deliver()
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	instance, err := services.OpenInstance(payments, services.Options{DataDir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Close()
	m.Marketplace = &services.Marketplace{Instances: map[collections.Domain]*services.Instance{payments: instance}}
	return data, couples, m.Superuser(payments)
}

// ready gives a couple what its next turn needs, while nothing is armed: fresh
// tokens and planned milestones.
func (l *lane) ready(c *couple) {
	if time.Since(c.signedIn) > 5*time.Minute {
		c.Client.SignIn()
		c.Freelancer.SignIn()
		c.signedIn = time.Now()
	}
	for len(c.planned) < 4 {
		added := c.Client.Create(collections.DomainProjects, collections.Milestones, tests.Body{"contract": c.Contract, "title": fmt.Sprintf("Step %d", l.pick(1000)), "amount": 5_000})
		added.Want(l.t, http.StatusOK, "")
		c.planned = append(c.planned, added.Text("id"))
	}
	for len(c.proposals) < 3 {
		s := tests.Story{Market: l.market, Client: c.Client, Freelancer: c.Freelancer, Amount: 5_000}
		c.proposals = append(c.proposals, s.Publish().Propose().Proposal)
	}
}

// refill is ready across deaths: what it adds has no key, so it looks first
// whether the process lives, and leaves it to the next time when it does not.
func (l *lane) refill(c *couple) {
	for len(c.planned) < 4 {
		added, err := c.Client.Try(http.MethodPost, "/api/projects/api/collections/milestones/records", tests.Body{"contract": c.Contract, "title": "More", "amount": 5_000})
		if err != nil || added.Status != http.StatusOK {
			return
		}
		c.planned = append(c.planned, added.Text("id"))
	}
	for len(c.proposals) < 3 {
		s := tests.Story{Client: c.Client, Freelancer: c.Freelancer}
		id, err := s.TryPropose()
		if err != nil {
			return
		}
		c.proposals = append(c.proposals, id)
	}
}
