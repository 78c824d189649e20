package operations

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests/process"
)

// broken changes a sound installation, as it happens at night.
type broken struct {
	t       *testing.T
	options services.Options
	where   services.DoctorOptions
}

func (b *broken) path(parts ...string) string {
	return filepath.Join(append([]string{b.options.DataDir}, parts...)...)
}

func (b *broken) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *broken) sql(domain collections.Domain, statements ...string) {
	b.t.Helper()
	db, err := sql.Open("sqlite", b.path(string(domain), "data.db"))
	b.must(err)
	defer db.Close()
	for _, statement := range statements {
		_, err = db.ExecContext(b.t.Context(), statement)
		b.must(err)
	}
}

// listener answers every request in its own way.
func (b *broken) listener(handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	b.t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// TestDoctor breaks one thing after another and wants to be told which, and what to do.
func TestDoctor(t *testing.T) {
	sound := filepath.Join(t.TempDir(), "sound")
	quiet := slog.New(slog.DiscardHandler)
	if err := services.MigrateUp(services.Options{DataDir: sound, Logger: quiet}, collections.Domains); err != nil {
		t.Fatal(err)
	}
	if err := services.UpsertSuperuser(services.Options{DataDir: sound, Logger: quiet}, collections.Domains, "mod@example.com", "a long password"); err != nil {
		t.Fatal(err)
	}
	for _, scenario := range []struct {
		name    string
		level   services.Level
		check   string
		says    string
		breakIt func(b *broken)
	}{
		{"nothing is broken", services.LevelWarning, "port", "not running", func(*broken) {}},
		{"the wrong folder", services.LevelError, "data", "there is no data", func(b *broken) { b.options.DataDir = filepath.Join(t.TempDir(), "nowhere") }},
		{"a domain is elsewhere", services.LevelWarning, "data", "messages is not in", func(b *broken) { b.must(os.RemoveAll(b.path("messages"))) }},
		{"a database that is none", services.LevelError, "data", "damaged", func(b *broken) {
			b.must(os.WriteFile(b.path("projects", "data.db"), []byte(strings.Repeat("no database", 900)), 0o600))
		}},
		{"a key for everybody", services.LevelError, "keys", "can be read by others", func(b *broken) { b.must(os.Chmod(b.path("users", "token_keys.json"), 0o644)) }},
		{"a damaged key", services.LevelError, "keys", "is damaged", func(b *broken) { b.must(os.WriteFile(b.path("payments", "service_keys.json"), []byte("[]"), 0o600)) }},
		{"a lost key", services.LevelError, "keys", "settings.key is missing", func(b *broken) { b.must(os.Remove(b.path("users", "settings.key"))) }},
		{"the key of another installation", services.LevelError, "settings", "failed to open", func(b *broken) {
			b.must(os.WriteFile(b.path("users", "settings.key"), []byte(strings.Repeat("0", 32)), 0o600))
		}},
		{"a newer version was here", services.LevelError, "schema", "newer version", func(b *broken) {
			b.sql(collections.DomainUsers, `INSERT INTO _migrations (file, applied) VALUES ('9999_future.go', 1)`)
		}},
		{"a migration is missing", services.LevelWarning, "schema", "migrations are missing", func(b *broken) {
			b.sql(collections.DomainMessages, `DELETE FROM _migrations WHERE file = '0040_epochs.go'`)
		}},
		{"a rule opened by hand", services.LevelError, "rules", "changed by hand", func(b *broken) {
			b.sql(collections.DomainPayments, `UPDATE _collections SET listRule = '' WHERE name = 'payments'`)
		}},
		{"a parked event", services.LevelError, "events", "given up", func(b *broken) {
			b.sql(collections.DomainProjects, `INSERT INTO outbox (id, peer, topic, aggregate, version, payload, created, state, last_error) VALUES ('a', 'messages', 't', 'a:b', 1, '{}', 1, 'parked', 'no route')`)
		}},
		{"an event that waits", services.LevelError, "events", "is messages running", func(b *broken) {
			b.sql(collections.DomainProjects, `INSERT INTO outbox (id, peer, topic, aggregate, version, payload, created) VALUES ('a', 'messages', 't', 'a:b', 1, '{}', 1)`)
		}},
		{"a restore that peers know better", services.LevelError, "restore", "projects:payments:abc:2:payment.held", func(b *broken) {
			b.sql(collections.DomainPayments, `INSERT INTO epochs (number, at, taken_at, findings) VALUES (1, 1, 1, 'projects:payments:abc:2:payment.held')`)
		}},
		{"a cent too much", services.LevelError, "ledger", "does not add up", func(b *broken) {
			b.sql(collections.DomainPayments, `INSERT INTO ledger_account (name, currency, protected) VALUES ('world', 'EUR', 0)`,
				`INSERT OR REPLACE INTO ledger_balance (account, amount) SELECT id, 1 FROM ledger_account WHERE name = 'world'`)
		}},
		{"a mail server that is gone", services.LevelError, "mail", "does not answer", func(b *broken) {
			instance, err := services.OpenInstance(collections.DomainUsers, b.options)
			b.must(err)
			settings := instance.App.Settings()
			settings.SMTP.Enabled, settings.SMTP.Host, settings.SMTP.Port = true, "127.0.0.1", 9
			b.must(instance.App.Save(settings))
			b.must(instance.Close())
		}},
		{"no encryption on the way", services.LevelError, "address", "without encryption at market.example", func(b *broken) {
			options := b.options
			options.PublicURL = "http://market.example"
			instance, err := services.OpenInstance(collections.DomainUsers, options)
			b.must(err)
			b.must(instance.Close())
		}},
		{"another program on the port", services.LevelError, "port", "not LancersHub", func(b *broken) {
			b.options.HTTPAddr = b.listener(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
		}},
		{"a port that hangs", services.LevelError, "port", "does not answer as it should", func(b *broken) {
			b.options.HTTPAddr = b.listener(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		}},
		{"a silent peer", services.LevelError, "peers", "does not answer", func(b *broken) {
			b.options.Peers = map[collections.Domain]string{collections.DomainPayments: "http://" + process.FreePort(t)}
		}},
		{"two peers mixed up", services.LevelError, "peers", "it is not payments", func(b *broken) {
			b.options.Peers = map[collections.Domain]string{collections.DomainPayments: "http://" + b.listener(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, `{"ready":true,"domain":"messages","checks":{}}`)
			})}
		}},
		{"a peer's clock", services.LevelError, "clock", "off", func(b *broken) {
			b.options.Peers = map[collections.Domain]string{collections.DomainPayments: "http://" + b.listener(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(-5*time.Minute).UTC().Format(http.TimeFormat))
				fmt.Fprint(w, `{"ready":true,"domain":"payments","checks":{}}`)
			})}
		}},
		{"an S3 server that is gone", services.LevelError, "storage", "is the S3 server running", func(b *broken) {
			b.options.Storage = services.StorageOptions{Endpoint: "http://" + process.FreePort(t), AccessKey: "a", SecretKey: "b"}
		}},
		{"another key of the S3 server", services.LevelError, "storage", "correct the access key", func(b *broken) {
			b.options.Storage = at(process.S3(t, bucketsOf("lancershub")...))
			b.options.Storage.SecretKey = "another"
		}},
		{"a key that opens no bucket of ours", services.LevelError, "storage", "the bucket, or start", func(b *broken) {
			b.options.Storage = at(process.S3(t, "of-others"))
		}},
		{"an S3 server and no key", services.LevelError, "storage", "LANCERSHUB_S3_PAYMENTS_ACCESS_KEY", func(b *broken) {
			b.options.Storage = services.StorageOptions{Endpoint: "http://127.0.0.1:9"}
		}},
		{"a key and no S3 server", services.LevelWarning, "storage", "set LANCERSHUB_S3_ENDPOINT", func(b *broken) {
			b.options.Storage = services.StorageOptions{AccessKey: "a", SecretKey: "b"}
		}},
		{"files that were left behind", services.LevelError, "storage", "storage copy", func(b *broken) {
			b.sql(collections.DomainUsers, `INSERT INTO users (id, email, tokenKey, avatar) VALUES ('somebody1234567', 'a@example.com', 'k', 'me.png')`)
			b.options.Storage = at(process.S3(t, bucketsOf("lancershub")...))
		}},
		{"a folder of files that is gone", services.LevelError, "storage", "objects is missing", func(b *broken) {
			b.sql(collections.DomainUsers, `INSERT INTO users (id, email, tokenKey, avatar) VALUES ('somebody1234567', 'a@example.com', 'k', 'me.png')`)
			b.must(os.RemoveAll(b.path("users", "objects")))
		}},
		{"no backup", services.LevelWarning, "backup", "there is no backup", func(b *broken) { b.where.Backups = t.TempDir() }},
		{"an old backup", services.LevelError, "backup", "days old", func(b *broken) {
			b.where.Backups = t.TempDir()
			folder := filepath.Join(b.where.Backups, "lancershub-20250101T000000Z")
			b.must(os.Mkdir(folder, 0o700))
			b.must(os.WriteFile(filepath.Join(folder, services.ManifestName), []byte(`{"format":1,"takenAt":"2025-01-01T00:00:00Z"}`), 0o600))
		}},
	} {
		t.Run(scenario.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(data, os.DirFS(sound)); err != nil {
				t.Fatal(err)
			}
			secrets, _ := filepath.Glob(filepath.Join(data, "*", "*.*"))
			for _, secret := range secrets { // a copy belongs to everybody
				if err := os.Chmod(secret, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			b := &broken{t: t, options: services.Options{DataDir: data, HTTPAddr: process.FreePort(t), Logger: quiet}}
			scenario.breakIt(b)
			findings := services.Doctor(t.Context(), b.options, b.where)
			found := slices.IndexFunc(findings, func(f services.Finding) bool {
				return f.Level == scenario.level && f.Check == scenario.check && strings.Contains(f.Message+f.Mend, scenario.says)
			})
			if found < 0 {
				t.Errorf("Expected a %s of %s that says %q, got %+v", scenario.level, scenario.check, scenario.says, findings)
			} else if findings[found].Mend == "" {
				t.Errorf("Expected to be told how to mend %+v", findings[found])
			}
			for _, f := range findings {
				if f.Level == services.LevelError && (scenario.level != services.LevelError || f.Check != scenario.check) {
					t.Errorf("Expected no other error, got %+v", f)
				}
			}
			if (services.Verdict(findings) != nil) != (scenario.level == services.LevelError) {
				t.Errorf("Expected the exit code to follow the errors, got %v", services.Verdict(findings))
			}
		})
	}
}

