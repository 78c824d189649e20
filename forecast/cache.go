package forecast

import "sync"

// solvedKey names one cache entry.
type solvedKey struct{ component, n, h int }

var solvedCache sync.Map // solvedKey -> *solved

// solvedFor returns component i of the grid solved for n months and horizon h,
// from the cache if it was asked for before.
func solvedFor(i, n, h int) *solved {
	c := grid[i]
	if c.log { // the closed forms do not depend on it
		i -= len(grid) / 2
	}
	key := solvedKey{i, n, h}
	if s, ok := solvedCache.Load(key); ok {
		return s.(*solved)
	}
	s, _ := solvedCache.LoadOrStore(key, c.solve(n, h))
	return s.(*solved)
}
