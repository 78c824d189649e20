package services

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// withClocks fills in the length of every kind of deadline that given leaves open.
func withClocks(given map[string]Timer) map[string]Timer {
	clocks := map[string]Timer{}
	for _, domain := range collections.Domains {
		for _, kind := range collections.DeadlinesOf(domain) {
			clocks[kind.Kind] = Timer{kind.After, kind.Remind}
		}
	}
	for kind, timer := range given {
		clocks[kind] = timer
	}
	return clocks
}

// ParseClock reads an operator's setting of one deadline: its length and, after
// slashes, how long before its end people are reminded. "14d/7d/2d" is 14 days
// with reminders 7 and 2 days before; a length alone keeps the usual reminders
// that fit into it. Units are d, h, m and s.
func ParseClock(kind, setting string) (Timer, error) {
	usual, known := withClocks(nil)[kind]
	if !known {
		return Timer{}, fmt.Errorf("there is no deadline %q; there are: %s", kind, strings.Join(collections.DeadlineKinds(), ", "))
	}
	parts := strings.Split(setting, "/")
	durations := make([]time.Duration, len(parts))
	for n, part := range parts {
		d, err := parseDays(part)
		if err != nil || d <= 0 {
			return Timer{}, fmt.Errorf("%q is no length for %s: write for example 14d/7d/2d or 36h", setting, kind)
		}
		durations[n] = d
	}
	timer := Timer{After: durations[0], Remind: durations[1:]}
	if len(parts) == 1 {
		for _, lead := range usual.Remind {
			if lead < timer.After {
				timer.Remind = append(timer.Remind, lead)
			}
		}
	}
	for _, lead := range timer.Remind {
		if lead >= timer.After {
			return Timer{}, fmt.Errorf("a reminder %s before the end of %s does not fit into %s", lead, kind, timer.After)
		}
	}
	slices.SortFunc(timer.Remind, func(a, b time.Duration) int { return int(b - a) })
	return timer, nil
}

func parseDays(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if n > 36500 {
			return 0, strconv.ErrRange
		}
		return time.Duration(n) * collections.Day, err
	}
	return time.ParseDuration(text)
}

// lengthOf writes a duration for people: "14 days", "36 hours", "10m0s".
func lengthOf(d time.Duration) string {
	switch {
	case d%collections.Day == 0 && d > collections.Day:
		return fmt.Sprintf("%d days", d/collections.Day)
	case d%time.Hour == 0 && d > time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return d.String()
}
