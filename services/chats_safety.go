package services

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"golang.org/x/time/rate"

	"github.com/lancershub/lancershub/collections"
)

// What the filter finds in a message before there is a contract. The message is
// delivered all the same: its sender is warned, and moderators see it.
const (
	FlagContact = "contact_details"
	FlagPayment = "off_platform_payment"
)

// sign is what contact details, or an offer to pay elsewhere, look like.
type sign struct {
	// pattern matches folded text, so it is written in small letters.
	pattern *regexp.Regexp
	// words rule out most texts before the pattern is tried, a hundred times faster:
	// what matches the pattern has at least one word of each of these lists.
	words [][]string
}

var (
	emailSign = sign{regexp.MustCompile(`[a-z0-9._%+-]+\s*(@|\(at\)|\[at\]|\sat\s)\s*[a-z0-9-]+(\s*(\.|\(dot\)|\[dot\]|\sdot\s)\s*[a-z0-9-]+)*\s*(\.|\(dot\)|\[dot\]|\sdot\s)\s*[a-z]{2,}\b`),
		[][]string{{"@", "(at)", "[at]", " at", "\tat", "\nat", "\fat", "\rat"}, {".", "dot"}}}
	contactSign = sign{regexp.MustCompile(`\b(whats\s?app|telegram|signal|skype|discord|wechat|viber|t\.me/|wa\.me/|(my|on) (phone|number|e-?mail|insta(gram)?) is|call me (on|at)|text me (on|at))`),
		[][]string{{"app", "telegram", "signal", "skype", "discord", "wechat", "viber", ".me/", " is", "me on", "me at"}}}
	paymentSign = sign{regexp.MustCompile(`\b(pay ?pal|venmo|zelle|cash ?app|revolut|(western|money) ?(union|gram)|bit ?coin|usdt|crypto(currency)?|wise transfer|iban\b|bank transfer|wire (transfer|the money)|(pay|paid|payment) (me |you )?(directly|outside|off[- ]?(the )?platform)|outside (of )?(the |this )?platform|off[- ]platform|(avoid|save|without|skip) (the |platform )?fees?|deal (directly|outside))`),
		[][]string{{"pal", "venmo", "zelle", "app", "revolut", "western", "money", "coin", "usdt", "crypto", "iban", "transfer", "wire", "directly", "outside", "platform", "fee"}}}
	// Nine digits or more, as people write telephone numbers. Amounts and dates are shorter.
	phonePattern = regexp.MustCompile(`(\+|\b00|\(?\b)\d[\d ().\-/]{7,}\d\b`)
)

// may tells whether a text has at least one word of each list: without, it cannot match.
func (s sign) may(folded string) bool {
	for _, list := range s.words {
		if !slices.ContainsFunc(list, func(word string) bool { return strings.Contains(folded, word) }) {
			return false
		}
	}
	return true
}

func (s sign) in(folded string) bool { return s.may(folded) && s.pattern.MatchString(folded) }

// folded is a text without its invisible characters, in small letters as far as
// patterns have them; two letters outside of ASCII fold into ASCII
// (https://www.unicode.org/Public/UCD/latest/ucd/CaseFolding.txt).
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + ('a' - 'A')
		case r < unicode.MaxASCII:
			return r
		case r == '\u017f': // the long s
			return 's'
		case r == '\u212a': // the sign of the kelvin
			return 'k'
		case unicode.Is(unicode.Cf, r): // between the letters
			return -1
		}
		return r
	}, text)
}

// enoughDigits is the least number of digits of a telephone number.
const enoughDigits = 9

// Suspicious says why a text looks like contact details or like paying
// elsewhere, or "". It errs on the side of letting people talk: a flag costs a
// warning, not the message.
func Suspicious(text string) string {
	plain := folded(text)
	if paymentSign.in(plain) {
		return FlagPayment
	}
	if emailSign.in(plain) || contactSign.in(plain) {
		return FlagContact
	}
	if countDigits(plain) < enoughDigits {
		return ""
	}
	for _, number := range phonePattern.FindAllString(plain, 20) {
		digits := countDigits(number)
		if digits >= enoughDigits && digits <= 15 {
			return FlagContact
		}
	}
	return ""
}

