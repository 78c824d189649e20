package tests

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// TestOnlyOneselfSeesOnesOwnMembership mutes and archives a chat. The other person
// in it neither reads, hears nor can ask for that; the one whose it is does.
func TestOnlyOneselfSeesOnesOwnMembership(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	chat := chatOf(s)
	theirs := listen(t, s.Freelancer, messagesDomain, "members/*", `members/*?options={"query":{"filter":"muted=true"}}`,
		`members/*?options={"query":{"fields":"id,muted,archived,ownAfter,mentions"}}`)
	ours := listen(t, s.Client, messagesDomain, "members/*", `members/*?options={"query":{"fields":"id,archived"}}`)
	mine := "?filter=" + url.QueryEscape(`chat="`+chat+`" && user="`+s.Client.ID+`"`)
	own := items(s.Client.List(messagesDomain, collections.Members, mine))[0]
	id, _ := own["id"].(string)
	path := "/api/chats/api/collections/members/records/" + id

	changed := s.Client.Do(http.MethodPatch, path, Body{"muted": true, "archived": true})
	changed.Want(t, http.StatusOK, "")
	seen := items(s.Client.List(messagesDomain, collections.Members, mine))[0]
	for name, row := range map[string]map[string]any{"the answer": changed.JSON, "a list": seen} {
		if row["muted"] != true || row["archived"] != true || row["ownAfter"] != 0.0 || row["mentions"] != 0.0 {
			t.Errorf("Expected the client to see all of their own membership in %s, got %v", name, row)
		}
	}
	if !ours.heard(`"muted":true`, 30*time.Second) || !ours.heard(`"archived":true`, 30*time.Second) {
		t.Error("Expected the client's other devices to hear of it")
	}
	s.Client.Do(http.MethodPatch, path, Body{"ownAfter": 7}).Want(t, http.StatusBadRequest, "field_read_only")

	private := []string{"muted", "archived", "ownAfter", "mentions"}
	for name, row := range map[string]map[string]any{
		"a list": items(s.Freelancer.List(messagesDomain, collections.Members, mine))[0],
		"a view": s.Freelancer.Do(http.MethodGet, path+"?fields=id,muted,archived,ownAfter,mentions", nil).JSON,
	} {
		if row["id"] != id {
			t.Errorf("Expected the freelancer to see who else is in the chat in %s, got %v", name, row)
		}
		for _, field := range private {
			if value, shown := row[field]; shown {
				t.Errorf("Expected %s of the client to be hidden from the freelancer in %s, got %v", field, name, value)
			}
		}
	}
	for _, query := range []string{
		"members/records?filter=" + url.QueryEscape("muted=true"), "members/records?sort=-archived", "members/records?filter=" + url.QueryEscape("chat.members_via_chat.ownAfter>=0"),
		"chats/records?filter=" + url.QueryEscape("members_via_chat.archived?=true"), "messages/records?filter=" + url.QueryEscape("chat.members_via_chat.mentions?>0"),
	} {
		s.Freelancer.Do(http.MethodGet, "/api/chats/api/collections/"+query, nil).Want(t, http.StatusBadRequest, "invalid_input")
	}
	expanded := s.Freelancer.Do(http.MethodGet, "/api/chats/api/collections/chats/records/"+chat+"?expand=members_via_chat", nil)
	members, _ := expanded.Object("expand").JSON["members_via_chat"].([]any)
	if len(members) != 2 {
		t.Errorf("Expected both members of the chat, got %s", expanded.Raw)
	}
	for _, member := range members {
		row, _ := member.(map[string]any)
		if _, shown := row["muted"]; shown != (row["user"] == s.Freelancer.ID) {
			t.Errorf("Expected the freelancer to see of their own membership alone whether it is muted, got %v", row)
		}
	}

	// The client's reading is the last the freelancer hears: what came before has arrived then.
	say(s.Freelancer, chat, "hello")
	read := s.Client.Command(messagesDomain, "chats/"+chat+"/read", "", nil)
	read.Want(t, http.StatusOK, "")
	if _, shown := read.JSON["ownAfter"]; !shown {
		t.Errorf("Expected the client to be told all of their own membership, got %s", read.Raw)
	}
	if !theirs.heard(fmt.Sprintf(`"lastReadSeq":%d,`, read.Number("lastReadSeq")), 30*time.Second) || !theirs.heard(`{"id":"`+id+`"}`, 30*time.Second) {
		t.Error("Expected the freelancer to hear what the client has read")
	}
	theirs.mu.Lock()
	defer theirs.mu.Unlock()
	for _, event := range theirs.events {
		if strings.Contains(event, id) && (strings.Contains(event, `"muted"`) || strings.Contains(event, `"archived"`) || strings.Contains(event, `"mentions"`) || strings.Contains(event, `"ownAfter"`)) {
			t.Errorf("Expected the freelancer not to hear it, got %s", event)
		}
	}
}
