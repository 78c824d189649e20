package collections

import "github.com/pocketbase/pocketbase/core"

// Parts the rules are made of. An empty relation equals an empty auth id in
// PocketBase, so every rule that compares with @request.auth.id starts with SignedIn.
const (
	SignedIn      = "@request.auth.id != ''"
	isClient      = "@request.auth.roles:each ?= 'client'"
	isFreelancer  = "@request.auth.roles:each ?= 'freelancer'"
	parties       = SignedIn + " && (client = @request.auth.id || freelancer = @request.auth.id)"
	ownProject    = SignedIn + " && client = @request.auth.id"
	ownFreelancer = SignedIn + " && freelancer = @request.auth.id"
	inChat        = SignedIn + " && chat.members_via_chat.user ?= @request.auth.id"
	ownRow        = SignedIn + " && user = @request.auth.id"
	visibleUser   = "status = 'active' && (" + SignedIn + " || roles:each ?= 'freelancer')"
	// Anyone and Nobody are PocketBase's "" and nil: everyone, and superusers only.
	Anyone = ""
	Nobody = "-"
)

// Rules are the API rules of one collection. Nobody means superusers only.
type Rules struct {
	List, View, Create, Update, Delete string
}

// RulesOf has the API rules of every collection of domain. An instance whose
// database says otherwise refuses to serve, so that a rule loosened by hand is noticed.
func RulesOf(domain Domain) map[string]Rules {
	mirror := Rules{Nobody, Anyone, Nobody, Nobody, Nobody}
	timeline := Rules{parties, parties, Nobody, Nobody, Nobody}
	hidden := Rules{Nobody, Nobody, Nobody, Nobody, Nobody}
	switch domain {
	case DomainUsers:
		return map[string]Rules{
			Users:     {visibleUser, "id = @request.auth.id || (" + visibleUser + ")", Anyone, SignedIn + " && id = @request.auth.id", Nobody},
			Sessions:  {ownRow, ownRow, Nobody, Nobody, Nobody},
			MailQueue: hidden,

			AuditLog: hidden, OutboxEvents: hidden, InboxEvents: hidden, IdempotencyKeys: hidden,
		}
	case DomainProjects:
		open := "status = 'open' || (" + parties + ")"
		review := "status = 'published' || status = 'replied' || (" + parties + ")"
		return map[string]Rules{
			Users:      mirror,
			Projects:   {open, open, SignedIn + " && " + isClient, ownProject + " && (status = 'draft' || status = 'open')", ownProject + " && status = 'draft'"},
			Proposals:  {parties, parties, SignedIn + " && " + isFreelancer, SignedIn + " && freelancer = @request.auth.id && status = 'submitted'", Nobody},
			Contracts:  {parties, parties, Nobody, Nobody, Nobody},
			Milestones: {parties, parties, SignedIn + " && " + isClient, ownProject + " && status = 'planned'", Nobody},
			Timeline:   timeline,
			Deadlines:  timeline,
			FeePlans:   {Anyone, Anyone, Nobody, Nobody, Nobody},
			Reviews:    {review, review, SignedIn, Nobody, Nobody},

			Deliverables: timeline,
			Uploads:      {ownRow, ownRow, Nobody, Nobody, Nobody},
			Searches:     {ownRow, ownRow, SignedIn + " && " + isFreelancer, ownRow, ownRow},

			AuditLog: hidden, OutboxEvents: hidden, InboxEvents: hidden, IdempotencyKeys: hidden, HiringMonths: hidden,
		}
	case DomainPayments:
		return map[string]Rules{
			Users:            mirror,
			Payments:         {parties, parties, SignedIn + " && " + isClient, Nobody, Nobody},
			Timeline:         timeline,
			Disputes:         timeline,
			Evidence:         timeline,
			Deadlines:        timeline,
			Invoices:         timeline,
			BillingDetails:   {ownRow, ownRow, SignedIn, ownRow, Nobody},
			"ledgerEntries":  {Nobody, Nobody, Nobody, Nobody, Nobody},
			"ledgerBalances": {Nobody, Nobody, Nobody, Nobody, Nobody},

			"ledgerTransactions": {Nobody, Nobody, Nobody, Nobody, Nobody},
			"reconciliations":    {Nobody, Nobody, Nobody, Nobody, Nobody},
			OutboxEvents:         hidden,
			InboxEvents:          hidden,
			IdempotencyKeys:      hidden,
			AuditLog:             hidden,
			"platformMonths":     {Nobody, Nobody, Nobody, Nobody, Nobody},

			Payouts:            {ownFreelancer, ownFreelancer, SignedIn + " && " + isFreelancer, Nobody, Nobody},
			PayoutDestinations: {ownFreelancer, ownFreelancer, SignedIn + " && " + isFreelancer, Nobody, Nobody},

			Chargebacks:    timeline,
			RefusedRefunds: {Nobody, Nobody, Nobody, Nobody, Nobody},
		}
	default:
		chat := SignedIn + " && members_via_chat.user ?= @request.auth.id"
		return map[string]Rules{
			Users:         mirror,
			Chats:         {chat, chat, Nobody, Nobody, Nobody},
			Members:       {inChat, inChat, Nobody, ownRow, Nobody},
			Messages:      {inChat, inChat, inChat, SignedIn + " && sender = @request.auth.id && chat.members_via_chat.user ?= @request.auth.id", Nobody},
			Edits:         {inChat + " && message.deletedAt = ''", inChat + " && message.deletedAt = ''", Nobody, Nobody, Nobody},
			Blocks:        {ownRow, ownRow, SignedIn, Nobody, ownRow},
			Reports:       {Nobody, Nobody, Nobody, Nobody, Nobody},
			Uploads:       {ownRow, ownRow, Nobody, Nobody, Nobody},
			Notifications: {ownRow, ownRow, Nobody, ownRow, ownRow},
			Preferences:   {ownRow, ownRow, Nobody, Nobody, Nobody},

			AuditLog: hidden, OutboxEvents: hidden, InboxEvents: hidden, IdempotencyKeys: hidden,
		}
	}
}

