package process

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Faulty is a TCP proxy that can be told to fail, as networks and servers do.
type Faulty struct {
	// Addr is where it listens.
	Addr   string
	target string

	mu    sync.Mutex
	fault Fault
	conns map[net.Conn]bool
}

// Fault is a way to fail. The zero value is none.
type Fault struct {
	// Down closes every connection at once.
	Down bool
	// Hang takes connections and requests and never answers.
	Hang bool
	// ResetUp and ResetDown cut a connection off, hard, after so many bytes from or to
	// the client (0: never).
	ResetUp, ResetDown int64
	// Slow is a pause before every 64 KB in either direction.
	Slow time.Duration
}

// NewFaulty starts a proxy to target that works until told otherwise.
func NewFaulty(tb testing.TB, target string) *Faulty {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	f := &Faulty{Addr: listener.Addr().String(), target: target, conns: map[net.Conn]bool{}}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go f.serve(conn)
		}
	}()
	tb.Cleanup(func() {
		_ = listener.Close()
		f.Set(Fault{Down: true})
	})
	return f
}

// Set makes it fail so from now on, and ends the connections there are: clients
// keep them, and would not notice.
func (f *Faulty) Set(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
	for conn := range f.conns {
		_ = conn.Close()
	}
	f.conns = map[net.Conn]bool{}
}

func (f *Faulty) serve(client net.Conn) {
	defer client.Close()
	f.mu.Lock()
	fault := f.fault
	f.conns[client] = true
	f.mu.Unlock()
	switch {
	case fault.Down:
		return
	case fault.Hang:
		_, _ = io.Copy(io.Discard, client)
		return
	}
	server, err := net.Dial("tcp", f.target)
	if err != nil {
		return
	}
	defer server.Close()
	ended := make(chan struct{}, 2)
	go func() {
		pass(server, client, client, fault.ResetUp, fault.Slow)
		ended <- struct{}{}
	}()
	go func() {
		pass(client, server, client, fault.ResetDown, fault.Slow)
		ended <- struct{}{}
	}()
	<-ended
}

// pass copies from one to the other and resets the client's connection after limit bytes.
func pass(to io.Writer, from io.Reader, client net.Conn, limit int64, slow time.Duration) {
	buffer, passed := make([]byte, 64<<10), int64(0)
	for {
		n, err := from.Read(buffer)
		time.Sleep(slow)
		if passed += int64(n); limit > 0 && passed > limit {
			if tcp, ok := client.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // a reset and not an end
			}
			_ = client.Close()
			return
		}
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
			return
		}
	}
}
