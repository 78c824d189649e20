package bench

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
)

// pairOffice is a marketplace with one chat of two, of whom the second listens.
func pairOffice(b *testing.B) (o *office, sender *tests.Person, heard <-chan time.Time) {
	b.Helper()
	o = newOffice(b, func(db dbx.Builder) error { return makeChat(db, 0, collections.ChatDirect, 0, 1) })
	return o, o.person(0), arrivals(o.connect(1, 1)[0])
}

// BenchmarkDelivery measures from sending a message to hearing it, with one other
// client connected and with a crowd, in turn, so that a noisy moment hits both.
func BenchmarkDelivery(b *testing.B) {
	for _, others := range []int{1_000, 3_000, 10_000} {
		b.Run(fmt.Sprintf("others-%d", others), func(b *testing.B) {
			quiet, quietSender, quietHeard := pairOffice(b)
			crowded, crowdedSender, crowdedHeard := pairOffice(b)
			quiet.connect(10, 1)
			crowded.connect(10, others)
			times := map[string][]time.Duration{}
			one := func(name string, client *http.Client, sender *tests.Person, heard <-chan time.Time) {
				began := time.Now()
				send(b, client, sender, chatID(0), len(times[name]))
				times[name+"-create"] = append(times[name+"-create"], time.Since(began))
				times[name] = append(times[name], (<-heard).Sub(began))
			}
			for b.Loop() {
				one("quiet", quiet.client, quietSender, quietHeard)
				one("crowded", crowded.client, crowdedSender, crowdedHeard)
			}
			for name, all := range times {
				b.ReportMetric(millis(percentile(all, 50)), name+"-p50-ms")
				b.ReportMetric(millis(percentile(all, 99)), name+"-p99-ms")
			}
			b.ReportMetric(float64(percentile(times["crowded"], 50))/float64(percentile(times["quiet"], 50)), "crowded/quiet")
		})
	}
}

// BenchmarkDeliveryBesideStock does the same with 3,000 others beside a bare
// PocketBase with the same rule and as many subscribers to messages/*. Each turn is
// ten sends of ours in a row and one of stock's, which keeps both processors busy
// for a tenth of a second: what the first of ours after it takes, with nothing
// of ours left in the processor's caches, is reported apart.
func BenchmarkDeliveryBesideStock(b *testing.B) {
	const others, row = 3_000, 10
	o, sender, heard := pairOffice(b)
	o.connect(10, others)
	stock := startBareChats(b, others)
	times := map[string][]time.Duration{}
	worked := time.Duration(0)
	for b.Loop() {
		before := o.running.CPU(b)
		for n := range row {
			began := time.Now()
			send(b, o.client, sender, chatID(0), len(times["ours"]))
			took := (<-heard).Sub(began)
			times["ours"] = append(times["ours"], took)
			if n == 0 {
				times["first-of-ours"] = append(times["first-of-ours"], took)
			}
		}
		worked += o.running.CPU(b) - before
		began := time.Now()
		stock.send(b)
		times["stock"] = append(times["stock"], (<-stock.heard).Sub(began))
		stock.rest(b)
	}
	for name, all := range times {
		b.ReportMetric(millis(percentile(all, 50)), name+"-p50-ms")
		b.ReportMetric(millis(percentile(all, 99)), name+"-p99-ms")
	}
	for _, name := range []string{"ours", "first-of-ours"} {
		b.ReportMetric(float64(percentile(times["stock"], 50))/float64(percentile(times[name], 50)), "stock/"+name)
	}
	b.ReportMetric(millis(worked)/float64(len(times["ours"])), "ours-cpu-ms/message")
}

// BenchmarkThroughput measures how many messages a second are taken (and on disk)
// and delivered: 32 people write at once into one chat, into 1,000 chats, and
// into a room of 200 who all listen.
func BenchmarkThroughput(b *testing.B) {
	for name, shape := range map[string]struct{ chats, people int }{
		"one-chat":    {1, 2},
		"1000-chats":  {1000, 2},
		"room-of-200": {1, 200},
	} {
		b.Run(name, func(b *testing.B) {
			o := newOffice(b, func(db dbx.Builder) error {
				for n := range shape.chats {
					people := make([]int, shape.people)
					for i := range people {
						people[i] = n*shape.people + i
					}
					if err := makeChat(db, n, collections.ChatGroup, people...); err != nil {
						return err
					}
				}
				return nil
			})
			var delivered atomic.Int64
			listeners := o.connect(0, min(shape.chats*shape.people, 200))
			for _, stream := range listeners {
				go func() {
					for range arrivals(stream) {
						delivered.Add(1)
					}
				}()
			}
			const writers, each = 32, 20
			total := 0
			began, worked := time.Now(), o.running.CPU(b)
			for b.Loop() {
				var wait sync.WaitGroup
				for writer := range writers {
					wait.Go(func() {
						for n := range each {
							chat := (writer*each + n) % shape.chats
							send(b, o.client, o.person(chat*shape.people+writer%shape.people), chatID(chat), n)
						}
					})
				}
				wait.Wait()
				total += writers * each
			}
			took := time.Since(began)
			b.ReportMetric(float64(total)/took.Seconds(), "messages/s")
			b.ReportMetric(millis(o.running.CPU(b)-worked)/float64(total), "cpu-ms/message")
			if shape.chats == 1 { // every listener is in it
				for want := int64(total * len(listeners)); delivered.Load() < want && time.Since(began) < took+time.Minute; {
					time.Sleep(time.Millisecond)
				}
				b.ReportMetric(float64(delivered.Load())/time.Since(began).Seconds(), "deliveries/s")
			}
		})
	}
}

