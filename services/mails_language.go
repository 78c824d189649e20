package services

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"
)

// mailLanguage is what a mail needs to be written in one language. The web app has
// the same texts of notifications (ui/scripts/schema.mjs).
type mailLanguage struct {
	code, dir string
	// notice says count notifications of a kind.
	notice func(kind string, params map[string]any, count int) (title, body string)
	// category names a category of notifications, whose names comma separates.
	category func(name string) string
	comma    string
	// somebody is a sender nobody knows any more, file a message without words.
	somebody, file string
	// day is the subject of a digest of count things, more that of a mail about title and count things more.
	day  func(count int) string
	more func(title string, count int) string
	// why a mail came: about these categories, as the digest, or for the safety of the account.
	why                                    func(categories string) string
	whyDigest, whyRequired, stop, settings string
	// page has the words of the page that stops mails.
	page unsubscribeWords
	// account has the mails about an account.
	account map[AccountMail]core.EmailTemplate
}

// mailTexts are the languages of mails by their code.
var mailTexts = map[string]mailLanguage{"en": englishMails, "ar": arabicMails}

func mailLanguages() []string { return slices.Sorted(maps.Keys(mailTexts)) }

// MailLanguages names the languages of mails in a sentence.
func MailLanguages() string { return strings.Join(mailLanguages(), " and ") }

// language is that of a person's mails: what they chose for these, or that of their account.
func (w wishes) language() mailLanguage {
	for _, code := range []string{w.Language, w.own} {
		if chosen, ok := mailTexts[code]; ok {
			return chosen
		}
	}
	return englishMails
}

var englishMails = mailLanguage{
	code: "en", dir: "ltr",
	notice: func(kind string, params map[string]any, count int) (title, body string) {
		title, body, _ = noticeKinds[kind].english(params, count)
		return title, body
	},
	category: func(name string) string { return name },
	comma:    ", ",
	somebody: "Somebody", file: "(a file)",
	day:  func(count int) string { return "Your day on LancersHub: " + things(count) },
	more: func(title string, count int) string { return fmt.Sprintf("%s, and %s more", title, things(count)) },
	why: func(categories string) string {
		return "You get this mail because you had not read this and mails about " + categories + " are on."
	},
	whyDigest:   "You get this mail because there is a daily digest of what you have not read, at the time you chose.",
	whyRequired: "You get this mail because it concerns the safety of your account. Mails like this cannot be turned off.",
	stop:        "Stop these mails", settings: "All mail settings",
	page: unsubscribeWords{
		title: "Mails from LancersHub", ask: "Stop these mails?", done: "Done", failed: "That did not work",
		about: "You will get no more mails about %s.", inApp: "In the app you will still see it.",
		digest: "the daily digest", quote: "“%s”",
		incomplete: "This link is not complete. Copy all of it from the mail, or change your settings in the app.",
	},
	account: englishAccount,
}

var arabicMails = mailLanguage{
	code: "ar", dir: "rtl",
	notice:   arabicNotices.say,
	category: func(name string) string { return arabicCategories[name] },
	comma:    "، ",
	somebody: "شخص ما", file: "(ملف)",
	day: func(count int) string {
		return "يومك على LancersHub: " + arabicPlural(count, "أمر واحد", "أمران", "{count} أمور", "{count} أمرًا")
	},
	more: func(title string, count int) string {
		return fmt.Sprintf("%s، و%s", title, arabicPlural(count, "أمر آخر", "أمران آخران", "{count} أمور أخرى", "{count} أمرًا آخر"))
	},
	why: func(categories string) string {
		return "وصلتك هذه الرسالة لأنك لم تقرأ هذا بعد، والرسائل البريدية عن " + categories + " مفعّلة."
	},
	whyDigest:   "وصلتك هذه الرسالة لأن لك ملخصًا يوميًا لما لم تقرأه، في الوقت الذي اخترته.",
	whyRequired: "وصلتك هذه الرسالة لأنها تتعلق بأمان حسابك. لا يمكن إيقاف رسائل كهذه.",
	stop:        "أوقف هذه الرسائل", settings: "كل إعدادات البريد",
	page: unsubscribeWords{
		title: "رسائل LancersHub", ask: "أتريد إيقاف هذه الرسائل؟", done: "تم", failed: "لم ينجح ذلك",
		about: "لن تصلك بعد الآن رسائل عن %s.", inApp: "ستظل تراه في التطبيق.",
		digest: "الملخص اليومي", quote: "«%s»",
		incomplete: "هذا الرابط غير مكتمل. انسخه كله من الرسالة، أو غيّر إعداداتك في التطبيق.",
	},
	account: arabicAccount,
}

// arabicCategories are named as the settings page of the web app names them.
var arabicCategories = map[string]string{
	"proposals": "العروض والدعوات", "searches": "عمليات البحث المحفوظة", "contracts": "العقود", "milestones": "العمل والمراحل", "deadlines": "التذكيرات",
	"payments": "المدفوعات", "payouts": "السحوبات", "disputes": "النزاعات", "reviews": "التقييمات", "messages": "الرسائل والإشارات إليك", "security": "أمان حسابك",
}

//go:embed notices.ar.json
var arabicSource []byte

var arabicNotices = readNotices(arabicSource)

// notices are the texts of notifications in one language.
type notices struct {
	Kinds map[string]struct {
		Title string `json:"title"`
		// Many has a text for each plural form of CLDR.
		Many map[string]string `json:"many"`
		Body string            `json:"body"`
	} `json:"kinds"`
	Deadlines map[string]string `json:"deadlines"`
	// Sentences are what the server itself writes as a reason.
	Sentences map[string]string `json:"sentences"`
}

func readNotices(source []byte) (texts notices) {
	if err := json.Unmarshal(source, &texts); err != nil {
		panic(err) // it is part of the binary
	}
	return texts
}

func (n notices) say(kind string, params map[string]any, count int) (title, body string) {
	texts := n.Kinds[kind]
	title = texts.Title
	if many := texts.Many[arabicForm(count)]; count > 1 && many != "" {
		title = many
	}
	value := func(name string) string {
		text := paramText(name, params, count)
		switch name {
		case "deadlineText":
			of, _ := params["kind"].(string)
			return n.Deadlines[of]
		case "due":
			return arabicTime(dueOf(params))
		case "count":
			return text
		}
		if known, ok := n.Sentences[text]; ok {
			return known
		}
		return isolated(text)
	}
	return truncate(fillWith(title, value), 200), truncate(fillWith(texts.Body, value), 2000)
}

// isolated keeps the direction of a text from changing that of what stands around it.
func isolated(text string) string {
	if text == "" {
		return ""
	}
	return "\u2068" + text + "\u2069"
}

// arabicForm is the plural form of a number; https://cldr.unicode.org/index/cldr-spec/plural-rules.
func arabicForm(count int) string {
	switch rest := count % 100; {
	case count == 0:
		return "zero"
	case count == 1:
		return "one"
	case count == 2:
		return "two"
	case rest >= 3 && rest <= 10:
		return "few"
	case rest >= 11:
		return "many"
	}
	return "other"
}

func arabicPlural(count int, one, two, few, many string) string {
	text := map[string]string{"one": one, "two": two, "few": few}[arabicForm(count)]
	if text == "" {
		text = many
	}
	return fillWith(text, func(string) string { return strconv.Itoa(count) })
}

var arabicMonths = [...]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"}

func arabicTime(at time.Time) string {
	return fmt.Sprintf("%d %s %d، %s", at.Day(), arabicMonths[at.Month()-1], at.Year(), isolated(at.Format("15:04 MST")))
}
