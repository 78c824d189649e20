package collections

import (
	"slices"

	"github.com/pocketbase/pocketbase/core"
)

// Edge is one legal way from a state to another: a verb, and who may use it.
type Edge struct {
	Verb string
	From []string
	// To is the state after it, or Same.
	To string
	// By says who may use the verb over HTTP; ByEvent verbs follow from an event or a clock only.
	By Party
}

// Party is a person's relation to a record.
type Party string

// Who may use a verb.
const (
	ByClient     Party = "client"
	ByFreelancer Party = "freelancer"
	ByEither     Party = "either"
	ByEvent      Party = "event"
	// ByOpener is whichever of the two opened a dispute.
	ByOpener Party = "opener"
	// ByAuthor is whichever of the two writes a review.
	ByAuthor Party = "author"
)

// Same is the target of an edge that leaves the state as it is.
const Same = ""

// Machine is the state machine of one collection, as a table. Nothing but a
// transition through it writes the collection's status.
type Machine struct {
	Collection string
	Initial    string
	Edges      []Edge
}

// Edge returns the edge for verb, or false if the machine knows no such verb.
func (m Machine) Edge(verb string) (Edge, bool) {
	for _, edge := range m.Edges {
		if edge.Verb == verb {
			return edge, true
		}
	}
	return Edge{}, false
}

// LegalVerbs lists the verbs people may use in state, in table order; never nil.
func (m Machine) LegalVerbs(state string) []string {
	verbs := []string{}
	for _, edge := range m.Edges {
		if edge.By != ByEvent && slices.Contains(edge.From, state) {
			verbs = append(verbs, edge.Verb)
		}
	}
	return verbs
}

// Verbs lists all verbs people may use, in table order.
func (m Machine) Verbs() []string {
	verbs := []string{}
	for _, edge := range m.Edges {
		if edge.By != ByEvent {
			verbs = append(verbs, edge.Verb)
		}
	}
	return verbs
}

// States of a project.
const (
	ProjectDraft      = "draft"
	ProjectOpen       = "open"
	ProjectInProgress = "in_progress"
	ProjectCompleted  = "completed"
	ProjectCancelled  = "cancelled"
	ProjectExpired    = "expired"
)

// ProjectMachine is draft -> open -> in_progress -> completed, and the ways out.
var ProjectMachine = Machine{Collection: Projects, Initial: ProjectDraft, Edges: []Edge{
	{"publish", []string{ProjectDraft, ProjectExpired}, ProjectOpen, ByClient},
	{"cancel", []string{ProjectDraft, ProjectOpen}, ProjectCancelled, ByClient},
	{"expire", []string{ProjectOpen}, ProjectExpired, ByEvent},
	{"award", []string{ProjectOpen}, ProjectInProgress, ByEvent},
	{"complete", []string{ProjectInProgress}, ProjectCompleted, ByEvent},
	{"abandon", []string{ProjectInProgress}, ProjectCancelled, ByEvent},
}}

// States of a proposal.
const (
	ProposalSubmitted = "submitted"
	ProposalAccepted  = "accepted"
	ProposalRejected  = "rejected"
	ProposalWithdrawn = "withdrawn"
	ProposalArchived  = "archived"
)

// ProposalMachine gives a submitted proposal one of four ends.
var ProposalMachine = Machine{Collection: Proposals, Initial: ProposalSubmitted, Edges: []Edge{
	{"accept", []string{ProposalSubmitted}, ProposalAccepted, ByClient},
	{"reject", []string{ProposalSubmitted}, ProposalRejected, ByClient},
	{"withdraw", []string{ProposalSubmitted}, ProposalWithdrawn, ByFreelancer},
	{"archive", []string{ProposalSubmitted}, ProposalArchived, ByEvent},
}}

// States of a contract.
const (
	ContractActive    = "active"
	ContractPaused    = "paused"
	ContractCompleted = "completed"
	ContractEnded     = "ended"
)

// ContractMachine says that a contract is completed by its last payment, or ended by either party while no money is held.
var ContractMachine = Machine{Collection: Contracts, Initial: ContractActive, Edges: []Edge{
	{"end", []string{ContractActive, ContractPaused}, ContractEnded, ByClient},
	{"complete", []string{ContractActive, ContractPaused}, ContractCompleted, ByEvent},
}}

