package stripesim

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"
)

// tell makes an event of what an object is now.
func (s *Server) tell(kind string, object Object) {
	s.count++
	frozen := Object{}
	if err := json.Unmarshal(encode(object), &frozen); err != nil {
		panic(err)
	}
	s.events = append(s.events, Object{
		"id": "evt_sim" + strconv.Itoa(s.count), "object": "event", "api_version": stripe.APIVersion, "created": s.Now().Unix(),
		"livemode": false, "type": kind, "data": Object{"object": frozen},
	})
}

// Events returns what has happened since the last call, as bodies of webhooks, oldest first.
func (s *Server) Events() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	bodies := make([][]byte, len(s.events))
	for n, event := range s.events {
		bodies[n] = encode(event)
	}
	s.events = nil
	return bodies
}

// Sign returns the Stripe-Signature header of a body sent at a time.
func (s *Server) Sign(body []byte, at time.Time) string {
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(webhook.ComputeSignature(at, body, s.Secret)))
}

// Post sends a webhook to url and returns the status of the answer and its body.
func (s *Server) Post(url string, body []byte, signature string) (int, []byte) {
	s.tb.Helper()
	req, err := http.NewRequestWithContext(s.tb.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		s.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Stripe-Signature", signature)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	var answer bytes.Buffer
	_, _ = answer.ReadFrom(res.Body)
	return res.StatusCode, answer.Bytes()
}

// Disorder returns bodies as a bad network delivers them: shuffled, some twice,
// and some (lost) not at all.
func Disorder(random *rand.Rand, bodies [][]byte, lost float64) [][]byte {
	var arriving [][]byte
	for _, body := range bodies {
		if random.Float64() < lost {
			continue
		}
		arriving = append(arriving, body)
		for random.Float64() < 0.3 {
			arriving = append(arriving, body)
		}
	}
	random.Shuffle(len(arriving), func(a, b int) { arriving[a], arriving[b] = arriving[b], arriving[a] })
	return arriving
}
