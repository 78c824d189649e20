package fuzz

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
)

// listed are collections of which a stranger may not learn anything.
var listed = []struct {
	domain collections.Domain
	name   string
}{
	{payments, collections.Payments}, {payments, collections.Disputes}, {payments, collections.Timeline}, {payments, collections.Invoices}, {payments, collections.PayoutDestinations},
	{projects, collections.Proposals}, {projects, collections.Contracts}, {projects, collections.Milestones}, {projects, collections.Deadlines},
	{messages, collections.Chats}, {messages, collections.Messages}, {messages, collections.Members}, {messages, collections.Notifications},
	{users, collections.Sessions},
}

// FuzzFilters: whatever somebody filters, sorts, expands and pages by, they learn
// nothing of what is not theirs, and it is never our fault.
func FuzzFilters(f *testing.F) {
	g := on(f)
	for n, filter := range []string{
		"", "amount > 0", "client.email ~ '%'", "client.id != ''", "@request.auth.id != ''", "1=1 || 1=1", "@collection.users.email ~ 'a'", "@collection.payments.amount > 1",
		"id != '' && (client = '' || freelancer ?= 'x')", "members_via_chat.user.tokenKey ~ '%'", "created > @now", "title:lower = 'x'", "amount:each > 1", "amount:length > 1", "geoDistance(1,2,3,4) < 5",
		"(((", "'", "\x00", "a = {:b}", "status = 'held' // comment", "user.password != ''", "strftime('%Y', created) > 1", "id ~ '" + strings.Repeat("%", 500) + "'",
	} {
		f.Add(uint8(n), filter, "-created", "client,freelancer", "1", "30", "")
	}
	for n, sort := range []string{"@random", "-amount,+created", "client.email", "tokenKey", "(select 1)", "@rowid", "", ",,,", "members_via_chat.user.name", strings.Repeat("-", 300)} {
		f.Add(uint8(n), "", sort, "chat.members_via_chat.user", "-1", "99999999999", "*,expand.client.email:excerpt(5)")
	}
	f.Add(uint8(5), "", "", "", "", "", "id:nothing(1")
	m := tests.New(g)
	s := tests.Funded(m)
	s.Client.Create(messages, collections.Messages, tests.Body{"chat": chatOf(g, s), "body": "a secret"}).Want(g, http.StatusOK, "")
	stranger := m.User(collections.RoleClient, collections.RoleFreelancer)
	m.Deliver()
	f.Fuzz(func(t *testing.T, which uint8, filter, sort, expand, page, perPage, fields string) {
		g.now = t
		list := listed[int(which)%len(listed)]
		query := url.Values{}
		for name, value := range map[string]string{"filter": filter, "sort": sort, "expand": expand, "page": page, "perPage": perPage, "fields": fields} {
			if value != "" {
				query.Set(name, value)
			}
		}
		for _, who := range []*tests.Person{stranger, s.Client, m.Guest()} {
			got := ask(t, m, request{domain: list.domain, method: http.MethodGet, path: records(list.name), query: query.Encode(), token: who.Token})
			if who == s.Client || got.status != http.StatusOK {
				for _, secret := range []string{s.Freelancer.Email, `"tokenKey"`, `"password"`} {
					if got.status == http.StatusOK && strings.Contains(string(got.raw), secret) {
						t.Errorf("Expected %s not to tell %q to anybody, got %s", list.name, secret, got.raw)
					}
				}
				continue
			}
			if own := list.name == collections.Notifications || list.name == collections.Sessions; !own && got.number("totalItems") > 0 {
				t.Errorf("Expected a stranger to see nothing of %s by %s, got %s", list.name, query.Encode(), got.raw)
			}
			for _, secret := range []string{s.Payment, s.Contract, s.Client.ID, s.Freelancer.ID, "a secret"} {
				if strings.Contains(string(got.raw), secret) {
					t.Errorf("Expected a stranger to learn nothing of %s by %s, got %s", list.name, query.Encode(), got.raw)
				}
			}
		}
	})
}

func chatOf(tb testing.TB, s *tests.Story) string {
	tb.Helper()
	list := s.Client.List(messages, collections.Chats, "")
	items, _ := list.JSON["items"].([]any)
	if len(items) == 0 {
		tb.Fatalf("Expected a chat, got %s", list.Raw)
	}
	chat, _ := items[0].(map[string]any)
	id, _ := chat["id"].(string)
	return id
}

// FuzzCursors: whatever window of a chat is asked for, what comes is a part of it
// without gaps, in order, within the bounds, and for its members only.
func FuzzCursors(f *testing.F) {
	g := on(f)
	for _, query := range []string{
		"after=0", "after=3", "after=-1", "after=99999999999999999999", "before=5&limit=2", "before=0", "changed=0", "changed=4&limit=1", "limit=0", "limit=-5", "limit=100000",
		"after=1&before=4", "after=%00", "after=1;before=2", "after[]=1", "after=1&after=2", "after=+3", "after=0x2", "after=３", "q=%22&before=1", "&&&=", "%zz", "before=9223372036854775807",
	} {
		f.Add(query)
	}
	m := tests.New(g)
	s := tests.Funded(m)
	chat := chatOf(g, s)
	for n := range 8 {
		s.Client.Create(messages, collections.Messages, tests.Body{"chat": chat, "body": "message " + strconv.Itoa(n)}).Want(g, http.StatusOK, "")
	}
	stranger := m.User(collections.RoleClient)
	m.Deliver()
	f.Fuzz(func(t *testing.T, query string) {
		g.now = t
		window := request{domain: messages, method: http.MethodGet, path: "/api/chats/" + chat + "/messages", query: query}
		window.token = stranger.Token
		if got := ask(t, m, window); got.status == http.StatusOK {
			t.Errorf("Expected a stranger to be refused, got %s", got.raw)
		}
		window.token = s.Client.Token
		checkWindow(t, query, ask(t, m, window))
		window.path = "/api/chats/search"
		ask(t, m, window)
		window.domain, window.path = projects, "/api/search/projects"
		ask(t, m, window)
		window.domain, window.path = payments, "/api/earnings/monthly"
		ask(t, m, window)
	})
}

func checkWindow(t *testing.T, query string, got answer) {
	t.Helper()
	if got.status != http.StatusOK {
		return
	}
	asked, _ := url.ParseQuery(query)
	items, _ := got.json["items"].([]any)
	last := int64(0)
	for _, item := range items {
		message, _ := item.(map[string]any)
		number, _ := message["seq"].(float64)
		seq := int64(number)
		if !asked.Has("changed") && last != 0 && seq != last+1 {
			t.Errorf("Expected no gap by %q, got %d after %d", query, seq, last)
		}
		if after, err := strconv.ParseInt(asked.Get("after"), 10, 64); err == nil && !asked.Has("changed") && !asked.Has("before") && seq <= after {
			t.Errorf("Expected only messages after %d, got %d", after, seq)
		}
		if before, err := strconv.ParseInt(asked.Get("before"), 10, 64); err == nil && !asked.Has("changed") && seq >= before {
			t.Errorf("Expected only messages before %d, got %d", before, seq)
		}
		last = seq
	}
}