// States of a milestone.
const (
	MilestonePlanned          = "planned"
	MilestoneFunded           = "funded"
	MilestoneSubmitted        = "submitted"
	MilestoneChangesRequested = "changes_requested"
	MilestoneApproved         = "approved"
	MilestoneReleased         = "released"
	MilestoneCancelled        = "cancelled"
)

// MilestoneMachine is planned -> funded -> submitted <-> changes_requested; approved -> released.
// Release follows from the payment, also from one the client released directly.
var MilestoneMachine = Machine{Collection: Milestones, Initial: MilestonePlanned, Edges: []Edge{
	{"submit", []string{MilestoneFunded, MilestoneChangesRequested}, MilestoneSubmitted, ByFreelancer},
	{"request-changes", []string{MilestoneSubmitted}, MilestoneChangesRequested, ByClient},
	{"approve", []string{MilestoneSubmitted, MilestoneFunded}, MilestoneApproved, ByClient},
	{"approve-part", []string{MilestoneSubmitted, MilestoneFunded, MilestoneChangesRequested}, MilestoneChangesRequested, ByEvent},
	{"reopen", []string{MilestoneApproved}, MilestoneChangesRequested, ByEvent},
	{"fund", []string{MilestonePlanned}, MilestoneFunded, ByEvent},
	{"release", []string{MilestoneFunded, MilestoneSubmitted, MilestoneChangesRequested, MilestoneApproved}, MilestoneReleased, ByEvent},
	{"cancel", []string{MilestonePlanned, MilestoneFunded, MilestoneSubmitted, MilestoneChangesRequested, MilestoneApproved}, MilestoneCancelled, ByEvent},
}}

// States of a payment.
const (
	PaymentPending       = "pending"
	PaymentHeld          = "held"
	PaymentStateReleased = "released"
	PaymentStateRefunded = "refunded"
	PaymentSplit         = "split"
	PaymentDisputed      = "disputed"
	PaymentFailed        = "failed"
)

// PaymentMachine is pending -> held -> released, refunded or split; pending -> failed, also by
// its client.
// Only the client releases, only the freelancer gives back. A part keeps the
// payment held; the state after the last part says how the whole was shared.
// A dispute locks a part; the rest can still be moved.
var PaymentMachine = Machine{Collection: Payments, Initial: PaymentPending, Edges: []Edge{
	{"release", []string{PaymentHeld, PaymentDisputed}, PaymentStateReleased, ByClient},
	{"refund", []string{PaymentHeld, PaymentDisputed}, PaymentStateRefunded, ByFreelancer},
	{"dispute", []string{PaymentHeld}, PaymentDisputed, ByEither},
	{"ask-refund", []string{PaymentHeld, PaymentDisputed}, Same, ByClient},
	{"decline-refund", []string{PaymentHeld, PaymentDisputed}, Same, ByFreelancer},
	{"roll", []string{PaymentHeld, PaymentDisputed}, Same, ByEvent},
	{"charge-back", chargeable, Same, ByEvent},
	{"chargeback-won", chargeable, Same, ByEvent},
	{"chargeback-lost", chargeable, Same, ByEvent},
	{"split", []string{PaymentHeld}, PaymentSplit, ByEvent},
	{"release-part", []string{PaymentHeld, PaymentDisputed}, Same, ByEvent},
	{"refund-part", []string{PaymentHeld, PaymentDisputed}, Same, ByEvent},
	{"resume", []string{PaymentDisputed}, PaymentHeld, ByEvent},
	{"hold", []string{PaymentPending}, PaymentHeld, ByEvent},
	{"fail", []string{PaymentPending}, PaymentFailed, ByEvent},
	{"cancel", []string{PaymentPending}, PaymentFailed, ByClient},
}}

// chargeable are the states in which a client's bank can take money back.
var chargeable = []string{PaymentHeld, PaymentDisputed, PaymentStateReleased, PaymentStateRefunded, PaymentSplit}

// Machines has every state machine by the name of its collection.
var Machines = map[string]Machine{
	Projects:   ProjectMachine,
	Proposals:  ProposalMachine,
	Contracts:  ContractMachine,
	Milestones: MilestoneMachine,
	Payments:   PaymentMachine,
	Disputes:   DisputeMachine,
	Payouts:    PayoutMachine,

	Chargebacks: ChargebackMachine,
	Reviews:     ReviewMachine,

	PayoutDestinations: DestinationMachine,
}

// Parties returns who is client and who is freelancer on a record that has both fields.
func Parties(rec *core.Record) (client, freelancer string) {
	return rec.GetString(FieldClient), rec.GetString(FieldFreelancer)
}
