package services

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
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
	writing       bool
	closed        bool
	onClose       []func()

	socket net.Conn
	beats  *time.Timer
	until  time.Time
	done   chan struct{}
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
	conn := &Connection{id: randomToken(30), ip: ip, live: l, done: make(chan struct{})}
	if !l.add(conn) {
		conn.Close()
	}
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
// keeps what was rendered for others: the same for all of them unless the news is
// personal, or options ask the database in the subscriber's name.
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
		if news.Personal || sub.options.raw != "" {
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

// eventFrame is one server-sent event on the wire, with its name and data.
func eventFrame(name string, data []byte) []byte {
	size := len("event:") + len(name) + len("\ndata:") + len(data) + len("\n\n")
	frame := make([]byte, 0, size+16)
	frame = append(strconv.AppendInt(frame, int64(size), 16), "\r\nevent:"...)
	frame = append(append(frame, name...), "\ndata:"...)
	return append(append(frame, data...), "\n\n\r\n"...)
}

// textFrame is any text on the wire: a chunk (RFC 9112, 7.1).
func textFrame(text string) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(text), text) }

// SendEvent queues an event of another broker.
func (c *Connection) SendEvent(name string, data []byte) {
	c.live.told.Add(1)
	c.Send(eventFrame(name, data))
}

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
	begin := !slow && !c.writing && c.socket != nil
	c.writing = c.writing || begin
	c.mu.Unlock()
	if slow {
		c.Close()
	} else if begin {
		go c.flush()
	}
}

// take returns what is queued; when there is nothing, the writer's job is done.
func (c *Connection) take() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	frames := c.queue
	c.queue, c.queued, c.writing = nil, 0, len(frames) > 0
	return frames
}

// flush writes until nothing is queued. A connection has at most one writer, and
// none while it is idle.
func (c *Connection) flush() {
	for frames := c.take(); len(frames) > 0; frames = c.take() {
		if err := c.write(frames...); err != nil {
			c.Close()
			return
		}
	}
}

// write sends frames, and not before what they may speak of is on disk. The
// frames are shared with other connections.
func (c *Connection) write(frames ...[]byte) error {
	if err := c.live.settle(); err != nil {
		return err
	}
	if err := c.socket.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if len(frames) == 1 {
		_, err := c.socket.Write(frames[0])
		return err
	}
	_, err := (*net.Buffers)(&frames).WriteTo(c.socket)
	return err
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
	if c.socket != nil {
		c.beats.Stop()
		_ = c.socket.Close()
	}
	c.mu.Unlock()
	c.live.remove(c)
	for _, fn := range ended {
		fn()
	}
}

var ping = textFrame(":\n\n")

// Serve answers the request behind w with the stream and returns; the stream goes
// on. The socket is taken over from the HTTP server, which would keep two
// goroutines with deep stacks and two buffers for as long as the client listens.
func (c *Connection) Serve(w http.ResponseWriter) error {
	var head bytes.Buffer
	head.WriteString("HTTP/1.1 200 OK\r\n")
	header := w.Header().Clone()
	header.Set("Transfer-Encoding", "chunked")
	if err := header.Write(&head); err != nil {
		return errors.Join(err, c.abandon())
	}
	head.WriteString("\r\n")
	socket, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return errors.Join(fmt.Errorf("failed to take over a connection: %w", err), c.abandon())
	}
	_ = socket.SetDeadline(time.Time{})
	hello := textFrame("id:" + c.id + "\nevent:PB_CONNECT\ndata:{\"clientId\":\"" + c.id + "\"}\n\n")
	c.mu.Lock()
	c.socket, c.until = socket, time.Now().Add(maxConnection)
	c.beats = time.AfterFunc(heartbeatEvery, c.beat)
	closed := c.closed
	if closed { // the instance is stopping
		c.beats.Stop()
		_ = socket.Close()
	}
	// The writer's job is taken until hello is out: it comes first.
	c.writing = true
	c.mu.Unlock()
	if closed || c.write(head.Bytes(), hello) != nil {
		return c.abandon()
	}
	go c.watch()
	c.flush()
	return nil
}

// abandon closes a connection that never came to be.
func (c *Connection) abandon() error {
	c.Close()
	return nil
}

// watch waits for the client to leave. It sends nothing, so reading ends then.
func (c *Connection) watch() {
	defer c.Close()
	var nothing [1]byte
	for {
		if _, err := c.socket.Read(nothing[:]); err != nil {
			return
		}
	}
}

// beat shows proxies and ourselves that the other side is there, and ends what is old.
func (c *Connection) beat() {
	if time.Now().After(c.until) {
		c.Close()
		return
	}
	c.Send(ping)
	c.beats.Reset(heartbeatEvery)
}
