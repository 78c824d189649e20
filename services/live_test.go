package services

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// stuck is a client that connects and then reads nothing.
func stuck(t *testing.T, live *Live) (*Connection, *http.Response) {
	t.Helper()
	connected := make(chan *Connection, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn := live.Connect("127.0.0.1")
		conn.Subscribe("session", "user", []string{"messages/*"})
		defer func() { connected <- conn }()
		if err := conn.Serve(w); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return <-connected, res
}

// TestASlowConnectionIsClosedNotSkipped: what does not fit into the queue closes
// the connection; up to there, everything arrives in order, so the client knows
// where to fetch on.
func TestASlowConnectionIsClosedNotSkipped(t *testing.T) {
	t.Parallel()
	live := NewLive(nil)
	conn, res := stuck(t, live) //nolint:bodyclose // by the test
	text := strings.Repeat("x", 64<<10)
	sent := 0
	for ; sent < 10_000; sent++ {
		select {
		case <-conn.done:
		default:
			live.Deliver(News{To: []string{"user"}, Topics: []string{"messages/*"}, Render: func(string, TopicOptions) []byte {
				return fmt.Appendf(nil, `{"seq":%d,"body":%q}`, sent, text)
			}})
			continue
		}
		break
	}
	if sent == 10_000 {
		t.Fatal("Expected a connection that does not read to be closed")
	}
	if live.Count() != 0 || len(live.Online([]string{"user"})) != 0 {
		t.Error("Expected nothing to be left of the connection")
	}
	// Now it reads: the beginning of what was sent, without a hole.
	lines, next := bufio.NewReader(res.Body), 0
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		if data, ok := strings.CutPrefix(line, `data:{"seq":`); ok {
			if !strings.HasPrefix(data, fmt.Sprintf("%d,", next)) {
				t.Fatalf("Expected %d next, got %.20s", next, data)
			}
			next++
		}
	}
	if next >= sent {
		t.Errorf("Expected less than the %d sent to arrive, got %d", sent, next)
	}
}

// TestLiveForgetsWhoLeft: a connection that ends leaves no trace, whichever of
// the two ends it.
func TestLiveForgetsWhoLeft(t *testing.T) {
	t.Parallel()
	live := NewLive(nil)
	came, left := make(chan string, 4), make(chan string, 4)
	live.onPresence = func(user string, online bool) {
		if online {
			came <- user
		} else {
			left <- user
		}
	}
	conn, res := stuck(t, live)
	<-came
	_ = res.Body.Close()
	select {
	case <-left:
	case <-time.After(30 * time.Second):
		t.Fatal("Expected the server to notice who left")
	}
	conn.Close() // twice is once
	if live.Count() != 0 {
		t.Errorf("Expected no connection, got %d", live.Count())
	}
}
