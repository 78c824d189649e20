package demo_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/demo"
	"github.com/lancershub/lancershub/hooks"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

func TestMain(m *testing.M) {
	code := m.Run()
	tests.Cleanup()
	os.Exit(code)
}

// Days on which calendars go wrong.
var (
	newMonth = time.Date(2026, 3, 1, 0, 10, 0, 0, time.UTC)
	leapDay  = time.Date(2028, 2, 29, 23, 0, 0, 0, time.UTC)
)

// loaded is a marketplace that was filled, opened again.
type loaded struct {
	now  time.Time
	apps map[collections.Domain]core.App
}

// load fills a fresh folder with a small marketplace.
func load(t *testing.T, seed uint64, now time.Time) loaded {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	options := demo.Options{DataDir: dir, Seed: seed, Now: now, Size: demo.Small, Logger: slog.New(slog.DiscardHandler)}
	if err := demo.Load(t.Context(), options); err != nil {
		t.Fatalf("Failed to load: %v", err)
	}
	marketplace, err := services.Start(context.Background(), services.Options{
		DataDir: dir, HTTPAddr: "127.0.0.1:0", Clock: services.NewSetClock(now), Manual: true, Logger: options.Logger,
	}, hooks.Bind, fstest.MapFS{})
	if err != nil {
		t.Fatalf("Failed to open what was loaded: %v", err)
	}
	t.Cleanup(func() {
		if err := marketplace.Close(); err != nil {
			t.Errorf("Failed to close: %v", err)
		}
	})
	apps := map[collections.Domain]core.App{}
	for domain, instance := range marketplace.Instances {
		apps[domain] = instance.App
	}
	return loaded{now, apps}
}

// The first moments of a month are the worst time to load: nothing has happened
// in the current month, and today has hardly begun.
func TestLoadAtTheBeginningOfAMonth(t *testing.T) {
	t.Parallel()
	checkSound(t, load(t, 7, newMonth))
}

func TestSameSeedGivesTheSameData(t *testing.T) {
	t.Parallel()
	market := load(t, 11, leapDay)
	checkSound(t, market)
	checkEveryMonth(t, market)
	first, second := prints(t, market), prints(t, load(t, 11, leapDay))
	for name, lines := range first {
		if len(lines) == 0 {
			t.Errorf("Expected some %s", name)
		}
		for i := range lines {
			if i >= len(second[name]) || lines[i] != second[name][i] {
				t.Errorf("Expected the same %s from the same seed, differs at %q", name, lines[i])
				break
			}
		}
	}
}

// prints lists what must not depend on chance.
func prints(t *testing.T, market loaded) map[string][]string {
	t.Helper()
	return map[string][]string{
		"people":        column(t, market.apps[collections.DomainUsers], "SELECT name || email || headline || hourlyRate || created FROM users ORDER BY email"),
		"projects":      column(t, market.apps[collections.DomainProjects], "SELECT title || status || budgetMax || currency || created || proposalCount FROM projects ORDER BY created, title"),
		"proposals":     column(t, market.apps[collections.DomainProjects], "SELECT projectTitle || amount || status || coverLetter || reason || created FROM proposals ORDER BY created, projectTitle"),
		"milestones":    column(t, market.apps[collections.DomainProjects], "SELECT title || amount || status || updated FROM milestones ORDER BY created, title, position"),
		"payments":      column(t, market.apps[collections.DomainPayments], "SELECT title || amount || currency || status || fee || settledAt FROM payments ORDER BY created, title"),
		"messages":      column(t, market.apps[collections.DomainMessages], "SELECT c.title || m.seq || m.body || m.created FROM messages m JOIN chats c ON c.id = m.chat ORDER BY c.created, c.title, m.seq"),
		"notifications": column(t, market.apps[collections.DomainMessages], "SELECT kind || title || body || created FROM notifications ORDER BY created, kind, title, body"),
	}
}

func TestDemoAccountsCanSignIn(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	now := time.Now()
	if err := demo.Load(t.Context(), demo.Options{DataDir: dir, Now: now, Size: demo.Small}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(services.DemoAccountsPath(dir))
	if err != nil || !strings.Contains(string(text), demo.ClientEmail) || !strings.Contains(string(text), demo.Password) {
		t.Errorf("Expected the accounts in a file, got %q, %v", text, err)
	}
	m := tests.New(t, func(o *services.Options) { o.DataDir, o.Clock = dir, services.SystemClock{} })
	for _, email := range []string{demo.ClientEmail, demo.FreelancerEmail} {
		p := m.Guest()
		p.Email, p.Password = email, demo.Password
		p.SignIn()
		for _, path := range []string{"/api/payments/api/earnings/summary", "/api/payments/api/earnings/monthly", "/api/payments/api/earnings/forecast"} {
			p.Do(http.MethodGet, path, nil).Want(t, http.StatusOK, "")
		}
		if chats := p.List(collections.DomainMessages, collections.Chats, ""); chats.Number("totalItems") < 3 {
			t.Errorf("Expected chats for %s, got %s", email, chats.Raw)
		}
	}
}
