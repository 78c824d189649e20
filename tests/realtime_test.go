package tests

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// stream is one realtime connection, as the SDK holds it.
type stream struct {
	mu     sync.Mutex
	events []string
	closed chan struct{}
}

// listen connects person to domain and subscribes to topics.
func listen(t *testing.T, person *Person, domain collections.Domain, topics ...string) *stream {
	t.Helper()
	s, id := open(t, person, domain)
	answer := person.Do(http.MethodPost, services.Prefix(domain)+"/api/realtime", Body{"clientId": id, "subscriptions": topics})
	if answer.Status != http.StatusNoContent {
		t.Fatalf("Expected to subscribe, got %d: %s", answer.Status, answer.Raw)
	}
	return s
}

// open connects to an event stream; what it is to hear is asked for with the id.
func open(t *testing.T, person *Person, domain collections.Domain) (s *stream, id string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, person.base+services.Prefix(domain)+"/api/realtime", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = res.Body.Close()
	})
	s = &stream{closed: make(chan struct{})}
	connected := make(chan string, 1)
	go s.read(bufio.NewScanner(res.Body), connected)
	select {
	case id := <-connected:
		return s, id
	case <-time.After(30 * time.Second):
		t.Fatal("Expected to be connected")
	}
	return nil, ""
}

func (s *stream) read(lines *bufio.Scanner, connected chan<- string) {
	defer close(s.closed)
	name := ""
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "event:"); ok {
			name = strings.TrimSpace(value)
		}
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue
		}
		if name == "PB_CONNECT" {
			var hello struct{ ClientID string }
			_ = json.Unmarshal([]byte(data), &hello)
			connected <- hello.ClientID
			continue
		}
		s.mu.Lock()
		s.events = append(s.events, name+" "+data)
		s.mu.Unlock()
	}
}

// heard tells whether an event with these words arrives within the time.
func (s *stream) heard(words string, within time.Duration) bool {
	for until := time.Now().Add(within); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		for _, event := range s.events {
			if strings.Contains(event, words) {
				s.mu.Unlock()
				return true
			}
		}
		s.mu.Unlock()
		if time.Now().After(until) {
			return false
		}
	}
}

// TestOnlyThePartiesHear: everybody subscribes to everything; only those whom a
// record concerns hear of it.
func TestOnlyThePartiesHear(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	chat := chatOf(s)
	topics := map[collections.Domain][]string{
		collections.DomainProjects: {"milestones/*", "contracts/*", "proposals/*", "timeline/*"},
		collections.DomainPayments: {"payments/*", "timeline/*"},
		collections.DomainMessages: {"messages/*", "chats/*", "members/*", "notifications/*", "chats/" + chat + "/typing"},
	}
	outsiders := []*Person{m.Guest(), m.User(collections.RoleClient, collections.RoleFreelancer)}
	inside, outside := map[collections.Domain]*stream{}, map[collections.Domain][]*stream{}
	for domain, names := range topics {
		inside[domain] = listen(t, s.Freelancer, domain, names...)
		for _, person := range outsiders {
			outside[domain] = append(outside[domain], listen(t, person, domain, names...))
		}
	}
	s.Fund()
	s.Client.Create(collections.DomainMessages, collections.Messages, Body{"chat": chat, "body": "psst"}).Want(t, http.StatusOK, "")
	s.Client.Command(collections.DomainMessages, "chats/"+chat+"/typing", "", nil).Want(t, http.StatusOK, "")
	for domain, words := range map[collections.Domain][]string{
		collections.DomainProjects: {`"status":"funded"`},
		collections.DomainPayments: {`"status":"held"`},
		collections.DomainMessages: {`"body":"psst"`, "chats/" + chat + "/typing", `"kind":"payment.held"`},
	} {
		for _, word := range words {
			if !inside[domain].heard(word, 5*time.Second) {
				t.Errorf("Expected the freelancer to hear %s from %s", word, domain)
			}
		}
	}
	for domain, streams := range outside {
		for _, stream := range streams {
			if stream.heard("", 50*time.Millisecond) {
				t.Errorf("Expected outsiders to hear nothing from %s, they heard %v", domain, stream.events)
			}
		}
	}
}

// TestNobodySubscribesInAThousandWays: each subscription with options costs whoever
// writes, so a connection has few of them; plain ones cost nothing.
func TestNobodySubscribesInAThousandWays(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	plain, shaped := []string{}, []string{}
	for n := range 40 {
		plain = append(plain, fmt.Sprintf("messages/%015d", n))
		shaped = append(shaped, fmt.Sprintf(`messages/*?options={"query":{"filter":"seq>%d"}}`, n))
	}
	heard := listen(t, s.Freelancer, messagesDomain, append(plain, shaped[:32]...)...)
	say(s.Client, chatOf(s), "to you").Want(t, http.StatusOK, "")
	if !heard.heard(`"body":"to you"`, 30*time.Second) {
		t.Error("Expected a subscription with options to be delivered")
	}
	for _, refused := range [][]string{shaped, append(slices.Clone(shaped[:32]), "chats/*?x=1")} {
		_, id := open(t, s.Freelancer, messagesDomain)
		answer := s.Freelancer.Do(http.MethodPost, "/api/chats/api/realtime", Body{"clientId": id, "subscriptions": refused})
		answer.Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	}
}

// TestSigningOutEndsTheConnection: whoever signs out hears nothing more, on any instance.
func TestSigningOutEndsTheConnection(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	streams := map[collections.Domain]*stream{}
	for _, domain := range []collections.Domain{collections.DomainProjects, collections.DomainPayments, collections.DomainMessages} {
		streams[domain] = listen(t, s.Freelancer, domain, "*")
	}
	s.Freelancer.Do(http.MethodPost, "/api/users/api/auth/sign-out", Body{}).Want(t, http.StatusNoContent, "")
	m.Deliver()
	for domain, stream := range streams {
		select {
		case <-stream.closed:
		case <-time.After(time.Second):
			t.Errorf("Expected the connection to %s to end within a second", domain)
		}
	}
}

// TestEarningsAreOnesOwn: a user id in the query changes nothing.
func TestEarningsAreOnesOwn(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	s.Client.Command(collections.DomainPayments, "payments/"+s.Payment+"/release", Key(), nil).Want(t, http.StatusOK, "")
	stranger := m.User(collections.RoleFreelancer)
	for _, path := range []string{"summary", "monthly", "forecast"} {
		answer := stranger.Do(http.MethodGet, "/api/payments/api/earnings/"+path+"?user="+s.Freelancer.ID+"&id="+s.Freelancer.ID, nil)
		if answer.Status != http.StatusOK || strings.Contains(string(answer.Raw), "EUR") {
			t.Errorf("Expected a stranger's own, empty %s, got %s", path, answer.Raw)
		}
	}
}

var seqPattern = regexp.MustCompile(`"seq":(\d+)`)

// seqs returns the numbers of the messages that arrived under name, as far as they are in order.
func seqs(s *stream, name string) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := []int{}
	for _, event := range s.events {
		match := seqPattern.FindStringSubmatch(event)
		if !strings.HasPrefix(event, name) || match == nil {
			continue
		}
		seq, _ := strconv.Atoi(match[1])
		if len(got) > 0 && seq <= got[len(got)-1] {
			return append(got, -seq)
		}
		got = append(got, seq)
	}
	return got
}