// BenchmarkIdleConnections measures what a connection that only listens costs in
// resident memory of the server.
func BenchmarkIdleConnections(b *testing.B) {
	const count = 10_000
	o, _, _ := pairOffice(b)
	for n := range count { // everybody is known before: storing people is not what a connection costs
		o.person(1_000+n).Do(http.MethodGet, "/api/chats/api/chats/unread", nil).Want(b, http.StatusOK, "")
	}
	if err := o.running.Stop(); err != nil {
		b.Fatal(err)
	}
	o.running = o.running.Again(b)
	o.connect(10, 100) // what the first ones cause to be set up is not what one costs
	before := o.running.RSS(b)
	o.connect(1_000, count)
	for b.Loop() {
		// Nothing is done: that is what is measured.
	}
	b.ReportMetric(float64(o.running.RSS(b)-before)/count/1024, "KB/connection")
}

// storedOffice has messages stored: a chat with a fifth of them, and the rest in
// chats of at most a thousand. Person 0 is in the first fifty chats.
func storedOffice(b *testing.B, messages int) *office {
	b.Helper()
	return newOffice(b, func(db dbx.Builder) error {
		long := messages / 5
		each := min(1_000, (messages-long)/50)
		for n := range 1 + (messages-long)/each {
			people := []int{n + 100, n + 101}
			if n < 50 {
				people[0] = 0
			}
			if err := makeChat(db, n, collections.ChatDirect, people...); err != nil {
				return err
			}
		}
		for _, fill := range []string{
			fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO messages (id, chat, seq, change, sender, kind, body, created, updated)
				SELECT printf('l%%014d', i), '%s', i, i + 0, '%s', 'user', 'a message of a usual length, as people write them', '2026-01-01 00:00:00.000Z', '2026-01-01 00:00:00.000Z' FROM n`, long, chatID(0), personID(101)),
			fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d) INSERT INTO messages (id, chat, seq, change, sender, kind, body, created, updated)
				SELECT printf('m%%014d', i), printf('chat%%011d', 1 + i / %[3]d), i %% %[3]d + 1, i %% %[3]d + 1, '%[2]s', 'user', 'a message of a usual length, as people write them', '2026-01-01 00:00:00.000Z', '2026-01-01 00:00:00.000Z' FROM n`, messages-long-1, personID(101), each),
			`UPDATE chats SET lastSeq = (SELECT max(seq) FROM messages WHERE chat = chats.id), lastChange = (SELECT max(seq) FROM messages WHERE chat = chats.id)`,
			`UPDATE members SET lastReadSeq = max(0, (SELECT lastSeq FROM chats WHERE id = members.chat) - 7)`,
			`ANALYZE`,
		} {
			if _, err := db.NewQuery(fill).Execute(); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkStoredMessages reads a page of history and what is unread, and sends a
// message, with 10,000 and with 5,000,000 (or LANCERSHUB_STORED) messages stored,
// in turn; a fifth of them are in the chat that is read and written.
func BenchmarkStoredMessages(b *testing.B) {
	sizes := []int{10_000, 5_000_000}
	if n, err := strconv.Atoi(os.Getenv("LANCERSHUB_STORED")); err == nil {
		sizes[1] = n
	}
	offices, readers := map[int]*office{}, map[int]*tests.Person{}
	for _, size := range sizes {
		offices[size] = storedOffice(b, size)
		readers[size] = offices[size].person(0)
	}
	questions := map[string]string{
		"history": "/api/chats/api/chats/" + chatID(0) + "/messages?before=%d&limit=50",
		"after":   "/api/chats/api/chats/" + chatID(0) + "/messages?after=%d&limit=50",
		"unread":  "/api/chats/api/chats/unread?%d",
		"list":    "/api/chats/api/collections/messages/records?perPage=30&skipTotal=1&sort=-seq&filter=chat%%3D%%22" + chatID(0) + "%%22&n=%d",
	}
	times := map[string][]time.Duration{}
	round := 0
	for b.Loop() {
		round++
		for _, size := range sizes {
			for name, question := range questions {
				at := 1 + (round*7919)%(size/5)
				began := time.Now()
				answer := readers[size].Do(http.MethodGet, fmt.Sprintf(question, at), nil)
				if answer.Status != http.StatusOK {
					b.Fatalf("%s: %s", name, answer.Raw)
				}
				times[fmt.Sprintf("%s-%d", name, size)] = append(times[fmt.Sprintf("%s-%d", name, size)], time.Since(began))
			}
			began := time.Now()
			send(b, offices[size].client, readers[size], chatID(0), round)
			times[fmt.Sprintf("send-%d", size)] = append(times[fmt.Sprintf("send-%d", size)], time.Since(began))
		}
	}
	questions["send"] = ""
	for name := range questions {
		small, large := percentile(times[fmt.Sprintf("%s-%d", name, sizes[0])], 50), percentile(times[fmt.Sprintf("%s-%d", name, sizes[1])], 50)
		b.ReportMetric(millis(large), name+"-p50-ms")
		b.ReportMetric(float64(large)/float64(small), name+"-ratio")
	}
}
