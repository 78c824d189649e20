package tests

import (
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// update rewrites the golden schemas: go test ./tests -run Golden -update
var update = flag.Bool("update", false, "rewrite the golden schemas")

// TestGoldenSchema compares what the migrations make with collections/testdata.
// A difference is either a mistake or a new migration that belongs in the change.
func TestGoldenSchema(t *testing.T) {
	t.Parallel()
	m := New(t, func(options *services.Options) { // the folder of other tests is not quite as it is shipped
		options.DataDir = filepath.Join(t.TempDir(), "data")
	})
	for domain, instance := range m.Instances {
		got := schemaOf(t, instance.App)
		path := filepath.Join("..", "collections", "testdata", string(domain)+".json")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("The schema of %s is not the golden one; look at the difference with: go test ./tests -run Golden -update && git diff collections/testdata", domain)
		}
	}
}

// schemaOf describes all collections (fields, rules, indexes) and raw tables.
func schemaOf(t *testing.T, app core.App) []byte {
	t.Helper()
	all, err := app.FindAllCollections()
	if err != nil {
		t.Fatal(err)
	}
	schema := map[string]any{}
	for _, col := range all {
		if strings.HasPrefix(col.Name, "_") {
			continue // PocketBase's own
		}
		raw, err := json.Marshal(col)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(raw, &fields); err != nil {
			t.Fatal(err)
		}
		for _, volatile := range []string{"created", "updated", "verificationTemplate", "resetPasswordTemplate", "confirmEmailChangeTemplate", "otp", "authAlert"} {
			delete(fields, volatile)
		}
		schema[col.Name] = fields
	}
	var tables []struct {
		Name string `db:"name"`
		SQL  string `db:"sql"`
	}
	err = app.DB().Select("name", "sql").From("sqlite_schema").
		Where(dbx.NewExp("sql LIKE '%STRICT%' OR type = 'trigger'")).OrderBy("name").All(&tables)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		schema["sql "+table.Name] = strings.Split(table.SQL, "\n")
	}
	raw, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(raw, '\n')
}

func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	options := services.Options{DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
	if err := services.MigrateUp(options, collections.Domains); err != nil {
		t.Fatal(err)
	}
	reverted, err := services.MigrateDown(options, collections.Domains)
	if err != nil {
		t.Fatal(err)
	}
	if len(reverted) != len(collections.Domains) {
		t.Errorf("Expected one reverted migration per domain, got %v", reverted)
	}
	var deeds []string
	if _, err := services.VerifyAuditIn(options, collections.DomainPayments, func(row services.AuditRow) { deeds = append(deeds, row.Action) }); err != nil || !slices.Equal(deeds, []string{"migrate down"}) {
		t.Errorf("Expected the audit log to tell of it, got %q, %v", deeds, err)
	}
}

func TestAChangedRuleKeepsAnInstanceFromServing(t *testing.T) {
	t.Parallel()
	m := New(t)
	app := m.Instances[collections.DomainPayments].App
	col, err := app.FindCollectionByNameOrId(collections.Payments)
	if err != nil {
		t.Fatal(err)
	}
	anyone := ""
	col.ListRule = &anyone
	if err := app.Save(col); err != nil {
		t.Fatal(err)
	}
	options := m.Options
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = services.OpenInstance(collections.DomainPayments, options)
	if err == nil || !strings.Contains(err.Error(), "rules_changed") {
		t.Errorf("Expected rules_changed, got %v", err)
	}
}

func TestDataFolders(t *testing.T) {
	t.Parallel()
	m := New(t)
	_, err := services.OpenInstance(collections.DomainUsers, m.Options)
	if err == nil || !strings.Contains(err.Error(), "data_locked") {
		t.Errorf("Expected data_locked, got %v", err)
	}
	app := m.Instances[collections.DomainMessages].App
	if _, err := app.DB().Insert(core.DefaultMigrationsTable, dbx.Params{"file": "9999_from_the_future.go", "applied": 1}).Execute(); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err = services.OpenInstance(collections.DomainMessages, m.Options); err == nil || !strings.Contains(err.Error(), "data_newer") {
		t.Errorf("Expected data_newer, got %v", err)
	}
	damaged := filepath.Join(m.Options.DataDir, string(collections.DomainProjects), "data.db")
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(damaged + suffix)
	}
	if err := os.WriteFile(damaged, []byte("this is no database, and long enough to be read as one ......................................."), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = services.OpenInstance(collections.DomainProjects, m.Options); err == nil || !strings.Contains(err.Error(), "data_unreadable") {
		t.Errorf("Expected data_unreadable, got %v", err)
	}
}
