package tests

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
)

// wantSame fails the test unless all tables are as they were.
func (w *world) wantSame(t *testing.T, before map[string]string) {
	t.Helper()
	after := w.rows(t)
	for _, table := range slices.Sorted(maps.Keys(after)) {
		if after[table] != before[table] {
			t.Errorf("Expected nonsense to change nothing, but %s is another", table)
		}
	}
}

// forgetful are tables that remember who asked, or how often, and not what was done.
var forgetful = []string{"sessions", "_mfas", "_otps", "_authOrigins"}

// rows is what every table of every instance holds, as a checksum.
func (w *world) rows(t *testing.T) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, domain := range collections.Domains {
		db, err := sql.Open("sqlite", filepath.Join(w.market.Instances[domain].Dir(), "data.db")+"?mode=ro&_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range column(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'`) {
			if slices.Contains(forgetful, table) {
				continue
			}
			fields := column(t, db, `SELECT '"' || name || '"' FROM pragma_table_info('`+table+`')`)
			lines := column(t, db, `SELECT concat_ws('|', `+strings.Join(fields, ", ")+`) FROM "`+table+`" ORDER BY 1`)
			sums[string(domain)+"."+table] = fmt.Sprintf("%d %x", len(lines), sha256.Sum256([]byte(strings.Join(lines, "\n"))))
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return sums
}

// column reads the one column of a question.
func column(t *testing.T, db *sql.DB, question string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), question)
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	defer rows.Close()
	found := []string{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		found = append(found, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}
