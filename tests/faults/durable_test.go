//go:build faults

package faults

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// TestTheDiskHearsFirst looks at the system calls of the real binary: before the
// answer to a money command goes to the socket, the commit with its key has been
// written to the log and an fsync of the log has begun after that and ended.
func TestTheDiskHearsFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	p := process.Traced(t, trace, process.FreePort(t), filepath.Join(dir, "data"), nil)
	m := tests.Remote(t, "http://"+p.Addr)
	var answers []proof
	command := func(s *tests.Story, verb, key string, by *tests.Person, body tests.Body) {
		by.Command(collections.DomainPayments, "payments/"+s.Payment+"/"+verb, key, body).Want(t, http.StatusOK, "")
		answers = append(answers, proof{what: verb, key: key, answer: s.Payment})
	}
	for range 3 {
		s := tests.Hired(m)
		key := "first-" + s.Milestone
		paid := s.Pay(key, nil)
		paid.Want(t, http.StatusOK, "")
		s.Payment = paid.Text("id")
		answers = append(answers, proof{what: "create", key: key, answer: s.Payment})
		command(s, "release", "part-"+s.Payment, s.Client, tests.Body{"amount": 1000})
		command(s, "refund", "back-"+s.Payment, s.Freelancer, tests.Body{"amount": 500})
		command(s, "release", "rest-"+s.Payment, s.Client, nil)
	}
	p.Kill()
	calls := process.ReadTrace(t, trace)
	sent := map[string]int{}
	for _, one := range answers {
		// The nth answer that names the payment is the answer to the nth command.
		all := writesTo(calls, func(c *process.Call) bool {
			return strings.HasPrefix(c.File, "TCP:") && bytes.HasPrefix(c.Data, []byte("HTTP/1.1 200")) && bytes.Contains(c.Data, []byte(one.answer))
		})
		if len(all) <= sent[one.answer] {
			t.Fatalf("Expected the answer to %s in the trace", one.what)
		}
		one.sent = all[sent[one.answer]]
		sent[one.answer]++
		one.check(t, calls)
	}
}

// TestPeersHearOfWhatIsOnDisk is the same for what payments tells its peers
// across a network: the reservation it asks for, and every event.
func TestPeersHearOfWhatIsOnDisk(t *testing.T) {
	t.Parallel()
	s := newSplit(t)
	trace := filepath.Join(t.TempDir(), "trace")
	s.down(collections.DomainPayments)
	s.processes["payments"] = s.processes["payments"].AgainTraced(t, trace)
	one := tests.Funded(s.market)
	one.Client.Command(collections.DomainPayments, "payments/"+one.Payment+"/release", tests.Key(), nil).Want(t, http.StatusOK, "")
	s.market.Deliver()
	s.down(collections.DomainPayments)
	calls := process.ReadTrace(t, trace)
	told := 0
	for _, call := range calls {
		if !strings.HasPrefix(call.File, "TCP:") {
			continue
		}
		text := string(call.Data)
		if strings.HasPrefix(text, "PUT /api/internal/reservations/") {
			told++
			proof{what: "reservation", key: one.Payment, sent: call}.check(t, calls)
		}
		if _, event, ok := strings.Cut(text, `{"id":"payments:`); ok && strings.HasPrefix(text, "POST /api/internal/events") {
			told++
			id, _, _ := strings.Cut(event, `"`)
			proof{what: "event " + id, key: "payments:" + id, sent: call}.check(t, calls)
		}
	}
	if told < 5 { // one reservation, held and released to two peers each
		t.Errorf("Expected payments to tell its peers five things, found %d", told)
	}
	s.up(collections.DomainPayments)
	s.stop()
}

// proof is something that was told, and the key by which its commit is known.
type proof struct {
	what, key, answer string
	sent              *process.Call
}

// check finds the last commit with the key before it was told, and an fsync between the two.
func (p proof) check(t *testing.T, calls []*process.Call) {
	t.Helper()
	log := func(c *process.Call) bool { return strings.HasSuffix(c.File, "/payments/data.db-wal") }
	var commit *process.Call
	open, last := false, false
	for _, call := range calls {
		if call.From >= p.sent.From {
			break
		}
		if !log(call) || call.Name != "pwrite64" {
			continue
		}
		// A frame is a header of 24 bytes and a page. That of the last frame of a commit holds the size of the database.
		if len(call.Data) == 24 {
			last = binary.BigEndian.Uint32(call.Data[4:]) != 0
			continue
		}
		open = open || bytes.Contains(call.Data, []byte(p.key))
		if open && last {
			commit, open = call, false
		}
	}
	if commit == nil {
		t.Errorf("Expected a commit with %s before the answer to %s", p.key, p.what)
		return
	}
	if !slices.ContainsFunc(calls, func(c *process.Call) bool {
		return log(c) && (c.Name == "fdatasync" || c.Name == "fsync") && c.Result == 0 && c.From > commit.To && c.To < p.sent.From
	}) {
		t.Errorf("Expected an fsync of the log between the commit (%s) and what was told of %s (%s)", commit, p.what, p.sent)
	}
}

func writesTo(calls []*process.Call, is func(*process.Call) bool) []*process.Call {
	var found []*process.Call
	for _, call := range calls {
		if is(call) {
			found = append(found, call)
		}
	}
	return found
}
