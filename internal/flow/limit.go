package flow

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/land"
)

// Calendar knows working time. catalog's PRC calendar with its shifted holidays is one.
type Calendar interface {
	// AddWorkingDays is the end of the last of n working days after the day of from, which does not count itself.
	AddWorkingDays(from time.Time, n int) time.Time
	// AddWorkingTime moves from on by d of working hours.
	AddWorkingTime(from time.Time, d time.Duration) time.Time
	IsWorkingDay(land.Date) bool
	// NextWorkingDay is the first working day after the day.
	NextWorkingDay(land.Date) land.Date
}

// Limit is a span of working or calendar time. Days and clock time are never mixed.
type Limit struct {
	Days    int           `json:"days,omitempty"`
	Time    time.Duration `json:"time,omitempty"` // nanoseconds, where Days is 0
	Working bool          `json:"working,omitempty"`
}

var limitForm = regexp.MustCompile(`^(\d{1,4})([dhm])( calendar)?$`)

// ParseLimit reads the attribute limit: "1d" working days, "4h" and "30m" working time, "15d calendar", "36h calendar".
func ParseLimit(s string) (Limit, error) {
	m := limitForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Limit{}, fmt.Errorf("flow: %q is no limit such as 1d, 4h or 15d calendar", s)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n == 0 {
		return Limit{}, fmt.Errorf("flow: %q is no limit above zero", s)
	}
	l := Limit{Working: m[3] == ""}
	switch m[2] {
	case "d":
		l.Days = n
	case "h":
		l.Time = time.Duration(n) * time.Hour
	case "m":
		l.Time = time.Duration(n) * time.Minute
	}
	return l, nil
}

var durationForm = regexp.MustCompile(`^P(?:(\d{1,4})D|T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?)$`)

// parseDuration reads the ISO 8601 durations that timers may have: days, or hours, minutes and seconds.
func parseDuration(s string, working bool) (Limit, error) {
	m := durationForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Limit{}, fmt.Errorf("flow: %q is no duration such as P15D or PT4H", s)
	}
	number := func(i int) int {
		n, _ := strconv.Atoi(m[i]) // digits by the pattern, or empty
		return n
	}
	l := Limit{Working: working, Days: number(1)}
	l.Time = time.Duration(number(2))*time.Hour + time.Duration(number(3))*time.Minute + time.Duration(number(4))*time.Second
	if l.Days == 0 && l.Time == 0 {
		return Limit{}, fmt.Errorf("flow: duration %q is zero", s)
	}
	return l, nil
}

// End is when the limit that starts at from is over. Calendar days end at 24:00 of the last one, or of the next working
// day where that is a day off: nobody loses a day that the offices were closed.
func (l Limit) End(from time.Time, cal Calendar) time.Time {
	switch {
	case l.Working && l.Days > 0:
		return cal.AddWorkingDays(from, l.Days)
	case l.Working:
		return cal.AddWorkingTime(from, l.Time)
	case l.Days > 0:
		day := land.DateOf(from).AddDays(l.Days)
		if !cal.IsWorkingDay(day) {
			day = cal.NextWorkingDay(day)
		}
		return day.AddDays(1).Time()
	}
	return from.Add(l.Time)
}

// String is the form that ParseLimit reads.
func (l Limit) String() string {
	s := fmt.Sprintf("%dm", int(l.Time/time.Minute))
	switch {
	case l.Days > 0:
		s = fmt.Sprintf("%dd", l.Days)
	case l.Time%time.Hour == 0:
		s = fmt.Sprintf("%dh", int(l.Time/time.Hour))
	}
	if !l.Working {
		s += " calendar"
	}
	return s
}
