// Package collections says what the data is: the names of collections and
// fields, the API rules, and the state machines. It imports only PocketBase's
// core, so everything else may build on it.
package collections

// Domain is one of the four parts of the marketplace. Each has its own
// PocketBase instance, database and data folder.
type Domain string

// The four domains.
const (
	DomainUsers    Domain = "users"
	DomainProjects Domain = "projects"
	DomainPayments Domain = "payments"
	DomainMessages Domain = "messages"
)

// Domains lists the four domains in the order in which they start.
var Domains = []Domain{DomainUsers, DomainProjects, DomainPayments, DomainMessages}

// Names of collections. Users exists on every instance: the original on users,
// a closed mirror on the three peers.
const (
	Users         = "users"
	Sessions      = "sessions"
	Projects      = "projects"
	Proposals     = "proposals"
	Contracts     = "contracts"
	Milestones    = "milestones"
	Timeline      = "timeline"
	FeePlans      = "feePlans"
	Payments      = "payments"
	Chats         = "chats"
	Members       = "members"
	Messages      = "messages"
	Notifications = "notifications"
	Edits         = "edits"
	Blocks        = "blocks"
	Reports       = "reports"
	Preferences   = "preferences"
	// MailQueue is what moderators see of the mails of the users instance.
	MailQueue = "mailQueue"
)

// Views that only superusers read, in the admin UI.
const (
	AuditLog        = "auditLog"
	OutboxEvents    = "outboxEvents"
	InboxEvents     = "inboxEvents"
	IdempotencyKeys = "idempotencyKeys"
	HiringMonths    = "hiringMonths"
)

// Fields shared by several collections.
const (
	FieldID         = "id"
	FieldStatus     = "status"
	FieldVersion    = "version"
	FieldReason     = "reason"
	FieldCreated    = "created"
	FieldUpdated    = "updated"
	FieldProject    = "project"
	FieldContract   = "contract"
	FieldMilestone  = "milestone"
	FieldClient     = "client"
	FieldFreelancer = "freelancer"
	FieldTitle      = "title"
	FieldAmount     = "amount"
	FieldCurrency   = "currency"
	FieldUser       = "user"
	FieldChat       = "chat"
)

// Roles a user can have.
const (
	RoleClient     = "client"
	RoleFreelancer = "freelancer"
)

// MaxAmount is the largest amount anything may cost, in minor units: far above
// any real project and far below where float64, PocketBase's number type, loses integers.
const MaxAmount = 1_000_000_000_000
