package services

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// Kinds of notifications that are not the topic of an event: the same event told
// to the other side, and what never leaves the messages instance.
const (
	KindContractStarted = "contract.started"
	KindAutoApproved    = "milestone.auto_approved"
	KindGivenBack       = "payment.given_back"
)

// noticeKind is one kind of notification: the channel for people who have chosen
// none, and its English text for mails and for clients without a translation.
// {name} stands for a parameter; {amount}, {part}, {total}, {toFreelancer} are
// money, {due} is a time, {count} how many came together.
type noticeKind struct {
	category, channel string
	title             string
	// many is the title when several came together, unread; sum names the
	// parameter that is added up into {total} then.
	many, sum string
	body      string
	link      string
	// subject names the parameter that says what it is about: unread notifications
	// of one kind about one subject are one notification.
	subject string
	// required is told by mail whatever somebody chose: it protects their account.
	required bool
}

// Templates that many kinds share.
const (
	saysWhy    = "{reason}"
	toContract = "/contracts/{contract}"
)

// noticeKinds has every kind there is. Whoever adds an event that concerns a
// user adds a line here and a call of tell.
var noticeKinds = map[string]noticeKind{
	TopicProposalSubmitted: {"proposals", ChannelEmail, "New proposal for {title}", "{count} new proposals for {title}", "", "{amount}", "/projects/{project}", "project", false},
	TopicProposalRejected:  {"proposals", ChannelDigest, "Your proposal for {title} was not chosen", "", "", saysWhy, "/proposals/{proposal}", "proposal", false},
	TopicProposalWithdrawn: {"proposals", ChannelDigest, "A proposal for {title} was withdrawn", "{count} proposals for {title} were withdrawn", "", saysWhy, "/projects/{project}", "project", false},
	TopicProposalChanged:   {"proposals", ChannelDigest, "A proposal for {title} was changed", "A proposal for {title} was changed {count} times", "", "{amount}", "/projects/{project}/proposals", "proposal", false},
	TopicProjectChanged:    {"proposals", ChannelEmail, "{title} was changed after you proposed", "", "", "Read it again: your proposal stands as it is until you change or withdraw it.", "/projects/{project}", collections.FieldProject, false},
	TopicProposalExpired:   {"proposals", ChannelDigest, "Your proposal for {title} expired", "", "", saysWhy, "/proposals/{proposal}", "proposal", false},
	TopicProjectExpired:    {"proposals", ChannelEmail, "{title} expired", "", "", "{reason} You can publish it again.", "/projects/{project}", "project", false},
	TopicProjectInvited:    {"proposals", ChannelEmail, "You are invited to {title}", "", "", "{note}", "/projects/{project}", "project", false},

	TopicSearchMatched: {"searches", ChannelDigest, "New for “{name}”: {title}", "{title} is new for {count} of your searches", "", "", "/projects/{project}", collections.FieldProject, false},

	TopicContractCreated:   {"contracts", ChannelEmail, "You were hired: {title}", "", "", "{amount}", toContract, "contract", false},
	KindContractStarted:    {"contracts", ChannelApp, "Your contract for {title} began", "", "", "Fund the first milestone so that work can start.", toContract, "contract", false},
	TopicContractEnded:     {"contracts", ChannelEmail, "{title}: the contract was ended", "", "", saysWhy, toContract, "contract", false},
	TopicContractCompleted: {"contracts", ChannelEmail, "{title} is complete", "", "", "The last payment was released.", toContract, "contract", false},
	TopicMemberAdded:       {"contracts", ChannelEmail, "You were added to the room of {title}", "", "", "", "/messages", "contract", false},

	TopicMilestoneSent:     {"milestones", ChannelEmail, "Work was handed in: {title}", "Work was handed in {count} times: {title}", "", "{note}", toContract, "milestone", false},
	TopicMilestoneChanges:  {"milestones", ChannelEmail, "Changes were asked for: {title}", "Changes were asked for {count} times: {title}", "", "{note}", toContract, "milestone", false},
	TopicMilestonePart:     {"milestones", ChannelEmail, "Approved in part: {title}", "", "", saysWhy, toContract, "milestone", false},
	TopicMilestoneApproved: {"milestones", ChannelEmail, "Approved: {title}", "", "", "{note}", toContract, "milestone", false},
	KindAutoApproved:       {"milestones", ChannelEmail, "Approved by itself: {title}", "", "", "Nobody objected in time, so the work counts as accepted.", toContract, "milestone", false},
	TopicDeadlineReminder:  {"deadlines", ChannelEmail, "{title}: {deadlineText} on {due}", "", "", "", "/projects/{project}", "subject", false},

	TopicPaymentHeld:     {"payments", ChannelEmail, "{part} are held for {title}", "", "", "You can begin.", toContract, collections.DisputePayment, false},
	TopicPaymentFailed:   {"payments", ChannelEmail, "A payment did not go through", "{count} payments for {title} did not go through", "", saysWhy, "/payments/{payment}", "milestone", false},
	TopicPaymentReleased: {"payments", ChannelEmail, "{part} were released for {title}", "{total} were released for {title}, in {count} parts", "part", saysWhy, "/payments/{payment}", collections.DisputePayment, false},
	TopicPaymentRefunded: {"payments", ChannelEmail, "{part} were given back for {title}", "{total} were given back for {title}, in {count} parts", "part", saysWhy, "/payments/{payment}", collections.DisputePayment, false},
	KindGivenBack:        {"payments", ChannelEmail, "{part} for {title} went back to the client", "{total} for {title} went back to the client, in {count} parts", "part", saysWhy, "/payments/{payment}", collections.DisputePayment, false},
	TopicRefundAsked:     {"payments", ChannelEmail, "You are asked to give back {part} for {title}", "", "", saysWhy, toContract, collections.DisputePayment, false},
	TopicRefundDeclined:  {"payments", ChannelEmail, "The refund for {title} was declined", "", "", saysWhy, toContract, collections.DisputePayment, false},

	TopicRefundRefused: {"payments", ChannelEmail, "{part} for {title} could not be given back yet", "", "", "The payment provider did not take the refund. The money is kept for you: the marketplace tries again, or pays you in another way.", "/payments/{payment}", collections.DisputePayment, true},
	TopicRefundPaid:    {"payments", ChannelEmail, "{part} for {title} were paid to you in another way", "", "", saysWhy, "/payments/{payment}", collections.DisputePayment, true},

	TopicDestinationNew:    {"security", ChannelEmail, "Your money will go to {label} {hint}", "", "", "If this was not you, change it back and your password.", "/payouts", "destination", true},
	TopicDestinationActive: {"payouts", ChannelApp, "{label} can be used for payouts", "", "", "", "/payouts", "destination", false},
	TopicPayoutRequested:   {"payouts", ChannelEmail, "Your payout of {amount} was asked for", "", "", saysWhy, "/payouts", "payout", true},
	TopicPayoutSent:        {"payouts", ChannelApp, "Your payout of {amount} was sent", "", "", saysWhy, "/payouts", "payout", false},
	TopicPayoutSettled:     {"payouts", ChannelEmail, "Your payout of {amount} has arrived", "", "", saysWhy, "/payouts", "payout", false},
	TopicPayoutFailed:      {"payouts", ChannelEmail, "Your payout of {amount} did not go through", "", "", saysWhy, "/payouts", "payout", false},
	TopicPayoutReturned:    {"payouts", ChannelEmail, "Your payout of {amount} came back", "", "", saysWhy, "/payouts", "payout", false},

	TopicDisputeOpened:    {"disputes", ChannelEmail, "A dispute was opened: {title}", "", "", saysWhy, toContract, "dispute", false},
	TopicDisputeAnswered:  {"disputes", ChannelEmail, "The dispute was answered: {title}", "", "", saysWhy, toContract, "dispute", false},
	TopicDisputeOffered:   {"disputes", ChannelEmail, "A new offer in the dispute: {title}", "{count} new offers in the dispute: {title}", "", saysWhy, toContract, "dispute", false},
	TopicDisputeEscalated: {"disputes", ChannelEmail, "A moderator decides the dispute: {title}", "", "", saysWhy, toContract, "dispute", false},
	TopicDisputeClosed:    {"disputes", ChannelEmail, "The dispute is closed: {title}", "", "", saysWhy, toContract, "dispute", false},

	TopicChargebackOpened:    {"disputes", ChannelEmail, "A bank wants {amount} back: {title}", "", "", "The client's bank was asked to take a payment back. What is still held of it is locked until the bank decides, and what was paid out of it cannot be paid out for now.", toContract, "chargeback", true},
	TopicChargebackClosed:    {"disputes", ChannelEmail, "The bank decided about {amount}: {title}", "", "", "The chargeback was {status}.", toContract, "chargeback", true},
	TopicChargebackRecovered: {"disputes", ChannelEmail, "It is decided who bears the chargeback of {amount}: {title}", "", "", "", toContract, "chargeback", true},

	TopicReviewOpened:    {"reviews", ChannelEmail, "How was it? Review {title}", "", "", "You have until {due}. Nobody reads it before both of you have written, or that day.", toContract, "review", false},
	TopicReviewSealed:    {"reviews", ChannelEmail, "You were reviewed for {title}", "", "", "You can read it when you have written yours, or when the time to review is over.", toContract, "review", false},
	TopicReviewPublished: {"reviews", ChannelEmail, "Your review for {title} is published", "", "", "", toContract, "review", false},
	TopicReviewReplied:   {"reviews", ChannelEmail, "Your review for {title} was answered", "", "", "", toContract, "review", false},

	TopicMention:  {"messages", ChannelEmail, "You were mentioned", "You were mentioned {count} times", "", "{note}", "/messages/{chat}?message={message}", "chat", false},
	TopicMessages: {"messages", ChannelEmail, "A new message in {title}", "{count} new messages in {title}", "", "{note}", "/messages/{chat}", "chat", false},
}

