package catalog

import (
	"fmt"
	"slices"
	"time"

	"yichuang/internal/land"
)

// Calendar knows the working days of the country with their shifted holidays, and the office hours of the city.
// All its times are in the legal time of the country. It is immutable and safe for concurrent use.
type Calendar struct {
	years map[int]Year
	off   map[land.Date]bool
	work  map[land.Date]bool
	hours []hours
}

// Year is what is known of a year: the notice of the State Council's office, or before it comes the days that the law itself
// gives.
type Year struct {
	Year        int         `yaml:"year"`
	Provisional bool        `yaml:"provisional"` // not announced yet: open limits are computed anew when it is
	Source      string      `yaml:"source"`
	Off         []Holiday   `yaml:"off"`
	Work        []land.Date `yaml:"work"` // Saturdays and Sundays that are worked, by date: they may lie before another holiday
}

// Holiday is a run of days off.
type Holiday struct {
	Name string    `yaml:"name"`
	From land.Date `yaml:"from"`
	To   land.Date `yaml:"to"`
}

// hours is one span of office hours, as durations since midnight.
type hours struct{ open, close time.Duration }

type calendarFile struct {
	Hours []string `yaml:"hours"` // "09:00-12:00"
	Years []Year   `yaml:"years"`
}

func (f *calendarFile) calendar(p *problems) *Calendar {
	c := &Calendar{years: map[int]Year{}, off: map[land.Date]bool{}, work: map[land.Date]bool{}}
	for i, text := range f.Hours {
		h, err := parseHours(text)
		if err != nil || len(c.hours) > 0 && h.open < c.hours[len(c.hours)-1].close {
			p.add(path{"hours", i}, "%q is no span of hours after the one before it, as 09:00-12:00", text)
		}
		c.hours = append(c.hours, h)
	}
	if len(f.Hours) == 0 {
		p.add(path{"hours"}, "office hours are missing")
	}
	for i, y := range f.Years {
		if _, twice := c.years[y.Year]; twice {
			p.add(path{"years", i, "year"}, "year %d stands twice", y.Year)
		}
		c.years[y.Year] = y
		for k, h := range y.Off {
			if !h.From.Valid() || !h.To.Valid() || h.To < h.From || h.From.Year() != y.Year || h.To.Year() != y.Year {
				p.add(path{"years", i, "off", k}, "%s: %s to %s is no span of days of %d", h.Name, h.From, h.To, y.Year)
				continue
			}
			for d := h.From; d <= h.To; d = d.AddDays(1) {
				c.off[d] = true
			}
		}
		for k, d := range y.Work {
			switch {
			case !d.Valid() || d.Year() != y.Year:
				p.add(path{"years", i, "work", k}, "%s is no day of %d", d, y.Year)
			case c.off[d] || !weekend(d):
				p.add(path{"years", i, "work", k}, "%s is no free Saturday or Sunday that could be worked", d)
			default:
				c.work[d] = true
			}
		}
	}
	return c
}

func parseHours(s string) (hours, error) {
	var h1, m1, h2, m2 int
	if _, err := fmt.Sscanf(s, "%d:%d-%d:%d", &h1, &m1, &h2, &m2); err != nil {
		return hours{}, fmt.Errorf("read hours: %w", err)
	}
	h := hours{time.Duration(h1)*time.Hour + time.Duration(m1)*time.Minute, time.Duration(h2)*time.Hour + time.Duration(m2)*time.Minute}
	if h.close <= h.open || h.close > 24*time.Hour {
		return hours{}, fmt.Errorf("hours %s do not go forward within a day", s)
	}
	return h, nil
}

// Year returns what is known of a year; a year that no one has entered yet is provisional.
func (c *Calendar) Year(year int) Year {
	if y, ok := c.years[year]; ok {
		return y
	}
	return Year{Year: year, Provisional: true, Source: "未公布，按法定节假日推算"}
}

// Provisional reports whether the year's days off are not announced yet, so that dates in it may still move.
func (c *Calendar) Provisional(year int) bool { return c.Year(year).Provisional }

// IsWorkingDay reports whether offices work on the day.
func (c *Calendar) IsWorkingDay(d land.Date) bool {
	switch {
	case c.work[d]:
		return true
	case c.off[d] || weekend(d):
		return false
	}
	_, known := c.years[d.Year()]
	return known || !fixedHoliday(d)
}

