package tests

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// Stream is one realtime connection to the messages instance, as the SDK holds
// it: a GET that stays open, and a POST that says what to listen to.
type Stream struct {
	lines *bufio.Reader
	close func()
	// Patience is how long the stream may say nothing; 0 for ever.
	Patience time.Duration
	conn     net.Conn
}

// OpenStream connects to the gateway at base and subscribes with token. client
// sends the subscription.
func OpenStream(ctx context.Context, client *http.Client, base, token string, topics ...string) (*Stream, error) {
	return OpenStreamAt(ctx, client, base+services.Prefix(collections.DomainMessages), token, topics...)
}

// OpenStreamAt is OpenStream for the instance at root, whatever is in front of it.
func OpenStreamAt(ctx context.Context, client *http.Client, root, token string, topics ...string) (*Stream, error) {
	target, err := url.Parse(root + "/api/realtime")
	if err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", target.Host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	s := &Stream{conn: conn, close: func() {
		stop()
		_ = conn.Close()
	}}
	if err := s.begin(ctx, client, target, token, topics); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *Stream) begin(ctx context.Context, client *http.Client, target *url.URL, token string, topics []string) error {
	_ = s.conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprintf(s.conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", target.Path, target.Host); err != nil {
		return err
	}
	// Small buffers: a crowd of ten thousand lives in one test process.
	answer, err := http.ReadResponse(bufio.NewReaderSize(s.conn, 512), nil) //nolint:bodyclose // it is read until the connection ends
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream was answered with %d", answer.StatusCode)
	}
	s.lines = bufio.NewReaderSize(answer.Body, 512)
	_, data, err := s.Next()
	if err != nil {
		return err
	}
	var hello struct{ ClientID string }
	if err := json.Unmarshal(data, &hello); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"clientId": hello.ClientID, "subscriptions": topics})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", token)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("the subscription was answered with %d", res.StatusCode)
	}
	return s.conn.SetDeadline(time.Time{})
}

// Next waits for an event.
func (s *Stream) Next() (name string, data []byte, err error) {
	for {
		if s.Patience > 0 {
			_ = s.conn.SetReadDeadline(time.Now().Add(s.Patience))
		}
		line, err := s.lines.ReadBytes('\n')
		if err != nil {
			return "", nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if value, ok := bytes.CutPrefix(line, []byte("event:")); ok {
			name = string(bytes.TrimSpace(value))
		} else if value, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			return name, value, nil
		}
	}
}

// Close ends the connection.
func (s *Stream) Close() { s.close() }

// Shown is a message on a screen.
type Shown struct {
	Seq      int    `json:"seq"`
	Body     string `json:"body"`
	ClientID string `json:"clientId"`
}

// Screen is one device that shows one chat: it listens, and fetches what it
// missed when it connects and when it sees a gap. That is all a client has to do
// to show every message once and in order.
type Screen struct {
	person *Person
	chat   string
	client *http.Client

	mu      sync.Mutex
	changed chan struct{}
	shown   []Shown
	broken  error
	// Streams counts connections, Caught the messages that were fetched and not heard.
	Streams, Caught int
}

// NewScreen makes a screen of person that has shown nothing yet.
func NewScreen(person *Person, chat string) *Screen {
	return &Screen{person: person, chat: chat, changed: make(chan struct{}), client: ImpatientClient()}
}

// ImpatientClient gives up on a request after a while, as on a bad line one must.
func ImpatientClient() *http.Client {
	return &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
}

