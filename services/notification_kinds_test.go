package services

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/lancershub/lancershub/collections"
)

// untold are the events messages hears of that are no news to anybody.
var untold = []string{TopicUserChanged, TopicSessionRevoked, TopicProposalDiscussed}

func TestEveryEventThatConcernsSomebodyIsTold(t *testing.T) {
	t.Parallel()
	for topic, domains := range audience {
		_, told := noticeKinds[topic]
		if slices.Contains(domains, collections.DomainMessages) && !told && !slices.Contains(untold, topic) {
			t.Errorf("messages hears of %s and has no kind of notification for it: add a line to noticeKinds and a call of tell", topic)
		}
	}
}

func TestTextsOfNotificationsLeaveNothingOpen(t *testing.T) {
	t.Parallel()
	params := map[string]any{}
	for _, news := range []any{
		ProposalNews{Reason: "x"}, ProjectNews{Reason: "x"}, InvitationNews{Note: "x"}, ContractNews{}, MemberNews{}, MilestoneNews{Note: "x"}, DeadlineNews{},
		PaymentNews{}, SearchNews{}, DestinationNews{}, PayoutNews{}, DisputeNews{}, ChargebackNews{}, MessageNews{Chat: "x", Message: "x", Title: "x", Note: "x"},
	} {
		more, err := paramsOf(news)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(params, more)
	}
	for _, computed := range []string{"count", "total", "due", "deadlineText"} {
		params[computed] = ""
	}
	for kind, k := range noticeKinds {
		if k.category == "" || !slices.Contains(channels, k.channel) || k.title == "" || k.link == "" {
			t.Errorf("%s is not complete: %+v", kind, k)
		}
		for _, template := range []string{k.title, k.many, k.body, k.link} {
			for _, match := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(template, -1) {
				if _, known := params[match[1]]; !known {
					t.Errorf("%s: nothing fills {%s}", kind, match[1])
				}
			}
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	params := map[string]any{"title": "Teapots", "part": 1250.0, "currency": "EUR"}
	for template, want := range map[string]string{
		"{part} for {title}":    "12.50 EUR for Teapots",
		"{count} x {title}":     "3 x Teapots",
		"{reason} Try again.":   "Try again.",
		"no parameters":         "no parameters",
		"an open brace {title":  "an open brace Teapots",
		"{title}{title}{title}": "TeapotsTeapotsTeapots",
	} {
		if got := fill(template, params, 3); got != want {
			t.Errorf("Expected %q of %q, got %q", want, template, got)
		}
	}
}