// RulesIn reads the rules of a stored collection in the form of Rules.
func RulesIn(col *core.Collection) Rules {
	return Rules{ruleText(col.ListRule), ruleText(col.ViewRule), ruleText(col.CreateRule), ruleText(col.UpdateRule), ruleText(col.DeleteRule)}
}

func ruleText(rule *string) string {
	if rule == nil {
		return Nobody
	}
	return *rule
}

// CreateHint says, for a collection whose create rule refused someone, who may create there.
var CreateHint = map[string]string{
	Projects:   "Only a user with the client role can create a project.",
	Proposals:  "Only a user with the freelancer role can propose.",
	Milestones: "Only the client of the contract can add a milestone.",
	Payments:   "Only a user with the client role can pay.",
	Messages:   "Only a member of the chat can write in it.",
	Payouts:    "Only a user with the freelancer role is paid out.",
	Searches:   "Only a user with the freelancer role saves searches.",

	PayoutDestinations: "Only a user with the freelancer role is paid out.",
}

// ServerOwned lists, per collection, the fields only the server writes. A body
// that tries to set one to something else is refused, it is never dropped in silence.
var ServerOwned = map[string][]string{
	Users:         {"verified", FieldStatus, UserVer, UserRev, UserRating, UserReviews, UserCompleted, UserReputationVersion, UserMFA},
	Projects:      {FieldClient, FieldFreelancer, FieldVersion, FieldReason, ProjectProposalCount, ProjectPublishedAt, FieldClosedAt},
	Proposals:     {FieldFreelancer, FieldClient, FieldVersion, FieldReason, ProposalProjectTitle, ContractFeePlan},
	Milestones:    {FieldClient, FieldFreelancer, FieldProject, FieldVersion, MilestonePayment, MilestoneNote, MilestoneSubmittedAt, MilestoneDisputed, MilestoneKind, MilestoneApprovedAmount, MilestoneUnderpayment},
	Payments:      {FieldClient, FieldVersion, FieldReason, PaymentFee, PaymentReleased, PaymentRefunded, PaymentFailure, PaymentProjectTitle, PaymentDecideBy, PaymentLockedUntil, PaymentHeldAt, PaymentSettledAt, PaymentLocked, PaymentRolled, PaymentRolledFrom, PaymentRefundAsked, PaymentRefundReason, FieldProvider, FieldProviderRef, PaymentConfirmURL, PaymentChargedBack, PaymentChargeback, PaymentOwed, FieldTries, FieldNextTryAt, ContractFeePlan},
	Members:       {FieldChat, FieldUser, MemberRole, MemberLastReadSeq, MemberOwnAfter, MemberMentions, MemberMailedSeq, MemberMailAt},
	Messages:      {MessageSeq, MessageChange, MessageSender, MessageKind, MessageReactions, MessagePreview, MessageTopic, MessageParams, MessageFlag, MessageEditedAt, MessageDeletedAt},
	Blocks:        {FieldUser},
	Notifications: {FieldUser, NotificationKind, FieldTitle, NotificationBody, NotificationLink, NotificationParams, NotificationSubject, NotificationCount, NotificationAt, NotificationChannel, NotificationMailAt},

	BillingDetails: {FieldUser},
	Searches:       {FieldUser},
	Payouts:        {FieldFreelancer},

	PayoutDestinations: {FieldFreelancer},
}

