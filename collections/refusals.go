package collections

// RefusedRefunds are refunds that a provider refused for good, for moderators: one
// row for each time, until they decide.
const RefusedRefunds = "refusedRefunds"

// Fields of refused refunds, amounts in minor units.
const (
	// RefusalOrder is the refund that was asked for, RefusalAttempt the last try of it.
	RefusalOrder   = "refundOrder"
	RefusalPayment = "payment"
	RefusalAttempt = "attempt"
	RefusalState   = "state"
	// RefusalDecision is what a moderator decides, with its reason.
	RefusalDecision       = "decision"
	RefusalDecisionReason = "decisionReason"
)

// States of a refused refund.
const (
	RefusalOpen    = "open"
	RefusalRetried = "retried"
	RefusalPaid    = "paid"
	// RefusalSettled is one that the provider gave back after all.
	RefusalSettled = "settled"
)

// What a moderator decides: the provider is asked once more, or they have paid the
// client in another way.
const (
	RefusalRetry       = "retry"
	RefusalPaidAnother = "paid"
)
