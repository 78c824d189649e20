package operations

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// one asks a database of a domain for one value, beside whoever serves it.
func one[T any](t *testing.T, data string, domain collections.Domain, query string, args ...any) T {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, string(domain), "data.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var value T
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// backup takes a backup with the real command and returns its folder.
func backup(t *testing.T, data, to string) string {
	t.Helper()
	out := process.MustRun(t, "backup", "--data", data, "--to", to)
	found, err := filepath.Glob(filepath.Join(to, "lancershub-*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("Expected a backup in %s: %v\n%s", to, err, out)
	}
	return found[len(found)-1]
}

// settled waits until no payment is undecided, no event waits and no restore is open.
func settled(t *testing.T, m *tests.Market, data string) {
	t.Helper()
	state := ""
	for until := time.Now().Add(60 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		m.Deliver()
		open := 0
		for _, domain := range collections.Domains {
			open += one[int](t, data, domain, `SELECT count(*) FROM epochs WHERE settled = 0`)
		}
		pending := one[int](t, data, collections.DomainPayments, `SELECT count(*) FROM payments WHERE status = 'pending'`)
		if state = fmt.Sprintf("%d restores open, %d payments pending", open, pending); open+pending == 0 {
			m.Deliver()
			return
		}
	}
	t.Fatal("Expected the marketplace to settle, it has", state)
}

// backupBucket names an S3 server for backups to the commands this test runs, and
// returns where in it they go.
func backupBucket(t *testing.T) string {
	t.Helper()
	server := process.S3(t, "the-backups")
	t.Setenv("LANCERSHUB_BACKUP_S3_ENDPOINT", server.URL)
	t.Setenv("LANCERSHUB_BACKUP_S3_ACCESS_KEY", server.Access)
	t.Setenv("LANCERSHUB_BACKUP_S3_SECRET_KEY", server.Secret)
	return "s3://the-backups/market/nightly"
}

// TestRestoreDrill backs up to a folder while people work, restores into an empty
// folder and lets the marketplace run on from there: what was acknowledged before
// the backup is in it, and nothing is half done.
func TestRestoreDrill(t *testing.T) {
	to := filepath.Join(t.TempDir(), "backups")
	drill(t, func(data string) string { return backup(t, data, to) })
}

// TestRestoreDrillOnS3 is the same with a bucket.
func TestRestoreDrillOnS3(t *testing.T) {
	to := backupBucket(t)
	drill(t, func(data string) string {
		_, said, _ := strings.Cut(process.MustRun(t, "backup", "--data", data, "--to", to), "restore ")
		path, _, _ := strings.Cut(said, " ")
		if !strings.HasPrefix(path, to+"/lancershub-") {
			t.Fatalf("Expected to be told where the backup is, got %s", path)
		}
		if left, _ := filepath.Glob(filepath.Join(data, ".*")); len(left) != 0 {
			t.Errorf("Expected nothing to be left on this machine, got %v", left)
		}
		return path
	})
}

func drill(t *testing.T, backup func(data string) (folder string)) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	running := process.Split(t, data)
	l := start(t, "http://"+running["gateway"].Addr, 3)
	l.waitFor(6)
	before := l.acknowledged()
	folder := backup(data)
	l.waitFor(4)
	l.finish()

	if out := process.MustRun(t, "restore", folder, "--verify", "--data", data); !strings.Contains(out, "is sound") || !strings.Contains(out, "Nothing was changed") {
		t.Errorf("Expected a drill that changes nothing, got %s", out)
	}
	for _, p := range running {
		p.Kill()
	}
	restored := filepath.Join(t.TempDir(), "restored")
	process.MustRun(t, "restore", folder, "--data", restored)
	for _, id := range before {
		if one[int](t, restored, collections.DomainPayments, `SELECT count(*) FROM payments WHERE id = ? AND status <> 'pending'`, id) != 1 {
			t.Errorf("Expected payment %s in the backup: it was acknowledged before", id)
		}
	}
	p := process.Start(t, process.FreePort(t), restored, nil, "--decide-after", "2s")
	m := tests.Remote(t, "http://"+p.Addr)
	settled(t, m, restored)
	tests.Funded(m) // life goes on
	if err := p.Stop(); err != nil {
		t.Errorf("Expected a graceful stop, got %v\n%s", err, p.Log())
	}
	process.MustRun(t, "ledger", "verify", "--data", restored)
	tests.SoundIn(t, restored)
}

// TestRestoreIntoMounts: each domain is a mount of its own, as in containers, so that
// no folder can be renamed.
func TestRestoreIntoMounts(t *testing.T) {
	needMounts(t)
	data, to := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backups")
	process.MustRun(t, "superuser", "upsert", "mod@example.com", "a long password", "--data", data)
	folder := backup(t, data, to)
	script := `set -e
		for domain in users projects payments messages; do mkdir -p "$DATA/$domain"; mount -t tmpfs none "$DATA/$domain"; done
		"$LANCERSHUB" restore "$BACKUP" --data "$DATA"
		"$LANCERSHUB" restore "$BACKUP" --data "$DATA" --replace
		"$LANCERSHUB" ledger verify --data "$DATA"
		ls -A "$DATA" "$DATA/users" "$DATA"/users/before-restore-*`
	cmd := exec.CommandContext(t.Context(), "unshare", "-rm", "sh", "-c", script)
	cmd.Env = append(os.Environ(), "LANCERSHUB="+process.Binary(t), "BACKUP="+folder, "DATA="+filepath.Join(t.TempDir(), "mounted"))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "is sound") != 2 || strings.Count(string(out), "data.db\n") != 2 || strings.Contains(string(out), ".restored") || strings.Contains(string(out), "probe") {
		t.Errorf("Expected both restores to be put in their place and the first to be moved aside, got %v\n%s", err, out)
	}
}

