package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
)

// bareChatsEnv makes this test binary serve a bare PocketBase with chats, members
// and messages under our rule, with as many people as it says. Their tokens are
// printed, one a line.
const bareChatsEnv = "LANCERSHUB_BENCH_BARE_CHATS"

// bareChats is that PocketBase, seen from outside.
type bareChats struct {
	addr, chat, sender string
	heard              <-chan time.Time
	pid                int
}

func startBareChats(b *testing.B, others int) *bareChats {
	b.Helper()
	stock, tokens := &bareChats{}, []string{}
	stock.addr, stock.pid = bareProcess(b, func(line string) {
		if token, ok := strings.CutPrefix(line, "token "); ok {
			tokens = append(tokens, token)
		}
		if chat, ok := strings.CutPrefix(line, "chat "); ok {
			stock.chat = chat
		}
	}, fmt.Sprintf("%s=%d", bareChatsEnv, others+2))
	if len(tokens) != others+2 {
		b.Fatal("The bare PocketBase did not start")
	}
	stock.sender = tokens[0]
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	streams := crowd(b, others+1, func(n int) (*tests.Stream, error) {
		return tests.OpenStreamAt(b.Context(), client, "http://"+stock.addr, tokens[1+n], "messages/*")
	})
	stock.heard = arrivals(streams[0])
	return stock
}

// rest waits until it has asked its rule for everybody: who is heard first does not
// make the others wait for less.
func (s *bareChats) rest(b *testing.B) {
	b.Helper()
	for before := ""; ; time.Sleep(50 * time.Millisecond) {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
		if err != nil {
			b.Fatal(err)
		}
		fields := strings.Fields(string(raw)) // the 14th and 15th are its time in user and kernel mode (proc(5))
		if now := fields[13] + " " + fields[14]; now != before {
			before = now
			continue
		}
		return
	}
}

// send creates a message.
func (s *bareChats) send(b *testing.B) {
	b.Helper()
	body, err := json.Marshal(map[string]any{"chat": s.chat, "body": "a message of a usual length, as people write them"})
	if err != nil {
		b.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://"+s.addr+"/api/collections/messages/records", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", s.sender)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		b.Fatalf("The bare PocketBase answered %d", res.StatusCode)
	}
}

// serveBareChats serves it.
func serveBareChats(dir string, people int) error {
	return serveBareWith(dir, func(app core.App) error {
		users, err := app.FindCollectionByNameOrId(collections.Users)
		if err != nil {
			return err
		}
		chat, members, err := makeBareChat(app, users)
		if err != nil {
			return err
		}
		for n := range people {
			user := core.NewRecord(users)
			user.SetEmail(fmt.Sprintf("person%d@example.com", n))
			user.RefreshTokenKey()
			if err := app.SaveNoValidate(user); err != nil {
				return err
			}
			token, err := user.NewAuthToken()
			if err != nil {
				return err
			}
			fmt.Println("token " + token)
			if n < 2 {
				member := core.NewRecord(members)
				member.Set("chat", chat.Id)
				member.Set("user", user.Id)
				if err := app.Save(member); err != nil {
					return err
				}
			}
		}
		fmt.Println("chat " + chat.Id)
		return nil
	})
}

// makeBareChat makes the collections, with our rule, and one chat.
func makeBareChat(app core.App, users *core.Collection) (chat *core.Record, members *core.Collection, err error) {
	chats := core.NewBaseCollection(collections.Chats)
	chats.Fields.Add(&core.TextField{Name: "title"})
	if err := app.Save(chats); err != nil {
		return nil, nil, err
	}
	members = core.NewBaseCollection(collections.Members)
	members.Fields.Add(&core.RelationField{Name: "chat", CollectionId: chats.Id, MaxSelect: 1}, &core.RelationField{Name: "user", CollectionId: users.Id, MaxSelect: 1})
	members.AddIndex("idx_members_chat_user", true, "`chat`, `user`", "")
	if err := app.Save(members); err != nil {
		return nil, nil, err
	}
	messages := core.NewBaseCollection(collections.Messages)
	messages.Fields.Add(&core.RelationField{Name: "chat", CollectionId: chats.Id, MaxSelect: 1}, &core.TextField{Name: "body"})
	rule := collections.RulesOf(collections.DomainMessages)[collections.Messages].View
	messages.ListRule, messages.ViewRule, messages.CreateRule = &rule, &rule, &rule
	if err := app.Save(messages); err != nil {
		return nil, nil, err
	}
	chat = core.NewRecord(chats)
	return chat, members, app.Save(chat)
}
