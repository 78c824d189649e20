package services

import (
	"context"
	"html"
	"strings"
	"unicode"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Found is one message a search found. Snippet is escaped HTML with <mark>
// around the words.
type Found struct {
	Message *core.Record `json:"message"`
	Snippet string       `json:"snippet"`
}

// Bounds of a search.
const (
	maxSearchWords = 8
	maxSearchPage  = 50
)

// Search finds messages in user's own chats, newest first. before is the cursor
// of the page before, 0 for the first; the cursor of the next page is returned, 0 for none.
func (s ChatsService) Search(user, words, chat string, before int64, limit int) ([]Found, int64, error) {
	terms := searchTerms(words)
	if len(terms) == 0 {
		return nil, 0, badRequest(CodeInvalidInput, "Say what to search for.").With("field", "q")
	}
	chats := []string{}
	if err := s.IndexMessages(context.Background()); err != nil {
		return nil, 0, err
	}
	err := s.App.DB().NewQuery(`SELECT chat FROM members WHERE [[user]] = {:user}`).Bind(dbx.Params{"user": user}).Column(&chats)
	if err != nil {
		return nil, 0, err
	}
	if chat != "" {
		if _, err := s.Member(s.App, chat, user); err != nil {
			return nil, 0, err
		}
		chats = []string{chat}
	}
	if len(chats) == 0 {
		return []Found{}, 0, nil
	}
	if before <= 0 {
		before = 1 << 62
	}
	limit = min(max(limit, 1), maxSearchPage)
	var rows []struct {
		N       int64  `db:"n"`
		Message string `db:"message"`
		Snippet string `db:"snippet"`
	}
	// \x01 and \x02 cannot be typed; they become marks after the text is escaped.
	err = s.App.DB().NewQuery(`SELECT s.rowid AS n, x.message, snippet(search, 1, char(1), char(2), '…', 24) AS snippet
		FROM search s JOIN searchable x ON x.n = s.rowid
		WHERE search MATCH {:match} AND s.rowid < {:before} ORDER BY s.rowid DESC LIMIT {:limit}`).
		Bind(dbx.Params{"match": `chat:(` + strings.Join(quoted(chats), " OR ") + `) AND body:(` + strings.Join(terms, " AND ") + `)`, "before": before, "limit": limit}).All(&rows)
	if err != nil {
		return nil, 0, err
	}
	found, next := []Found{}, int64(0)
	for _, row := range rows {
		message, err := s.App.FindRecordById(collections.Messages, row.Message)
		if err != nil {
			return nil, 0, err
		}
		marked := strings.NewReplacer("\x01", "<mark>", "\x02", "</mark>").Replace(html.EscapeString(row.Snippet))
		found, next = append(found, Found{message, marked}), row.N
	}
	if len(rows) < limit {
		next = 0
	}
	return found, next, nil
}

// searchTerms turns what somebody typed into words to match; each may be the
// beginning of one. Nothing typed is syntax.
func searchTerms(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
	terms := quoted(words[:min(len(words), maxSearchWords)])
	for i := range terms {
		terms[i] += "*"
	}
	return terms
}

func quoted(words []string) []string {
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = `"` + strings.ReplaceAll(word, `"`, `""`) + `"`
	}
	return all
}
