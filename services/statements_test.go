package services

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// keptConn asks a database as an instance opens it, on one connection.
func keptConn(t *testing.T) *sql.Conn {
	t.Helper()
	db, err := connector(DurabilityNormal)(filepath.Join(t.TempDir(), dataFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.DB().Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func execOn(t *testing.T, conn *sql.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := conn.ExecContext(context.Background(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func keptCount(t *testing.T, conn *sql.Conn) int {
	t.Helper()
	count := -1
	err := conn.Raw(func(raw any) error {
		keeping, ok := raw.(*keepingConn)
		if !ok {
			return fmt.Errorf("the connection is a %T", raw)
		}
		if len(keeping.kept) != keeping.order.Len() {
			return fmt.Errorf("%d by text, %d in order", len(keeping.kept), keeping.order.Len())
		}
		count = len(keeping.kept)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

func eachID(t *testing.T, conn *sql.Conn, query string, after int, visit func(id int)) {
	t.Helper()
	rows, err := conn.QueryContext(context.Background(), query, after)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			t.Fatal(err)
		}
		visit(id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestStatementsAreKept(t *testing.T) {
	t.Parallel()
	conn := keptConn(t)
	execOn(t, conn, `CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE)`)
	for n := range 5 {
		execOn(t, conn, `INSERT INTO things (name) VALUES (?)`, fmt.Sprint(n))
	}
	if count := keptCount(t, conn); count != 1 {
		t.Errorf("Expected what was asked twice to be kept, got %d statements", count)
	}
	// Rows of a text may be open while the same text is asked again.
	const query = `SELECT id, name FROM things WHERE id > ? ORDER BY id`
	for range 3 {
		pairs := 0
		eachID(t, conn, query, 0, func(id int) {
			eachID(t, conn, query, id, func(int) { pairs++ })
		})
		if pairs != 10 {
			t.Errorf("Expected 10 pairs, got %d", pairs)
		}
	}
	// What failed leaves nothing behind: neither a lock nor a bound value.
	for range 3 {
		if _, err := conn.ExecContext(context.Background(), `INSERT INTO things (name) VALUES (?)`, "1"); err == nil {
			t.Error("Expected a second 1 to be refused")
		}
		execOn(t, conn, `INSERT INTO things (name) VALUES (?)`, nil)
	}
}

func TestKeptStatementsFollowTheSchema(t *testing.T) {
	t.Parallel()
	conn := keptConn(t)
	execOn(t, conn, `CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT)`)
	execOn(t, conn, `INSERT INTO things (name) VALUES ('a')`)
	columns := func() int {
		rows, err := conn.QueryContext(context.Background(), `SELECT * FROM things`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err := errors.Join(err, rows.Err()); err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	for range 3 {
		if got := columns(); got != 2 {
			t.Fatalf("Expected 2 columns, got %d", got)
		}
	}
	execOn(t, conn, `ALTER TABLE things ADD COLUMN size INTEGER`)
	if got := columns(); got != 3 {
		t.Errorf("Expected the new column, got %d columns", got)
	}
	execOn(t, conn, `DROP TABLE things`)
	if _, err := conn.ExecContext(context.Background(), `SELECT * FROM things`); err == nil {
		t.Error("Expected a dropped table to be gone")
	}
}

func TestKeptStatementsAreBounded(t *testing.T) {
	t.Parallel()
	conn := keptConn(t)
	execOn(t, conn, `CREATE TABLE things (id INTEGER PRIMARY KEY)`)
	for range 2 {
		for n := range 2 * keptStatements {
			for range 2 {
				execOn(t, conn, fmt.Sprintf(`DELETE FROM things WHERE id = %d`, n))
			}
		}
	}
	if count := keptCount(t, conn); count != keptStatements {
		t.Errorf("Expected %d statements, got %d", keptStatements, count)
	}
	before := keptCount(t, conn)
	execOn(t, conn, `SELECT 'asked once'`)
	execOn(t, conn, `VACUUM`)
	execOn(t, conn, `VACUUM`)
	if count := keptCount(t, conn); count != before {
		t.Errorf("Expected neither what came once nor what is no question of rows to be kept, got %d", count)
	}
}

func TestVerifiedTokensAreForgotten(t *testing.T) {
	t.Parallel()
	var tokens verified[string]
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tokens.keep("short", "a", now, now.Add(10*time.Second))
	tokens.keep("long", "b", now, now.Add(time.Hour))
	for _, look := range []struct {
		token string
		after time.Duration
		good  bool
	}{
		{"short", 0, true}, {"short", 9 * time.Second, true}, {"short", 10 * time.Second, false},
		{"long", verifiedFor - 1, true}, {"long", verifiedFor, false}, {"long", -time.Second, false}, {"other", 0, false}, {"", 0, false},
	} {
		if _, ok := tokens.find(look.token, now.Add(look.after)); ok != look.good {
			t.Errorf("%s after %s: expected %t", look.token, look.after, look.good)
		}
	}
	for n := range 2 * verifiedTokens {
		tokens.keep(fmt.Sprint(n), "", now, now.Add(time.Hour))
	}
	if len(tokens.seen) > verifiedTokens {
		t.Errorf("Expected at most %d tokens, got %d", verifiedTokens, len(tokens.seen))
	}
}

// TestQuestionsOfCreateRulesAreKept asks as PocketBase does whether a record may be
// created: under another name each time, with the fields in another order.
func TestQuestionsOfCreateRulesAreKept(t *testing.T) {
	t.Parallel()
	conn := keptConn(t)
	execOn(t, conn, `CREATE TABLE members (chat TEXT, person TEXT)`)
	execOn(t, conn, `INSERT INTO members VALUES ('c1', 'ann'), ('c2', 'bob')`)
	ask := func(random, fields string, args ...any) (found int) {
		t.Helper()
		name := "notes__pb_create__" + random
		err := conn.QueryRowContext(context.Background(), "WITH `"+name+"` as (SELECT "+fields+") SELECT DISTINCT (1) FROM `"+name+"` LEFT JOIN `members` `"+name+"_members` ON `"+
			name+"_members`.`chat` = `"+name+"`.`chat` WHERE (? IS NOT '' AND `"+name+"_members`.`person` = ? AND `"+name+"`.`body` = ?) LIMIT 1", args...).Scan(&found)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			t.Fatal(err)
		}
		return found
	}
	for n := range 4 {
		random := fmt.Sprintf("Ab%04d", n)
		if ask(random, "? AS `chat`,? AS `body`,? AS `id`", "c1", "hello", random, "ann", "ann", "hello") != 1 {
			t.Errorf("Expected ann to be in c1")
		}
		if ask(random, "? AS `id`,? AS `body`,? AS `chat`", random, "hello", "c1", "ann", "ann", "hello") != 1 {
			t.Errorf("Expected ann to be in c1, the fields in another order")
		}
		if ask(random, "? AS `body`,? AS `id`,? AS `chat`", "hello", random, "c2", "ann", "ann", "hello") != 0 {
			t.Errorf("Expected ann not to be in c2")
		}
		if ask(random, "? AS `body`,? AS `id`,? AS `chat`", "c1", "c1", "c2", "ann", "ann", "hello") != 0 {
			t.Errorf("Expected fields not to be taken for each other")
		}
	}
	before := keptCount(t, conn)
	ask("Zz9999", "? AS `chat`,? AS `body`,? AS `id`", "c1", "hello", "x", "ann", "ann", "hello")
	if after := keptCount(t, conn); after != before || before == 0 {
		t.Errorf("Expected one statement to be kept for all, got %d and then %d", before, after)
	}
}

// TestOtherTextsStayAsTheyAre shows that nothing but such a question is changed.
func TestOtherTextsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	args := []driver.NamedValue{{Ordinal: 1, Value: "b"}, {Ordinal: 2, Value: "a"}}
	for _, text := range []string{
		"SELECT 1", "WITH `a` as (SELECT ? AS `x`,? AS `a`) SELECT 1 FROM `a`",
		"WITH `n__pb_create__abc` as (SELECT ? AS `x`,? AS `a`) SELECT 1",
		"WITH `n__pb_create__abcdef` as (SELECT (?) AS `x`,? AS `a`) SELECT 1",
		"WITH `n__pb_create__abcdef` as (SELECT ? AS `x`,? AS `a`,? AS `b`) SELECT 1",
	} {
		if got, moved := steady(text, args); got != text || moved[0].Value != "b" {
			t.Errorf("Expected %s to stay as it is, got %s", text, got)
		}
	}
	named := []driver.NamedValue{{Name: "x", Ordinal: 1, Value: "b"}, {Ordinal: 2, Value: "a"}}
	text := "WITH `n__pb_create__abcdef` as (SELECT ? AS `x`,? AS `a`) SELECT 1"
	if got, _ := steady(text, named); got != text {
		t.Errorf("Expected named arguments to be left alone, got %s", got)
	}
	want := "WITH `n__pb_create__` as (SELECT ? AS `a`,? AS `x`) SELECT 1"
	if got, moved := steady(text, args); got != want || moved[0].Value != "a" || moved[1].Value != "b" || args[0].Value != "b" {
		t.Errorf("Expected %s with its arguments moved, got %s %v", want, got, moved)
	}
}
