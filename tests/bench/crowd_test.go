package bench

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// office is a marketplace whose chats were made straight in the database, with
// people made up by number. Everybody in it can sign in with a made-up token.
type office struct {
	b       *testing.B
	running *process.Process
	market  *tests.Market
	signer  *tests.Signer
	token   string
	client  *http.Client
}

// personID is the id of the nth made-up person.
func personID(n int) string { return fmt.Sprintf("person%09d", n) }

func chatID(n int) string { return fmt.Sprintf("chat%011d", n) }

// newOffice starts a marketplace after prepare has filled the messages database.
func newOffice(b *testing.B, prepare func(db dbx.Builder) error) *office {
	b.Helper()
	return openOffice(b, prepare, func(data string) *process.Process { return process.Start(b, process.FreePort(b), data, nil) })
}

// openOffice is newOffice that is started by start, which returns where people go.
func openOffice(b *testing.B, prepare func(db dbx.Builder) error, start func(data string) *process.Process) *office {
	b.Helper()
	data := filepath.Join(b.TempDir(), "data")
	instance, err := services.OpenInstance(collections.DomainMessages, services.Options{DataDir: data, Durability: services.DurabilityOff})
	if err != nil {
		b.Fatal(err)
	}
	if err := prepare(instance.App.NonconcurrentDB()); err != nil {
		b.Fatal(err)
	}
	if err := instance.Close(); err != nil {
		b.Fatal(err)
	}
	running := start(data)
	m := tests.Remote(b, "http://"+running.Addr)
	o := &office{b: b, running: running, market: m, token: m.User(collections.RoleFreelancer).Token, signer: tests.NewSigner(b, data)}
	o.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	return o
}

// makeChat makes a chat of these people.
func makeChat(db dbx.Builder, n int, kind string, people ...int) error {
	now := time.Now().UTC().Format("2006-01-02 15:04:05.000Z")
	_, err := db.NewQuery(`INSERT INTO chats (id, title, kind, origin, lastMessageAt, created, updated) VALUES ({:id}, 'A chat', {:kind}, 'contract', {:now}, {:now}, {:now})`).
		Bind(dbx.Params{"id": chatID(n), "kind": kind, "now": now}).Execute()
	for i, person := range people {
		if err != nil {
			return err
		}
		_, err = db.NewQuery(`INSERT INTO members (id, chat, [[user]], role, created, updated) VALUES ({:id}, {:chat}, {:user}, 'member', {:now}, {:now})`).
			Bind(dbx.Params{"id": fmt.Sprintf("m%07d%07d", n, i), "chat": chatID(n), "user": personID(person), "now": now}).Execute()
	}
	return err
}

// person returns the nth made-up person.
func (o *office) person(n int) *tests.Person {
	o.b.Helper()
	p := o.market.Guest()
	p.ID = personID(n)
	p.Token = o.token
	o.signer.Keep(o.b, p, func(claims *services.AccessClaims) {
		claims.Subject, claims.RecordID, claims.SessionID, claims.Name = p.ID, p.ID, "s"+p.ID, p.ID
	})
	return p
}

// connect connects people from on, count of them, who listen to messages, until the benchmark ends.
func (o *office) connect(from, count int) []*tests.Stream {
	o.b.Helper()
	return o.connectAt(o.market.Base(), from, count)
}

// connectAt is connect through the gateway at base.
func (o *office) connectAt(base string, from, count int) []*tests.Stream {
	o.b.Helper()
	return crowd(o.b, count, func(n int) (*tests.Stream, error) {
		return tests.OpenStream(o.b.Context(), o.client, base, o.person(from+n).Token, "messages/*")
	})
}

// crowd opens count streams, some at a time.
func crowd(b *testing.B, count int, open func(n int) (*tests.Stream, error)) []*tests.Stream {
	b.Helper()
	streams := make([]*tests.Stream, count)
	var wait sync.WaitGroup
	turns := make(chan struct{}, 32)
	for n := range count {
		turns <- struct{}{}
		wait.Go(func() {
			defer func() { <-turns }()
			stream, err := open(n)
			if err != nil {
				b.Errorf("connection %d: %v", n, err)
				return
			}
			streams[n] = stream
		})
	}
	wait.Wait()
	if b.Failed() {
		b.FailNow()
	}
	b.Cleanup(func() {
		for _, stream := range streams {
			stream.Close()
		}
	})
	return streams
}

// arrivals tells of every message a stream hears.
func arrivals(stream *tests.Stream) <-chan time.Time {
	heard := make(chan time.Time, 4096)
	go func() {
		defer close(heard)
		for {
			name, _, err := stream.Next()
			if err != nil {
				return
			}
			if name == "messages/*" {
				heard <- time.Now()
			}
		}
	}()
	return heard
}

// percentile is the p-th of all, which it sorts.
func percentile(all []time.Duration, p int) time.Duration {
	slices.Sort(all)
	return all[min(len(all)-1, len(all)*p/100)]
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// send sends one message and fails the benchmark if it is not taken.
func send(b *testing.B, client *http.Client, p *tests.Person, chat string, n int) {
	b.Helper()
	if _, err := tests.Send(context.Background(), client, p, chat, fmt.Sprintf("message %d, of a usual length, as people write them", n), fmt.Sprintf("%s-%d-%d", p.ID, n, time.Now().UnixNano()), false); err != nil {
		b.Error(err)
	}
}
