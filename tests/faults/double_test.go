//go:build faults

package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/tests/process"
)

// duringBoot is a kill -9 from outside while the marketplace starts after its
// first death, or does what that left undone.
const duringBoot = "boot"

// recovery is where a marketplace may die that starts after a death, and how
// often the place is visited at least: each instance opens its own database.
var recovery = []struct {
	name, moment string
	visits       int
}{
	{"boot-opened", "databases are opened, so what the log holds is read", 4},
	{"boot-prepared", "databases are migrated and their rules compared", 4},
	{"boot-serving", "instances serve, and nothing runs in the background", 4},
	{"boot-work", "what a crash left unfinished is being looked for", 6},
	{duringBoot, "kill -9 from outside within the first 0.6 s of the start", 1},
	{"relay-picked", "", 1},
	{"relay-sent", "", 1},
	{"relay-before-mark", "", 1},
	{"relay-marked", "", 1},
	{"inbox-noted", "", 1},
	{"inbox-before-commit", "", 1},
	{"inbox-committed", "", 1},
}

// doubleFault is a death at a place (by its number) and one while what that left is mended.
type doubleFault struct {
	first int
	again death
}

// second counts double faults that ended at one place.
type second struct {
	deaths int
	first  map[int]bool
	fates  map[string]int
}

// doubleFaults draws LANCERSHUB_DOUBLE_FAULTS pairs of places: no pair twice
// before all others had their turn.
func doubleFaults(t *testing.T, random *rand.Rand) (chosen []doubleFault) {
	t.Helper()
	all := pairs(random)
	for total := number("LANCERSHUB_DOUBLE_FAULTS", 24); len(chosen) < total && len(all) > 0; {
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		chosen = append(chosen, all[:min(len(all), total-len(chosen))]...)
	}
	return chosen
}

// pairs are the double faults there are: every place, and after it each place of
// the recovery, each of the same turn (commands are repeated there), and each of
// releasing and giving back, which others do all the time. Where it takes
// seconds to die once, only some. LANCERSHUB_PLACES and LANCERSHUB_AGAIN name first
// and second places.
func pairs(random *rand.Rand) (all []doubleFault) {
	for n, place := range places {
		slow := place.weight%10 > 0
		for _, step := range recovery {
			if !slow || strings.HasPrefix(step.name, "boot") {
				all = append(all, doubleFault{n, death{step.name, 1 + random.IntN(step.visits)}})
			}
		}
		for _, other := range places {
			same, busy := sameTurn(other.turn, place.turn), sameTurn(other.turn, parts) && !slow
			known := slices.ContainsFunc(all, func(d doubleFault) bool { return d.first == n && d.again.place == other.name })
			if (same || busy) && !known && other.name != anywhere && (other.weight%10 == 0 || other.name == place.name) {
				all = append(all, doubleFault{n, death{other.name, 1}})
			}
		}
	}
	first, again := os.Getenv("LANCERSHUB_PLACES"), os.Getenv("LANCERSHUB_AGAIN")
	return slices.DeleteFunc(all, func(d doubleFault) bool {
		return first != "" && !slices.Contains(strings.Split(first, ","), places[d.first].name) || again != "" && !slices.Contains(strings.Split(again, ","), d.again.place)
	})
}

func sameTurn(a, b turn) bool { return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() }

// launchAgain starts the marketplace after its first death, to die once more. l.mu is held.
func (l *lane) launchAgain(addr string) *process.Process {
	again := *l.again
	l.again = nil
	l.killed += ", then " + again.place
	if again.place != duringBoot {
		l.writeArm(again)
	}
	p := process.Launch(l.t, addr, l.data, []string{"LANCERSHUB_FAILPOINTS=" + l.armFile()}, laneArgs...)
	if again.place == duringBoot {
		time.AfterFunc(time.Duration(l.random.Int64N(600_000))*time.Microsecond, p.Kill)
	}
	return p
}

func (o *outcomes) addTwice(died doubleFault, fates map[string]int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.again[died.again.place]
	if s == nil {
		s = &second{first: map[int]bool{}, fates: map[string]int{}}
		o.again[died.again.place] = s
	}
	s.deaths++
	s.first[died.first] = true
	for fate, n := range fates {
		s.fates[fate] += n
	}
}

// reportTwice logs the table of double faults and appends it to text.
func (o *outcomes) reportTwice(t *testing.T, text *strings.Builder) {
	t.Helper()
	var table strings.Builder
	total := 0
	row := func(name, moment string) {
		if s := o.again[name]; s != nil {
			total += s.deaths
			fmt.Fprintf(&table, "| `%s` | %s | %d | %d | %d | %d | %d |\n", name, moment, s.deaths, len(s.first), s.fates[nothing], s.fates[begun], s.fates[done])
		}
	}
	for _, step := range recovery {
		if step.moment != "" {
			row(step.name, step.moment)
		}
	}
	for _, place := range places {
		row(place.name, place.moment)
	}
	if total == 0 {
		return
	}
	head := "| dies again at | when | double faults | after a death at so many places | unanswered commands of which the disk then had nothing | had begun | had all |\n| --- | --- | --: | --: | --: | --: | --: |\n"
	t.Logf("%d double faults\n%s%s", total, head, table.String())
	fmt.Fprintf(text, "\n%s%s", head, table.String())
}
