package tests

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// firstID is the id of a record of messages that p can see.
func firstID(p *Person, collection string) string {
	p.tb.Helper()
	list := items(p.List(messagesDomain, collection, ""))
	if len(list) == 0 {
		p.tb.Fatalf("Expected records in %s", collection)
	}
	id, _ := list[0]["id"].(string)
	return id
}

// TestNobodyCanTellThatAChatExists asks everything there is to ask about a chat
// and what is in it, once about a real one and once about one that does not
// exist. For whoever is not in it the two answers are the same, byte for byte.
func TestNobodyCanTellThatAChatExists(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	chat := chatOf(s)
	message := say(s.Client, chat, "a secret word").Text("id")
	s.Client.Do(http.MethodPatch, "/api/chats/api/collections/messages/records/"+message, Body{"body": "another secret"}).Want(t, http.StatusOK, "")
	block := s.Client.Create(messagesDomain, collections.Blocks, Body{"blocked": m.User(collections.RoleFreelancer).ID}).Text("id")
	prefer(s.Client, Body{"quietFrom": "22:00"}).Want(t, http.StatusOK, "")
	genuine := map[string]string{
		"CHAT": chat, "MESSAGE": message, "BLOCK": block,
		"MEMBER":       firstID(s.Client, collections.Members),
		"EDIT":         firstID(s.Client, collections.Edits),
		"NOTIFICATION": firstID(s.Client, collections.Notifications),
		"PREFERENCE":   firstID(s.Client, collections.Preferences),
	}
	questions := []struct {
		method, path string
		body         any
	}{
		{http.MethodGet, "collections/chats/records/CHAT?expand=members_via_chat", nil},
		{http.MethodGet, "collections/messages/records/MESSAGE?expand=chat,sender", nil},
		{http.MethodGet, "collections/members/records/MEMBER", nil},
		{http.MethodGet, "collections/edits/records/EDIT", nil},
		{http.MethodGet, "collections/blocks/records/BLOCK", nil},
		{http.MethodGet, "collections/notifications/records/NOTIFICATION", nil},
		{http.MethodGet, "collections/preferences/records/PREFERENCE", nil},
		{http.MethodGet, "collections/messages/records?filter=" + url.QueryEscape(`chat="CHAT"`), nil},
		{http.MethodGet, "collections/messages/records?filter=" + url.QueryEscape(`chat.members_via_chat.user.name~"User" && chat="CHAT"`) + "&sort=chat.title", nil},
		{http.MethodGet, "collections/members/records?filter=" + url.QueryEscape(`chat.title!="" && chat="CHAT"`), nil},
		{http.MethodGet, "chats/CHAT/messages", nil},
		{http.MethodGet, "chats/CHAT/messages?before=5", nil},
		{http.MethodGet, "chats/search?q=secret&chat=CHAT", nil},
		{http.MethodPost, "chats/CHAT/read", Body{}},
		{http.MethodPost, "chats/CHAT/typing", Body{}},
		{http.MethodPost, "chats/CHAT/leave", Body{}},
		{http.MethodPost, "messages/MESSAGE/delete", Body{}},
		{http.MethodPost, "messages/MESSAGE/react", Body{"emoji": "👍"}},
		{http.MethodPost, "messages/MESSAGE/unreact", Body{"emoji": "👍"}},
		{http.MethodPost, "messages/MESSAGE/report", Body{"reason": "spam"}},
		{http.MethodPost, "collections/messages/records", Body{"chat": "CHAT", "body": "hello"}},
		{http.MethodPost, "collections/messages/records", Body{"chat": "CHAT", "body": "hello", "replyTo": "MESSAGE"}},
		{http.MethodPost, "collections/messages/records", Body{"chat": "CHAT", "body": "hello", "seq": 1}},
		{http.MethodPatch, "collections/messages/records/MESSAGE", Body{"body": "hello"}},
		{http.MethodPatch, "collections/members/records/MEMBER", Body{"muted": true}},
		{http.MethodPatch, "collections/notifications/records/NOTIFICATION", Body{"readAt": "2026-03-10 12:00:00Z"}},
		{http.MethodDelete, "collections/blocks/records/BLOCK", nil},
		{http.MethodDelete, "collections/notifications/records/NOTIFICATION", nil},
		{http.MethodGet, "files/messages/MESSAGE/picture.png", nil},
	}
	fill := func(text string, ids map[string]string) string {
		for name, id := range ids {
			text = strings.ReplaceAll(text, name, id)
		}
		return text
	}
	absent := map[string]string{}
	for name := range genuine {
		absent[name] = "nosuchthing0000"
	}
	stranger := m.User(collections.RoleClient, collections.RoleFreelancer)
	for who, person := range map[string]*Person{"a stranger": stranger, "a guest": m.Guest()} {
		for _, q := range questions {
			about := func(ids map[string]string) *Response {
				body := q.body
				if fields, ok := body.(Body); ok {
					filled := Body{}
					for field, value := range fields {
						if text, isText := value.(string); isText {
							value = fill(text, ids)
						}
						filled[field] = value
					}
					body = filled
				}
				return person.Do(q.method, "/api/chats/api/"+fill(q.path, ids), body)
			}
			got, want := about(genuine), about(absent)
			if got.Status != want.Status || string(got.Raw) != string(want.Raw) {
				t.Errorf("%s %s %s: expected the answer about what does not exist (%d %s), got %d %s", who, q.method, q.path, want.Status, want.Raw, got.Status, got.Raw)
			}
			if got.Status == http.StatusOK && len(items(got)) > 0 {
				t.Errorf("%s %s %s: expected nothing, got %s", who, q.method, q.path, got.Raw)
			}
		}
	}
	for _, hidden := range []string{
		`collections/chats/records?filter=pair!=""`, `collections/members/records?filter=mailAt>0`, `collections/members/records?filter=mailedSeq>0`,
		`collections/messages/records?filter=flag!=""`, `collections/notifications/records?filter=channel!=""`, `collections/notifications/records?filter=mailAt>0`,
		`collections/reports/records`,
	} {
		path, query, _ := strings.Cut(hidden, "?filter=")
		if answer := s.Client.Do(http.MethodGet, "/api/chats/api/"+path+where(query), nil); answer.Status != http.StatusBadRequest && answer.Status != http.StatusForbidden {
			t.Errorf("Expected %s to be refused, got %d: %s", hidden, answer.Status, answer.Raw)
		}
	}
}

