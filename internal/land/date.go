package land

import (
	"fmt"
	"strings"
	"time"
)

// Date is a day of the civil calendar, "2006-01-02"; "" is no day. Dates compare as strings.
type Date string

const dateLayout = "2006-01-02"

// beijing is the legal time of the country. A fixed zone: the summer times of 1986–1991 do not matter for days.
var beijing = time.FixedZone("CST", 8*60*60)

// ErrDateFormat says that the text is not written as a date.
type ErrDateFormat struct{ Text string }

func (e ErrDateFormat) Error() string { return fmt.Sprintf("%q is not a date", e.Text) }

// Sentence names the sentence that tells the person so.
func (e ErrDateFormat) Sentence() (string, map[string]any) { return "err.date.format", nil }

// ErrDateNone says that the calendar has no such day, as 2026-02-30.
type ErrDateNone struct{ Text string }

func (e ErrDateNone) Error() string { return fmt.Sprintf("there is no day %s", e.Text) }

// Sentence names the sentence that tells the person so.
func (e ErrDateNone) Sentence() (string, map[string]any) {
	return "err.date.none", map[string]any{"date": e.Text}
}

// ParseDate reads a date as people write it: 2026-11-24, 20261124, 2026/1/4, 2026.1.4, 2026年11月24日,
// also in full-width digits. Errors: [ErrDateFormat], [ErrDateNone].
func ParseDate(s string) (Date, error) {
	text := compact(s)
	year, month, day, ok := splitDate(text)
	if !ok {
		return "", ErrDateFormat{Text: s}
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if year < 1800 || t.Year() != year || int(t.Month()) != month || t.Day() != day {
		return "", ErrDateNone{Text: fmt.Sprintf("%04d-%02d-%02d", year, month, day)}
	}
	return Date(t.Format(dateLayout)), nil
}

func splitDate(s string) (year, month, day int, ok bool) {
	if len(s) == 8 && allDigits(s) {
		return atoi(s[:4]), atoi(s[4:6]), atoi(s[6:]), true
	}
	s = strings.TrimSuffix(strings.NewReplacer("年", "-", "月", "-", "/", "-", ".", "-", "–", "-", "—", "-").Replace(s), "日")
	part := strings.Split(s, "-")
	if len(part) != 3 || len(part[0]) != 4 || len(part[1]) > 2 || len(part[2]) > 2 {
		return 0, 0, 0, false
	}
	for _, p := range part {
		if !allDigits(p) {
			return 0, 0, 0, false
		}
	}
	return atoi(part[0]), atoi(part[1]), atoi(part[2]), true
}

// atoi reads a short run of digits that was checked before.
func atoi(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// DateOf returns the day that t falls on in China.
func DateOf(t time.Time) Date { return Date(t.In(beijing).Format(dateLayout)) }

// MakeDate returns the day with these parts; parts beyond their range carry over as in [time.Date].
func MakeDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(dateLayout))
}

// Valid reports whether d is a day of the calendar in canonical form.
func (d Date) Valid() bool {
	_, err := time.Parse(dateLayout, string(d))
	return err == nil
}

// Time returns the first moment of the day in China; the zero time for no day.
func (d Date) Time() time.Time {
	t, err := time.ParseInLocation(dateLayout, string(d), beijing)
	if err != nil {
		return time.Time{}
	}
	return t
}

// AddDays returns the day n days later, or earlier if n is negative.
func (d Date) AddDays(n int) Date {
	if d == "" {
		return ""
	}
	return DateOf(d.Time().AddDate(0, 0, n))
}

// AddYears returns the same day n years later; where that month has no such day, its last day (Civil Code 202).
func (d Date) AddYears(n int) Date {
	if d == "" {
		return ""
	}
	t := d.Time()
	same := t.AddDate(n, 0, 0)
	if same.Month() != t.Month() {
		same = same.AddDate(0, 0, -same.Day())
	}
	return DateOf(same)
}

// DaysTo returns how many days other lies after d; negative if before.
func (d Date) DaysTo(other Date) int { return int(other.Time().Sub(d.Time()).Hours() / 24) }

// Year returns the year; 0 for no day.
func (d Date) Year() int {
	if len(d) < 4 || !allDigits(string(d[:4])) {
		return 0
	}
	return atoi(string(d[:4]))
}

// Chinese writes the day as papers do: "2026 年 11 月 24 日".
func (d Date) Chinese() string {
	if d == "" {
		return ""
	}
	return d.Time().Format("2006 年 1 月 2 日")
}