// needMounts skips a test where nobody may make mounts of their own.
func needMounts(t *testing.T) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "unshare", "-rm", "sh", "-c", `mount -t tmpfs none /mnt`).CombinedOutput(); err != nil {
		t.Skipf("This system lets nobody make mounts of their own, so this was not tested: %v %s", err, out)
	}
}

// TestOneDomainFromAnOldBackup restores payments alone. Its peers tell it again
// what they sent; what it said itself and forgot is found, and no money leaves
// until somebody has looked.
func TestOneDomainFromAnOldBackup(t *testing.T) {
	data, to := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backups")
	addr := process.FreePort(t)
	p := process.Start(t, addr, data, nil)
	m := tests.Remote(t, "http://"+addr)
	s := tests.Funded(m)
	folder := backup(t, data, to)
	// After the backup: one approval, whose event can be told again, and a payment that nobody else remembers whole.
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", tests.Key(), nil).Want(t, 200, "")
	m.Deliver()
	m.Deliver()
	lost := (&tests.Story{Market: m, Client: s.Client, Freelancer: s.Freelancer, Amount: 700}).Publish().Propose().Hire().Fund()
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	process.MustRun(t, "restore", folder, "--data", data, "--only", "payments", "--replace")
	p = p.Again(t)
	m.Deliver()
	status := func(id string) string {
		return one[string](t, data, collections.DomainPayments, `SELECT coalesce(max(status), '') FROM payments WHERE id = ?`, id)
	}
	findings := func() string {
		return one[string](t, data, collections.DomainPayments, `SELECT coalesce(max(findings), '') FROM epochs WHERE settled = 0`)
	}
	eventually(t, "payments is told of the approval again and releases", func() bool { return status(s.Payment) == collections.PaymentStateReleased })
	eventually(t, "the forgotten payment is found and nothing else", func() bool {
		found := findings()
		return strings.Contains(found, lost.Payment) && !strings.Contains(found, s.Payment)
	})
	if out := process.MustRun(t, "restore", "accept", "--data", data); !strings.Contains(out, lost.Payment) {
		t.Errorf("Expected to be shown what is accepted, got %s", out)
	}
	if left := findings(); left != "" {
		t.Errorf("Expected no open restore, got %s", left)
	}
	process.MustRun(t, "ledger", "verify", "--data", data)
	_ = p.Stop()
}

func eventually(t *testing.T, what string, probe func() bool) {
	t.Helper()
	for until := time.Now().Add(45 * time.Second); !probe(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("Not in time:", what)
		}
	}
}

// TestABackupThatIsNone: every damage is noticed before anything is replaced.
func TestABackupThatIsNone(t *testing.T) {
	data, to := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backups")
	process.MustRun(t, "migrate", "up", "--data", data)
	folder := backup(t, data, to)
	for _, scenario := range []struct {
		name, code string
		damage     func(folder string) error
	}{
		{"an interrupted backup", "backup_incomplete", func(folder string) error { return os.Remove(filepath.Join(folder, services.ManifestName)) }},
		{"a manifest cut short", "backup_damaged", func(folder string) error { return os.Truncate(filepath.Join(folder, services.ManifestName), 100) }},
		{"a database cut short", "backup_damaged", func(folder string) error { return os.Truncate(filepath.Join(folder, "payments", "data.db.zst"), 2000) }},
		{"a flipped bit", "backup_damaged", func(folder string) error { return flip(filepath.Join(folder, "users", "data.db.zst")) }},
		{"another key", "backup_damaged", func(folder string) error { return flip(filepath.Join(folder, "users", "token_keys.json")) }},
		{"a missing key", "backup_damaged", func(folder string) error { return os.Remove(filepath.Join(folder, "messages", "settings.key")) }},
	} {
		t.Run(scenario.name, func(t *testing.T) {
			damaged := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(damaged, os.DirFS(folder)); err != nil {
				t.Fatal(err)
			}
			if err := scenario.damage(damaged); err != nil {
				t.Fatal(err)
			}
			target := filepath.Join(t.TempDir(), "data")
			out, err := process.Run(t, "restore", damaged, "--data", target)
			if err == nil || !strings.Contains(out, scenario.code) {
				t.Errorf("Expected %s, got %v %s", scenario.code, err, out)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(target), "*")); len(left) != 0 {
				t.Errorf("Expected nothing to be left behind, got %v", left)
			}
		})
	}
	t.Run("data is in the way", func(t *testing.T) {
		if out, err := process.Run(t, "restore", folder, "--data", data); err == nil || !strings.Contains(out, "data_exists") {
			t.Errorf("Expected a refusal, got %v %s", err, out)
		}
	})
	t.Run("the marketplace runs", func(t *testing.T) {
		process.Start(t, process.FreePort(t), data, nil)
		if out, err := process.Run(t, "restore", folder, "--data", data, "--replace"); err == nil || !strings.Contains(out, "data_locked") {
			t.Errorf("Expected a refusal, got %v %s", err, out)
		}
	})
	t.Run("old ones are removed", func(t *testing.T) {
		time.Sleep(1100 * time.Millisecond) // their names are seconds
		process.MustRun(t, "backup", "--data", data, "--to", to, "--keep", "1")
		if left, _ := filepath.Glob(filepath.Join(to, "*")); len(left) != 1 || left[0] == folder {
			t.Errorf("Expected the newest backup alone, got %v", left)
		}
	})
}

func flip(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	raw[len(raw)/2] ^= 1
	return os.WriteFile(path, raw, 0o600)
}
