package forecast

import (
	"cmp"
	"math"
	"slices"
)

// prune turns log weights into weights that add up to one and drops the least
// likely members until the rest carries keepMass.
func prune(all []member, best float64) []member {
	var sum float64
	for i := range all {
		all[i].weight = math.Exp(all[i].weight - best)
		sum += all[i].weight
	}
	slices.SortStableFunc(all, func(a, b member) int { return cmp.Compare(b.weight, a.weight) })
	var kept float64
	for i := range all {
		kept += all[i].weight
		if kept >= keepMass*sum {
			all = all[:i+1]
			break
		}
	}
	for i := range all {
		all[i].weight /= kept
	}
	return all
}
