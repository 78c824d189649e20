package collections

// Chargebacks is money that clients' banks took back, or want to.
const Chargebacks = "chargebacks"

// Fields of chargebacks, amounts in minor units.
const (
	ChargebackPayment = "payment"
	// ChargebackLocked is the part that was still held: it is locked, and gone if the chargeback is lost.
	ChargebackLocked = "locked"
	// ChargebackGuarded is the part that its freelancer has and cannot pay out for now.
	ChargebackGuarded = "guarded"
	// ChargebackTaken says that the bank has the money.
	ChargebackTaken = "taken"
	ChargebackDueBy = "dueBy"
	// ChargebackRecovery is what a moderator decides about the guarded part of a lost chargeback.
	ChargebackRecovery       = "recovery"
	ChargebackRecoveryReason = "recoveryReason"
	ChargebackRecovered      = "recovered"
)

// States of a chargeback.
const (
	ChargebackOpen = "open"
	ChargebackWon  = "won"
	ChargebackLost = "lost"
)

// Who bears the part of a lost chargeback that had been released.
const (
	RecoverFromPlatform   = "platform"
	RecoverFromFreelancer = "freelancer"
)

// ChargebackMachine is open -> won or lost; the bank decides.
var ChargebackMachine = Machine{Collection: Chargebacks, Initial: ChargebackOpen, Edges: []Edge{
	{"take", []string{ChargebackOpen}, Same, ByEvent},
	{"win", []string{ChargebackOpen}, ChargebackWon, ByEvent},
	{"lose", []string{ChargebackOpen}, ChargebackLost, ByEvent},
	{"recover", []string{ChargebackLost}, Same, ByEvent},
}}
