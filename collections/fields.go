package collections

// Fields of users, on the users instance and (the part the peers need) on their mirrors.
const (
	UserName       = "name"
	UserAvatar     = "avatar"
	UserRoles      = "roles"
	UserTimezone   = "timezone"
	UserLanguage   = "language"
	UserHeadline   = "headline"
	UserBio        = "bio"
	UserSkills     = "skills"
	UserHourlyRate = "hourlyRate"
	UserCountry    = "country"
	// UserVer counts what ends all tokens issued before: password changed, suspended, signed out everywhere.
	UserVer = "ver"
	// UserRev counts every change the peers hear of.
	UserRev = "rev"
	// UserRating is the mean of the ratings in hundredths of a star; these four
	// follow what projects counts.
	UserRating            = "rating"
	UserReviews           = "reviewCount"
	UserCompleted         = "completedContracts"
	UserReputationVersion = "reputationVersion"
	// UserMFA says that a second factor is asked for. Hidden.
	UserMFA = "mfa"
)

// Fields of sessions.
const (
	SessionTokenHash     = "tokenHash"
	SessionPreviousHash  = "previousHash"
	SessionGraceUsed     = "graceUsed"
	SessionAuthAt        = "authAt"
	SessionRotatedAt     = "rotatedAt"
	SessionExpiresAt     = "expiresAt"
	SessionIdleExpiresAt = "idleExpiresAt"
	SessionRevokedAt     = "revokedAt"
	SessionRevokedReason = "revokedReason"
	SessionUserAgent     = "userAgent"
	SessionIP            = "ip"
)

// Fields of projects.
const (
	ProjectDescription   = "description"
	ProjectCategory      = "category"
	ProjectSkills        = "skills"
	ProjectBudgetType    = "budgetType"
	ProjectBudgetMin     = "budgetMin"
	ProjectBudgetMax     = "budgetMax"
	ProjectDeadline      = "deadline"
	ProjectProposalCount = "proposalCount"
	ProjectPublishedAt   = "publishedAt"
	FieldClosedAt        = "closedAt"
)

// Fields of proposals.
const (
	ProposalProjectTitle = "projectTitle"
	ProposalDays         = "days"
	ProposalCoverLetter  = "coverLetter"
	// ProposalMilestones are the steps of the work as offered: a list, or null for one.
	ProposalMilestones = "milestones"
)

// Fields of contracts and milestones.
const (
	ContractProposal     = "proposal"
	ContractFeePlan      = "feePlan"
	MilestonePosition    = "position"
	MilestoneDueAt       = "dueAt"
	MilestonePayment     = "payment"
	MilestoneNote        = "note"
	MilestoneSubmittedAt = "submittedAt"
	MilestoneDisputed    = "disputed"
	// MilestoneKind is work or bonus; empty means work.
	MilestoneKind           = "kind"
	MilestoneKindBonus      = "bonus"
	MilestoneApprovedAmount = "approvedAmount"
	MilestoneUnderpayment   = "underpaymentReason"
)

// Fields of fee plans.
const (
	FeePlanVersion     = "version"
	FeePlanBasisPoints = "basisPoints"
	FeePlanFixed       = "fixed"
	FeePlanMinimum     = "minimum"
)

// Fields of the timeline.
const (
	TimelineKind    = "kind"
	TimelineSubject = "subject"
	TimelineVerb    = "verb"
	TimelineFrom    = "from"
	TimelineTo      = "to"
	TimelineBy      = "by"
)

