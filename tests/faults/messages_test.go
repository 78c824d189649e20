//go:build faults

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// number is the size of a suite: standard in the gate, or what the variable says.
func number(variable string, standard int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil && n >= 0 {
		return n
	}
	return standard
}

// talk is two people with a chat, in a marketplace that runs in a process of its own.
type talk struct {
	*tests.Story
	chat    string
	running *process.Process
}

func newTalk(t *testing.T) *talk {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	running := process.Start(t, process.FreePort(t), data, nil)
	s := tests.Hired(tests.Remote(t, "http://"+running.Addr))
	chats := s.Client.List(collections.DomainMessages, collections.Chats, "")
	items, _ := chats.JSON["items"].([]any)
	if len(items) != 1 {
		t.Fatalf("Expected a chat, got %s", chats.Raw)
	}
	first, _ := items[0].(map[string]any)
	chat, _ := first["id"].(string)
	signer := tests.NewSigner(t, data) // a soak is longer than a token lives
	for _, person := range []*tests.Person{s.Client, s.Freelancer} {
		signer.Keep(t, person, nil)
	}
	return &talk{s, chat, running}
}

// over is the same person on a device at another address.
func over(t *testing.T, p *tests.Person, base string) *tests.Person {
	t.Helper()
	return p.At(tests.Remote(t, base))
}