// Run keeps the screen up to date until ctx is done.
func (s *Screen) Run(ctx context.Context) {
	for ctx.Err() == nil {
		_ = s.live(ctx) // whatever it was, connect again
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Screen) live(ctx context.Context) error {
	stream, err := OpenStream(ctx, s.client, s.person.base, s.person.token(), "messages/*")
	if err != nil {
		return err
	}
	defer stream.Close()
	stream.Patience = 5 * time.Second // the line may be dead without a word
	s.mu.Lock()
	s.Streams++
	s.mu.Unlock()
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	for {
		_, data, err := stream.Next()
		if err != nil {
			return err
		}
		var event struct {
			Action string
			Record struct {
				Shown
				Chat string
			}
		}
		if err := json.Unmarshal(data, &event); err != nil {
			return err
		}
		if event.Action != "create" || event.Record.Chat != s.chat {
			continue
		}
		if !s.show(event.Record.Shown) {
			if err := s.catchUp(ctx); err != nil {
				return err
			}
		}
	}
}

// show puts a message on the screen; false says that one before it is missing.
func (s *Screen) show(message Shown) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := 0
	if n := len(s.shown); n > 0 {
		last = s.shown[n-1].Seq
	}
	if message.Seq <= last {
		return true // heard and fetched
	}
	if message.Seq != last+1 {
		return false
	}
	s.shown = append(s.shown, message)
	close(s.changed)
	s.changed = make(chan struct{})
	return true
}

// catchUp fetches what came after the last message shown.
func (s *Screen) catchUp(ctx context.Context) error {
	for {
		s.mu.Lock()
		last := len(s.shown)
		s.mu.Unlock()
		var page struct{ Items []Shown }
		err := s.ask(ctx, fmt.Sprintf("/api/chats/%s/messages?after=%d&limit=500", s.chat, last), &page)
		if err != nil || len(page.Items) == 0 {
			return err
		}
		for _, message := range page.Items {
			if !s.show(message) {
				s.fail(fmt.Errorf("message %d was answered after %d: there is a gap on the server", message.Seq, last))
			}
		}
		s.mu.Lock()
		s.Caught += len(s.shown) - last
		s.mu.Unlock()
	}
}

func (s *Screen) ask(ctx context.Context, path string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.person.base+services.Prefix(collections.DomainMessages)+path, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", s.person.token())
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %d: %.200s", res.StatusCode, raw)
	}
	return json.Unmarshal(raw, answer)
}

func (s *Screen) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = errors.Join(s.broken, err)
}

// Shown returns what is on the screen, and what should never have happened.
func (s *Screen) Shown() ([]Shown, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Shown(nil), s.shown...), s.broken
}

// Until waits until the screen shows count messages.
func (s *Screen) Until(count int, within time.Duration) error {
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		s.mu.Lock()
		shown, changed := len(s.shown), s.changed
		s.mu.Unlock()
		if shown >= count {
			return nil
		}
		select {
		case <-changed:
		case <-late.C:
			return fmt.Errorf("the screen shows %d messages, %d were sent", shown, count)
		}
	}
}

// Send sends a message until it is acknowledged, as somebody does whose line is
// bad, and sometimes (when double says so) twice at once. It returns its number.
func Send(ctx context.Context, client *http.Client, p *Person, chat, body, clientID string, double bool) (int, error) {
	raw, err := json.Marshal(Body{"chat": chat, "body": body, "clientId": clientID})
	if err != nil {
		return 0, err
	}
	once := func() (int, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+services.Prefix(collections.DomainMessages)+"/api/collections/messages/records", bytes.NewReader(raw))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", p.token())
		res, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			return 0, err
		}
		var sent Shown
		if res.StatusCode != http.StatusOK {
			return 0, fmt.Errorf("%w: %d %.300s", errRefused, res.StatusCode, answer)
		}
		if err := json.Unmarshal(answer, &sent); err != nil {
			return 0, err
		}
		return sent.Seq, nil
	}
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if double {
			go func() { _, _ = once() }()
		}
		seq, err := once()
		if err == nil {
			return seq, nil
		}
		// On the way a bad line may answer too; only the marketplace's own no is a no.
		if errors.Is(err, errRefused) && strings.Contains(err.Error(), `"code"`) && !strings.Contains(err.Error(), " 503 ") {
			return 0, err
		}
		select {
		case <-ctx.Done():
			return 0, errors.Join(ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

var errRefused = errors.New("the message was refused")
