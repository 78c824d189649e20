package tests

import (
	"slices"
	"strings"
	"testing"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
)

// mutant is an API rule with one mistake in it.
type mutant struct{ rule, mistake string }

// mutants makes the mistakes people make: everyone, anyone signed in, a part of
// a condition left out, an = where a != belongs.
func mutants(rule string) []mutant {
	all := []mutant{}
	add := func(changed, mistake string) {
		if changed != rule && !slices.ContainsFunc(all, func(m mutant) bool { return m.rule == changed }) {
			all = append(all, mutant{changed, mistake})
		}
	}
	if rule != collections.Anyone {
		add(collections.Anyone, "everyone")
	}
	add(collections.SignedIn, "anyone signed in")
	if rule == collections.Anyone || rule == collections.Nobody {
		return all
	}
	for _, changed := range without(rule) {
		add(changed, "a part left out")
	}
	for n := range len(rule) {
		switch rest := rule[n:]; {
		case strings.HasPrefix(rest, " != "):
			add(rule[:n]+" = "+rest[4:], "!= became =")
		case strings.HasPrefix(rest, " = "):
			add(rule[:n]+" != "+rest[3:], "= became !=")
		case strings.HasPrefix(rest, " ?= "):
			add(rule[:n]+" ?!= "+rest[4:], "?= became ?!=")
		}
	}
	return all
}

// without returns the rule with each part of each && and || left out in turn.
func without(rule string) []string {
	for _, operator := range []string{" || ", " && "} {
		parts := splitRule(rule, operator)
		if len(parts) == 1 {
			continue
		}
		all := []string{}
		for n, part := range parts {
			all = append(all, strings.Join(slices.Delete(slices.Clone(parts), n, n+1), operator))
			for _, changed := range without(part) {
				all = append(all, strings.Join(slices.Replace(slices.Clone(parts), n, n+1, changed), operator))
			}
		}
		return all
	}
	if strings.HasPrefix(rule, "(") && strings.HasSuffix(rule, ")") {
		all := []string{}
		for _, changed := range without(rule[1 : len(rule)-1]) {
			all = append(all, "("+changed+")")
		}
		return all
	}
	return nil
}

// splitRule splits at an operator outside of parentheses.
func splitRule(rule, operator string) []string {
	parts := []string{}
	depth, from := 0, 0
	for n := range len(rule) {
		switch {
		case rule[n] == '(':
			depth++
		case rule[n] == ')':
			depth--
		case depth == 0 && strings.HasPrefix(rule[n:], operator):
			parts = append(parts, rule[from:n])
			from = n + len(operator)
		}
	}
	return append(parts, rule[from:])
}

// ruleNames are the columns of the rules in PocketBase's table of collections.
var ruleNames = []struct {
	column string
	of     func(collections.Rules) string
}{{"listRule", listRule}, {"viewRule", viewRule}, {"createRule", createRule}, {"updateRule", updateRule}, {"deleteRule", deleteRule}}

// setRule changes a rule in the database, as somebody in the admin UI would. The
// instance runs on: at its next start it would refuse to serve.
func (w *world) setRule(domain collections.Domain, collection, column, rule string) {
	var value any = rule
	if rule == collections.Nobody {
		value = nil
	}
	_, err := w.app(domain).NonconcurrentDB().Update("_collections", dbx.Params{column: value}, dbx.HashExp{"name": collection}).Execute()
	if err == nil {
		err = w.app(domain).ReloadCachedCollections()
	}
	if err != nil {
		w.market.tb.Fatal(err)
	}
}

