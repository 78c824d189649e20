//go:build faults

package faults

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// TestAMailSurvivesItsSender kills the process that sends mails, before and after
// the mail server took one. The mail is not lost, and comes twice at most.
func TestAMailSurvivesItsSender(t *testing.T) {
	for failpoint, copies := range map[string]int{"mail-marked": 1, "mail-handed-over": 2} {
		t.Run(failpoint, func(t *testing.T) {
			t.Parallel()
			data, box := filepath.Join(t.TempDir(), "data"), tests.NewPostOffice(t)
			running := process.Start(t, process.FreePort(t), data, nil, "--mail-after", "1s")
			s := tests.NewStory(tests.Remote(t, "http://"+running.Addr)).Publish()
			if err := running.Stop(); err != nil {
				t.Fatal(err)
			}
			offline(t, data, func(users *services.Instance) error {
				box.Serve(t, users.App)
				client, err := users.App.FindRecordById(collections.Users, s.Client.ID)
				if err != nil {
					return err
				}
				client.SetVerified(true)
				return users.App.Save(client)
			})
			dying := process.Start(t, running.Addr, data, []string{"LANCERSHUB_FAILPOINT=" + failpoint}, "--mail-after", "1s")
			s.Client.SignIn()
			s.Propose()
			_ = dying.Ended(t, time.Minute)
			offline(t, data, func(users *services.Instance) error {
				marked, err := users.App.CountRecords(collections.MailQueue)
				if err != nil || marked != 1 {
					t.Errorf("Expected one mail to be marked, got %d (%v)", marked, err)
				}
				// Whoever is still sending has given up after a while; nobody waits for that here.
				_, err = users.App.DB().NewQuery("UPDATE mails SET next_at = 0 WHERE state = 'sending'").Execute()
				return err
			})
			again := running.Again(t)
			arrived := 0
			for until := time.Now().Add(time.Minute); arrived < copies && time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
				mails, _ := box.Taken()
				arrived += len(mails)
			}
			if err := again.Stop(); err != nil {
				t.Error(err)
			}
			more, _ := box.Taken()
			if arrived += len(more); arrived != copies {
				t.Errorf("Expected %d copies, got %d", copies, arrived)
			}
			offline(t, data, func(users *services.Instance) error {
				var state string
				err := users.App.DB().Select("state").From("mails").Row(&state)
				if state != "sent" {
					t.Errorf("Expected the mail to be sent, it is %s", state)
				}
				return err
			})
		})
	}
}

// offline does something to the users instance of a stopped marketplace.
func offline(t *testing.T, data string, do func(users *services.Instance) error) {
	t.Helper()
	users, err := services.OpenInstance(collections.DomainUsers, services.Options{DataDir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer users.Close()
	if err := do(users); err != nil {
		t.Fatal(err)
	}
}
