package collections

import (
	"slices"
	"testing"
)

// TestMachines checks that every state can be reached, that no two edges of a
// machine share a verb, and that no edge leaves a final state by a person's hand.
func TestMachines(t *testing.T) {
	t.Parallel()
	final := map[string][]string{
		Projects: {ProjectCompleted, ProjectCancelled}, Proposals: {ProposalAccepted, ProposalRejected, ProposalWithdrawn, ProposalArchived},
		Contracts: {ContractCompleted, ContractEnded}, Milestones: {MilestoneReleased, MilestoneCancelled},
		Payments: {PaymentStateReleased, PaymentStateRefunded, PaymentSplit, PaymentFailed},
		Disputes: {DisputeClosed},
		Payouts:  {PayoutFailed, PayoutReturned}, PayoutDestinations: {DestinationReplaced, DestinationRemoved},
	}
	for name, machine := range Machines {
		verbs := []string{}
		reached := []string{machine.Initial}
		for range machine.Edges {
			for _, edge := range machine.Edges {
				if slices.ContainsFunc(edge.From, func(state string) bool { return slices.Contains(reached, state) }) && !slices.Contains(reached, edge.To) {
					reached = append(reached, edge.To)
				}
			}
		}
		for _, edge := range machine.Edges {
			if slices.Contains(verbs, edge.Verb) {
				t.Errorf("%s: two edges for %s", name, edge.Verb)
			}
			verbs = append(verbs, edge.Verb)
			for _, state := range edge.From {
				if edge.To != Same && slices.Contains(final[name], state) {
					t.Errorf("%s: %s leaves the final state %s", name, edge.Verb, state)
				}
			}
		}
		for _, state := range final[name] {
			if !slices.Contains(reached, state) {
				t.Errorf("%s: %s cannot be reached", name, state)
			}
			if legal := machine.LegalVerbs(state); len(legal) != 0 {
				t.Errorf("%s: expected no verb in the final state %s, got %v", name, state, legal)
			}
		}
	}
}
