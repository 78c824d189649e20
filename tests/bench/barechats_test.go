package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// bareChatsEnv makes this test binary serve a bare PocketBase with chats, members
// and messages under our rule, with as many people as it says. Their tokens are
// printed, one a line.
const bareChatsEnv = "LANCERSHUB_BENCH_BARE_CHATS"

// bareChats is that PocketBase, seen from outside.
type bareChats struct {
	addr, chat, sender string
	heard              <-chan time.Time
}

func startBareChats(b *testing.B, others int) *bareChats {
	b.Helper()
	addr := process.FreePort(b)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), bareEnv+"="+filepath.Join(b.TempDir(), "bare"), bareAddr+"="+addr, fmt.Sprintf("%s=%d", bareChatsEnv, others+2))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	stock, tokens := &bareChats{addr: addr}, []string{}
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if lines.Text() == "ready" {
			break
		}
		if token, ok := strings.CutPrefix(lines.Text(), "token "); ok {
			tokens = append(tokens, token)
		}
		if chat, ok := strings.CutPrefix(lines.Text(), "chat "); ok {
			stock.chat = chat
		}
	}
	if len(tokens) != others+2 {
		b.Fatal("The bare PocketBase did not start")
	}
	stock.sender = tokens[0]
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	streams := crowd(b, others+1, func(n int) (*tests.Stream, error) {
		return tests.OpenStreamAt(b.Context(), client, "http://"+addr, tokens[1+n], "messages/*")
	})
	stock.heard = arrivals(streams[0])
	return stock
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
	app := core.NewBaseApp(core.BaseAppConfig{DataDir: dir})
	if err := app.Bootstrap(); err != nil {
		return err
	}
	users, err := app.FindCollectionByNameOrId(collections.Users)
	if err != nil {
		return err
	}
	chats := core.NewBaseCollection(collections.Chats)
	chats.Fields.Add(&core.TextField{Name: "title"})
	if err := app.Save(chats); err != nil {
		return err
	}
	members := core.NewBaseCollection(collections.Members)
	members.Fields.Add(&core.RelationField{Name: "chat", CollectionId: chats.Id, MaxSelect: 1}, &core.RelationField{Name: "user", CollectionId: users.Id, MaxSelect: 1})
	members.AddIndex("idx_members_chat_user", true, "`chat`, `user`", "")
	if err := app.Save(members); err != nil {
		return err
	}
	messages := core.NewBaseCollection(collections.Messages)
	messages.Fields.Add(&core.RelationField{Name: "chat", CollectionId: chats.Id, MaxSelect: 1}, &core.TextField{Name: "body"})
	rule := collections.RulesOf(collections.DomainMessages)[collections.Messages].View
	messages.ListRule, messages.ViewRule, messages.CreateRule = &rule, &rule, &rule
	if err := app.Save(messages); err != nil {
		return err
	}
	chat := core.NewRecord(chats)
	if err := app.Save(chat); err != nil {
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
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.InstallerFunc = nil
		if err := e.Next(); err != nil {
			return err
		}
		fmt.Println("ready")
		return nil
	})
	return apis.Serve(app, apis.ServeConfig{HttpAddr: os.Getenv(bareAddr)})
}