// TestEveryMessageOnceAndInOrder: two people write to each other over bad lines,
// their programs send again what is not acknowledged, and sometimes twice at once.
// Every screen ends up showing every message, once, in the order of the numbers.
func TestEveryMessageOnceAndInOrder(t *testing.T) {
	seed := tests.Seed(t)
	messages := number("LANCERSHUB_MESSAGES", 100_000)
	talk := newTalk(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var troubles sync.WaitGroup
	var screens []*tests.Screen
	var senders []*tests.Person
	var lines []*badLine
	for n, person := range []*tests.Person{talk.Client, talk.Client, talk.Freelancer, talk.Freelancer} { // two devices each
		line := newBadLine(t, talk.running.Addr)
		device := over(t, person, line.base())
		random := rand.New(rand.NewPCG(seed, uint64(n)))
		troubles.Go(func() { line.trouble(ctx, random) })
		screen := tests.NewScreen(device, talk.chat)
		go screen.Run(ctx)
		screens, senders, lines = append(screens, screen), append(senders, device), append(lines, line)
	}
	began := time.Now()
	var next, failed atomic.Int64
	var sending sync.WaitGroup
	for n := range 6 * len(senders) {
		device, client := senders[n%len(senders)], tests.ImpatientClient()
		random := rand.New(rand.NewPCG(seed, uint64(100+n)))
		sending.Go(func() {
			for one := next.Add(1); one <= int64(messages) && failed.Load() == 0; one = next.Add(1) {
				if _, err := tests.Send(ctx, client, device, talk.chat, fmt.Sprintf("message %d", one), fmt.Sprintf("c-%d", one), random.IntN(20) == 0); err != nil {
					failed.Add(1)
					t.Errorf("Message %d was not taken: %v", one, err)
				}
				if one%10_000 == 0 {
					t.Logf("%d of %d messages after %s", one, messages, time.Since(began).Round(time.Second))
				}
			}
		})
	}
	sending.Wait()
	took := time.Since(began)
	if t.Failed() {
		return
	}
	for n, screen := range screens { // the first message is the system's, about the contract
		if err := screen.Until(messages+1, time.Minute); err != nil {
			t.Errorf("Screen %d: %v", n, err)
		}
	}
	cancel()
	troubles.Wait()
	total := map[string]int{}
	for n, screen := range screens {
		checkScreen(t, n, screen, messages)
		t.Logf("screen %d: %d connections, %d messages fetched after the fact", n, screen.Streams, screen.Caught)
		for kind, count := range lines[n].troubles {
			total[kind] += count
		}
	}
	if stored := talk.Client.View(collections.DomainMessages, collections.Chats, talk.chat).Number("lastSeq"); stored != int64(messages+1) {
		t.Errorf("Expected %d messages to be stored, got %d", messages+1, stored)
	}
	t.Logf("%d messages in %s (%.0f/s), troubles: %v", messages, took.Round(time.Second), float64(messages)/took.Seconds(), total)
}

// checkScreen demands every message once, in order, without a gap.
func checkScreen(t *testing.T, n int, screen *tests.Screen, messages int) {
	t.Helper()
	shown, err := screen.Shown()
	if err != nil {
		t.Errorf("Screen %d: %v", n, err)
	}
	if len(shown) != messages+1 {
		t.Errorf("Screen %d: expected %d messages, got %d", n, messages+1, len(shown))
	}
	seen := map[string]bool{}
	for i, message := range shown {
		if message.Seq != i+1 {
			t.Fatalf("Screen %d: expected number %d, got %d", n, i+1, message.Seq)
		}
		if i > 0 && seen[message.Body] {
			t.Errorf("Screen %d: %q is there twice", n, message.Body)
		}
		seen[message.Body] = true
	}
	for one := 1; one <= messages; one++ {
		if !seen[fmt.Sprintf("message %d", one)] {
			t.Errorf("Screen %d: message %d is missing", n, one)
		}
	}
}

// TestNoAcknowledgedMessageIsLostByKills kills the marketplace with kill -9 while
// people write, again and again. Whatever was acknowledged is there afterwards,
// under the number that was acknowledged, and nothing is there twice.
func TestNoAcknowledgedMessageIsLostByKills(t *testing.T) {
	random := rand.New(rand.NewPCG(tests.Seed(t), 1))
	kills := number("LANCERSHUB_KILLS", 200)
	talk := newTalk(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	screen := tests.NewScreen(over(t, talk.Freelancer, "http://"+talk.running.Addr), talk.chat)
	go screen.Run(ctx)

	var mu sync.Mutex
	acknowledged := map[int]string{}
	enough := make(chan struct{})
	var sending sync.WaitGroup
	for sender := range 4 {
		client := tests.ImpatientClient()
		sending.Go(func() {
			for one := 0; ; one++ {
				select {
				case <-enough:
					return
				default:
				}
				body := fmt.Sprintf("%d/%d", sender, one)
				seq, err := tests.Send(ctx, client, talk.Client, talk.chat, body, "k-"+body, false)
				if err != nil {
					t.Errorf("%s was not taken: %v", body, err)
					return
				}
				mu.Lock()
				if before, taken := acknowledged[seq]; taken {
					t.Errorf("Number %d was given to %q and to %q", seq, before, body)
				}
				acknowledged[seq] = body
				mu.Unlock()
			}
		})
	}
	running := talk.running
	for range kills {
		time.Sleep(time.Duration(20+random.IntN(120)) * time.Millisecond) // the moment of death is what is tried
		running.Kill()
		running = running.Again(t)
	}
	close(enough)
	sending.Wait()
	if err := screen.Until(len(acknowledged)+1, time.Minute); err != nil {
		t.Error(err)
	}
	cancel()
	shown, err := screen.Shown()
	if err != nil {
		t.Error(err)
	}
	if len(shown) != len(acknowledged)+1 {
		t.Errorf("Expected %d messages, got %d", len(acknowledged)+1, len(shown))
	}
	for i, message := range shown {
		if message.Seq != i+1 || (i > 0 && acknowledged[message.Seq] != message.Body) {
			t.Errorf("Expected %q at %d, got %q at %d", acknowledged[i+1], i+1, message.Body, message.Seq)
		}
	}
	t.Logf("%d kills, %d messages acknowledged, none lost; the screen connected %d times", kills, len(acknowledged), screen.Streams)
	if err := running.Stop(); err != nil {
		t.Errorf("Expected a graceful stop, got %v", err)
	}
}