// unnoticeable says why a mutant changes nothing anybody could notice, or "".
func (w *world) unnoticeable(domain collections.Domain, collection, column string, m mutant) string {
	col, err := w.app(domain).FindCachedCollectionByNameOrId(collection)
	if err != nil {
		w.market.tb.Fatal(err)
	}
	switch key := collection + " " + column; {
	case col.IsView() && column != "listRule" && column != "viewRule":
		return "nobody writes to a view"
	case column == "createRule" && strings.HasPrefix(m.rule, "@request.auth.roles:each ?="):
		return "a guest has no role"
	case key == collections.Users+" viewRule" && strings.HasPrefix(m.rule, "(status = 'active'"):
		return "who is not active has no token that is good"
	case key == collections.Messages+" createRule", key == collections.Messages+" updateRule" && strings.Contains(m.rule, "sender = "), column == "createRule" && m.rule == collections.Anyone && createRule(collections.RulesOf(domain)[collection]) == collections.SignedIn:
		return "the service asks the same, with the same answer"
	}
	return ""
}

// TestTheMatrixNoticesEveryMutatedRule spoils each API rule in each way, one at
// a time, and expects the role matrix to notice.
func TestTheMatrixNoticesEveryMutatedRule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.market.forgetQuestions()
	total, same := 0, 0
	for _, domain := range collections.Domains {
		for collection, rules := range collections.RulesOf(domain) {
			for _, one := range ruleNames {
				for _, m := range mutants(one.of(rules)) {
					total++
					w.setRule(domain, collection, one.column, m.rule)
					noticed := w.notices(domain, collection, one.column)
					w.setRule(domain, collection, one.column, one.of(rules))
					if noticed {
						continue
					}
					same++
					if w.unnoticeable(domain, collection, one.column, m) == "" {
						t.Errorf("%s/%s %s: nothing failed with %q instead of %q (%s)", domain, collection, one.column, m.rule, one.of(rules), m.mistake)
					}
				}
			}
		}
	}
	t.Logf("%d mutants of API rules: %d noticed, %d that change nothing", total, total-same, same)
}

// notices runs the part of the matrix that a rule decides, and puts back what it changed.
func (w *world) notices(domain collections.Domain, collection, column string) bool {
	if column == "createRule" {
		for _, c := range allCreations() {
			if c.domain == domain && c.collection == collection {
				return w.undone(domain, collection, func() bool {
					return slices.ContainsFunc(principals, func(name string) bool { return creating(w, c, name) != "" })
				})
			}
		}
		return false
	}
	ours := slices.DeleteFunc(slices.Clone(w.resources), func(r resource) bool { return r.domain != domain || r.collection != collection })
	for _, action := range actions {
		if strings.HasSuffix(action.name, "file") || action.name == "sort" || action.name == "expand" || !w.decides(column, action) {
			continue
		}
		run := func() bool {
			for _, wrong := range w.tryAll(action, ours) {
				if wrong != "" {
					return true
				}
			}
			return false
		}
		if noticed := w.undone(domain, collection, run); noticed {
			return true
		}
	}
	return false
}

// decides tells whether the rule of a column decides an action.
func (*world) decides(column string, action action) bool {
	probe := map[string]collections.Rules{"listRule": {List: "x"}, "viewRule": {View: "x"}, "updateRule": {Update: "x"}, "deleteRule": {Delete: "x"}}
	return action.rule(probe[column]) == "x"
}

// undone runs something and gives a collection its rows back as they were.
func (w *world) undone(domain collections.Domain, collection string, run func() bool) bool {
	col, err := w.app(domain).FindCachedCollectionByNameOrId(collection)
	if err != nil {
		w.market.tb.Fatal(err)
	}
	if col.IsView() {
		return run()
	}
	exec := func(sql string) {
		if _, err := w.app(domain).NonconcurrentDB().NewQuery(sql).Execute(); err != nil {
			w.market.tb.Fatal(err)
		}
	}
	w.unguard(domain, collection)
	exec("CREATE TABLE before_mutant AS SELECT * FROM [[" + collection + "]]")
	result := run()
	exec("DELETE FROM [[" + collection + "]]")
	exec("INSERT INTO [[" + collection + "]] SELECT * FROM before_mutant")
	exec("DROP TABLE before_mutant")
	return result
}