// NextWorkingDay returns the first working day after d.
func (c *Calendar) NextWorkingDay(d land.Date) land.Date {
	for d = d.AddDays(1); !c.IsWorkingDay(d); {
		d = d.AddDays(1)
	}
	return d
}

// WorkingDaysBetween counts the working days after the day of from, up to and with the day of to; negative if to lies before.
func (c *Calendar) WorkingDaysBetween(from, to time.Time) int {
	first, last := land.DateOf(from), land.DateOf(to)
	if last < first {
		return -c.WorkingDaysBetween(to, from)
	}
	n := 0
	for d := first.AddDays(1); d <= last; d = d.AddDays(1) {
		if c.IsWorkingDay(d) {
			n++
		}
	}
	return n
}

// closes is the end of a working day.
func (c *Calendar) closes(d land.Date) time.Time {
	return d.Time().Add(c.hours[len(c.hours)-1].close)
}

// received returns the working day that something counts as received on: what comes after closing or on a day off is received
// on the next working day.
func (c *Calendar) received(at time.Time) land.Date {
	d := land.DateOf(at)
	if !c.IsWorkingDay(d) || at.After(c.closes(d)) {
		return c.NextWorkingDay(d)
	}
	return d
}

// AddWorkingDays returns the close of the last of n working days. The day on which from is received does not count (Civil Code
// 201); n = 0 gives the close of that day itself.
func (c *Calendar) AddWorkingDays(from time.Time, n int) time.Time {
	d := c.received(from)
	for range n {
		d = c.NextWorkingDay(d)
	}
	return c.closes(d)
}

// AddWorkingTime moves from on by d of office hours. It ends at a closing rather than at the opening after it.
func (c *Calendar) AddWorkingTime(from time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return from
	}
	for day := land.DateOf(from); ; day = day.AddDays(1) {
		for _, s := range c.spans(day) {
			start := later(from, s.From)
			if free := s.To.Sub(start); free >= d {
				return start.Add(d)
			} else if free > 0 {
				d -= free
			}
		}
	}
}

// WorkingDuration returns the office hours between two moments; negative if to lies before from.
func (c *Calendar) WorkingDuration(from, to time.Time) time.Duration {
	if to.Before(from) {
		return -c.WorkingDuration(to, from)
	}
	var sum time.Duration
	last := land.DateOf(to)
	for day := land.DateOf(from); day <= last; day = day.AddDays(1) {
		for _, s := range c.spans(day) {
			if d := earlier(to, s.To).Sub(later(from, s.From)); d > 0 {
				sum += d
			}
		}
	}
	return sum
}

// Open reports whether offices are open at a moment.
func (c *Calendar) Open(at time.Time) bool {
	return slices.ContainsFunc(c.spans(land.DateOf(at)), func(s Stop) bool { return !at.Before(s.From) && at.Before(s.To) })
}

// spans returns the office hours of a day; none on a day off.
func (c *Calendar) spans(d land.Date) []Stop {
	if !c.IsWorkingDay(d) {
		return nil
	}
	midnight := d.Time()
	spans := make([]Stop, len(c.hours))
	for i, h := range c.hours {
		spans[i] = Stop{From: midnight.Add(h.open), To: midnight.Add(h.close)}
	}
	return spans
}

func weekend(d land.Date) bool {
	w := d.Time().Weekday()
	return w == time.Saturday || w == time.Sunday
}

// fixedHoliday reports whether the law's holidays by the solar calendar, with the days given for those that fall on a weekend,
// take a weekday off (全国年节及纪念日放假办法, as of 2025). Those by the lunar calendar are known only from the notice.
func fixedHoliday(d land.Date) bool {
	for _, h := range []struct {
		month time.Month
		days  int
	}{{time.January, 1}, {time.May, 2}, {time.October, 3}} {
		day := land.MakeDate(d.Year(), h.month, 1)
		lost := 0
		for range h.days {
			if day == d {
				return true
			}
			if weekend(day) {
				lost++
			}
			day = day.AddDays(1)
		}
		for ; lost > 0; day = day.AddDays(1) {
			if weekend(day) {
				continue
			}
			if day == d {
				return true
			}
			lost--
		}
	}
	return false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
