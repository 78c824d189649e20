package tests

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

const messagesDomain = collections.DomainMessages

// say sends a message and returns the answer.
func say(p *Person, chat, body string, more ...Body) *Response {
	p.tb.Helper()
	message := Body{"chat": chat, "body": body}
	for _, extra := range more {
		for key, value := range extra {
			message[key] = value
		}
	}
	return p.Create(messagesDomain, collections.Messages, message)
}

// ask sends a command to messages.
func ask(p *Person, path string, body Body) *Response {
	p.tb.Helper()
	return p.Command(messagesDomain, path, "", body)
}

// told is GET of a route of messages.
func told(p *Person, path string) *Response {
	p.tb.Helper()
	answer := p.Do(http.MethodGet, "/api/chats/api/"+path, nil)
	answer.Want(p.tb, http.StatusOK, "")
	return answer
}

func items(r *Response) []map[string]any {
	list, _ := r.JSON["items"].([]any)
	all := make([]map[string]any, 0, len(list))
	for _, one := range list {
		item, _ := one.(map[string]any)
		all = append(all, item)
	}
	return all
}

func where(filter string) string { return "?filter=" + url.QueryEscape(filter) }

func TestTheClientOpensTheChatAndAllShareIt(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish()
	m.Deliver()
	stranger := m.User(collections.RoleClient, collections.RoleFreelancer)
	m.Deliver()
	stranger.Command(collections.DomainProjects, "projects/"+s.Project+"/invite", "", Body{"freelancer": s.Freelancer.ID}).Want(t, http.StatusForbidden, services.CodeForbidden)
	s.Client.Command(collections.DomainProjects, "projects/"+s.Project+"/invite", "", Body{"freelancer": s.Client.ID}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	s.Client.Command(collections.DomainProjects, "projects/"+s.Project+"/invite", "", Body{"freelancer": s.Freelancer.ID, "note": "Would you like to?"}).Want(t, http.StatusOK, "")
	m.Deliver()
	invited := items(s.Freelancer.List(messagesDomain, collections.Chats, where(`project="`+s.Project+`"`)))
	if len(invited) != 1 || invited[0]["origin"] != "invitation" || invited[0]["lastSeq"] != 1.0 {
		t.Fatalf("Expected a chat with the invitation in it, got %v", invited)
	}
	s.Propose()
	s.Freelancer.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/discuss", "", Body{}).Want(t, http.StatusForbidden, services.CodeForbidden)
	s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/discuss", "", Body{"note": "One question."}).Want(t, http.StatusOK, "")
	m.Deliver()
	s.Hire()
	chats := items(s.Client.List(messagesDomain, collections.Chats, ""))
	if len(chats) != 1 || chats[0]["contract"] != s.Contract || chats[0]["proposal"] != s.Proposal || chats[0]["lastSeq"] != 3.0 {
		t.Errorf("Expected invitation, proposal and contract to share a chat, got %v", chats)
	}
	if got := items(stranger.List(messagesDomain, collections.Chats, "")); len(got) != 0 {
		t.Errorf("Expected nothing for a stranger, got %v", got)
	}
	m.Sound()
}

func TestARoomIsForWhomTheClientAdds(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	third, stranger := m.User(collections.RoleFreelancer), m.User(collections.RoleFreelancer)
	m.Deliver()
	add := func(p *Person, user string) *Response {
		return p.Command(collections.DomainProjects, "contracts/"+s.Contract+"/add-member", "", Body{"user": user})
	}
	add(s.Freelancer, third.ID).Want(t, http.StatusForbidden, services.CodeForbidden)
	add(stranger, stranger.ID).Want(t, http.StatusNotFound, services.CodeNotFound)
	add(s.Client, third.ID).Want(t, http.StatusOK, "")
	m.Deliver()
	room, _ := items(third.List(messagesDomain, collections.Chats, ""))[0]["id"].(string)
	for _, person := range []*Person{s.Client, s.Freelancer, third} {
		say(person, room, "hello").Want(t, http.StatusOK, "")
	}
	say(stranger, room, "hello").Want(t, http.StatusNotFound, services.CodeNotFound)
	ask(third, "chats/"+chatOf(s)+"/leave", nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	ask(s.Freelancer, "chats/"+chatOf(s)+"/leave", nil).Want(t, http.StatusConflict, services.CodeConflict)
	ask(third, "chats/"+room+"/leave", nil).Want(t, http.StatusOK, "")
	third.View(messagesDomain, collections.Chats, room).Want(t, http.StatusNotFound, services.CodeNotFound)
	// The owner of a room keeps it clean.
	said := items(s.Client.List(messagesDomain, collections.Messages, where(`chat="`+room+`" && sender="`+third.ID+`"`)))
	ask(s.Client, fmt.Sprintf("messages/%s/delete", said[0]["id"]), nil).Want(t, http.StatusOK, "")
	m.Sound()
}

func TestAMessageIsEditedAnsweredReactedToAndDeleted(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	chat, stranger := chatOf(s), m.User(collections.RoleClient)
	sent := say(s.Client, chat, "a first draft")
	sent.Want(t, http.StatusOK, "")
	path := "/api/chats/api/collections/messages/records/" + sent.Text("id")
	s.Freelancer.Do(http.MethodPatch, path, Body{"body": "not mine"}).Want(t, http.StatusNotFound, services.CodeNotFound)
	s.Client.Do(http.MethodPatch, path, Body{"seq": 77}).Want(t, http.StatusBadRequest, services.CodeFieldReadOnly)
	s.Client.Do(http.MethodPatch, path, Body{"chat": "another"}).Want(t, http.StatusBadRequest, services.CodeFieldReadOnly)
	edited := s.Client.Do(http.MethodPatch, path, Body{"body": "the first draft"})
	edited.Want(t, http.StatusOK, "")
	if edited.Text("editedAt") == "" || edited.Number("seq") != sent.Number("seq") || edited.Number("change") != sent.Number("change")+1 {
		t.Errorf("Expected the edit to be marked and its place kept, got %s", edited.Raw)
	}
	history := func(p *Person) []map[string]any {
		return items(p.List(messagesDomain, collections.Edits, where(`message="`+sent.Text("id")+`"`)))
	}
	if got := history(s.Freelancer); len(got) != 1 || got[0]["body"] != "a first draft" {
		t.Errorf("Expected the former text, got %v", got)
	}
	if got := history(stranger); len(got) != 0 {
		t.Errorf("Expected no former texts for a stranger, got %v", got)
	}
	answer := say(s.Freelancer, chat, "Looks good", Body{"replyTo": sent.Text("id"), "mentions": []string{s.Client.ID}})
	answer.Want(t, http.StatusOK, "")
	say(s.Freelancer, chat, "x", Body{"replyTo": "nosuchmessage00"}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	say(s.Freelancer, chat, "x", Body{"mentions": []string{stranger.ID}}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	react := "messages/" + sent.Text("id") + "/react"
	ask(stranger, react, Body{"emoji": "👍"}).Want(t, http.StatusNotFound, services.CodeNotFound)
	for _, words := range []string{"<script>", "go_away", "x", "1", "...", "", "👍 no", "👍no", "لا", strings.Repeat("👍", 20)} {
		ask(s.Freelancer, react, Body{"emoji": words}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	}
	for _, picture := range []string{"❤️", "👍🏽", "👩‍💻", "🇵🇹", "1️⃣", "‼️", "↔️", "ℹ️"} {
		ask(s.Freelancer, react, Body{"emoji": picture}).Want(t, http.StatusOK, "")
		ask(s.Freelancer, strings.Replace(react, "/react", "/unreact", 1), Body{"emoji": picture}).Want(t, http.StatusOK, "")
	}
	ask(s.Freelancer, react, Body{"emoji": "👍"}).Want(t, http.StatusOK, "")
	ask(s.Client, react, Body{"emoji": "👍"}).Want(t, http.StatusOK, "")
	both := ask(s.Client, react, Body{"emoji": "👍"}) // twice is once
	if users, _ := both.Object("reactions").JSON["👍"].([]any); len(users) != 2 {
		t.Errorf("Expected two reactions, got %s", both.Raw)
	}
	ask(s.Client, "messages/"+sent.Text("id")+"/unreact", Body{"emoji": "👍"}).Want(t, http.StatusOK, "")
	ask(s.Freelancer, "messages/"+sent.Text("id")+"/delete", nil).Want(t, http.StatusForbidden, services.CodeEditNotAllowed)
	gone := ask(s.Client, "messages/"+sent.Text("id")+"/delete", nil)
	gone.Want(t, http.StatusOK, "")
	if gone.Text("body") != "" || gone.Text("deletedAt") == "" || gone.Number("seq") != sent.Number("seq") {
		t.Errorf("Expected a tombstone, got %s", gone.Raw)
	}
	if got := history(s.Freelancer); len(got) != 0 {
		t.Errorf("Expected the former texts to go with the message, got %v", got)
	}
	s.Client.Do(http.MethodPatch, path, Body{"body": "again"}).Want(t, http.StatusForbidden, services.CodeEditNotAllowed)
	// Whoever was away gets everything that is new or different, in order.
	changed := told(s.Freelancer, fmt.Sprintf("chats/%s/messages?changed=%d", chat, sent.Number("change")))
	last := 0.0
	for _, one := range items(changed) {
		now, _ := one["change"].(float64)
		if now <= last {
			t.Errorf("Expected changes in order, got %v after %v", now, last)
		}
		last = now
	}
	if len(items(changed)) != 2 || changed.JSON["lastChange"] != last {
		t.Errorf("Expected the tombstone and the answer, got %s", changed.Raw)
	}
	m.Sound()
}

func TestARetriedSendIsOneMessage(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	chat := chatOf(s)
	var wait sync.WaitGroup
	ids := make([]string, 16)
	for n := range ids {
		wait.Go(func() {
			answer := say(s.Client, chat, "once", Body{"clientId": "c-1"})
			if answer.Status == http.StatusOK {
				ids[n] = answer.Text("id")
			}
		})
	}
	wait.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("Expected every send to answer the one message, got %v", ids)
		}
	}
	m.Sound()
}

func TestSearchStaysInOnesOwnChats(t *testing.T) {
	t.Parallel()
	m := New(t)
	s, other := Hired(m), Hired(m)
	for n := range 5 {
		say(s.Client, chatOf(s), fmt.Sprintf("Crème brûlée number %d & <b>more</b>", n)).Want(t, http.StatusOK, "")
	}
	say(other.Client, chatOf(other), "creme of another").Want(t, http.StatusOK, "")
	found := told(s.Freelancer, "chats/search?q="+url.QueryEscape(`creme "bru`))
	if len(items(found)) != 5 {
		t.Fatalf("Expected five messages, got %s", found.Raw)
	}
	if snippet, _ := items(found)[0]["snippet"].(string); !strings.Contains(snippet, "<mark>Crème</mark>") || !strings.Contains(snippet, "&lt;b&gt;") {
		t.Errorf("Expected escaped text with marks, got %q", snippet)
	}
	page := told(s.Freelancer, "chats/search?q=creme&limit=3")
	rest := told(s.Freelancer, "chats/search?q=creme&limit=3&before="+page.Text("next"))
	if len(items(page)) != 3 || len(items(rest)) != 2 || rest.Text("next") != "" {
		t.Errorf("Expected pages of three and two, got %s and %s", page.Raw, rest.Raw)
	}
	if answer := s.Freelancer.Do(http.MethodGet, "/api/chats/api/chats/search?q=creme&chat="+chatOf(other), nil); answer.Status != http.StatusNotFound {
		t.Errorf("Expected another's chat not to exist, got %s", answer.Raw)
	}
	id := items(found)[0]["message"].(map[string]any)["id"].(string)
	ask(s.Client, "messages/"+id+"/delete", nil).Want(t, http.StatusOK, "")
	if got := told(s.Freelancer, "chats/search?q=creme"); len(items(got)) != 4 {
		t.Errorf("Expected a deleted message not to be found, got %s", got.Raw)
	}
}

// TestSearchKnowsWhatIsNotIndexedYet changes messages before and after they come
// into the index, which is written later than they are sent.
func TestSearchKnowsWhatIsNotIndexedYet(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	chat := chatOf(s)
	finds := func(word string, want int) {
		t.Helper()
		if found := told(s.Freelancer, "chats/search?q="+word); len(items(found)) != want {
			t.Errorf("Expected %d messages with %s, got %s", want, word, found.Raw)
		}
	}
	edit := func(id, body string) {
		t.Helper()
		s.Client.Do(http.MethodPatch, "/api/chats/api/collections/messages/records/"+id, Body{"body": body}).Want(t, http.StatusOK, "")
	}
	early, gone := say(s.Client, chat, "walnut").Text("id"), say(s.Client, chat, "walnut too").Text("id")
	edit(early, "hazelnut")
	ask(s.Client, "messages/"+gone+"/delete", nil).Want(t, http.StatusOK, "")
	finds("walnut", 0)
	finds("hazelnut", 1)
	late := say(s.Client, chat, "almond").Text("id")
	finds("almond", 1)
	edit(late, "cashew")
	edit(early, "pecan")
	finds("almond", 0)
	finds("hazelnut", 0)
	finds("cashew", 1)
	finds("pecan", 1)
	ask(s.Client, "messages/"+late+"/delete", nil).Want(t, http.StatusOK, "")
	finds("cashew", 0)
	for n := range 3 {
		say(s.Client, chat, fmt.Sprintf("pistachio %d", n)).Want(t, http.StatusOK, "")
	}
	chats := services.ChatsService{Instance: m.Instances[messagesDomain]}
	if err := errors.Join(chats.IndexMessages(t.Context()), chats.IndexMessages(t.Context())); err != nil {
		t.Fatal(err)
	}
	finds("pistachio", 3)
}

func TestBlockingEndsTheTalk(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	chat := chatOf(s)
	before := say(s.Freelancer, chat, "before", Body{"clientId": "c-1"})
	before.Want(t, http.StatusOK, "")
	block := s.Client.Create(messagesDomain, collections.Blocks, Body{"blocked": s.Freelancer.ID})
	block.Want(t, http.StatusOK, "")
	if got := items(s.Freelancer.List(messagesDomain, collections.Blocks, "")); len(got) != 0 {
		t.Errorf("Expected nobody to see that they are blocked, got %v", got)
	}
	heard := listen(t, s.Client, messagesDomain, "chats/"+chat+"/typing")
	say(s.Freelancer, chat, "hello?").Want(t, http.StatusForbidden, services.CodeBlocked)
	say(s.Client, chat, "hello?").Want(t, http.StatusForbidden, services.CodeBlocked)
	if again := say(s.Freelancer, chat, "before", Body{"clientId": "c-1"}); again.Text("id") != before.Text("id") {
		t.Errorf("Expected a retry of what was sent before to answer it, got %s", again.Raw)
	}
	ask(s.Freelancer, "chats/"+chat+"/typing", nil).Want(t, http.StatusOK, "")
	if heard.heard("typing", 100*time.Millisecond) {
		t.Error("Expected no typing from somebody blocked")
	}
	s.Client.Do(http.MethodDelete, "/api/chats/api/collections/blocks/records/"+block.Text("id"), nil).Want(t, http.StatusNoContent, "")
	say(s.Freelancer, chat, "hello").Want(t, http.StatusOK, "")
}

func TestContactDetailsBeforeAContractAreFlagged(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	m.Deliver()
	s.Client.Command(collections.DomainProjects, "proposals/"+s.Proposal+"/discuss", "", Body{"note": "Hello"}).Want(t, http.StatusOK, "")
	m.Deliver()
	chat := chatOf(s)
	warned := say(s.Freelancer, chat, "write to me at jane@example.com")
	warned.Want(t, http.StatusOK, "")
	if warned.Text("warning") != services.FlagContact {
		t.Errorf("Expected a warning, got %s", warned.Raw)
	}
	if seen := s.Client.View(messagesDomain, collections.Messages, warned.Text("id")); seen.JSON["warning"] != nil || seen.JSON["flag"] != nil {
		t.Errorf("Expected the warning to be the sender's only, got %s", seen.Raw)
	}
	ask(s.Client, "messages/"+warned.Text("id")+"/report", Body{"reason": "spam"}).Want(t, http.StatusOK, "")
	ask(s.Client, "messages/"+warned.Text("id")+"/report", Body{"reason": "spam"}).Want(t, http.StatusConflict, services.CodeAlreadyReported)
	ask(s.Client, "messages/"+warned.Text("id")+"/report", Body{"reason": "boring"}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	reports, err := m.Instances[messagesDomain].App.FindAllRecords(collections.Reports)
	if err != nil || len(reports) != 2 {
		t.Errorf("Expected the filter's report and the person's, got %d (%v)", len(reports), err)
	}
	s.Hire()
	if after := say(s.Freelancer, chat, "write to me at jane@example.com"); after.JSON["warning"] != nil {
		t.Errorf("Expected no warning after a contract, got %s", after.Raw)
	}
}

func TestNobodySendsFasterThanPeopleType(t *testing.T) {
	t.Parallel()
	m := New(t, func(o *services.Options) { o.NoRateLimits = false })
	s := Hired(m)
	chat := chatOf(s)
	for range services.MessagesAtOnce + 5 { // one message, however often it is sent
		say(s.Client, chat, "again", Body{"clientId": "c-1"}).Want(t, http.StatusOK, "")
	}
	refused := 0
	for n := range services.MessagesAtOnce + 4 {
		if answer := say(s.Client, chat, fmt.Sprint(n)); answer.Status != http.StatusOK {
			answer.Want(t, http.StatusTooManyRequests, services.CodeTooManyRequests)
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("Expected five refused messages, got %d", refused)
	}
	say(s.Freelancer, chat, "others are not held up").Want(t, http.StatusOK, "")
}

// TestNobodyTiresAChatOut does the other things that everybody in a chat hears of:
// they count like messages, and so do signs of typing, on their own.
func TestNobodyTiresAChatOut(t *testing.T) {
	t.Parallel()
	m := New(t, func(o *services.Options) { o.NoRateLimits = false })
	s := Hired(m)
	chat := chatOf(s)
	id := say(s.Client, chat, "one").Text("id")
	tooFast := func(what string, most int, once func(n int) *Response) {
		t.Helper()
		for n := range most {
			once(n).Want(t, http.StatusOK, "")
		}
		answer := once(most)
		answer.Want(t, http.StatusTooManyRequests, services.CodeTooManyRequests)
		if answer.Header.Get("Retry-After") == "" {
			t.Errorf("Expected %s to be told when to go on", what)
		}
		m.Clock.Advance(time.Minute)
	}
	tooFast("reactions", services.MessagesAtOnce, func(n int) *Response {
		return ask(s.Freelancer, "messages/"+id+"/"+[]string{"react", "unreact"}[n%2], Body{"emoji": "👍"})
	})
	tooFast("edits", services.MessagesAtOnce, func(n int) *Response {
		return s.Client.Do(http.MethodPatch, "/api/chats/api/collections/messages/records/"+id, Body{"body": fmt.Sprint(n)})
	})
	tooFast("typing", services.SignsAtOnce, func(int) *Response { return ask(s.Freelancer, "chats/"+chat+"/typing", nil) })
	for range services.SignsAtOnce { // does not hold up what is typed
		ask(s.Freelancer, "chats/"+chat+"/typing", nil).Want(t, http.StatusOK, "")
	}
	say(s.Freelancer, chat, "typed").Want(t, http.StatusOK, "")
}

// TestNewsArriveInOrder: many senders at once, one listener; what arrives is in
// the order of the numbers, each once, with the count of what is unread.
func TestNewsArriveInOrder(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	chat := chatOf(s)
	heard := listen(t, s.Freelancer, messagesDomain, "messages/*", "unread", `messages/*?options={"query":{"expand":"sender","fields":"seq,expand.sender.name"}}`)
	var wait sync.WaitGroup
	for sender := range 8 {
		wait.Go(func() {
			for n := range 25 {
				say(s.Client, chat, fmt.Sprintf("%d/%d", sender, n))
			}
		})
	}
	wait.Wait()
	if !heard.heard(`"unread":201`, 10*time.Second) { // with the system message of the contract
		t.Fatal("Expected the last count to arrive")
	}
	for _, name := range []string{"messages/* ", "messages/*?options"} {
		if got := seqs(heard, name); len(got) != 200 || got[0] != 2 || got[199] != 201 {
			t.Errorf("Expected 2 to 201 in order from %s, got %v", name, got)
		}
	}
	if !heard.heard(`"name":"User`, time.Second) {
		t.Error("Expected the sender to be expanded")
	}
}
