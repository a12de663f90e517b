// Package clock is the only place that asks the machine what time it is.
//
// Everything that needs "now" takes a Clock, so that a test can stand still, a property
// test can jump, and the simulated city can live through a week in a minute.
// Times are points on the world's time line; use Shanghai to show one to a person or to
// find the calendar day it falls on.
package clock

import (
	"sync"
	"time"

	_ "time/tzdata" // a machine without a zone database still knows Asia/Shanghai
)

// Clock tells the time.
type Clock interface {
	// Now is the current time, in Asia/Shanghai.
	Now() time.Time
}

// shanghai has been UTC+8 without daylight saving since 1991. Earlier dates (births)
// need the real zone, which tzdata above always provides; the fixed offset stands
// in only if that import is ever dropped.
var shanghai = sync.OnceValue(func() *time.Location {
	if loc, err := time.LoadLocation("Asia/Shanghai"); err == nil {
		return loc
	}
	return time.FixedZone("CST", 8*60*60)
})

// Shanghai is the time zone of everything that people read and of every calendar day.
func Shanghai() *time.Location { return shanghai() }

// System is the machine's clock.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return time.Now().In(Shanghai()) }

// Scaled is a clock that stood at start when it was made and runs factor times as fast
// as the machine's: factor 60 makes an hour of the city of a minute. A factor below 0 is
// taken as 0, a clock that stands still.
func Scaled(start time.Time, factor float64) Clock {
	return scaled{start: start, made: time.Now(), factor: max(factor, 0)}
}

type scaled struct {
	start, made time.Time
	factor      float64
}

func (c scaled) Now() time.Time {
	passed := float64(time.Since(c.made)) * c.factor
	return c.start.Add(time.Duration(passed)).In(Shanghai())
}

// Fake is a clock that moves only when told to. It is safe for concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// NewFake returns a clock that stands at t.
func NewFake(t time.Time) *Fake { return &Fake{now: t} }

// Now is the time the clock was set to.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now.In(Shanghai())
}

// Set puts the clock at t, forwards or backwards.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = t
}

// Advance moves the clock by d and returns the new time. A negative d moves it back, as
// an administrator who corrects a machine's clock does.
func (f *Fake) Advance(d time.Duration) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	return f.now.In(Shanghai())
}