// OwnEyes lists, per collection, the fields that only the user of the record sees,
// besides superusers. They are hidden in the schema, so nobody can filter or sort
// by them; hooks show them to that user.
var OwnEyes = map[string][]string{
	Members: {MemberMuted, MemberArchived, MemberOwnAfter, MemberMentions},
}

// FixedOnCreate lists fields a client sets once, at creation: what a record hangs on cannot change later.
var FixedOnCreate = map[string][]string{
	Proposals:  {FieldProject, FieldCurrency},
	Milestones: {FieldContract, FieldCurrency},
	Messages:   {FieldChat, MessageClientID, MessageReplyTo, MessageAttachments},
}

// IntegerFields lists the fields that must arrive as JSON integers: PocketBase
// itself would turn "abc" into 0 and true into 1.
var IntegerFields = map[string][]string{
	Users:      {"hourlyRate"},
	Projects:   {ProjectBudgetMin, ProjectBudgetMax},
	Proposals:  {FieldAmount, ProposalDays},
	Milestones: {FieldAmount, MilestonePosition},
	Payments:   {FieldAmount},
	Payouts:    {FieldAmount},
	FeePlans:   {FeePlanBasisPoints, FeePlanFixed, FeePlanMinimum},
	Reviews:    {ReviewRating},
	Searches:   {SearchMin},
}

// Moderated are the sealed collections in which moderators fill in a decision, which is then carried out.
var Moderated = []string{Disputes, Payouts, Chargebacks, RefusedRefunds}

// Sealed lists what nobody edits or deletes by hand, superusers included.
var Sealed = map[Domain][]string{
	DomainProjects: {Contracts, Deadlines, Timeline, FeePlans, Reviews, Deliverables, Uploads},
	DomainMessages: {Uploads},
	DomainPayments: {Payments, Disputes, Chargebacks, RefusedRefunds, Evidence, Payouts, PayoutDestinations, Deadlines, Timeline, Invoices},
}

// Kept lists what is never deleted, not even with all records of its collection at once:
// money hangs on it, or says what became of it.
var Kept = map[Domain][]string{
	DomainProjects: {Contracts, Milestones, Deadlines, Timeline, FeePlans, Reviews},
	DomainPayments: Sealed[DomainPayments],
}

// Made lists what the server makes together with something else (a lock, an entry of the
// ledger, an event): made by hand it would stand for nothing.
var Made = map[Domain][]string{
	DomainProjects: {Contracts, Deadlines, Timeline, Deliverables},
	DomainPayments: {Disputes, Chargebacks, RefusedRefunds, Evidence, Deadlines, Timeline, Invoices},
}
