package collections

// Searches are what freelancers look for, saved: they hear of every newly
// published project that matches.
const Searches = "searches"

// Fields of saved searches.
const (
	SearchName     = "name"
	SearchWords    = "words"
	SearchWithout  = "without"
	SearchCategory = "category"
	// SearchMin is the lowest budget, in minor units of the currency.
	SearchMin    = "min"
	SearchPaused = "paused"
)