// TestSuspensionEndsTheConnection: a moderator suspends somebody; their open
// connections end as soon as the event is there, and they hear nothing more.
func TestSuspensionEndsTheConnection(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	chat := chatOf(s)
	hers, other := listen(t, s.Freelancer, messagesDomain, "messages/*", "milestones/*"), listen(t, s.Client, messagesDomain, "messages/*", "presence")
	m.Superuser(collections.DomainUsers).Do(http.MethodPatch, "/api/users/api/collections/users/records/"+s.Freelancer.ID, Body{"status": "suspended"}).Want(t, http.StatusOK, "")
	began := time.Now()
	m.Deliver()
	select {
	case <-hers.closed:
	case <-time.After(30 * time.Second):
		t.Fatal("Expected the connection of somebody suspended to end")
	}
	t.Logf("ended %s after the suspension was delivered", time.Since(began).Round(time.Millisecond))
	if !other.heard(`"online":false`, 30*time.Second) {
		t.Error("Expected others to hear that they are gone")
	}
	say(s.Client, chat, "are you there?").Want(t, http.StatusOK, "")
	if hers.heard("are you there?", 50*time.Millisecond) {
		t.Error("Expected somebody suspended to hear nothing more")
	}
	say(s.Freelancer, chat, "yes").Want(t, http.StatusUnauthorized, services.CodeTokenRevoked)
	s.Freelancer.Do(http.MethodGet, "/api/chats/api/chats/unread", nil).Want(t, http.StatusUnauthorized, services.CodeTokenRevoked)
}

// TestModeratorsSeeReports: what people and the filter report is before the
// moderators, with the words as they were, and moderators note what they decided.
func TestModeratorsSeeReports(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	message := say(s.Freelancer, chatOf(s), "an insult")
	ask(s.Client, "messages/"+message.Text("id")+"/report", Body{"reason": "harassment", "note": "It was not the first."}).Want(t, http.StatusOK, "")
	ask(s.Freelancer, "messages/"+message.Text("id")+"/delete", nil).Want(t, http.StatusOK, "")
	moderator := m.Superuser(messagesDomain)
	reports := items(moderator.List(messagesDomain, collections.Reports, where(`status="open"`)))
	if len(reports) != 1 || reports[0]["excerpt"] != "an insult" || reports[0]["note"] != "It was not the first." || reports[0]["reporter"] != s.Client.ID {
		t.Fatalf("Expected the report with the words as they were, got %v", reports)
	}
	id, _ := reports[0]["id"].(string)
	moderator.Do(http.MethodPatch, "/api/chats/api/collections/reports/records/"+id, Body{"status": "upheld", "decision": "Warned."}).Want(t, http.StatusOK, "")
	for _, person := range []*Person{s.Client, s.Freelancer} {
		person.List(messagesDomain, collections.Reports, "").Want(t, http.StatusForbidden, services.CodeForbidden)
	}
}
