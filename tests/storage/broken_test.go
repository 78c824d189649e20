package storage

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/lancershub/lancershub/storage"
)

// TestBrokenBodiesAreNotStored: a connection that ends, in either way, before the
// announced length leaves nothing behind, no part and no object.
func TestBrokenBodiesAreNotStored(t *testing.T) {
	s := start(t)
	c := client(t, s, s.bucket)
	if err := c.Make(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, sent := range []int{1000, 1 << 20, 7 << 20} {
		for _, reset := range []bool{false, true} {
			key := fmt.Sprintf("cut/%d-%v", sent, reset)
			id, err := c.Begin(t.Context(), storage.Object{Key: key})
			if err != nil {
				t.Fatal(err)
			}
			part, err := c.PresignPart(s.endpoint.URL, key, id, 1, storage.PartSize, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := c.Presign(http.MethodPut, s.endpoint.URL, key, nil, http.Header{"Content-Length": {fmt.Sprint(storage.PartSize)}}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			breakOff(t, part, sent, reset)
			breakOff(t, whole, sent, reset)
			if parts, err := c.Parts(t.Context(), key, id); err != nil || len(parts) != 0 {
				t.Errorf("%s: expected no part, got %v %v", key, parts, err)
			}
			if object, err := c.Stat(t.Context(), key); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: expected no object, got %+v %v", key, object, err)
			}
			if err := c.Abort(t.Context(), key, id); err != nil {
				t.Error(err)
			}
		}
	}
}

// breakOff announces a part and sends less. It waits until the server has done with it.
func breakOff(t *testing.T, target *url.URL, sent int, reset bool) {
	t.Helper()
	conn, err := net.Dial("tcp", target.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("Expected a TCP connection, got %T", conn)
	}
	fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", target.RequestURI(), target.Host, storage.PartSize)
	if _, err := conn.Write(bytesOf(sent)); err != nil {
		t.Fatal(err)
	}
	if reset {
		_ = tcp.SetLinger(0)
		_ = conn.Close()
		time.Sleep(200 * time.Millisecond) // nobody says when the server has noticed
		return
	}
	if err := tcp.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
		if res.StatusCode < 400 {
			t.Errorf("Expected a refusal after %d bytes, got %d", sent, res.StatusCode)
		}
		_ = res.Body.Close()
	}
}
