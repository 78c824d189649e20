//go:build faults

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// badLine is a connection between a device and the marketplace on which
// everything happens that happens on a train: it is slow by a varying amount (so
// that what is sent on two connections arrives in another order), it hands bytes
// over in pieces, resets, goes dead without a word, and is gone for a while.
type badLine struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
	// Troubles counts what happened.
	troubles map[string]int
}

// newBadLine puts a line in front of upstream. It is a good one until trouble.
func newBadLine(t *testing.T, upstream string) *badLine {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	line := &badLine{t: t, proxy: toxiproxy.NewProxy(server, "line", "127.0.0.1:0", upstream), troubles: map[string]int{}}
	if err := line.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(line.proxy.Stop)
	return line
}

// base is where the marketplace is reached over the line.
func (l *badLine) base() string { return "http://" + l.proxy.Listen }

// trouble lets one thing after another happen, until ctx is done.
func (l *badLine) trouble(ctx context.Context, random *rand.Rand) {
	pause := func(least, most int) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(least+random.IntN(most-least)) * time.Millisecond):
		}
	}
	for ctx.Err() == nil {
		direction := []string{"upstream", "downstream"}[random.IntN(2)]
		switch kind := []string{"latency", "slicer", "reset_peer", "timeout", "gone"}[random.IntN(5)]; kind {
		case "gone":
			l.troubles[kind]++
			l.proxy.Stop()
			pause(20, 200)
			if err := l.proxy.Start(); err != nil {
				l.t.Errorf("Failed to bring the line back: %v", err)
				return
			}
		default:
			l.troubles[kind]++
			attributes := map[string]string{
				"latency":    fmt.Sprintf(`{"latency": %d, "jitter": %d}`, 5+random.IntN(60), random.IntN(40)),
				"slicer":     fmt.Sprintf(`{"average_size": %d, "size_variation": 20, "delay": 100}`, 40+random.IntN(400)),
				"reset_peer": `{"timeout": 0}`,
				"timeout":    fmt.Sprintf(`{"timeout": %d}`, 50+random.IntN(300)),
			}[kind]
			toxic := fmt.Sprintf(`{"name": "trouble", "type": %q, "stream": %q, "toxicity": %.2f, "attributes": %s}`, kind, direction, 0.3+0.7*random.Float64(), attributes)
			if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
				l.t.Errorf("Failed to make trouble: %v", err)
				return
			}
			pause(50, 300)
			if err := l.proxy.Toxics.RemoveToxic(context.Background(), "trouble"); err != nil {
				l.t.Errorf("Failed to end trouble: %v", err)
				return
			}
		}
		pause(20, 400)
	}
}
