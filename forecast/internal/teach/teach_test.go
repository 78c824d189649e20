package teach

import (
	"testing"

	"github.com/lancershub/lancershub/forecast/internal/dataset"
)

// Learning must never see a test part, and a series stays in one fold.
func TestExamples(t *testing.T) {
	t.Parallel()
	var series []dataset.Series
	for _, n := range []int{20, 26, 27, 48} {
		s := dataset.Series{Set: "m1", Test: []float64{-1, -1, -1}}
		for i := range n {
			s.Train = append(s.Train, float64(100*len(series)+i))
		}
		series = append(series, s)
	}
	got := examples(series, 24)
	folds := map[int]int{}
	for _, e := range got {
		if len(e.History) != 24 || len(e.Future) < minimum || len(e.Future) > future {
			t.Fatalf("Expected 24 months and 3 to 18 after, got %d and %d", len(e.History), len(e.Future))
		}
		if e.Future[0] != e.History[23]+1 {
			t.Fatalf("Expected the months that follow, got %v after %v", e.Future[0], e.History[23])
		}
		owner := int(e.History[0]) / 100
		if fold, ok := folds[owner]; ok && fold != e.Fold {
			t.Fatalf("Expected series %d in one fold, got %d and %d", owner, fold, e.Fold)
		}
		folds[owner] = e.Fold
		for _, v := range e.Future {
			if v < 0 {
				t.Fatal("Expected no month of the test part, got one")
			}
		}
	}
	if len(folds) != 2 {
		t.Fatalf("Expected examples of the two series with 27 months or more, got %v", folds)
	}
}
