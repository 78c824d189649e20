package fuzz

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

// held is what a payment has, as its client reads it.
type held struct{ released, refunded, disputed, amount int64 }

func heldOf(t *testing.T, m *tests.Market, s *tests.Story) held {
	t.Helper()
	got := ask(t, m, request{domain: payments, method: http.MethodGet, path: records("payments") + "/" + s.Payment, token: s.Client.Token})
	return held{got.number("released"), got.number("refunded"), got.number("disputed"), got.number("amount")}
}

// whole is the number of minor units that a JSON value spells, if it is one.
func whole(raw string) (int64, bool) {
	var number json.Number
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&number); err != nil || strings.HasPrefix(strings.TrimSpace(raw), `"`) {
		return 0, false
	}
	value, err := number.Float64()
	return int64(value), err == nil && value == float64(int64(value))
}

// FuzzAmounts: whatever stands for an amount in a command that moves money, what
// moves is exactly the whole number that was written, or nothing.
func FuzzAmounts(f *testing.F) {
	g := on(f)
	for n, raw := range []string{"1", "100000", "0", "-1", "1.5", "1e3", "1e15", "99999999999999999999", "-0", `"5"`, "true", "null", "[1]", "{}", "9007199254740993", "1E-400", "0x10", " 7 ", ""} {
		f.Add(raw, uint8(n))
	}
	m := tests.New(g)
	s := funded(m)
	f.Fuzz(func(t *testing.T, raw string, command uint8) {
		g.now = t
		before := heldOf(t, m, s)
		if before.amount-before.released-before.refunded-before.disputed < 1000 {
			s = funded(m)
			before = heldOf(t, m, s)
		}
		verb := []string{"release", "refund", "ask-refund", "dispute"}[command%4]
		by := s.Client
		if verb == "refund" {
			by = s.Freelancer
		}
		body := fmt.Sprintf(`{"amount":%s,"reason":"fuzz"}`, raw)
		got := ask(t, m, request{domain: payments, method: http.MethodPost, path: "/api/payments/" + s.Payment + "/" + verb, token: by.Token, key: tests.Key(), body: body})
		after := heldOf(t, m, s)
		moved := after.released - before.released + after.refunded - before.refunded + after.disputed - before.disputed
		amount, number := whole(raw)
		switch {
		case got.status != http.StatusOK || verb == "ask-refund":
			if moved != 0 {
				t.Errorf("Expected %s to move nothing, it moved %d: %s", body, moved, got.raw)
			}
		case json.Valid([]byte(body)) && (!number || moved != amount) && !strings.Contains(body, "null") && !strings.Contains(raw, ":") && !strings.Contains(raw, "amount"):
			t.Errorf("Expected %s to move %s, it moved %d", body, raw, moved)
		}
		if moved < 0 || after.released+after.refunded+after.disputed > after.amount {
			t.Errorf("Expected no more to leave than is held, got %+v after %s", after, body)
		}
		if verb == "dispute" && got.status == http.StatusOK {
			sound(t, m)
			s = funded(m) // of this one a part is locked for good
		}
	})
}

// FuzzKeys: one key has one effect and one answer, byte for byte; another body
// under it is refused; what is no key is refused.
func FuzzKeys(f *testing.F) {
	g := on(f)
	for _, key := range []string{"key", "", " ", "a b", "ключ", "\x00", "a\nb", strings.Repeat("k", 200), strings.Repeat("k", 201), "'; DROP TABLE idem; --", "\x7f", "~!", "\tkey\t"} {
		f.Add(key, uint8(1))
	}
	m := tests.New(g)
	s := funded(m)
	f.Fuzz(func(t *testing.T, key string, amount uint8) {
		g.now = t
		key = fresh(key)
		amount = max(amount, 1)
		before := heldOf(t, m, s)
		if before.amount-before.released < 10_000 {
			s = funded(m)
			before = heldOf(t, m, s)
		}
		release := func(amount uint8) answer {
			return ask(t, m, request{
				domain: payments, method: http.MethodPost, path: "/api/payments/" + s.Payment + "/release", token: s.Client.Token,
				headers: map[string]string{"Idempotency-Key": key}, body: fmt.Sprintf(`{"amount":%d}`, amount),
			})
		}
		first, again, other := release(amount), release(amount), release((amount+1)|1)
		moved := heldOf(t, m, s).released - before.released
		if !isKey(key) {
			want := services.CodeKeyInvalid
			if strings.TrimSpace(key) == "" {
				want = services.CodeKeyRequired
			}
			if first.code() != want || moved != 0 {
				t.Errorf("Expected %q to be refused with %s, got %d %s and %d moved", key, want, first.status, first.code(), moved)
			}
			return
		}
		if first.status != http.StatusOK || string(first.raw) != string(again.raw) || again.header.Get("Idempotency-Replayed") == "" {
			t.Errorf("Expected one answer to %q, got %d %s and %d %s", key, first.status, first.raw, again.status, again.raw)
		}
		if want := int64(amount); first.header.Get("Idempotency-Replayed") == "" && moved != want {
			t.Errorf("Expected %q to move %d once, it moved %d", key, want, moved)
		}
		if other.code() != services.CodeKeyReused {
			t.Errorf("Expected another body under %q to be refused, got %d %s", key, other.status, other.raw)
		}
	})
}

// fresh makes a key one that nobody has used: the same input is tried many times.
func fresh(key string) string {
	if !isKey(key) {
		return key
	}
	own := tests.Key()
	key = strings.TrimSpace(key)
	return key[:min(len(key), 200-len(own))] + own
}

// isKey says independently of the service what a key is.
func isKey(key string) bool {
	key = strings.TrimSpace(key)
	if key == "" || len(key) > 200 || !utf8.ValidString(key) {
		return false
	}
	for _, letter := range []byte(key) {
		if letter < '!' || letter > '~' {
			return false
		}
	}
	return true
}