// Fields of payments.
const (
	PaymentFee         = "fee"
	PaymentReleased    = "released"
	PaymentRefunded    = "refunded"
	PaymentSource      = "source"
	PaymentFailure     = "failure"
	PaymentDecideBy    = "decideBy"
	PaymentLockedUntil = "lockedUntil"
	// PaymentAskedFreelancer is the id the client named, before projects and users confirmed it.
	PaymentAskedFreelancer = "askedFreelancer"
	// PaymentProjectTitle is the project's title when the money was held; the title is the milestone's.
	PaymentProjectTitle = "projectTitle"
	PaymentHeldAt       = "heldAt"
	PaymentSettledAt    = "settledAt"
	// PaymentLocked is what of the held amount a dispute locks.
	PaymentLocked = "disputed"
	// PaymentRolled is what rolled on to the payment of another milestone, whose
	// PaymentRolledFrom names this one.
	PaymentRolled       = "rolled"
	PaymentRolledFrom   = "rolledFrom"
	PaymentRefundAsked  = "refundAsked"
	PaymentRefundReason = "refundReason"
	// PaymentChargedBack is what of the held amount a chargeback locks or has taken;
	// PaymentChargeback is the state of the last chargeback (ChargebackMachine).
	PaymentChargedBack = "chargedBack"
	PaymentChargeback  = "chargeback"
	// PaymentOwed says that the work was approved while a dispute or a chargeback locked the money.
	PaymentOwed = "owed"
	// PaymentOwedPart is what of approvals in part could not be paid, because it was locked.
	PaymentOwedPart = "owedPart"
	// PaymentConfirmURL is where the client confirms a payment with the provider; only the client gets it.
	PaymentConfirmURL = "confirmUrl"
)

// Fields of chats and members.
const (
	ChatKind          = "kind"
	ChatOrigin        = "origin"
	ChatProposal      = "proposal"
	ChatPair          = "pair"
	ChatLastSeq       = "lastSeq"
	ChatLastChange    = "lastChange"
	ChatLastMessageAt = "lastMessageAt"
	MemberRole        = "role"
	MemberLastReadSeq = "lastReadSeq"
	// MemberOwnAfter counts the member's own messages after lastReadSeq: they are not unread.
	MemberOwnAfter = "ownAfter"
	MemberMentions = "mentions"
	MemberMuted    = "muted"
	MemberArchived = "archived"
	// MemberMailedSeq is the last message an e-mail told the member about.
	MemberMailedSeq = "mailedSeq"
	// MemberMailAt is when a mail about unread messages is due (Unix milliseconds, 0 for none).
	MemberMailAt = "mailAt"
)

// Values of the fields of chats and members.
const (
	ChatDirect         = "direct"
	ChatGroup          = "group"
	OriginInvitation   = "invitation"
	OriginProposal     = "proposal"
	OriginContract     = "contract"
	MemberRoleOwner    = "owner"
	MemberRoleOfMember = "member"
)

// Fields of messages and what belongs to them.
const (
	MessageSeq = "seq"
	// MessageChange numbers everything that happens to the messages of a chat: new, edited, deleted, reacted to.
	MessageChange      = "change"
	MessageSender      = "sender"
	MessageKind        = "kind"
	MessageBody        = "body"
	MessageClientID    = "clientId"
	MessageReplyTo     = "replyTo"
	MessageMentions    = "mentions"
	MessageReactions   = "reactions"
	MessageAttachments = "attachments"
	MessageTopic       = "topic"
	// MessagePreview is what the page shows of itself that a message links to.
	MessagePreview = "preview"
	MessageParams  = "params"
	// MessageFlag says why the filter marked a message; only moderators see it.
	MessageFlag       = "flag"
	MessageEditedAt   = "editedAt"
	MessageDeletedAt  = "deletedAt"
	MessageKindUser   = "user"
	MessageKindSystem = "system"
	EditMessage       = "message"
	BlockBlocked      = "blocked"
	ReportReporter    = "reporter"
	ReportNote        = "note"
	ReportExcerpt     = "excerpt"
	ReportOpen        = "open"
)

// Fields of notifications, and the states of a user.
const (
	NotificationKind    = "kind"
	NotificationBody    = "body"
	NotificationLink    = "link"
	NotificationReadAt  = "readAt"
	NotificationParams  = "params"
	NotificationSubject = "subject"
	NotificationCount   = "count"
	NotificationAt      = "at"
	NotificationChannel = "channel"
	NotificationMailAt  = "mailAt"
	PreferenceChannels  = "channels"
	PreferenceQuietFrom = "quietFrom"
	PreferenceQuietTo   = "quietTo"
	PreferenceDigestAt  = "digestAt"
	PreferenceLanguage  = "language"
	UserStatusActive    = "active"
	UserStatusSuspended = "suspended"
	UserStatusClosed    = "closed"
)
