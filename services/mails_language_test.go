package services

import (
	"strings"
	"testing"
)

// TestEveryKindIsSaidInEveryLanguage: nothing is left out, neither a text nor what it is about.
func TestEveryKindIsSaidInEveryLanguage(t *testing.T) {
	t.Parallel()
	params := map[string]any{
		"title": "Teapots", "name": "Pots", "label": "Bank", "hint": "…12", "note": "Words.", "reason": "Because.", "status": "won", "currency": "EUR",
		"amount": 1250.0, "part": 1250.0, "total": 2500.0, "dueAt": 1.8e12, "kind": "auto-release",
	}
	for code, language := range mailTexts {
		for kind, k := range noticeKinds {
			for _, count := range []int{1, 2, 5, 11, 100} {
				title, body := language.notice(kind, params, count)
				if title == "" || (body == "") != (fill(k.body, params, count) == "") || strings.ContainsAny(title+body, "{}") || strings.Contains(title, "  ") {
					t.Errorf("Expected %s of %d in %s, got %q and %q", kind, count, code, title, body)
				}
			}
			if language.category(k.category) == "" {
				t.Errorf("Expected a name of %s in %s", k.category, code)
			}
		}
		if len(arabicNotices.Kinds) != len(noticeKinds) || len(arabicNotices.Deadlines) != len(deadlineTexts) {
			t.Errorf("Expected the kinds and deadlines there are, no others")
		}
	}
}

func TestArabicCounts(t *testing.T) {
	t.Parallel()
	for count, want := range map[int]string{1: "أمر واحد", 2: "أمران", 3: "3 أمور", 10: "10 أمور", 11: "11 أمرًا", 100: "100 أمرًا", 103: "103 أمور"} {
		if got := arabicMails.day(count); !strings.HasSuffix(got, ": "+want) {
			t.Errorf("Expected %q for %d, got %q", want, count, got)
		}
	}
	if got := arabicTime(dueOf(map[string]any{"dueAt": 1.8e12})); got != "15 يناير 2027، \u206808:00 UTC\u2069" {
		t.Errorf("Expected the time in Arabic, got %q", got)
	}
}
