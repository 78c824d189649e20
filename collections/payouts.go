package collections

// PayoutDestinations is where freelancers have their money sent; Payouts are the sendings.
const (
	PayoutDestinations = "payoutDestinations"
	Payouts            = "payouts"
)

// Fields of payout destinations. The reference is the provider's name for the
// account and is hidden; the hint has its last characters.
const (
	DestinationLabel     = "label"
	DestinationReference = "reference"
	DestinationHint      = "hint"
	FieldProvider        = "provider"
)

// Fields of payouts.
const (
	PayoutDestination      = "destination"
	PayoutDestinationLabel = "destinationLabel"
	PayoutOnHold           = "onHold"
	PayoutModeration       = "moderation"
	PayoutFailure          = "failure"
	PayoutSentAt           = "sentAt"
	FieldProviderRef       = "providerRef"
	// FieldTries and FieldNextTryAt (Unix milliseconds) pace what is asked of the provider.
	FieldTries     = "tries"
	FieldNextTryAt = "nextTryAt"
)

// What a moderator can decide about a payout that has not been sent.
const (
	ModerationHold    = "hold"
	ModerationRelease = "release"
	ModerationRefuse  = "refuse"
	// ModerationPaid is about one that came back to a closed account: it was paid in another way.
	ModerationPaid = "paid"
)

// States of a payout destination: a new one cools off before money goes there.
const (
	DestinationCooling  = "cooling"
	DestinationActive   = "active"
	DestinationReplaced = "replaced"
	DestinationRemoved  = "removed"
)

// DestinationMachine is cooling -> active; a newer one replaces either.
var DestinationMachine = Machine{Collection: PayoutDestinations, Initial: DestinationCooling, Edges: []Edge{
	{"remove", []string{DestinationCooling, DestinationActive}, DestinationRemoved, ByFreelancer},
	{"activate", []string{DestinationCooling}, DestinationActive, ByEvent},
	{"replace", []string{DestinationCooling, DestinationActive}, DestinationReplaced, ByEvent},
}}

// States of a payout.
const (
	PayoutRequested = "requested"
	PayoutSent      = "sent"
	PayoutSettled   = "settled"
	PayoutFailed    = "failed"
	PayoutReturned  = "returned"
)

// PayoutMachine is requested -> sent -> settled, failed or returned. A bank may
// return what it had accepted, so settled is not the last word.
var PayoutMachine = Machine{Collection: Payouts, Initial: PayoutRequested, Edges: []Edge{
	{"cancel", []string{PayoutRequested}, PayoutFailed, ByFreelancer},
	{"send", []string{PayoutRequested}, PayoutSent, ByEvent},
	{"settle", []string{PayoutSent}, PayoutSettled, ByEvent},
	{"fail", []string{PayoutRequested, PayoutSent}, PayoutFailed, ByEvent},
	{"return", []string{PayoutSent, PayoutSettled}, PayoutReturned, ByEvent},
}}
