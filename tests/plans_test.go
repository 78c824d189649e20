package tests

import (
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
)

// TestStatementsPastDbxAreSeen: those of every payment go to the database as they are, and
// must be looked at like all others.
func TestStatementsPastDbxAreSeen(t *testing.T) {
	t.Parallel()
	m := New(t)
	Hired(m).Fund()
	questions.Lock()
	defer questions.Unlock()
	for _, want := range []string{"INSERT INTO ledger_seal", "SELECT fingerprint, resource", "UPDATE payments SET"} {
		seen := false
		for _, statement := range questions.asked[collections.DomainPayments] {
			seen = seen || strings.HasPrefix(statement, want)
		}
		if !seen {
			t.Errorf("Expected %q to be among what the database was asked", want)
		}
	}
}
