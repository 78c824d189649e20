package services

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Bounds of one connection. What does not fit is not dropped in silence: the
// connection is closed, the SDK connects again and fetches what it missed.
const (
	maxQueuedFrames = 512
	maxQueuedBytes  = 1 << 20
	writeTimeout    = 20 * time.Second
	// heartbeatEvery keeps proxies from cutting a quiet connection (nginx: 60 s) and finds out who has left.
	heartbeatEvery = 50 * time.Second
	// maxConnection makes a client reconnect now and then, as PocketBase does.
	maxConnection = 30 * time.Minute
)

// Connection is one event stream: an ordered queue and what its client
// subscribed to.
type Connection struct {
	id   string
	ip   string
	live *Live

	mu            sync.Mutex
	session, user string
	topics        map[string][]subscription
	queue         [][]byte
	queued        int
	closed        bool
	onClose       []func()

	wake chan struct{}
	done chan struct{}
}

// subscription is a topic as the client spelled it, with its options.
type subscription struct {
	name    string
	options TopicOptions
}

// TopicOptions are the query of a subscription: expand, fields, filter.
type TopicOptions struct {
	raw                    string
	Expand, Fields, Filter string
}

// Connect makes a connection from ip.
func (l *Live) Connect(ip string) *Connection {
	conn := &Connection{id: randomToken(30), ip: ip, live: l, wake: make(chan struct{}, 1), done: make(chan struct{})}
	l.add(conn)
	return conn
}

// ID names the connection; whoever knows it may subscribe with it.
func (c *Connection) ID() string { return c.id }

// IP is where the connection came from.
func (c *Connection) IP() string { return c.ip }

// User is whom the connection belongs to, "" while nobody is signed in.
func (c *Connection) User() string {
	_, user := c.identity()
	return user
}

func (c *Connection) identity() (session, user string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session, c.user
}

// Subscribe replaces what the connection listens to. user and session are whose it is.
func (c *Connection) Subscribe(session, user string, names []string) {
	topics := map[string][]subscription{}
	for _, name := range names {
		topic, options := parseTopic(name)
		topics[topic] = append(topics[topic], subscription{name: name, options: options})
	}
	c.mu.Lock()
	fresh := c.user == "" && user != ""
	c.session, c.topics = session, topics
	if user != "" {
		c.user = user
	}
	closed := c.closed
	c.mu.Unlock()
	if fresh && !closed {
		c.live.identify(c, user)
		// Closed in between: nobody else would take it out of the index again.
		select {
		case <-c.done:
			c.live.remove(c)
		default:
		}
	}
}

// parseTopic splits messages/*?options={"query":{"expand":"sender"}}.
func parseTopic(name string) (string, TopicOptions) {
	topic, query, _ := strings.Cut(name, "?")
	options := TopicOptions{}
	values, err := url.ParseQuery(query)
	raw := values.Get("options")
	if err != nil || raw == "" {
		return topic, options
	}
	var given struct{ Query map[string]any }
	if json.Unmarshal([]byte(raw), &given) != nil {
		return topic, options
	}
	text := func(key string) string {
		value, _ := given.Query[key].(string)
		return value
	}
	options.raw, options.Expand, options.Fields, options.Filter = raw, text("expand"), text("fields"), text("filter")
	return topic, options
}

// hear queues news under every name the connection subscribed to it. rendered
// keeps what was rendered for others: the same for all of them unless options
// ask the database in the subscriber's name.
func (c *Connection) hear(news News, rendered map[string][]byte) {
	c.mu.Lock()
	user := c.user
	var wanted []subscription
	for _, topic := range news.Topics {
		wanted = append(wanted, c.topics[topic]...)
	}
	c.mu.Unlock()
	for _, sub := range wanted {
		key := sub.name
		if sub.options.raw != "" {
			key = user + " " + key
		}
		frame, ok := rendered[key]
		if !ok {
			if data := news.Render(user, sub.options); data != nil {
				frame = eventFrame(sub.name, data)
			}
			rendered[key] = frame
		}
		if frame != nil {
			c.Send(frame)
		}
	}
}

// eventFrame is one server-sent event on the wire.
func eventFrame(name string, data []byte) []byte {
	var frame bytes.Buffer
	frame.Grow(len(name) + len(data) + 20)
	frame.WriteString("event:")
	frame.WriteString(name)
	frame.WriteString("\ndata:")
	frame.Write(data)
	frame.WriteString("\n\n")
	return frame.Bytes()
}

// SendEvent queues an event.
func (c *Connection) SendEvent(name string, data []byte) { c.Send(eventFrame(name, data)) }

// Send queues a frame. A connection that cannot keep up is closed.
func (c *Connection) Send(frame []byte) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	slow := len(c.queue) >= maxQueuedFrames || c.queued+len(frame) > maxQueuedBytes
	if !slow {
		c.queue = append(c.queue, frame)
		c.queued += len(frame)
	}
	c.mu.Unlock()
	if slow {
		c.Close()
		return
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Connection) take() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	frames := c.queue
	c.queue, c.queued = nil, 0
	return frames
}

// OnClose runs fn when the connection has ended.
func (c *Connection) OnClose(fn func()) {
	c.mu.Lock()
	if !c.closed {
		c.onClose = append(c.onClose, fn)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	fn()
}

// Close ends the connection. It may be called at any time, and twice.
func (c *Connection) Close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed, c.queue, c.queued = true, nil, 0
	close(c.done)
	ended := c.onClose
	c.mu.Unlock()
	c.live.remove(c)
	for _, fn := range ended {
		fn()
	}
}

var ping = []byte(":\n\n")

// Serve writes the queue to w until the client leaves or the connection is closed.
func (c *Connection) Serve(ctx context.Context, w http.ResponseWriter) {
	defer c.Close()
	out := http.NewResponseController(w)
	write := func(frames ...[]byte) error {
		// Not every writer knows deadlines (a recorder does not); a dead peer then costs its queue.
		if err := out.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		for _, frame := range frames {
			if _, err := w.Write(frame); err != nil {
				return err
			}
		}
		return out.Flush()
	}
	hello := []byte("id:" + c.id + "\nevent:PB_CONNECT\ndata:{\"clientId\":\"" + c.id + "\"}\n\n")
	if write(hello) != nil {
		return
	}
	heartbeat := time.NewTicker(heartbeatEvery)
	defer heartbeat.Stop()
	end := time.NewTimer(maxConnection)
	defer end.Stop()
	for {
		var err error
		select {
		case <-c.wake:
			err = write(c.take()...)
		case <-heartbeat.C:
			err = write(ping)
		case <-c.done:
			return
		case <-end.C:
			return
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}
