package forecast

import "sync"

// solvedKey names one cache entry.
type solvedKey struct{ component, n, h int }

var solvedCache sync.Map // solvedKey -> *solved

// horizonSteps are the horizons that components are solved for: a cached one
// serves every shorter forecast.
var horizonSteps = []int{12, MaxHorizon}

// solvedFor returns component i of the grid solved for n months and at least
// horizon h, from the cache if it was asked for before.
func solvedFor(i, n, h int) *solved {
	c := grid[i]
	if c.log { // the closed forms do not depend on it
		i -= len(grid) / 2
	}
	for _, step := range horizonSteps {
		if h <= step {
			h = step
			break
		}
	}
	key := solvedKey{i, n, h}
	if s, ok := solvedCache.Load(key); ok {
		return s.(*solved)
	}
	s, _ := solvedCache.LoadOrStore(key, c.solve(n, h))
	return s.(*solved)
}
