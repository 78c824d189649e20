package tests

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// questions are the statements that the tests of this package made the marketplace
// execute, by domain and statement without its values. What reads a growing table
// from end to end is fast in every test, and slow for whoever has used the
// marketplace for a year.
var questions = struct {
	sync.Mutex
	asked map[collections.Domain]map[string]string
}{asked: map[collections.Domain]map[string]string{}}

// value is a value in a statement: the log shows parameters as what they were.
var value = regexp.MustCompile(`'(?:[^']|'')*'|\b\d+\b`)

// name is a table or column in the log.
var name = regexp.MustCompile(`\[\[[\w.]+\]\]|\{\{[\w.]+\}\}`)

// made is what PocketBase adds to the name of the one row it checks a create rule on.
var made = regexp.MustCompile(`__pb_create__\w{6}`)

// blob is bytes in the log.
var blob = regexp.MustCompile(`\b0x[0-9a-f]*\b`)

var explainable = regexp.MustCompile(`(?i)^\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b`)

// endless is a step that reads a table, or an index of it, from end to end.
var endless = regexp.MustCompile(`^SCAN [a-zA-Z_]\w*( USING (COVERING )?INDEX \w+)?$`)

// mayReadAll are the statements that may read a table from end to end, and why.
var mayReadAll = map[string]*regexp.Regexp{
	"reconciliation and verification compare everything with everything": regexp.MustCompile(
		`AS subject|AS underway|UNION SELECT payment FROM provider_refunds|FROM sandbox_charges|^payments: SELECT (milestone, status[^W]*|id, rolledFrom|id, client, freelancer, project, projectTitle) FROM payments|` +
			`FROM milestones m JOIN projects p ON p\.id = m\.project$|JOIN ledger_account a ON a\.id = e\.account ORDER BY e\.id$|SELECT account, amount FROM ledger_balance$|FROM (earnings_\w+|platform_month|pipeline_item|forecast_run)\b`),
	"moderators look through whole tables, a page at a time": regexp.MustCompile(
		"^\\w+: SELECT `(\\w+)`\\.\\* FROM `\\w+`( WHERE \\(?(`\\w+`\\.`\\w+`=\\?|\\? IS NOT \\?|\\?=\\?)\\)?( AND \\(\\? IS NOT \\?\\))?)?( LIMIT \\?)?$"),
	"people list with any filter they like; rows of theirs have indexes": regexp.MustCompile(
		`COUNT\(DISTINCT|SELECT DISTINCT|\? IS NOT \?|IS NULL|IS NOT NULL|JSON_EXTRACT|_rowid_|\? = \?|reviews\.status\]\] = \?|\(\[\[projects\.status\]\] = \? OR`),
	"PocketBase knows its own tables":                              regexp.MustCompile("_collections|sqlite_master|sqlite_schema"),
	"PocketBase looks for what refers to a record that is deleted": regexp.MustCompile("^\\w+: SELECT `(\\w+)`\\.`id` FROM `\\w+` WHERE"),
	"these stay short: what is open, what operators made":          regexp.MustCompile(`FROM (link_previews|search_due|alerts|outbox WHERE state <> \?|epochs|feePlans|reconciliation|payouts p CROSS JOIN users u|chargebacks WHERE status = \?)|FROM provider_events WHERE state = \?$|FROM disputes WHERE \(client|WHERE pdf = \? ORDER BY|uploads\.expiresAt\]\] < \?|_superusers|FROM chain|count\(\*\) FROM payments WHERE status = \?\), \(SELECT`),
	"catching up with what an older version left, once at start":   regexp.MustCompile(`pipeline_told t WHERE|SELECT \? FROM deadlines d WHERE d\.subject = |NOT EXISTS \(SELECT \? FROM invoices i WHERE i\.ledgerRef`),
	"the earnings book of everybody is counted anew":               regexp.MustCompile("^payments: SELECT `id`, `timezone` FROM `users`$"),
	"once after a restore, what a peer was sent is sent again":     regexp.MustCompile("UPDATE `outbox` SET `next_at`=\\?, `state`=\\? WHERE peer = \\? AND state = \\? AND created >= \\?"),
	"totals over everything, a few times an hour":                  regexp.MustCompile(`WHERE p\.publishedAt <> \? ORDER BY p\.publishedAt|count\(\*\) FROM .sessions.$`),
	"tests look, and break things": regexp.MustCompile(`^\w+: (UPDATE \w+ SET [^W]*$|UPDATE \w+ SET .* WHERE kind = \?$|DELETE FROM (ledger_|invoices|inbox|outbox)|INSERT INTO (ledger_entry|proposals|searches|users) .* SELECT|SELECT id FROM \[\[|DELETE FROM \[\[)|` +
		"FROM `(reports|ledger_entry|ledger_tx)`|FROM `outbox` WHERE topic|SELECT `state` FROM `provider_events`|\\[\\[invoices\\.kind\\]\\] = |`payments`.\\* FROM `payments` WHERE `milestone`"),
}

