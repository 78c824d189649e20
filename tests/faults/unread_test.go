//go:build faults

package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
)

// said is one message as the model of the walk remembers it.
type said struct {
	id       string
	own      bool
	mentions bool
	deleted  bool
}

// spoken is one chat of the model: what was said, and how far it was read.
type spoken struct {
	id     string
	member string
	all    []said
	read   int
	muted  bool
}

// count is what is unread: derived, as the server says it derives it.
func (c *spoken) count() badge {
	unread := badge{}
	for _, one := range c.all[c.read:] {
		if !one.own {
			unread.Unread++
		}
		if one.mentions && !one.deleted {
			unread.Mentions++
		}
	}
	return unread
}

// badge is what a device shows beside a chat.
type badge struct{ Unread, Mentions int }

// device is one of the three on which somebody is signed in.
type device struct {
	t      *testing.T
	person *tests.Person
	stream *tests.Stream

	mu      sync.Mutex
	changed chan struct{}
	badges  map[string]badge
}

// connect listens, then asks what is unread: as a device does that was away.
func (d *device) connect() {
	if d.stream != nil {
		d.stream.Close()
	}
	stream, err := tests.OpenStream(d.t.Context(), http.DefaultClient, d.person.Base(), d.person.Token, "unread")
	if err != nil {
		d.t.Fatal(err)
	}
	d.stream = stream
	fetched := unreadOf(d.t, d.person)
	d.mu.Lock()
	d.badges, d.changed = fetched, make(chan struct{})
	d.mu.Unlock()
	go d.follow(stream)
}

func (d *device) follow(stream *tests.Stream) {
	for {
		_, data, err := stream.Next()
		if err != nil {
			return
		}
		var event struct {
			Chat string
			badge
		}
		if json.Unmarshal(data, &event) != nil {
			return
		}
		d.mu.Lock()
		if stream == d.stream {
			d.badges[event.Chat] = event.badge
			close(d.changed)
			d.changed = make(chan struct{})
		}
		d.mu.Unlock()
	}
}

// shows waits until the device shows what it should.
func (d *device) shows(chats []*spoken, within time.Duration) error {
	late := time.After(within)
	for {
		d.mu.Lock()
		wrong := ""
		for _, chat := range chats {
			if got, want := d.badges[chat.id], chat.count(); got != want {
				wrong = fmt.Sprintf("expected %+v, it shows %+v", want, got)
			}
		}
		changed := d.changed
		d.mu.Unlock()
		if wrong == "" {
			return nil
		}
		select {
		case <-changed:
		case <-late:
			return fmt.Errorf("%s", wrong)
		}
	}
}

// unreadOf asks the server, which leaves out what has nothing unread.
func unreadOf(t *testing.T, p *tests.Person) map[string]badge {
	t.Helper()
	answer := p.Do(http.MethodGet, "/api/chats/api/chats/unread", nil)
	answer.Want(t, http.StatusOK, "")
	var unread struct {
		Chats []struct {
			Chat string
			badge
		}
	}
	if err := json.Unmarshal(answer.Raw, &unread); err != nil {
		t.Fatal(err)
	}
	badges := map[string]badge{}
	for _, chat := range unread.Chats {
		badges[chat.Chat] = chat.badge
	}
	return badges
}

