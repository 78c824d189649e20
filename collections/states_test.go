package collections

import (
	"maps"
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

// FuzzStates: along whatever verbs, a machine stays in states that it knows, a
// verb that is not legal leads nowhere, and what people are told is legal is.
func FuzzStates(f *testing.F) {
	f.Add(uint8(0), []byte("publish\x00cancel"))
	f.Add(uint8(4), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	names := slices.Sorted(maps.Keys(Machines))
	f.Fuzz(func(t *testing.T, which uint8, script []byte) {
		machine := Machines[names[int(which)%len(names)]]
		known := []string{machine.Initial}
		for _, edge := range machine.Edges {
			known = append(known, edge.From...)
			known = append(known, edge.To)
		}
		state := machine.Initial
		for _, choice := range script {
			verb := machine.Edges[int(choice)%len(machine.Edges)].Verb
			if choice > 200 {
				verb = string(script)
			}
			edge, ok := machine.Edge(verb)
			legal := ok && slices.Contains(edge.From, state)
			if told := slices.Contains(machine.LegalVerbs(state), verb); told != (legal && edge.By != ByEvent) {
				t.Fatalf("%s: expected what is told about %q in %q to be so, got %t", machine.Collection, verb, state, told)
			}
			if !legal {
				continue
			}
			if edge.To != Same {
				state = edge.To
			}
			if !slices.Contains(known, state) || state == "" {
				t.Fatalf("%s: %q leads to %q, which nobody knows", machine.Collection, verb, state)
			}
		}
	})
}
