package services

import (
	"database/sql/driver"
	"slices"
	"strings"
)

// dummyMark is in the name that PocketBase gives a record which is to be created
// while it asks the create rule about it. Six random characters follow
// (recordCreate in apis/record_crud.go), and the fields come in the order of a Go
// map: it never asks the same text twice, and each was parsed and planned anew.
const (
	dummyMark   = "__pb_create__"
	dummyRandom = 6
	dummyItems  = " as (SELECT "
)

// steady returns a question about a create rule in the one text that it always has,
// its arguments in the order of that text: so its statement is kept, too. The
// question is the same: the name stands for the same row, whose fields are in the
// order of their names. Any other text is returned as it is.
func steady(text string, args []driver.NamedValue) (string, []driver.NamedValue) {
	quoted, isWith := strings.CutPrefix(text, "WITH `")
	if !isWith || !strings.Contains(text[:min(len(text), 128)], dummyMark) {
		return text, args
	}
	name, rest, _ := strings.Cut(quoted, "`")
	bare, random, _ := strings.Cut(name, dummyMark)
	list, isSelect := strings.CutPrefix(rest, dummyItems)
	list, tail, closed := strings.Cut(list, ")")
	if len(random) != dummyRandom || !isSelect || !closed {
		return text, args
	}
	items := strings.Split(list, ",")
	order := make([]int, len(items))
	for i, item := range items {
		if order[i] = i; !strings.HasPrefix(item, "? AS `") || strings.Count(item, "?") != 1 || !strings.HasSuffix(item, "`") {
			return text, args
		}
	}
	if len(items) > len(args) || slices.ContainsFunc(args, func(arg driver.NamedValue) bool { return arg.Name != "" }) {
		return text, args
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(items[a], items[b]) })
	sorted, moved := make([]string, len(items)), slices.Clone(args)
	for to, from := range order {
		sorted[to] = items[from]
		moved[to].Value = args[from].Value // arguments are numbered by their places
	}
	return "WITH `" + bare + dummyMark + "`" + dummyItems + strings.Join(sorted, ",") + ")" + strings.ReplaceAll(tail, name, bare+dummyMark), moved
}