// deadlineTexts says in a reminder what will happen.
var deadlineTexts = map[string]string{
	collections.DeadlineAutoRelease:    "the work is approved and paid unless changes are asked for",
	collections.DeadlineProposalExpiry: "the proposal expires",
	collections.DeadlineProjectExpiry:  "the project expires",
	collections.DeadlineDormant:        "the held money goes back to the client",
	collections.DeadlineDisputeAnswer:  "the dispute is decided for whoever opened it unless it is answered",
	collections.DeadlineDisputeTalks:   "the talks about the dispute end",
	collections.DeadlineReview:         "the time to write a review ends",
	collections.DeadlineDestination:    "the payout destination can be used",
}

// NoticeText is how a kind of notification is said in English, for clients that
// say it in another language: templates over the notification's params.
type NoticeText struct {
	Title string `json:"title"`
	Many  string `json:"many,omitempty"`
	Body  string `json:"body,omitempty"`
}

// NoticeTexts returns the text of every kind, and what a reminder says will happen
// by the kind of the deadline.
func NoticeTexts() (kinds map[string]NoticeText, deadlines map[string]string) {
	kinds = map[string]NoticeText{}
	for kind, k := range noticeKinds {
		kinds[kind] = NoticeText{Title: k.title, Many: k.many, Body: k.body}
	}
	return kinds, maps.Clone(deadlineTexts)
}

