package collections

// Disputes and their evidence, both on payments.
const (
	Disputes = "disputes"
	Evidence = "evidence"
)

// Fields of disputes. A position is what one side wants the freelancer to get
// out of the disputed amount, in minor units; the rest goes to the client.
const (
	DisputePayment            = "payment"
	DisputeOpenedBy           = "openedBy"
	DisputeCategory           = "category"
	DisputeAnswer             = "answer"
	DisputeClientPosition     = "clientPosition"
	DisputeFreelancerPosition = "freelancerPosition"
	DisputeToFreelancer       = "toFreelancer"
	DisputeOutcome            = "outcome"
	DisputeDecision           = "decision"
	DisputeRuling             = "ruling"
	DisputeRulingAmount       = "rulingToFreelancer"
	DisputeRulingReason       = "rulingReason"
	EvidenceDispute           = "dispute"
	EvidenceKind              = "kind"
	EvidenceContent           = "content"
	EvidenceSHA               = "sha256"
)

// DisputeCategories are what a dispute can be about.
var DisputeCategories = []string{"not_delivered", "not_as_described", "late", "unpaid", "other"}

// States of a dispute.
const (
	DisputeOpen        = "open"
	DisputeAnswered    = "answered"
	DisputeNegotiating = "negotiating"
	DisputeInReview    = "in_review"
	DisputeClosed      = "closed"
)

// Outcomes of a closed dispute.
const (
	OutcomeAgreed     = "agreed"
	OutcomeDefaulted  = "defaulted"
	OutcomeSmallClaim = "small_claim"
	OutcomeRuled      = "ruled"
	OutcomeWithdrawn  = "withdrawn"
	// OutcomeChargedBack ends a dispute because the client's bank decides now.
	OutcomeChargedBack = "charged_back"
)

// What a moderator rules.
const (
	RulingClient     = "client"
	RulingFreelancer = "freelancer"
	RulingSplit      = "split"
)

// DisputeMachine is open -> answered -> negotiating -> in_review, each of which
// can end in closed; the outcome says how.
var DisputeMachine = Machine{Collection: Disputes, Initial: DisputeOpen, Edges: []Edge{
	{"answer", []string{DisputeOpen}, DisputeAnswered, ByEither},
	{"offer", []string{DisputeAnswered, DisputeNegotiating}, DisputeNegotiating, ByEither},
	{"accept", []string{DisputeOpen, DisputeAnswered, DisputeNegotiating, DisputeInReview}, DisputeClosed, ByEither},
	{"escalate", []string{DisputeAnswered, DisputeNegotiating}, DisputeInReview, ByEither},
	{"refer", []string{DisputeOpen}, DisputeInReview, ByEvent},
	{"withdraw", []string{DisputeOpen, DisputeAnswered, DisputeNegotiating, DisputeInReview}, DisputeClosed, ByEither},
	{"default", []string{DisputeOpen}, DisputeClosed, ByEvent},
	{"halve", []string{DisputeAnswered, DisputeNegotiating}, DisputeClosed, ByEvent},
	{"supersede", []string{DisputeOpen, DisputeAnswered, DisputeNegotiating, DisputeInReview}, DisputeClosed, ByEvent},
	{"rule", []string{DisputeAnswered, DisputeNegotiating, DisputeInReview}, DisputeClosed, ByEvent},
}}