// bucketsOf are the names of the four buckets.
func bucketsOf(prefix string) []string {
	names := []string{}
	for _, domain := range collections.Domains {
		names = append(names, prefix+"-"+string(domain))
	}
	return names
}

// TestDoctorOnMemory: data on a file system that forgets.
func TestDoctorOnMemory(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "lancershub-*")
	if err != nil {
		t.Skipf("There is no memory file system here, so this was not tested: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	findings := services.Doctor(t.Context(), services.Options{DataDir: dir, HTTPAddr: process.FreePort(t)}, services.DoctorOptions{})
	if !slices.ContainsFunc(findings, func(f services.Finding) bool { return f.Check == "durability" && f.Level == services.LevelError }) {
		t.Errorf("Expected to be warned of memory, got %+v", findings)
	}
}

// TestDoctorBesideTheRunningMarketplace runs the real command: it disturbs
// nobody, sees a domain die, and says so in its exit code.
func TestDoctorBesideTheRunningMarketplace(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	running := process.Split(t, data)
	args := []string{"doctor", "--json", "--data", data, "--http", running["gateway"].Addr}
	for _, domain := range process.Domains {
		args = append(args, "--peer", domain+"=http://"+running[domain].Addr)
	}
	findings := func() (out []services.Finding, text string, err error) {
		text, err = process.Run(t, args...)
		if end := strings.LastIndex(text, "]"); end >= 0 {
			if err := json.Unmarshal([]byte(text[:end+1]), &out); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
		}
		return out, text, err
	}
	if _, text, err := findings(); err != nil {
		t.Errorf("Expected a sound installation, got %v\n%s", err, text)
	}
	running["messages"].Kill()
	found, text, err := findings()
	dead := func(f services.Finding) bool {
		return f.Level == services.LevelError && f.Check == "peers" && f.Domain == collections.DomainMessages
	}
	if err == nil || !slices.ContainsFunc(found, dead) {
		t.Errorf("Expected to be told that messages is down, got %v\n%s", err, text)
	}
	for name, p := range running {
		if name == "messages" {
			continue
		}
		if conn, err := net.Dial("tcp", p.Addr); err != nil {
			t.Errorf("Expected %s to go on, got %v", name, err)
		} else {
			_ = conn.Close()
		}
	}
}
