package services

import (
	"testing"
	"time"
	_ "time/tzdata" // as the binary has them
)

// TestQuietHours ends quiet hours where days are not what they usually are.
func TestQuietHours(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ zone, from, to, now, want string }{
		"not quiet":                          {"Europe/Berlin", "22:00", "07:00", "2026-03-10T20:59:00Z", "2026-03-10T20:59:00Z"},
		"in the evening":                     {"Europe/Berlin", "22:00", "07:00", "2026-03-10T21:00:00Z", "2026-03-11T06:00:00Z"},
		"after midnight":                     {"Europe/Berlin", "22:00", "07:00", "2026-03-11T05:59:00Z", "2026-03-11T06:00:00Z"},
		"when they end":                      {"Europe/Berlin", "22:00", "07:00", "2026-03-11T06:00:00Z", "2026-03-11T06:00:00Z"},
		"at noon":                            {"Asia/Tokyo", "12:00", "13:30", "2026-03-10T03:10:00Z", "2026-03-10T04:30:00Z"},
		"the clocks are put forward":         {"Europe/Berlin", "22:00", "07:00", "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"},
		"the end is left out":                {"Europe/Berlin", "22:00", "02:30", "2026-03-29T00:40:00Z", "2026-03-29T01:30:00Z"},
		"the clocks are put back":            {"Europe/Berlin", "22:00", "07:00", "2026-10-24T21:00:00Z", "2026-10-25T06:00:00Z"},
		"the hour that is twice, first":      {"Europe/Berlin", "22:00", "02:30", "2026-10-25T00:10:00Z", "2026-10-25T00:30:00Z"},
		"the hour that is twice, second":     {"Europe/Berlin", "22:00", "02:30", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"},
		"the half hour that is twice":        {"Australia/Lord_Howe", "22:00", "01:50", "2026-04-04T15:10:00Z", "2026-04-04T15:20:00Z"},
		"a whole day is no quiet":            {"Europe/Berlin", "08:00", "08:00", "2026-03-10T21:00:00Z", "2026-03-10T21:00:00Z"},
		"an end without a beginning is none": {"Europe/Berlin", "", "08:00", "2026-03-10T21:00:00Z", "2026-03-10T21:00:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		w := wishes{Preferences: Preferences{QuietFrom: c.from, QuietTo: c.to}, zone: zone}
		if got := w.audible(now).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s: expected %s, got %s", name, c.want, got)
		}
	}
}
