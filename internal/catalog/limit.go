package catalog

import (
	"slices"
	"time"

	"yichuang/internal/land"
)

// Unit is what a limit counts in.
type Unit string

// The units of limits.
const (
	WorkingDays  Unit = "working-days"  // ends at the close of the last day
	WorkingHours Unit = "working-hours" // office hours
	CalendarDays Unit = "calendar-days" // ends at 24:00 of the last day, or of the next working day if that one is a day off
)

// Limit says how long a step may take, when its holder is reminded and when superiors are told.
type Limit struct {
	Count    int    `yaml:"count"`
	Unit     Unit   `yaml:"unit"`
	Remind   int    `yaml:"remind"`   // percent of the limit; 0: never
	Escalate []int  `yaml:"escalate"` // percent: first to the superior, then to theirs
	Holder   string `yaml:"holder"`   // whose time it is, in words
	Lapses   bool   `yaml:"lapses"`   // at its end the case, bill or hold lapses by itself
	Basis    string `yaml:"basis"`    // law, or that it is the city's own rule
}

// StopKind is a reason for which a clock stands still.
type StopKind string

// The three kinds of stops.
const (
	StopCorrection StopKind = "correction" // the applicant is completing the application, before acceptance
	StopNotice     StopKind = "notice"     // a public notice runs
	StopReply      StopKind = "reply"      // a court or other body has been asked
)

// Stop is a span in which the clock stood still. To is the zero time while it still stands.
type Stop struct {
	Kind     StopKind
	From, To time.Time
}

// LegalStops returns those of the stops that also stop the 30 working days of the law: public notices only (Interim
// Regulations 20). Our own promise stops for all.
func LegalStops(stops []Stop) []Stop {
	return slices.DeleteFunc(slices.Clone(stops), func(s Stop) bool { return s.Kind != StopNotice })
}

// Due returns when a limit that began at from is over. A day in whose office hours the clock stood still, even in part, does not
// count, nor does such time of a limit in hours. The zero time means that the clock stands now.
func (c *Calendar) Due(from time.Time, l Limit, stops ...Stop) time.Time {
	stops = joined(from, stops)
	if l.Unit == WorkingHours {
		return c.push(from, time.Duration(l.Count)*time.Hour, stops, c.AddWorkingTime, c.WorkingDuration)
	}
	day := land.DateOf(from)
	if l.Unit == WorkingDays {
		day = c.received(from)
	}
	for n := l.Count; n > 0; {
		day = day.AddDays(1)
		if l.Unit == WorkingDays && !c.IsWorkingDay(day) {
			continue
		}
		stood, open := c.stood(day, l.Unit, stops)
		if open {
			return time.Time{}
		}
		if !stood {
			n--
		}
	}
	if l.Unit == WorkingDays {
		return c.closes(day)
	}
	if !c.IsWorkingDay(day) {
		day = c.NextWorkingDay(day)
	}
	return day.AddDays(1).Time()
}

// Marks are the moments of a limit that the machinery acts on.
type Marks struct {
	Remind   time.Time // zero: none
	Due      time.Time // zero: the clock stands
	Escalate []time.Time
}

// Marks returns when to remind, when the limit is over, and when to tell superiors, all measured in the time that the limit runs
// in: 75 percent of one working day are three quarters of its office hours.
func (c *Calendar) Marks(from time.Time, l Limit, stops ...Stop) Marks {
	due := c.Due(from, l, stops...)
	if due.IsZero() {
		return Marks{}
	}
	stops = joined(from, stops)
	add, measure := c.AddWorkingTime, c.WorkingDuration
	if l.Unit == CalendarDays {
		add, measure = time.Time.Add, func(a, b time.Time) time.Duration { return b.Sub(a) }
	}
	whole := measure(from, due)
	for _, s := range stops {
		if s.From.Before(due) {
			whole -= measure(s.From, earlier(s.To, due))
		}
	}
	at := func(percent int) time.Time {
		if percent == 100 {
			return due
		}
		return c.push(from, whole/100*time.Duration(percent), stops, add, measure)
	}
	m := Marks{Due: due}
	if l.Remind > 0 {
		m.Remind = at(l.Remind)
	}
	for _, p := range l.Escalate {
		m.Escalate = append(m.Escalate, at(p))
	}
	return m
}

// push adds d to from and then again what the clock stood still before that, in the time that add and measure know.
// The zero time means that the clock stands now.
func (c *Calendar) push(from time.Time, d time.Duration, stops []Stop, add func(time.Time, time.Duration) time.Time, measure func(a, b time.Time) time.Duration) time.Time {
	end := add(from, d)
	for _, s := range stops {
		if !s.From.Before(end) {
			break
		}
		if s.To.IsZero() {
			return time.Time{}
		}
		end = add(end, measure(s.From, s.To))
	}
	return end
}

// stood reports whether the clock stood still in what counts of a day, and whether it does so with no end.
func (c *Calendar) stood(day land.Date, unit Unit, stops []Stop) (stood, open bool) {
	counted := []Stop{{From: day.Time(), To: day.AddDays(1).Time()}}
	if unit == WorkingDays {
		counted = c.spans(day)
	}
	for _, s := range stops {
		for _, span := range counted {
			if s.From.Before(span.To) && (s.To.IsZero() || s.To.After(span.From)) {
				return true, s.To.IsZero()
			}
		}
	}
	return false, false
}

// joined returns the stops after from in order, with overlapping ones made one.
func joined(from time.Time, stops []Stop) []Stop {
	sorted := slices.SortedFunc(slices.Values(stops), func(a, b Stop) int { return a.From.Compare(b.From) })
	var out []Stop
	for _, s := range sorted {
		if !s.To.IsZero() && !s.To.After(from) {
			continue
		}
		s.From = later(s.From, from)
		if n := len(out); n > 0 && (out[n-1].To.IsZero() || !s.From.After(out[n-1].To)) {
			if !out[n-1].To.IsZero() && (s.To.IsZero() || s.To.After(out[n-1].To)) {
				out[n-1].To = s.To
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// Deadline writes a moment as people are told it: "2026 年 11 月 26 日 17:30"; midnight is 24:00 of the day before.
func Deadline(at time.Time) string {
	day := land.DateOf(at)
	clock := at.Sub(day.Time())
	if clock == 0 {
		return day.AddDays(-1).Chinese() + " 24:00"
	}
	return day.Chinese() + at.In(day.Time().Location()).Format(" 15:04")
}