// countDigits counts the digits that patterns know: those of ASCII.
func countDigits(text string) (digits int) {
	for i := range len(text) {
		if '0' <= text[i] && text[i] <= '9' {
			digits++
		}
	}
	return digits
}

// reportFlag puts a flagged message before the moderators.
func (s ChatsService) reportFlag(tx core.App, message *core.Record) error {
	flag := message.GetString(collections.MessageFlag)
	if flag == "" {
		return nil
	}
	reason := flag
	if flag == FlagPayment {
		reason = "off_platform"
	}
	return s.report(tx, message, "", reason, "Found by the filter.")
}

func (s ChatsService) report(tx core.App, message *core.Record, reporter, reason, note string) error {
	before, err := tx.CountRecords(collections.Reports, dbx.HashExp{
		collections.EditMessage: message.Id, collections.ReportReporter: reporter, collections.FieldReason: reason,
	})
	if err != nil {
		return err
	}
	if before > 0 {
		if reporter == "" {
			return nil
		}
		return conflict(CodeAlreadyReported, "You have reported this message already. A moderator looks at it.")
	}
	col, err := tx.FindCachedCollectionByNameOrId(collections.Reports)
	if err != nil {
		return err
	}
	report := core.NewRecord(col)
	report.Load(map[string]any{
		collections.EditMessage: message.Id, collections.FieldChat: message.GetString(collections.FieldChat),
		collections.MessageSender: message.GetString(collections.MessageSender), collections.ReportReporter: reporter,
		collections.FieldReason: reason, collections.ReportNote: truncate(note, 1000),
		collections.ReportExcerpt: truncate(message.GetString(collections.MessageBody), 2000), collections.FieldStatus: collections.ReportOpen,
	})
	return tx.SaveNoValidate(report)
}

// Report puts a message before the moderators, once per person.
func (s ChatsService) Report(cmd Command, id, reason, note string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		message, _, err := s.messageFor(tx, id, cmd.Principal)
		if err != nil {
			return nil, err
		}
		switch reason {
		case "spam", "scam", "harassment", "off_platform", "other":
		default:
			return nil, badRequest(CodeInvalidInput, "The reason is one of spam, scam, harassment, off_platform and other.").With("field", collections.FieldReason)
		}
		return struct{}{}, s.report(tx, message, cmd.Principal, reason, note)
	})
}

// How fast one person may write, edit, delete and react: what an excited typist does, and a paste of many lines.
const (
	MessagesPerSecond = 3
	MessagesAtOnce    = 30
	// Signs of typing: the web app sends one in three seconds for each chat.
	SignsPerSecond = 2
	SignsAtOnce    = 20
)

// Pace limits how fast each person does something. It counts in memory, because
// one process owns one instance.
type Pace struct {
	mu    sync.Mutex
	limit rate.Limit
	burst int
	users map[string]*rate.Limiter
}

// NewPace allows burst at once and perSecond in the long run.
func NewPace(perSecond float64, burst int) *Pace {
	return &Pace{limit: rate.Limit(perSecond), burst: burst, users: map[string]*rate.Limiter{}}
}

// paceEntries bounds the memory of a Pace; whoever is forgotten starts afresh.
const paceEntries = 50_000

// Check fails with too_many_requests when user is too fast. giveBack is for what
// turns out not to count.
func (p *Pace) Check(user string, now time.Time) (giveBack func(), err error) {
	reservation := p.reserve(user, now)
	if wait := reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
		return func() {}, tooFast(wait)
	}
	return func() { reservation.CancelAt(now) }, nil
}

func (p *Pace) reserve(user string, now time.Time) *rate.Reservation {
	p.mu.Lock()
	defer p.mu.Unlock()
	limiter := p.users[user]
	if limiter == nil {
		if len(p.users) >= paceEntries {
			clear(p.users)
		}
		limiter = rate.NewLimiter(p.limit, p.burst)
		p.users[user] = limiter
	}
	return limiter.ReserveN(now, 1)
}
