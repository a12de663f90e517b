package tickets

import (
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// How long before and after a booked time its ticket can be taken.
const (
	early = 30 * time.Minute
	late  = 15 * time.Minute
)

// Verdict is what a booking means to who stands at the machine now.
type Verdict int

// Verdicts, by time.
const (
	TooEarly Verdict = iota
	InTime
	TooLate
)

// Slot is a booked half hour on its day.
type Slot struct{ From, Until time.Time }

// ParseSlot reads "09:00-09:30" of a day. What is no slot is not ok.
func ParseSlot(day land.Date, text string) (s Slot, ok bool) {
	if len(text) != len("09:00-09:30") || text[5] != '-' {
		return s, false
	}
	var err error
	if s.From, err = time.ParseInLocation("2006-01-02 15:04", string(day)+" "+text[:5], clock.Shanghai()); err != nil {
		return s, false
	}
	if s.Until, err = time.ParseInLocation("2006-01-02 15:04", string(day)+" "+text[6:], clock.Shanghai()); err != nil {
		return s, false
	}
	return s, s.Until.After(s.From)
}

// Opens is when the ticket can first be taken.
func (s Slot) Opens() time.Time { return s.From.Add(-early) }

// Admit says whether the booking counts at a moment.
func (s Slot) Admit(now time.Time) Verdict {
	switch {
	case now.Before(s.Opens()):
		return TooEarly
	case now.After(s.Until.Add(late)):
		return TooLate
	}
	return InTime
}

// Wait estimates how long somebody waits with so many people ahead, in whole minutes, rounded up to five; 0 where it is their
// turn. Each person takes pace; a hall without an open counter is taken as having one.
func Wait(ahead, counters int, pace time.Duration) int {
	total := time.Duration(ahead) * pace / time.Duration(max(counters, 1))
	return int((total + 5*time.Minute - 1) / (5 * time.Minute) * 5)
}
