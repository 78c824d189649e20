package services

import (
	"encoding/json"
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Topics of the events between instances.
const (
	TopicUserChanged       = "user.changed"
	TopicSessionRevoked    = "session.revoked"
	TopicProposalSubmitted = "proposal.submitted"
	TopicProposalRejected  = "proposal.rejected"
	TopicProposalWithdrawn = "proposal.withdrawn"
	TopicProposalChanged   = "proposal.changed"
	TopicProjectChanged    = "project.changed"
	TopicSearchMatched     = "search.matched"
	TopicContractCreated   = "contract.created"
	TopicContractEnded     = "contract.ended"
	TopicContractCompleted = "contract.completed"
	TopicMilestoneSent     = "milestone.submitted"
	TopicMilestoneChanges  = "milestone.changes_requested"
	TopicMilestoneApproved = "milestone.approved"
	TopicMilestonePart     = "milestone.part_approved"
	TopicPaymentHeld       = "payment.held"
	TopicPaymentFailed     = "payment.failed"
	TopicPaymentReleased   = "payment.released"
	TopicPaymentRefunded   = "payment.refunded"
	TopicDestinationNew    = "destination.changed"
	TopicDestinationActive = "destination.active"
	TopicPayoutRequested   = "payout.requested"
	TopicPayoutSent        = "payout.sent"
	TopicPayoutSettled     = "payout.settled"
	TopicPayoutFailed      = "payout.failed"
	TopicPayoutReturned    = "payout.returned"
	TopicPaymentNotRolled  = "payment.not_rolled"
	TopicRefundAsked       = "payment.refund_asked"
	TopicRefundDeclined    = "payment.refund_declined"
	TopicRefundRefused     = "payment.refund_refused"
	TopicRefundPaid        = "payment.refund_paid"
	TopicDeadlineReminder  = "deadline.reminder"
	TopicProposalExpired   = "proposal.expired"
	TopicProjectExpired    = "project.expired"
	TopicDisputeOpened     = "dispute.opened"
	TopicDisputeAnswered   = "dispute.answered"
	TopicDisputeOffered    = "dispute.offered"
	TopicDisputeEscalated  = "dispute.escalated"
	TopicDisputeClosed     = "dispute.closed"
	TopicEvidenceContract  = "evidence.contract"
	TopicEvidenceMessages  = "evidence.messages"
	TopicPipelineChanged   = "pipeline.changed"
)

// Topics of chargebacks: banks of clients that take money back.
const (
	TopicChargebackOpened    = "chargeback.opened"
	TopicChargebackClosed    = "chargeback.closed"
	TopicChargebackRecovered = "chargeback.recovered"
)

// Topics of events that open chats, and of system messages about them.
const (
	TopicProjectInvited    = "project.invited"
	TopicProposalDiscussed = "proposal.discussed"
	TopicMemberAdded       = "contract.member_added"
	// TopicMemberLeft, TopicMention and TopicMessages never leave the messages instance.
	TopicMemberLeft = "chat.member_left"
	TopicMention    = "message.mention"
	TopicMessages   = "message.unread"
	// TopicMail asks users, who alone know addresses, to send a mail.
	TopicMail = "mail.due"
)

// Topics about reviews. TopicReputation has a person's public totals.
const (
	TopicReviewOpened    = "review.opened"
	TopicReviewSealed    = "review.sealed"
	TopicReviewPublished = "review.published"
	TopicReviewReplied   = "review.replied"
	TopicReputation      = "reputation.changed"
)

// audience says which instances hear of a topic.
var audience = map[string][]collections.Domain{
	TopicUserChanged:       {collections.DomainProjects, collections.DomainPayments, collections.DomainMessages},
	TopicSessionRevoked:    {collections.DomainProjects, collections.DomainPayments, collections.DomainMessages},
	TopicProposalSubmitted: {collections.DomainMessages},
	TopicProposalRejected:  {collections.DomainMessages},
	TopicProposalWithdrawn: {collections.DomainMessages},
	TopicProposalChanged:   {collections.DomainMessages},
	TopicProjectChanged:    {collections.DomainMessages},
	TopicSearchMatched:     {collections.DomainMessages},
	TopicContractCreated:   {collections.DomainMessages},
	TopicContractEnded:     {collections.DomainMessages},
	TopicContractCompleted: {collections.DomainMessages},
	TopicMilestoneSent:     {collections.DomainPayments, collections.DomainMessages},
	TopicMilestoneChanges:  {collections.DomainPayments, collections.DomainMessages},
	TopicMilestoneApproved: {collections.DomainPayments, collections.DomainMessages},
	TopicPaymentHeld:       {collections.DomainProjects, collections.DomainMessages},
	TopicPaymentFailed:     {collections.DomainProjects, collections.DomainMessages},
	TopicPaymentReleased:   {collections.DomainProjects, collections.DomainMessages},
	TopicPaymentRefunded:   {collections.DomainProjects, collections.DomainMessages},
	TopicDestinationNew:    {collections.DomainMessages},
	TopicDestinationActive: {collections.DomainMessages},
	TopicPayoutRequested:   {collections.DomainMessages},
	TopicPayoutSent:        {collections.DomainMessages},
	TopicPayoutSettled:     {collections.DomainMessages},
	TopicPayoutFailed:      {collections.DomainMessages},
	TopicPayoutReturned:    {collections.DomainMessages},
	TopicMilestonePart:     {collections.DomainPayments, collections.DomainMessages},
	TopicPaymentNotRolled:  {collections.DomainProjects},
	TopicRefundAsked:       {collections.DomainMessages},
	TopicRefundDeclined:    {collections.DomainMessages},
	TopicRefundRefused:     {collections.DomainMessages},
	TopicRefundPaid:        {collections.DomainMessages},
	TopicDeadlineReminder:  {collections.DomainMessages},
	TopicProposalExpired:   {collections.DomainMessages},
	TopicProjectInvited:    {collections.DomainMessages},
	TopicProposalDiscussed: {collections.DomainMessages},
	TopicMemberAdded:       {collections.DomainMessages},
	TopicProjectExpired:    {collections.DomainMessages},
	TopicDisputeOpened:     {collections.DomainProjects, collections.DomainMessages},
	TopicDisputeAnswered:   {collections.DomainMessages},
	TopicDisputeOffered:    {collections.DomainMessages},
	TopicDisputeEscalated:  {collections.DomainMessages},
	TopicDisputeClosed:     {collections.DomainProjects, collections.DomainMessages},
	TopicMail:              {collections.DomainUsers},
	TopicAlert:             {collections.DomainUsers},
	TopicChargebackOpened:  {collections.DomainProjects, collections.DomainMessages},
	TopicChargebackClosed:  {collections.DomainProjects, collections.DomainMessages},

	TopicChargebackRecovered: {collections.DomainMessages},

	TopicEvidenceContract: {collections.DomainPayments},
	TopicReviewOpened:     {collections.DomainMessages},
	TopicReviewSealed:     {collections.DomainMessages},
	TopicReviewPublished:  {collections.DomainMessages},
	TopicReviewReplied:    {collections.DomainMessages},
	TopicReputation:       {collections.DomainUsers},
	TopicEvidenceMessages: {collections.DomainPayments},
	TopicPipelineChanged:  {collections.DomainPayments},
}

// Event is what one instance tells another: a fact about an aggregate (for
// example "payment:abc") at a version of it.
type Event struct {
	ID        string          `json:"id"`
	Topic     string          `json:"topic"`
	Aggregate string          `json:"aggregate"`
	Version   int             `json:"version"`
	Payload   json.RawMessage `json:"payload"`
}

// eventOf makes the event of a record at its present version. Its id is
// deterministic, so the same fact is never two events.
func eventOf(topic, collection, id string, version int, payload any) (Event, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return Event{}, err
	}
	aggregate := collection + ":" + id
	return Event{ID: fmt.Sprintf("%s:%d:%s", aggregate, version, topic), Topic: topic, Aggregate: aggregate, Version: version, Payload: raw}, nil
}

