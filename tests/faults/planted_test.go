//go:build faults

package faults

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// plantedBugs are bugs that a build with the tag "planted" has on request, and
// the test that must fail with each (see services/planted_on.go).
var plantedBugs = []struct{ bug, caught string }{
	{"no inbox", "TestAnEventIsAppliedOnce"},
	{"another content under the same event", "TestAnEventIsAppliedOnce"},
	{"what is later overtakes what failed", "TestEventsStayInOrderWithinTheirAggregate"},
	{"the status is checked before, not while it changes", "TestRaces/a_payment_is_released_twice"},
	{"keys are not looked up", "TestRaces/one_key_32_times"},
	{"a key fits any body", "TestOneKeyManyTimesPaysOnce"},
	{"each part rounds its own fee", "TestFeePlansAreData"},
	{"the rest is lost on its way", "TestTheRestRollsOn"},
	{"a dispute locks nothing", "TestADisputeLocksOnlyItsAmount"},
	{"nobody completes payments", "TestALostAnswerIsAskedForAgain"},
	{"what was taken is not given back", "TestWhatIsRefusedLaterIsGivenBack"},
	{"a payout is sent under a new key", "TestASlowBankIsAskedAgainMoreAndMoreRarely"},
	{"silence is a yes", "TestSilenceIsNeverAYes"},
	{"whoever answers is the peer", "TestSomethingElseAnswers"},
	{"nobody waits for the disk", "TestTheDiskHearsFirst"},
	{"events are marked before they are sent", "TestCrashMatrix"},
	{"rules are not compared", "TestAChangedRuleKeepsAnInstanceFromServing"},
}

// TestPlantedBugsAreCaught builds the tests with bugs in the program, one at a
// time, and expects the named test to fail with each and to pass without.
func TestPlantedBugsAreCaught(t *testing.T) {
	if plantedBuild {
		t.Skip("these tests are themselves the build with planted bugs")
	}
	t.Parallel()
	dir := t.TempDir()
	build := func(name, verb string, args ...string) string {
		path := filepath.Join(dir, name)
		cmd := exec.CommandContext(t.Context(), "go", append([]string{verb, "-o", path}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("Failed to build: %v\n%s", err, out)
		}
		return path
	}
	inProcess := build("tests.test", "test", "-c", "-tags", "planted", "github.com/lancershub/lancershub/tests")
	outside := build("faults.test", "test", "-c", "-tags", "faults,planted", "github.com/lancershub/lancershub/tests/faults")
	binary := build("lancershub", "build", "-tags", "failpoints,planted", "github.com/lancershub/lancershub")
	run := func(test, bug string) (string, error) {
		path, folder := inProcess, ".."
		env := append(os.Environ(), "LANCERSHUB_PLANTED="+bug, "LANCERSHUB_BINARY="+binary)
		if test == "TestTheDiskHearsFirst" || test == "TestCrashMatrix" || strings.HasPrefix(test, "TestRaces") {
			path, folder = outside, "."
			env = append(env, "LANCERSHUB_ROUNDS=8", "LANCERSHUB_DOUBLE_FAULTS=0", "LANCERSHUB_PLACES=relay-sent")
		}
		if strings.HasPrefix(test, "TestRaces") {
			env = append(env, "LANCERSHUB_ROUNDS=200") // the last one counts
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, "-test.run", "^"+test+"$", "-test.timeout", "4m")
		cmd.Dir, cmd.Env = folder, env
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Run()
		return out.String(), err
	}
	var sound sync.Map
	for _, planted := range plantedBugs {
		t.Run(planted.bug, func(t *testing.T) {
			t.Parallel()
			if _, known := sound.LoadOrStore(planted.caught, true); !known {
				if out, err := run(planted.caught, ""); err != nil {
					t.Errorf("Expected %s to pass without a bug: %v\n%s", planted.caught, err, out)
				}
			}
			out, err := run(planted.caught, planted.bug)
			if err == nil || !strings.Contains(out, "--- FAIL") {
				t.Errorf("Expected %s to notice that %s: %v\n%s", planted.caught, planted.bug, err, out)
			}
		})
	}
}