// TestUnreadIsTheSameOnThreeDevices walks at random through everything that
// changes what is unread. After every step all three devices show the same: one
// that listens, one that asks, and one that loses its connection all the time.
func TestUnreadIsTheSameOnThreeDevices(t *testing.T) {
	random := rand.New(rand.NewPCG(tests.Seed(t), 7))
	steps := number("LANCERSHUB_STEPS", 1500)
	m := tests.New(t)
	s := tests.Hired(m)
	third := m.User(collections.RoleFreelancer)
	m.Deliver()
	s.Client.Command(collections.DomainProjects, "contracts/"+s.Contract+"/add-member", "", tests.Body{"user": third.ID}).Want(t, http.StatusOK, "")
	m.Deliver()
	walk := &walk{t: t, random: random, me: s.Freelancer, others: []*tests.Person{s.Client}}
	members := s.Freelancer.List(collections.DomainMessages, collections.Members, `?filter=user%3D"`+s.Freelancer.ID+`"&expand=chat`)
	for _, item := range members.JSON["items"].([]any) {
		member := item.(map[string]any)
		chat := member["expand"].(map[string]any)["chat"].(map[string]any)
		walk.chats = append(walk.chats, &spoken{id: chat["id"].(string), member: member["id"].(string), all: make([]said, int(chat["lastSeq"].(float64)))})
	}
	if len(walk.chats) != 2 {
		t.Fatalf("Expected a chat and a room, got %s", members.Raw)
	}
	listening, flaky := &device{t: t, person: s.Freelancer}, &device{t: t, person: s.Freelancer}
	listening.connect()
	flaky.connect()
	for step := range steps {
		what := walk.step()
		if random.IntN(8) == 0 {
			flaky.connect()
		}
		asked := unreadOf(t, s.Freelancer)
		for _, chat := range walk.chats {
			if got, want := asked[chat.id], chat.count(); got != want {
				t.Fatalf("Step %d (%s): expected %+v, the server says %+v", step, what, want, got)
			}
		}
		for name, device := range map[string]*device{"listening": listening, "flaky": flaky} {
			if err := device.shows(walk.chats, 30*time.Second); err != nil {
				t.Fatalf("Step %d (%s): the %s device: %v", step, what, name, err)
			}
		}
	}
	m.Deliver()
	m.Sound()
}

// walk does one thing after another to two chats, and to a model of them.
type walk struct {
	t      *testing.T
	random *rand.Rand
	me     *tests.Person
	others []*tests.Person
	chats  []*spoken
}

func (w *walk) step() string {
	chat := w.chats[w.random.IntN(len(w.chats))]
	switch w.random.IntN(12) {
	case 0, 1, 2, 3:
		w.say(chat, w.others[0], false, w.random.IntN(4) == 0)
		return "the other writes"
	case 4, 5:
		w.say(chat, w.me, true, false)
		return "I write"
	case 6, 7:
		seq := 1 + w.random.IntN(len(chat.all))
		w.command("chats/"+chat.id+"/read", tests.Body{"seq": seq})
		chat.read = max(chat.read, seq)
		return "I read a part"
	case 8:
		w.command("chats/"+chat.id+"/read", tests.Body{})
		chat.read = len(chat.all)
		return "I read all"
	case 9:
		chat.muted = !chat.muted
		w.me.Do(http.MethodPatch, "/api/chats/api/collections/members/records/"+chat.member, tests.Body{"muted": chat.muted}).Want(w.t, http.StatusOK, "")
		return "I mute"
	case 10:
		w.change(chat, func(one *said) {
			w.others[0].Command(collections.DomainMessages, "messages/"+one.id+"/delete", "", nil).Want(w.t, http.StatusOK, "")
			one.deleted = true
		})
		return "the other deletes"
	default:
		w.change(chat, func(one *said) {
			one.mentions = !one.mentions
			w.others[0].Do(http.MethodPatch, "/api/chats/api/collections/messages/records/"+one.id,
				tests.Body{"body": fmt.Sprint("edited ", w.random.Int()), "mentions": w.mentioning(one.mentions)}).Want(w.t, http.StatusOK, "")
		})
		return "the other edits"
	}
}

// change does something to one of the other's messages that still stand.
func (w *walk) change(chat *spoken, do func(one *said)) {
	choice := []int{}
	for n, one := range chat.all {
		if one.id != "" && !one.own && !one.deleted {
			choice = append(choice, n)
		}
	}
	if len(choice) > 0 {
		do(&chat.all[choice[w.random.IntN(len(choice))]])
	}
}

func (w *walk) mentioning(me bool) []string {
	if me {
		return []string{w.me.ID}
	}
	return []string{}
}

func (w *walk) say(chat *spoken, who *tests.Person, own, mentions bool) {
	sent := who.Create(collections.DomainMessages, collections.Messages, tests.Body{"chat": chat.id, "body": "words", "mentions": w.mentioning(mentions)})
	sent.Want(w.t, http.StatusOK, "")
	if own && chat.read == len(chat.all) {
		chat.read++
	}
	chat.all = slices.Grow(chat.all, 1)
	chat.all = append(chat.all, said{id: sent.Text("id"), own: own, mentions: mentions})
	if int64(len(chat.all)) != sent.Number("seq") {
		w.t.Fatalf("Expected number %d, got %s", len(chat.all), sent.Raw)
	}
}

func (w *walk) command(path string, body tests.Body) {
	w.me.Command(collections.DomainMessages, path, "", body).Want(w.t, http.StatusOK, "")
}