// Emit stores an event for every instance that hears of its topic, in the
// transaction of what happened; the relay is woken after the commit. Told any
// other way, an event is lost when the process dies between the two.
func (i *Instance) Emit(tx core.App, topic, collection, id string, version int, payload any) error {
	event, err := eventOf(topic, collection, id, version, payload)
	if err != nil {
		return err
	}
	if len(audience[topic]) == 0 {
		return nil
	}
	peers, err := json.Marshal(audience[topic])
	if err != nil {
		return err
	}
	_, err = execFixed(tx, `INSERT INTO outbox (id, peer, topic, aggregate, version, payload, created)
		SELECT ?, value, ?, ?, ?, ?, ? FROM json_each(?) ORDER BY key`,
		event.ID, event.Topic, event.Aggregate, event.Version, string(event.Payload), i.Clock.Now().UnixMilli(), string(peers))
	if err != nil {
		return fmt.Errorf("failed to emit %s: %w", event.ID, err)
	}
	afterCommit(tx, i.relay.Wake)
	return nil
}

// EventHandler applies an event in tx, the transaction that also records it as applied.
type EventHandler func(tx core.App, event Event) error

// decode reads the payload of an event. One that cannot be read is its sender's
// fault: the answer says so, and the breaker between the two stays closed.
func decode[T any](event Event) (T, error) {
	var payload T
	if err := json.Unmarshal(event.Payload, &payload); err != nil {
		return payload, badRequest(CodeInvalidInput, "The payload of %s cannot be read: %s", event.Topic, truncate(err.Error(), 200))
	}
	return payload, nil
}
