//go:build faults

package faults

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/hooks"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// acknowledged is a money command that was answered with success.
type acknowledged struct {
	key  string
	body []byte
	// heard is the line of the trace at which the answer went to the socket.
	heard int
}

// TestPowerLoss records every write and fsync of the real binary while people
// pay, release and give back at once, cuts the power at many moments, builds the
// disk that each cut may have left, and starts the marketplace from it. All that
// was acknowledged before the cut must be there, and every invariant must hold.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	seed := tests.Seed(t)
	dir := t.TempDir()
	data, trace := filepath.Join(dir, "data"), filepath.Join(dir, "trace")
	acks, before := payTraced(t, data, trace)
	calls := process.ReadTrace(t, trace)
	heardAt(t, acks, calls)
	model := newDisk(data, before, calls)
	knowsTheDisk(t, model, readFolder(t, data))
	first, last := acks[0].heard, calls[len(calls)-1].To
	for _, ack := range acks {
		first = min(first, ack.heard)
	}
	total := rounds(100)
	var cuts atomic.Int64
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() { // starting a marketplace is waiting, mostly
			image := filepath.Join(dir, fmt.Sprintf("image%d", worker))
			for n := int(cuts.Add(1)); n <= total && !t.Failed(); n = int(cuts.Add(1)) {
				random := rand.New(rand.NewPCG(seed, uint64(n)))
				moment := first + random.IntN(last-first)
				if n%2 == 0 { // right after an answer, where a promise is most easily broken
					moment = acks[random.IntN(len(acks))].heard + 1
				}
				err := model.write(model.at(moment, luck(n%4), random), image)
				if problems := afterPowerLoss(image, acks, moment); err != nil || len(problems) > 0 {
					t.Errorf("Power loss at line %d with luck %d (LANCERSHUB_SEED=%d):\n%s %v", moment, n%4, seed, strings.Join(problems, "\n"), err)
				}
				if err := os.RemoveAll(image); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d power cuts between lines %d and %d of what was traced, LANCERSHUB_SEED=%d", total, first, last, seed)
}

// knowsTheDisk checks the model itself: with every write kept, it shows the folder
// as it is, but for writes the process was killed in, which may have happened or
// not. (Files that the process wrote anew, as its keys, are not of SQLite.)
func knowsTheDisk(t *testing.T, model *disk, now map[string][]byte) {
	t.Helper()
	kept := model.at(math.MaxInt, 1, nil)
	for path, content := range now {
		if strings.HasSuffix(path, ".db") || strings.HasSuffix(path, "-wal") {
			want, got := model.withoutCut(path, content), model.withoutCut(path, kept[path])
			if !bytes.Equal(want, got) {
				at := 0
				for at < min(len(want), len(got)) && want[at] == got[at] {
					at++
				}
				t.Fatalf("Expected the model to know the disk: %s has %d bytes, in the model %d; they differ from byte %d on; writes that were cut: %v",
					path, len(content), len(kept[path]), at, model.cut)
			}
		}
	}
}

// payTraced runs the traffic under trace. It returns what was acknowledged and
// the data folder as it was before.
func payTraced(t *testing.T, data, trace string) ([]*acknowledged, map[string][]byte) {
	t.Helper()
	const clients, each = 4, 8
	p := process.Start(t, process.FreePort(t), data, nil)
	m := tests.Remote(t, "http://"+p.Addr)
	stories := make([][]*tests.Story, clients)
	for i := range stories {
		people := tests.NewStory(m)
		for range each {
			s := *people
			stories[i] = append(stories[i], s.Publish().Propose().Hire())
		}
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	before := readFolder(t, data)
	p = process.Traced(t, trace, p.Addr, data, nil)
	var mu sync.Mutex
	var acks []*acknowledged
	var all sync.WaitGroup
	for _, own := range stories {
		all.Go(func() {
			for _, s := range own {
				do := func(by *tests.Person, path, key string, body tests.Body) *tests.Response {
					answer, err := by.Try(http.MethodPost, services.Prefix(collections.DomainPayments)+path, body, "Idempotency-Key", key)
					if err != nil || answer.Status != http.StatusOK {
						t.Errorf("Expected an answer to %s: %v %v", path, answer, err)
						return &tests.Response{}
					}
					mu.Lock()
					defer mu.Unlock()
					acks = append(acks, &acknowledged{key: key, body: answer.Raw})
					return answer
				}
				s.Payment = do(s.Client, "/api/collections/payments/records", "pay-"+s.Milestone, s.PaymentBody()).Text("id")
				path := "/api/payments/" + s.Payment
				do(s.Client, path+"/release", "part-"+s.Payment, tests.Body{"amount": 1000})
				do(s.Freelancer, path+"/refund", "back-"+s.Payment, tests.Body{"amount": 500})
				do(s.Client, path+"/release", "rest-"+s.Payment, tests.Body{})
			}
		})
	}
	all.Wait()
	p.Kill()
	return acks, before
}

// heardAt finds each answer on its way to the socket.
func heardAt(t *testing.T, acks []*acknowledged, calls []*process.Call) {
	t.Helper()
	sent := map[string]int{}
	for _, call := range calls {
		if !strings.HasPrefix(call.File, "TCP:") || !bytes.HasPrefix(call.Data, []byte("HTTP/1.1 200")) {
			continue
		}
		if _, body, ok := bytes.Cut(call.Data, []byte("\r\n\r\n")); ok && sent[string(body)] == 0 {
			sent[string(body)] = call.From
		}
	}
	for _, ack := range acks {
		if ack.heard = sent[string(ack.body)]; ack.heard == 0 {
			t.Fatalf("Expected the answer to %s in the trace", ack.key)
		}
	}
}

// afterPowerLoss starts the marketplace from an image, lets it finish what was
// under way, and returns what is wrong.
func afterPowerLoss(image string, acks []*acknowledged, moment int) []string {
	m, err := services.Start(context.Background(), services.Options{
		DataDir: image, HTTPAddr: "127.0.0.1:0", Manual: true, Durability: services.DurabilityOff, Logger: slog.New(slog.DiscardHandler),
	}, hooks.Bind, fstest.MapFS{})
	if err != nil {
		return []string{"it does not start: " + err.Error()}
	}
	defer m.Close()
	problems := []string{}
	apps := map[collections.Domain]core.App{}
	for domain, instance := range m.Instances {
		apps[domain] = instance.App
	}
	for _, ack := range acks {
		if ack.heard >= moment {
			continue
		}
		var stored struct {
			Status int    `db:"status"`
			Body   []byte `db:"body"`
		}
		err := apps[collections.DomainPayments].DB().Select("status", "body").From("idem").Where(dbx.HashExp{"key": ack.key}).One(&stored)
		if errors.Is(err, sql.ErrNoRows) || stored.Status == 0 {
			problems = append(problems, "acknowledged and lost: "+ack.key)
		} else if err != nil {
			problems = append(problems, err.Error())
		} else if !bytes.Equal(stored.Body, ack.body) {
			problems = append(problems, fmt.Sprintf("acknowledged otherwise: %s\n%s\n%s", ack.key, ack.body, stored.Body))
		}
	}
	err = errors.Join(services.NewPayments(m.Instances[collections.DomainPayments]).Complete(context.Background()), m.Drain(context.Background()))
	if err != nil {
		problems = append(problems, "it does not finish: "+err.Error())
	}
	broken, err := tests.Problems(apps)
	if err != nil {
		problems = append(problems, err.Error())
	}
	return append(problems, broken...)
}
