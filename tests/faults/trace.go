//go:build faults

package faults

import (
	"slices"
	"strings"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
)

// tracedColumns say what a row is, without when and which.
var tracedColumns = []string{"kind", "verb", "from", "to", "status", "state", "topic", "system"}

// trace counts all that is stored about a project, on all instances, by what it
// is: two runs of one story leave the same, however often they were disturbed.
func (n *network) trace(project string) map[string]int {
	n.t.Helper()
	found := map[string]int{}
	payments := `payment IN (SELECT id FROM payments WHERE project = {:project})`
	for domain, instance := range n.m.Instances {
		var tables []string
		if err := instance.App.DB().NewQuery(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`).Column(&tables); err != nil {
			n.t.Fatal(err)
		}
		for _, table := range tables {
			columns, err := instance.App.TableColumns(table)
			if err != nil {
				n.t.Fatal(err)
			}
			var where string
			switch {
			case slices.Contains(columns, "project"):
				where = `project = {:project}`
			case domain == collections.DomainPayments && slices.Contains(columns, "payment"):
				where = payments
			case table == collections.Messages:
				where = `chat IN (SELECT id FROM chats WHERE project = {:project})`
			default:
				continue
			}
			what := []string{"'" + string(domain) + "." + table + "'"}
			for _, column := range tracedColumns {
				if slices.Contains(columns, column) {
					what = append(what, "coalesce([["+column+"]], '')")
				}
			}
			number := "count(*)"
			if slices.Contains(columns, "count") {
				number = "sum([[count]])" // news of one kind are one, with a count
			}
			var rows []struct {
				What   string `db:"what"`
				Number int    `db:"number"`
			}
			err = instance.App.DB().NewQuery(`SELECT ` + strings.Join(what, " || ' ' || ") + ` AS what, ` + number + ` AS number FROM {{` + table + `}} WHERE ` + where + ` GROUP BY 1`).
				Bind(dbx.Params{"project": project}).All(&rows)
			if err != nil {
				n.t.Fatalf("%s: %v", table, err)
			}
			for _, row := range rows {
				found[row.What] = row.Number
			}
		}
	}
	return found
}
