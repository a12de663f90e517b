package register

import (
	"testing"

	"yichuang/internal/land"
)

func TestLastDay(t *testing.T) {
	for _, c := range []struct {
		from   land.Date
		months int
		want   land.Date
	}{
		{"2026-11-24", 36, "2029-11-23"}, {"2026-11-24", 1, "2026-12-23"}, {"2026-12-01", 1, "2026-12-31"}, {"2027-01-31", 1, "2027-02-28"},
		{"2027-01-30", 1, "2027-02-28"}, {"2027-01-29", 1, "2027-02-28"}, {"2027-01-28", 1, "2027-02-27"}, {"2028-02-29", 12, "2029-02-28"}, {"2027-03-31", 1, "2027-04-30"},
	} {
		if got := lastDay(c.from, c.months); got != c.want {
			t.Errorf("%d months from %s end with %s, want %s", c.months, c.from, got, c.want)
		}
	}
}