// fill writes a template with its parameters; what is missing is left out.
func fill(template string, params map[string]any, count int) string {
	return fillWith(template, func(name string) string { return paramText(name, params, count) })
}

func fillWith(template string, value func(name string) string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		out.WriteString(before)
		if !found {
			return strings.TrimSpace(out.String())
		}
		name, after, _ := strings.Cut(rest, "}")
		out.WriteString(value(name))
		template = after
	}
}

// dueOf is when a thing that the parameters tell of is due.
func dueOf(params map[string]any) time.Time {
	at, _ := params["dueAt"].(float64)
	return time.UnixMilli(int64(at)).UTC()
}

func paramText(name string, params map[string]any, count int) string {
	number := func(key string) int64 {
		value, _ := params[key].(float64)
		return int64(value)
	}
	switch name {
	case "count":
		return strconv.Itoa(count)
	case "amount", "part", "total", "toFreelancer":
		currency, _ := params["currency"].(string)
		return Money(number(name), currency)
	case "due":
		return dueOf(params).Format("2 January 2006 15:04 MST")
	case "deadlineText":
		kind, _ := params["kind"].(string)
		return deadlineTexts[kind]
	}
	text, _ := params[name].(string)
	return text
}

// English returns title, body and link of count notifications of a kind.
func (k noticeKind) english(params map[string]any, count int) (title, body, link string) {
	title = k.title
	if count > 1 && k.many != "" {
		title = k.many
	}
	return truncate(fill(title, params, count), 200), truncate(fill(k.body, params, count), 2000), fill(k.link, params, count)
}