// recordQuestions notes what the instances are asked.
func (m *Market) recordQuestions() {
	for domain, instance := range m.Instances {
		m.listen(instance, func(statement string) {
			key := strings.Join(strings.Fields(value.ReplaceAllString(made.ReplaceAllString(statement, "__new"), "?")), " ")
			questions.Lock()
			defer questions.Unlock()
			if questions.asked[domain] == nil {
				questions.asked[domain] = map[string]string{}
			}
			questions.asked[domain][key] = statement
		})
	}
}

// forgetQuestions notes nothing from now on: what is asked under spoiled rules is nobody's question.
func (m *Market) forgetQuestions() {
	for _, instance := range m.Instances {
		m.listen(instance, func(string) {})
	}
}

func (m *Market) listen(instance *services.Instance, note func(statement string)) {
	for _, builder := range []dbx.Builder{instance.App.NonconcurrentDB(), instance.App.ConcurrentDB()} {
		db, ok := builder.(*dbx.DB)
		if !ok {
			m.tb.Fatal("The database cannot tell what it is asked")
		}
		db.QueryLogFunc = func(_ context.Context, _ time.Duration, statement string, _ *sql.Rows, _ error) { note(statement) }
		db.ExecLogFunc = func(_ context.Context, _ time.Duration, statement string, _ sql.Result, _ error) { note(statement) }
	}
}

// stepsOf asks SQLite. The log has names and values as dbx writes them.
func stepsOf(db *dbx.DB, statement string) ([]string, error) {
	statement = blob.ReplaceAllString(strings.ReplaceAll(statement, "<nil>", "NULL"), "x''")
	statement = name.ReplaceAllStringFunc(statement, func(quoted string) string {
		return db.QuoteColumnName(quoted[2 : len(quoted)-2])
	})
	rows, err := db.DB().QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		steps = append(steps, detail)
	}
	return steps, rows.Err()
}

// EndlessReads are the statements that read a table from end to end and may not, as
// SQLite plans them on the schema of a fresh marketplace.
func EndlessReads() ([]string, error) {
	questions.Lock()
	defer questions.Unlock()
	dir, err := template()
	if err != nil {
		return nil, err
	}
	var found []string
	for domain, asked := range questions.asked {
		db, err := dbx.Open("sqlite", filepath.Join(dir, string(domain), "data.db")+"?mode=ro")
		if err != nil {
			return nil, err
		}
		for key, statement := range asked {
			if !explainable.MatchString(statement) || strings.Contains(key, "__new") || readsAllRightly(string(domain)+": "+key) {
				continue
			}
			steps, err := stepsOf(db, statement)
			if err != nil && !strings.Contains(err.Error(), "no such table") { // of a schema that a test made
				return nil, fmt.Errorf("%s: %s: %w", domain, key, err)
			}
			for _, step := range steps {
				if endless.MatchString(step) {
					found = append(found, fmt.Sprintf("%s: %s\n\t%s", domain, key, step))
				}
			}
		}
		if err := db.Close(); err != nil {
			return nil, err
		}
	}
	slices.Sort(found)
	return found, nil
}

func readsAllRightly(statement string) bool {
	for _, pattern := range mayReadAll {
		if pattern.MatchString(statement) {
			return true
		}
	}
	return false
}
